
€‹Ò»invented organisationinvented name *2invented because2invented because8