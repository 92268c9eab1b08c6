
invented readmitted_byinvented reason