
invented settingÿÿÿÿÿÿÿÿÿ®¯ 