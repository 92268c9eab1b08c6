
invented note