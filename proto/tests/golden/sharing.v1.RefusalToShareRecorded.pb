
invented decided_byinvented organisation"invented asked_by(2:invented whyBinvented would_needJ€‹Ò»R















