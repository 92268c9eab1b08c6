

invented source"invented field(ôë”£üÿÿÿÿ