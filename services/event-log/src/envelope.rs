//! Decoding: bytes to a checked envelope, and a checked envelope to a checked body.
