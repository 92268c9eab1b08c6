
invented organisationinvented source€‹Ò»