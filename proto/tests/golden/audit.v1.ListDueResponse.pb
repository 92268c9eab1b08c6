
­
#
invented issuerinvented value¯"ÿÿÿÿÿÿÿÿÿ®¯ *ÿÿÿÿÿÿÿÿÿ®¯ 2t
invented authority¯ °(±2ÿÿÿÿÿÿÿÿÿ®¯ :ÿÿÿÿÿÿÿÿÿ®¯ Binvented citationJinvented approved_by:a
invented id"invented reason*invented citation2ÿÿÿÿÿÿÿÿÿ®¯ :invented decided_by
­
#
invented issuerinvented value¯"ÿÿÿÿÿÿÿÿÿ®¯ *ÿÿÿÿÿÿÿÿÿ®¯ 2t
invented authority¯ °(±2ÿÿÿÿÿÿÿÿÿ®¯ :ÿÿÿÿÿÿÿÿÿ®¯ Binvented citationJinvented approved_by:a
invented id"invented reason*invented citation2ÿÿÿÿÿÿÿÿÿ®¯ :invented decided_by‚ä—Ð