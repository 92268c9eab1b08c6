
invented lines
invented linesinvented postcodeinvented uprn"ÿÿÿÿÿÿÿÿÿ®¯ *ÿÿÿÿÿÿÿÿÿ®¯ 