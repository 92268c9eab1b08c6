

ÿÿÿÿÿÿÿÿÿ®¯ 1
invented codeinvented code_setinvented text1
invented codeinvented code_setinvented text"1
invented codeinvented code_setinvented text*1
invented codeinvented code_setinvented text2invented note