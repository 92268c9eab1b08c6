

invented organisation®¯
invented organisation®¯ °