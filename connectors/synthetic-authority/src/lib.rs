//! An invented authority, in every source's real format.
