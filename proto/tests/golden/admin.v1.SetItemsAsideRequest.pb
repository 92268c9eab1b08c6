
R

invented source"invented field(ôë”£üÿÿÿÿ®invented reason"invented by