
"
invented issuerinvented personinvented ended_byÿÿÿÿÿÿÿÿÿ®¯ 