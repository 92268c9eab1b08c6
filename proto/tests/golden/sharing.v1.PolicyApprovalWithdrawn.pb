
invented withdrawn_byinvented reason