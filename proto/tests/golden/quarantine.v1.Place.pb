
invented file‚ä—Ðƒä—Ð „ä—Ð*invented field