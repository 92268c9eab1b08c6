
invented tree