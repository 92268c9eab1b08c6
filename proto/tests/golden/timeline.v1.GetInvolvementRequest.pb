
#	invented issuerinvented value