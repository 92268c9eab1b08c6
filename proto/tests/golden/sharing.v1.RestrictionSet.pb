
invented idinvented person"*ÿÿÿÿÿÿÿÿÿ®¯ 