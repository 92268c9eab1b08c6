
invented tree‚ä—Ð