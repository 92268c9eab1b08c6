
€‹Ò»invented organisation"invented person(0
8³@´HµP¶X·`