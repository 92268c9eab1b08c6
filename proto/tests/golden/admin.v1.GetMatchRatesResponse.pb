
5
invented source‚ä—Ðƒä—Ð „ä—Ð(…ä—Ð0†ä—Ð8‡ä—Ð
5
invented source‚ä—Ðƒä—Ð „ä—Ð(…ä—Ð0†ä—Ð8‡ä—Ð0
invented oneinvented otherƒä—Ð „ä—Ð(…ä—Ð0
invented oneinvented otherƒä—Ð „ä—Ð(…ä—Ðƒä—Ð „ä—Ð