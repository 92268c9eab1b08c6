
#	invented issuerinvented value?R=
invented record_typeinvented media_typeinvented content"ÿÿÿÿÿÿÿÿÿ®¯ *invented evidence2#	invented issuerinvented value2#	invented issuerinvented value8