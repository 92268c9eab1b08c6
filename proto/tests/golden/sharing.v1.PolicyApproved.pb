
invented approved_by