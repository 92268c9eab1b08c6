‚ä—Ðƒä—Ð „ä—Ð(…ä—Ð0†ä—Ð8‡ä—ÐB/
invented source‚ä—Ðƒä—Ð „ä—Ð(…ä—Ð0†ä—ÐB/
invented source‚ä—Ðƒä—Ð „ä—Ð(…ä—Ð0†ä—ÐHRinvented not_accepting_because