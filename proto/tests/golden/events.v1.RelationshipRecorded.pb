
1
invented codeinvented code_setinvented textV
invented familyinvented giveninvented middle"invented prefix*invented suffix0l
invented lines
invented linesinvented postcodeinvented uprn"ÿÿÿÿÿÿÿÿÿ®¯ *ÿÿÿÿÿÿÿÿÿ®¯ "invented phones"invented phones*1
invented codeinvented code_setinvented text