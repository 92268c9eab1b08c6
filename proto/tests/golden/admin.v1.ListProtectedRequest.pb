
invented authorityinvented recipient