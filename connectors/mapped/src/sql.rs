//! A query that is asked again and again.
