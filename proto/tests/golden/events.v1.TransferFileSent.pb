
invented schoolinvented to_schoolÿÿÿÿÿÿÿÿÿ®¯ 