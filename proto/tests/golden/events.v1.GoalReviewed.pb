
invented goal1
invented codeinvented code_setinvented textÿÿÿÿÿÿÿÿÿ®¯ "invented value*1
invented codeinvented code_setinvented text0