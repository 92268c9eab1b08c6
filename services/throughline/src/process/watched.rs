//! Whether the log takes anything: what the operator is told when its disk is full.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use event_log::{Appended, Ends, EventLog, LogError, Offset, Partition, Record, StoredRecord, Topic};
use runtime::metrics;

/// The log, noting whether its last append found room.
pub(crate) struct WatchedLog {
    log: Arc<dyn EventLog>,
    refused: Mutex<Option<String>>,
}

impl WatchedLog {
    /// Watches a log.
    pub(crate) fn new(log: Arc<dyn EventLog>) -> Self {
        metrics::LOG_ACCEPTING.set(1.0, []);
        Topic::ALL.iter().for_each(|topic| metrics::LOG_DAMAGED.add(0, [topic.name()]));
        Self { log, refused: Mutex::new(None) }
    }

    /// Why the last append was refused, if it was.
    pub(crate) fn refused(&self) -> Option<String> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, refused: Option<String>) {
        let mut held = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        match (held.is_some(), &refused) {
            (false, Some(why)) => tracing::error!(why, "the log takes nothing: sources wait, and readers are refused"),
            (true, None) => tracing::info!("the log takes records again"),
            _ => {}
        }
        metrics::LOG_ACCEPTING.set(if refused.is_none() { 1.0 } else { 0.0 }, []);
        *held = refused;
    }
}

#[async_trait]
impl EventLog for WatchedLog {
    async fn append(&self, records: Vec<Record>) -> Result<Appended, LogError> {
        let appended = self.log.append(records).await;
        match &appended {
            Ok(_) => self.note(None),
            Err(LogError::TooLarge { .. }) => {}
            Err(error) => self.note(Some(error.to_string())),
        }
        appended
    }

    async fn read(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        records_max: usize,
    ) -> Result<Vec<StoredRecord>, LogError> {
        let read = self.log.read(topic, partition, from, records_max).await;
        if let Err(LogError::Damaged { .. }) = &read {
            metrics::LOG_DAMAGED.add(1, [topic.name()]);
        }
        read
    }

    async fn end(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        self.log.end(topic, partition).await
    }

    async fn ends(&self, topics: &[Topic]) -> Result<Ends, LogError> {
        self.log.ends(topics).await
    }

    async fn grown(&self, topics: &[Topic], seen: u64, at_most: Duration) -> Result<u64, LogError> {
        self.log.grown(topics, seen, at_most).await
    }
}
