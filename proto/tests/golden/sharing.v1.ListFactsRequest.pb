
#	invented issuerinvented value