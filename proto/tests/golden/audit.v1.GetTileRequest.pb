
invented treeinvented path