
"
invented issuerinvented personinvented evidenceinvented verified_by"ÿÿÿÿÿÿÿÿÿ®¯ 