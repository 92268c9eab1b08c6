
€‹Ò»"€‹Ò»*invented person2invented organisation:invented proposed_byBinvented reasonHR















