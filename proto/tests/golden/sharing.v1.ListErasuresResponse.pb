
Ñ
invented waits_for *invented authority_reference2invented reason:invented proposed_byBinvented confirmed_byJ€‹Ò»R€‹Ò»X·`¸h¹rinvented organisationsrinvented organisationsx
Ñ
invented waits_for *invented authority_reference2invented reason:invented proposed_byBinvented confirmed_byJ€‹Ò»R€‹Ò»X·`¸h¹rinvented organisationsrinvented organisationsx