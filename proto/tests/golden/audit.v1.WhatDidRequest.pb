
invented organisationinvented personÿÿÿÿÿÿÿÿÿ®¯ "ÿÿÿÿÿÿÿÿÿ®¯ 