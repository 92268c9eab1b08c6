
invented organisation®¯