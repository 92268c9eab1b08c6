
invented idinvented recipient"*ÿÿÿÿÿÿÿÿÿ®¯ 2ÿÿÿÿÿÿÿÿÿ®¯ :invented approved_by