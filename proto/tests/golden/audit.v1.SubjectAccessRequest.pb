
#
invented issuerinvented value"
invented issuerinvented person