
Û
#	invented issuerinvented valueinvented organisation"invented person(2invented reason:€‹Ò»B€‹Ò»J€‹Ò»PZGinvented reviewed_byinvented organisation"invented words*€‹Ò»`¸h¹
Û
#	invented issuerinvented valueinvented organisation"invented person(2invented reason:€‹Ò»B€‹Ò»J€‹Ò»PZGinvented reviewed_byinvented organisation"invented words*€‹Ò»`¸h¹.
invented organisationinvented person¯ °.
invented organisationinvented person¯ °