
ÿÿÿÿÿÿÿÿÿ®¯ invented setting1
invented codeinvented code_setinvented text"1
invented codeinvented code_setinvented text*1
invented codeinvented code_setinvented text0²:invented postcode