
ÿÿÿÿÿÿÿÿÿ®¯ 1
invented codeinvented code_setinvented text1
invented codeinvented code_setinvented text"1
invented codeinvented code_setinvented text"1
invented codeinvented code_setinvented text*ÿÿÿÿÿÿÿÿÿ®¯ 2invented summary