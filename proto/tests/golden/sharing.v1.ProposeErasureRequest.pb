
#
invented issuerinvented value"invented authority_reference*invented reason0²