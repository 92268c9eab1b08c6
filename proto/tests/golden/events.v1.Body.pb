
#	invented issuerinvented valueinvented controllerinvented source"*invented record_key0²:øë”£üÿÿÿÿ‚ä—Ð¯B
ÿÿÿÿÿÿÿÿÿ®¯ J€‹Ò»PZ··b!invented fieldinvented ruleb!invented fieldinvented rulejjr?R=
invented record_typeinvented media_typeinvented content