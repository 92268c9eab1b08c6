//! The school census, as COLLECT exports it.
