
invented id *invented recipients*invented recipients2:Bÿÿÿÿÿÿÿÿÿ®¯ Jÿÿÿÿÿÿÿÿÿ®¯ Rinvented evidence