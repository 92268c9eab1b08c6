
invented witnesses
invented witnesses