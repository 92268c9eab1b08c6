
ÿÿÿÿÿÿÿÿÿ®¯ invented health_visiting