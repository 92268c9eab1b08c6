//! What a log is, whichever backend holds it.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::position::{Offset, Partition, Position, Topic};

/// The largest value that a log takes, in bytes: an envelope's bound, and what Kafka takes without being told otherwise.
pub const VALUE_BYTES_MAX: usize = 1_000_000;

/// A read ends with the record that brings its values to this many bytes: what it holds in memory is bounded by bytes, and
/// not by how many records were asked for.
pub const READ_BYTES: usize = 8 << 20;

/// A record to append.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its topic.
    pub topic: Topic,
    /// Its partition, computed by the caller and never by the backend.
    pub partition: Partition,
    /// The pseudonym, or the key id on the keys topic.
    pub key: [u8; 16],
    /// The envelope, or the key record.
    pub value: Bytes,
}

/// A record of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredRecord {
    /// Where it stands.
    pub position: Position,
    /// When the log took it, microseconds since 1970. Does not decrease within a partition, but where the clocks of a
    /// cluster's brokers do.
    pub published_at_us: i64,
    /// As appended.
    pub key: [u8; 16],
    /// As appended.
    pub value: Bytes,
}

/// What an append gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Appended {
    /// One for each record, in the order given.
    pub positions: Vec<Position>,
    /// When the log took them, microseconds since 1970.
    pub published_at_us: i64,
}

/// Where each partition ends: the offset that its next record gets.
pub type Ends = BTreeMap<(Topic, Partition), Offset>;

/// A log of [`PARTITIONS`](crate::PARTITIONS) partitions a topic.
///
/// An implementation MUST: give dense offsets from 0; have the records on stable storage before `append` returns; give
/// records of one `append` to one partition offsets in the order given, and adjacent ones unless another process appends
/// at the same time; never change, drop or reorder what it acknowledged; refuse to start, naming the place, when it finds
/// that what it acknowledged is damaged or gone. A caller MUST NOT assume that an append that failed left nothing behind:
/// a repeat may enter the log, byte-identical.
#[async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// Appends the records and returns once all are durable. Records to different partitions are not atomic together.
    ///
    /// # Errors
    /// [`LogError::Full`] when the disk is full: nothing is accepted until there is room, and then the log goes on by itself.
    async fn append(&self, records: Vec<Record>) -> Result<Appended, LogError>;

    /// Up to `records_max` records from `from` on, in order: at least one where there is one, none at the end. Fewer than
    /// were asked for are not the end, for a read holds no more than about [`READ_BYTES`]: read on until none is given, or
    /// to [`Self::end`].
    ///
    /// # Errors
    /// [`LogError::Damaged`] names the record.
    async fn read(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        records_max: usize,
    ) -> Result<Vec<StoredRecord>, LogError>;

    /// The offset that the next record of this partition gets.
    ///
    /// # Errors
    /// When the backend cannot be asked.
    async fn end(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError>;

    /// The ends of every partition of these topics, asked at once: none is older than the call.
    ///
    /// # Errors
    /// When the backend cannot be asked.
    async fn ends(&self, topics: &[Topic]) -> Result<Ends, LogError> {
        let mut ends = Ends::new();
        for topic in topics {
            for partition in Partition::all() {
                ends.insert((*topic, partition), self.end(*topic, partition).await?);
            }
        }
        Ok(ends)
    }

    /// Returns once any of `topics` has grown since the call `seen` came from, or after `at_most`. `seen` is 0 at first,
    /// and the returned value after that: a counter of the log's growth, not a position.
    ///
    /// # Errors
    /// [`LogError::Closed`] when the log is shutting down.
    async fn grown(&self, topics: &[Topic], seen: u64, at_most: Duration) -> Result<u64, LogError>;
}

/// Why the log could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The disk is full; nothing is accepted until there is room.
    #[error("the log's disk is full: free some space in `{0}` and it goes on by itself")]
    Full(std::path::PathBuf),
    /// The log cannot be reached: nothing is known of what was asked, and asking again is right.
    #[error("the log cannot be reached: {because}; it is tried again until it can")]
    Unavailable {
        /// What the client said. Names hosts and topics, never a record.
        because: String,
    },
    /// The log refuses this process: asking again gives the same.
    #[error("the log refuses this process: {because}")]
    Refused {
        /// What was refused and why: a wrong credential, a right that is missing, a topic that is not as it must be.
        because: String,
    },
    /// What was acknowledged is damaged or gone.
    #[error("the log is damaged at {place}: {what}; restore it from a backup before starting")]
    Damaged {
        /// Topic, partition and offset where known, else file and byte.
        place: String,
        /// What was found.
        what: String,
    },
    /// Another process has this log open.
    #[error("another process is writing to the log in `{0}`: stop it first")]
    Locked(std::path::PathBuf),
    /// The log is shutting down.
    #[error("the log is closed")]
    Closed,
    /// The disk failed to keep what was written: nobody can tell what it holds, so nothing more is accepted.
    #[error("the log stopped because its disk failed ({0}): it accepts nothing until it is opened again")]
    Stopped(String),
    /// The log was opened for reading.
    #[error("the log is open for reading only")]
    ReadOnly,
    /// A record larger than the log takes.
    #[error("a record of {bytes} bytes is larger than the log takes ({bytes_max})")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The bound.
        bytes_max: usize,
    },
    /// The operating system refused.
    #[error("the log could not {doing}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

impl LogError {
    /// Whether it ends by itself: the same call is right again in a while.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Full(_) | Self::Unavailable { .. })
    }
}
