
#	invented issuerinvented value