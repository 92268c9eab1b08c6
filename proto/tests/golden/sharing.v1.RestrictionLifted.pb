
invented idinvented lifted_byÿÿÿÿÿÿÿÿÿ®¯ 