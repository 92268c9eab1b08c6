
Î
€‹Ò»"#	invented issuerinvented value*invented organisation2invented ask8BJinvented personR€‹Ò»Xbbjinvented would_need
Î
€‹Ò»"#	invented issuerinvented value*invented organisation2invented ask8BJinvented personR€‹Ò»Xbbjinvented would_need