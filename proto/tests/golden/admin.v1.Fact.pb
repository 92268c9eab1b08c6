
#	invented issuerinvented value?R=
invented record_typeinvented media_typeinvented content#	invented issuerinvented value#	invented issuerinvented value"ÿÿÿÿÿÿÿÿÿ®¯ 