//! Whether the log still holds what the store was filled from.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use event_log::{LogError, Offset, Partition, Topic};

/// Partitions that end before what the store holds, and since when.
pub(super) struct LogKept {
    since: BTreeMap<(Topic, Partition), Instant>,
    gone_after: Duration,
}

impl LogKept {
    pub(super) fn new(gone_after: Duration) -> Self {
        Self { since: BTreeMap::new(), gone_after }
    }

    /// Whether a partition that ends at `end` holds everything before `read`.
    ///
    /// # Errors
    /// [`LogError::Damaged`] once it has not for longer than a moment: the log lost records, or it is another log.
    pub(super) fn holds(
        &mut self,
        topic: Topic,
        partition: Partition,
        read: Offset,
        end: Offset,
    ) -> Result<bool, LogError> {
        if read <= end {
            self.since.remove(&(topic, partition));
            return Ok(true);
        }
        if self.since.entry((topic, partition)).or_insert_with(Instant::now).elapsed() < self.gone_after {
            return Ok(false);
        }
        Err(LogError::Damaged {
            place: format!("{topic}/{}@{end}", partition.number()),
            what: format!("it ends there, and the store has read up to {read}: records are gone, or it is another log"),
        })
    }
}
