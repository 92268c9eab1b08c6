
invented issuerinvented person