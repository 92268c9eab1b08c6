_1
invented codeinvented code_setinvented textÿÿÿÿÿÿÿÿÿ®¯ "ÿÿÿÿÿÿÿÿÿ®¯ "ÿÿÿÿÿÿÿÿÿ®¯ *ÿÿÿÿÿÿÿÿÿ®¯ 2‚
1
invented codeinvented code_setinvented textV
invented familyinvented giveninvented middle"invented prefix*invented suffix0l
invented lines
invented linesinvented postcodeinvented uprn"ÿÿÿÿÿÿÿÿÿ®¯ *ÿÿÿÿÿÿÿÿÿ®¯ "invented phones"invented phones*1
invented codeinvented code_setinvented text2#	invented issuerinvented value8B_1
invented codeinvented code_setinvented textÿÿÿÿÿÿÿÿÿ®¯ "ÿÿÿÿÿÿÿÿÿ®¯ HRÿÿÿÿÿÿÿÿÿ®¯ Zÿÿÿÿÿÿÿÿÿ®¯ :invented organisationB€
invented field_groups
invented field_groupsinvented reasonsinvented reasonsinvented rulesinvented rules"invented ask