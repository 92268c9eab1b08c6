
invented idinvented personinvented organisation *ÿÿÿÿÿÿÿÿÿ®¯ 2ÿÿÿÿÿÿÿÿÿ®¯ :invented reasonBinvented granted_by