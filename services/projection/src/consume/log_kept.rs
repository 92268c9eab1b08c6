//! Whether the log still holds what the store was filled from.
//!
//! That it ends no earlier than the store has read is looked at before every batch. That the last record of each partition
//! is still the one that the store read is looked at before anything is read, and again whenever the log was away: a copy of
//! the log that was restored and has gone on since is as long, and is another.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_log::{EventLog, LogError, Offset, Partition, Position, Topic};
use tokio::task::JoinSet;

use super::ConsumeError;
use crate::store::{ReadTo, Shards, Store};

/// Partitions that end before what the store holds, and since when; and whether what the others hold is still to be compared.
pub(super) struct LogKept {
    since: BTreeMap<(Topic, Partition), Instant>,
    gone_after: Duration,
    is_compared: bool,
}

impl LogKept {
    pub(super) fn new(gone_after: Duration) -> Self {
        Self { since: BTreeMap::new(), gone_after, is_compared: false }
    }

    /// The log was away: it may have come back as another.
    pub(super) fn was_away(&mut self) {
        self.is_compared = false;
    }

    /// Compares the last record that the store read of each partition with what the log holds in its place, once.
    ///
    /// # Errors
    /// [`LogError::Damaged`] when it is another; the log's and the store's.
    pub(super) async fn compare(&mut self, log: &Arc<dyn EventLog>, store: &Store) -> Result<(), ConsumeError> {
        if self.is_compared {
            return Ok(());
        }
        let read_to = store.read(Shards::ALL, |view| {
            let all = Topic::EVENTS.into_iter().flat_map(|topic| Partition::all().map(move |p| (topic, p)));
            all.map(|(topic, partition)| Ok(((topic, partition), view.read_to(topic, partition)?))).collect()
        });
        let read_to: BTreeMap<(Topic, Partition), ReadTo> = read_to?;
        let ends = log.ends(&Topic::EVENTS).await?;
        let mut comparing: JoinSet<Result<(), LogError>> = JoinSet::new();
        for ((topic, partition), read_to) in read_to {
            let end = ends.get(&(topic, partition)).copied().unwrap_or_default();
            // One that ends before it is told by `holds`, which gives it a moment.
            if let Some(offset) = read_to.next.checked_sub(1).filter(|offset| *offset < end) {
                let log = Arc::clone(log);
                comparing.spawn(async move {
                    let at = Position { topic, partition, offset };
                    match log.read(topic, partition, offset, 1).await?.first() {
                        Some(last) if ReadTo::with(last) == read_to => Ok(()),
                        _ => Err(is_another(at)),
                    }
                });
            }
        }
        while let Some(compared) = comparing.join_next().await {
            compared.map_err(|_| LogError::Closed)??;
        }
        self.is_compared = true;
        Ok(())
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
        // What it holds when it is as long again need not be what it held.
        self.is_compared = false;
        if self.since.entry((topic, partition)).or_insert_with(Instant::now).elapsed() < self.gone_after {
            return Ok(false);
        }
        Err(LogError::Damaged {
            place: format!("{topic}/{}@{end}", partition.number()),
            what: format!("it ends there, and the store has read up to {read}: records are gone, or it is another log"),
        })
    }
}

fn is_another(at: Position) -> LogError {
    LogError::Damaged {
        place: at.to_string(),
        what: "it holds another record than the one that the store read there: it is an older copy of the log that has gone on \
               since, or another log"
            .to_owned(),
    }
}
