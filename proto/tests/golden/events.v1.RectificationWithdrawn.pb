
invented idinvented withdrawn_byÿÿÿÿÿÿÿÿÿ®¯ 