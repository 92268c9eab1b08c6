
invented oneinvented otherƒä—Ð „ä—Ð(…ä—Ð