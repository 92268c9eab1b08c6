
invented idinvented name"invented authority(2invented contact8Binvented certificate_nameJinvented token_issuerRinvented token_key_pemZÿÿÿÿÿÿÿÿÿ®¯ bÿÿÿÿÿÿÿÿÿ®¯ 