
invented organisationinvented nameinvented contact"(±