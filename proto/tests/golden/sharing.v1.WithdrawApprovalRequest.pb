
invented reason