
invented controller °*2:invented source