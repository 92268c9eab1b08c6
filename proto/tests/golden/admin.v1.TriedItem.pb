
invented source1
invented file‚ä—Ğƒä—Ğ „ä—Ğ*invented field *invented kinds*invented kinds2invented findings2invented findings8Binvented messageJ°
#
invented issuerinvented valueinvented controllerinvented source"*invented record_key0²:øë”£üÿÿÿÿ‚ä—Ğ¯B
ÿÿÿÿÿÿÿÿÿ®¯ J€‹Ò»PZ··b!invented fieldinvented ruleb!invented fieldinvented rulejjr?R=
invented record_typeinvented media_typeinvented contentzinvented scope‚;
invented organisationinvented personinvented evidenceŠJ°
#
invented issuerinvented valueinvented controllerinvented source"*invented record_key0²:øë”£üÿÿÿÿ‚ä—Ğ¯B
ÿÿÿÿÿÿÿÿÿ®¯ J€‹Ò»PZ··b!invented fieldinvented ruleb!invented fieldinvented rulejjr?R=
invented record_typeinvented media_typeinvented contentzinvented scope‚;
invented organisationinvented personinvented evidenceŠ