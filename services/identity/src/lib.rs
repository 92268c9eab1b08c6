//! Pure: which subjects are one child.
