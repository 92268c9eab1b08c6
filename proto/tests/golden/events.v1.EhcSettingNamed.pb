
invented setting1
invented codeinvented code_setinvented textinvented setting_words °(0:ÿÿÿÿÿÿÿÿÿ®¯ 