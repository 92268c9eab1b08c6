
invented source‚ä—Ðƒä—Ð „ä—Ð(…ä—Ð0†ä—Ð