
1
invented codeinvented code_setinvented textÿÿÿÿÿÿÿÿÿ®¯ ÿÿÿÿÿÿÿÿÿ®¯ "1
invented codeinvented code_setinvented text*invented reason_plain