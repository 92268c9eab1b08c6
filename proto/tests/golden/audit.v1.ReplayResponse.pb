­Y

ÿÿÿÿÿÿÿÿÿ®¯ invented organisation"invented kind*€‹Ò»2Y

ÿÿÿÿÿÿÿÿÿ®¯ invented organisation"invented kind*€‹Ò»2