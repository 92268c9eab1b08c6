
invented reason