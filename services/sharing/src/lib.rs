//! Pure: a request and facts in, a decision out.
