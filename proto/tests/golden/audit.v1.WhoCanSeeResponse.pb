
ñ
invented organisation"§
invented organisationinvented involvement"(2invented field_groups2invented field_groups:invented rules:invented rulesBinvented familyJinvented person"§
invented organisationinvented involvement"(2invented field_groups2invented field_groups:invented rules:invented rulesBinvented familyJinvented person
ñ
invented organisation"§
invented organisationinvented involvement"(2invented field_groups2invented field_groups:invented rules:invented rulesBinvented familyJinvented person"§
invented organisationinvented involvement"(2invented field_groups2invented field_groups:invented rules:invented rulesBinvented familyJinvented person