//! A log that fails when a test says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use event_log::{Appended, EventLog, LogError, Offset, Partition, Record, StoredRecord, Topic};

/// The real log behind two taps.
pub struct FaultyLog {
    pub inner: Arc<dyn EventLog>,
    /// Appends to the disclosure topic that still succeed; below zero means no end.
    pub disclosures_left: Arc<AtomicI64>,
    /// Reads that still succeed.
    pub reads_left: Arc<AtomicI64>,
    /// How wrong the clock was by which disclosures were published, microseconds.
    pub disclosures_late_us: Arc<AtomicI64>,
}

pub const NO_END: i64 = i64::MIN;

impl FaultyLog {
    pub fn new(inner: Arc<dyn EventLog>) -> Self {
        let tap = || Arc::new(AtomicI64::new(NO_END));
        Self { inner, disclosures_left: tap(), reads_left: tap(), disclosures_late_us: Arc::default() }
    }

    fn allowed(tap: &AtomicI64) -> bool {
        let left = tap.load(Ordering::SeqCst);
        if left > 0 {
            tap.store(left - 1, Ordering::SeqCst);
        }
        left == NO_END || left > 0
    }
}

#[async_trait]
impl EventLog for FaultyLog {
    async fn append(&self, records: Vec<Record>) -> Result<Appended, LogError> {
        let discloses = records.iter().any(|record| record.topic == Topic::Disclosure);
        if discloses && !Self::allowed(&self.disclosures_left) {
            return Err(LogError::Full("/invented".into()));
        }
        self.inner.append(records).await
    }

    async fn read(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        max: usize,
    ) -> Result<Vec<StoredRecord>, LogError> {
        if !Self::allowed(&self.reads_left) {
            return Err(LogError::Closed);
        }
        let mut records = self.inner.read(topic, partition, from, max).await?;
        if topic == Topic::Disclosure {
            let late_us = self.disclosures_late_us.load(Ordering::SeqCst);
            records.iter_mut().for_each(|record| record.published_at_us += late_us);
        }
        Ok(records)
    }

    async fn end(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        self.inner.end(topic, partition).await
    }

    async fn grown(&self, topics: &[Topic], seen: u64, at_most: Duration) -> Result<u64, LogError> {
        self.inner.grown(topics, seen, at_most).await
    }
}
