
#	invented issuerinvented value"invented asked_by*invented why2invented would_need: