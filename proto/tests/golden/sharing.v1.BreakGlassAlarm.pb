
invented organisationinvented person¯ °