
invented organisationinvented name"invented contact(2ÿÿÿÿÿÿÿÿÿ®¯ 