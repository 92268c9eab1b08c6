
invented idinvented source"*±±0:invented reasonBÿÿÿÿÿÿÿÿÿ®¯ 