
invented schoolÿÿÿÿÿÿÿÿÿ®¯ 