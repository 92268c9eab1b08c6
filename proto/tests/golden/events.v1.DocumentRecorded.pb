
invented document1
invented codeinvented code_setinvented textinvented title"
ÿÿÿÿÿÿÿÿÿ®¯ *invented author_organisation21
invented codeinvented code_setinvented text:1
invented codeinvented code_setinvented textBinvented parentJ1
invented codeinvented code_setinvented textR1
invented codeinvented code_setinvented text