
invented organisationÿÿÿÿÿÿÿÿÿ®¯ ÿÿÿÿÿÿÿÿÿ®¯ 