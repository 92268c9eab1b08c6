
invented sentenceinvented ask