
1
invented codeinvented code_setinvented text
ÿÿÿÿÿÿÿÿÿ®¯ 
ÿÿÿÿÿÿÿÿÿ®¯ "
ÿÿÿÿÿÿÿÿÿ®¯ *1
invented codeinvented code_setinvented text21
invented codeinvented code_setinvented text:1
invented codeinvented code_setinvented textB1
invented codeinvented code_setinvented textJinvented note