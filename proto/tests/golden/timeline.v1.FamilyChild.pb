
#	invented issuerinvented valueQ
invented organisationinvented name"invented contact(2ÿÿÿÿÿÿÿÿÿ®¯ Q
invented organisationinvented name"invented contact(2ÿÿÿÿÿÿÿÿÿ®¯ "