
œ
invented source"invented controller*1
invented file‚ä—Ðƒä—Ð „ä—Ð*invented field2invented message:@ñë”£üÿÿÿÿ
œ
invented source"invented controller*1
invented file‚ä—Ðƒä—Ð „ä—Ð*invented field2invented message:@ñë”£üÿÿÿÿ‚ä—Ð