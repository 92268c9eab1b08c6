
invented cancelled_byinvented reason