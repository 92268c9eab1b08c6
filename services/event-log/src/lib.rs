//! The log: where every event is kept, in what order, under which key, and who may say it.
//!
//! [`EventLog`] is a trait because there are two: the [`embedded`] log of one machine, and [`kafka`]. [`conformance`] is what
//! both must hold. [`seal`] makes and opens envelopes; [`authority`] is the table of who may say what, checked when an
//! envelope is opened ([`envelope`]).

pub mod authority;
pub mod begun;
pub mod conformance;
pub mod embedded;
pub mod envelope;
mod growth;
pub mod kafka;
mod log;
mod position;
pub mod seal;

pub use embedded::EmbeddedLog;
pub use log::{Appended, Ends, EventLog, LogError, READ_BYTES, Record, StoredRecord, VALUE_BYTES_MAX};
pub use position::{EntryId, EventId, KeyId, Offset, PARTITIONS, Partition, Position, Pseudonym, Topic};
