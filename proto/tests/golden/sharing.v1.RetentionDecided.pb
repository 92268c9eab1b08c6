
invented id"invented reason*invented citation2ÿÿÿÿÿÿÿÿÿ®¯ :invented decided_by