

ÿÿÿÿÿÿÿÿÿ®¯ invented organisation"invented kind*€‹Ò»2