
#
invented issuerinvented value