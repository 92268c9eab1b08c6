
€‹Ò»invented place