
invented workerinvented teamÿÿÿÿÿÿÿÿÿ®¯ "ÿÿÿÿÿÿÿÿÿ®¯ *1
invented codeinvented code_setinvented text21
invented codeinvented code_setinvented text