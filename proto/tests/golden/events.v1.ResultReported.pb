

ÿÿÿÿÿÿÿÿÿ®¯ 1
invented codeinvented code_setinvented textinvented value"invented unit*1
invented codeinvented code_setinvented text2invented text:invented reference_rangeB1
invented codeinvented code_setinvented textJ1
invented codeinvented code_setinvented textR1
invented codeinvented code_setinvented textZ1
invented codeinvented code_setinvented textb
ÿÿÿÿÿÿÿÿÿ®¯ 