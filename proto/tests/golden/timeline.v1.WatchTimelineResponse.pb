
Ù
Ä

ÿÿÿÿÿÿÿÿÿ®¯ invented organisation *?R=
invented record_typeinvented media_typeinvented content2!invented fieldinvented rule2!invented fieldinvented rule:€‹Ò»B€
invented field_groups
invented field_groupsinvented reasonsinvented reasonsinvented rulesinvented rules"invented ask
Ù
Ä

ÿÿÿÿÿÿÿÿÿ®¯ invented organisation *?R=
invented record_typeinvented media_typeinvented content2!invented fieldinvented rule2!invented fieldinvented rule:€‹Ò»B€
invented field_groups
invented field_groupsinvented reasonsinvented reasonsinvented rulesinvented rules"invented ask–
I
invented organisationinvented askinvented reasonsinvented reasons
I
invented organisationinvented askinvented reasonsinvented reasons *2invented obligations2invented obligations