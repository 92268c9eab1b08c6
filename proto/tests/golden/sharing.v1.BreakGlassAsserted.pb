
invented personinvented organisationinvented reason"€‹Ò»(±