
W
€‹Ò»invented organisation"invented person(0
8³@´HµP¶X·`
W
€‹Ò»invented organisation"invented person(0
8³@´HµP¶X·`8
invented organisationinvented nameinvented contact8
invented organisationinvented nameinvented contact"€‹Ò»*€‹Ò»2