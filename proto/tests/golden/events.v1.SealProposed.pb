

invented authority