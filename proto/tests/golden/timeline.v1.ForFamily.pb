
invented sentences
invented sentences