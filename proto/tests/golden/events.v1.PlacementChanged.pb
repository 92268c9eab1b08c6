
ÿÿÿÿÿÿÿÿÿ®¯ 1
invented codeinvented code_setinvented text1
invented codeinvented code_setinvented text"invented postcode*invented home_postcode2invented urn:ÿÿÿÿÿÿÿÿÿ®¯ B1
invented codeinvented code_setinvented textJ1
invented codeinvented code_setinvented textRinvented host_authority