//! Pure: the Merkle tree over a log partition.
