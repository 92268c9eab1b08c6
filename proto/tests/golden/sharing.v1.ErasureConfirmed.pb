
invented confirmed_by