
invented previous_school1
invented codeinvented code_setinvented text1
invented codeinvented code_setinvented text