
invented wait1
invented codeinvented code_setinvented textinvented organisation"ÿÿÿÿÿÿÿÿÿ®¯ *ÿÿÿÿÿÿÿÿÿ®¯ 21
invented codeinvented code_setinvented text