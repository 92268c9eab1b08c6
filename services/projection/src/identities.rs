//! Review of identity: which records are of one child, for the people who decide it.

pub(crate) mod steps;
