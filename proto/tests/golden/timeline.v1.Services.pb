
I
invented organisationinvented askinvented reasonsinvented reasons
I
invented organisationinvented askinvented reasonsinvented reasons