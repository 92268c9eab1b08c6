
invented person€‹Ò»