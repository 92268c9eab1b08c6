
invented authority¯ °(±2ÿÿÿÿÿÿÿÿÿ®¯ :ÿÿÿÿÿÿÿÿÿ®¯ Binvented citationJinvented approved_by