
invented id"
invented issuerinvented person"invented evidence*invented recognised_by2ÿÿÿÿÿÿÿÿÿ®¯ 