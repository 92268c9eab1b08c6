
invented tree‚ä—Ðƒä—Ð