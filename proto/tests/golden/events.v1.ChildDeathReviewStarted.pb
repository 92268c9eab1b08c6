
invented organisationÿÿÿÿÿÿÿÿÿ®¯ 