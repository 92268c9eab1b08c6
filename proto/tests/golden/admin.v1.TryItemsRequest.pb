
R

invented source"invented field(ôë”£üÿÿÿÿ®invented mapping 