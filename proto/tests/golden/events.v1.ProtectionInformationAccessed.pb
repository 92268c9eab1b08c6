
invented notice
ÿÿÿÿÿÿÿÿÿ®¯ invented organisation"1
invented codeinvented code_setinvented text*1
invented codeinvented code_setinvented text