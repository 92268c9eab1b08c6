
invented valueinvented organisationÿÿÿÿÿÿÿÿÿ®¯ 