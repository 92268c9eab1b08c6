
invented from_authorityinvented to_authorityÿÿÿÿÿÿÿÿÿ®¯ "ÿÿÿÿÿÿÿÿÿ®¯ 