
1
invented codeinvented code_setinvented textÿÿÿÿÿÿÿÿÿ®¯ 1
invented codeinvented code_setinvented text