
invented nameinvented text