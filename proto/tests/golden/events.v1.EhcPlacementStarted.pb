
invented setting1
invented codeinvented code_setinvented textinvented setting_words"ÿÿÿÿÿÿÿÿÿ®¯ (±08B1
invented codeinvented code_setinvented textHP