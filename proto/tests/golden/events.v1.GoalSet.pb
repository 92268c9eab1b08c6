
invented goal1
invented codeinvented code_setinvented textÿÿÿÿÿÿÿÿÿ®¯ "invented measure*invented baseline2invented target