
invented organisation"invented rules"invented rules