
#	invented issuerinvented value#	invented issuerinvented value