
1
invented codeinvented code_setinvented text1
invented codeinvented code_setinvented text¯"1
invented codeinvented code_setinvented text*1
invented codeinvented code_setinvented text21
invented codeinvented code_setinvented text:1
invented codeinvented code_setinvented textB1
invented codeinvented code_setinvented textJ1
invented codeinvented code_setinvented textRÿÿÿÿÿÿÿÿÿ®¯ 