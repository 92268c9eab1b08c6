
€‹Ò»#
invented issuerinvented value"ñ

ÿÿÿÿÿÿÿÿÿ®¯ invented organisation *?R=
invented record_typeinvented media_typeinvented content2!invented fieldinvented rule2!invented fieldinvented rule:€‹Ò»B€
invented field_groups
invented field_groupsinvented reasonsinvented reasonsinvented rulesinvented rules"invented askJ																R
ÿÿÿÿÿÿÿÿÿ®¯ X"ñ

ÿÿÿÿÿÿÿÿÿ®¯ invented organisation *?R=
invented record_typeinvented media_typeinvented content2!invented fieldinvented rule2!invented fieldinvented rule:€‹Ò»B€
invented field_groups
invented field_groupsinvented reasonsinvented reasonsinvented rulesinvented rules"invented askJ																R
ÿÿÿÿÿÿÿÿÿ®¯ X*?
invented organisationinvented nameinvented contact"(±*?
invented organisationinvented nameinvented contact"(±2Z
€‹Ò»invented organisationinvented name *2invented because2invented because82Z
€‹Ò»invented organisationinvented name *2invented because2invented because8:invented serviceBinvented askJ																R















