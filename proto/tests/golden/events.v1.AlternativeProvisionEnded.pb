
ÿÿÿÿÿÿÿÿÿ®¯ invented setting