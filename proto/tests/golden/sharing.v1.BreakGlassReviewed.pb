
invented reviewed_by"invented organisation*invented words2€‹Ò»