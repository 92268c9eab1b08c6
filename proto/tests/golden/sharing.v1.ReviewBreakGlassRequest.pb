
invented words