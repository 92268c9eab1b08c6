‚ä—Ðƒä—Ð „ä—Ð(…ä—Ð0†ä—Ð:/
invented source‚ä—Ðƒä—Ð „ä—Ð(…ä—Ð0†ä—Ð:/
invented source‚ä—Ðƒä—Ð „ä—Ð(…ä—Ð0†ä—Ð@Jinvented not_accepting_because