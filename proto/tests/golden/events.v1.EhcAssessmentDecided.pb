ÿÿÿÿÿÿÿÿÿ®¯ "ÿÿÿÿÿÿÿÿÿ®¯ *invented reason_plain21
invented codeinvented code_setinvented text