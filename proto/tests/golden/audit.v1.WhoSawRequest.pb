
#	invented issuerinvented valueÿÿÿÿÿÿÿÿÿ®¯ ÿÿÿÿÿÿÿÿÿ®¯ 