
#	invented issuerinvented value"ÿÿÿÿÿÿÿÿÿ®¯ *invented reason0