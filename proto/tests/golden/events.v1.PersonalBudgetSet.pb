
1
invented codeinvented code_setinvented text1
invented codeinvented code_setinvented textöë”£üÿÿÿÿ õë”£üÿÿÿÿ*ÿÿÿÿÿÿÿÿÿ®¯ 2ÿÿÿÿÿÿÿÿÿ®¯ :ÿÿÿÿÿÿÿÿÿ®¯ Binvented allocation_versionHµ