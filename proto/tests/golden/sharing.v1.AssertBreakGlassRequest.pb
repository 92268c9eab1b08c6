
#	invented issuerinvented valueinvented reason °