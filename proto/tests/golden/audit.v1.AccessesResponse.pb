

€‹Ò»invented organisation"invented person*084@3HµRinvented operator_commandX·`¸h¹pºx»€¼Šinvented rulesŠinvented rules’šinvented field_groupsšinvented field_groups ª²º

€‹Ò»invented organisation"invented person*084@3HµRinvented operator_commandX·`¸h¹pºx»€¼Šinvented rulesŠinvented rules’šinvented field_groupsšinvented field_groups ª²ºƒä—Ğ