
V
invented familyinvented giveninvented middle"invented prefix*invented suffix0
V
invented familyinvented giveninvented middle"invented prefix*invented suffix0ÿÿÿÿÿÿÿÿÿ®¯ ÿÿÿÿÿÿÿÿÿ®¯ "ÿÿÿÿÿÿÿÿÿ®¯ *1
invented codeinvented code_setinvented text21
invented codeinvented code_setinvented text:1
invented codeinvented code_setinvented textBl
invented lines
invented linesinvented postcodeinvented uprn"ÿÿÿÿÿÿÿÿÿ®¯ *ÿÿÿÿÿÿÿÿÿ®¯ Bl
invented lines
invented linesinvented postcodeinvented uprn"ÿÿÿÿÿÿÿÿÿ®¯ *ÿÿÿÿÿÿÿÿÿ®¯ Jinvented phonesJinvented phonesR\
#	invented issuerinvented value"1
invented codeinvented code_setinvented textR\
#	invented issuerinvented value"1
invented codeinvented code_setinvented textZ1
invented codeinvented code_setinvented textbinvented practicehpº