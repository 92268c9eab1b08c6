
invented value‚ä—Ð