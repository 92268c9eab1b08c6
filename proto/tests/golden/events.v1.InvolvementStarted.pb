
invented organisationÿÿÿÿÿÿÿÿÿ®¯ 