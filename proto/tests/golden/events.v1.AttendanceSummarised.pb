­1
invented codeinvented code_setinvented text¯"6
1
invented codeinvented code_setinvented text®"6
1
invented codeinvented code_setinvented text®