
1
invented codeinvented code_setinvented text
ÿÿÿÿÿÿÿÿÿ®¯ invented place"C
1
invented codeinvented code_setinvented textinvented score"C
1
invented codeinvented code_setinvented textinvented score