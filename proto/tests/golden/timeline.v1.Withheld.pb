
invented field_groups
invented field_groupsinvented reasonsinvented reasonsinvented rulesinvented rules"invented ask