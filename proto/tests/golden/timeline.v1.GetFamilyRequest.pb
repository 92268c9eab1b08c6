
#	invented issuerinvented value