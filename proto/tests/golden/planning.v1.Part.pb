
invented of®