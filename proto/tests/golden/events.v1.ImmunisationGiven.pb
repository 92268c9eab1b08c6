
€‹Ò»1
invented codeinvented code_setinvented text¯"invented amount*invented lot21
invented codeinvented code_setinvented text:1
invented codeinvented code_setinvented textB1
invented codeinvented code_setinvented text