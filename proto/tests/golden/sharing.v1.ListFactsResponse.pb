
¶
?R=
invented record_typeinvented media_typeinvented contentinvented organisation"invented recorded_by*€‹Ò»2
ÿÿÿÿÿÿÿÿÿ®¯ :invented evidence@H
¶
?R=
invented record_typeinvented media_typeinvented contentinvented organisation"invented recorded_by*€‹Ò»2
ÿÿÿÿÿÿÿÿÿ®¯ :invented evidence@H