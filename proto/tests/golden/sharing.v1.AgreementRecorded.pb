
invented idinvented partiesinvented parties"*ÿÿÿÿÿÿÿÿÿ®¯ 2ÿÿÿÿÿÿÿÿÿ®¯ 8