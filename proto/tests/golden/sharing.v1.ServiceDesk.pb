
invented serviceinvented contact"ÿÿÿÿÿÿÿÿÿ®¯ *ÿÿÿÿÿÿÿÿÿ®¯ 