
invented idinvented ended_byÿÿÿÿÿÿÿÿÿ®¯ 