
¢
#	invented issuerinvented valueinvented decided_by"€‹Ò»*invented asked_by0:Binvented whyJinvented would_needR
















¢
#	invented issuerinvented valueinvented decided_by"€‹Ò»*invented asked_by0:Binvented whyJinvented would_needR















