
invented spell1
invented codeinvented code_setinvented textinvented organisation"ÿÿÿÿÿÿÿÿÿ®¯ *1
invented codeinvented code_setinvented text2invented reason