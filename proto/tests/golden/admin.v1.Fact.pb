
#	invented issuerinvented value?R=
invented record_typeinvented media_typeinvented content