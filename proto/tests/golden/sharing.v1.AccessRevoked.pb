
invented idinvented revoked_by