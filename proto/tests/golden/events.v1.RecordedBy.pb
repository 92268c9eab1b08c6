
invented organisationinvented personinvented evidence