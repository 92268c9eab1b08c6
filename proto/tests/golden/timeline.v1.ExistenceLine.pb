
invented organisationinvented askinvented reasonsinvented reasons