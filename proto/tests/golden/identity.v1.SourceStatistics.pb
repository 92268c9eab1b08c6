
invented organisation®¯ °(±