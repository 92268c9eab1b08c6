//! Pure: events in, a child's timeline out.
