//! The log of one machine: one journal of append-only segments, an fsynced high-water mark, one writer.
