
invented idinvented saysinvented law