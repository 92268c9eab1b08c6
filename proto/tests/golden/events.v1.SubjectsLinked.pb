
#	invented issuerinvented valueinvented decided_byinvented reason