
#	invented issuerinvented valueinvented from_keyinvented to_key