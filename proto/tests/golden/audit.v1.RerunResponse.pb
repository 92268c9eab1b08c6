

€‹Ò»invented organisation"invented person*084@3HµRinvented operator_commandX·`¸h¹pºx»€¼Šinvented rulesŠinvented rules’šinvented field_groupsšinvented field_groups ª²ºinvented what"invented was*invented is0²8³@´HµP¶X·binvented rulesbinvented rulesjr;
invented organisation"invented rules"invented rulesr;
invented organisation"invented rules"invented rulesz