
1
invented codeinvented code_setinvented textinvented organisationinvented team"invented person*invented channels*invented channels2ÿÿÿÿÿÿÿÿÿ®¯ :ÿÿÿÿÿÿÿÿÿ®¯ Binvented planJinvented supervised_by