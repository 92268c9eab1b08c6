
1
invented codeinvented code_setinvented textinvented score