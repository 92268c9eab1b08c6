
1
invented codeinvented code_setinvented textinvented organisationinvented person"ÿÿÿÿÿÿÿÿÿ®¯ *1
invented codeinvented code_setinvented text