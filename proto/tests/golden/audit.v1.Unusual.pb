
invented organisationinvented person"invented says(±2: