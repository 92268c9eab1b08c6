
invented certificateinvented copies