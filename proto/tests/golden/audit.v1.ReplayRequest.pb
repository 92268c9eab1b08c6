
#	invented issuerinvented value€‹Ò»