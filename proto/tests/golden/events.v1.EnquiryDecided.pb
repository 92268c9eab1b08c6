
1
invented codeinvented code_setinvented textinvented to_serviceinvented reason_plain"ÿÿÿÿÿÿÿÿÿ®¯ 