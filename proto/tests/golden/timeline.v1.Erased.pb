
€‹Ò»invented authority_reference"(