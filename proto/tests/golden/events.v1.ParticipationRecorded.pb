
1
invented codeinvented code_setinvented textÿÿÿÿÿÿÿÿÿ®¯ ÿÿÿÿÿÿÿÿÿ®¯ "ÿÿÿÿÿÿÿÿÿ®¯ *invented establishment0