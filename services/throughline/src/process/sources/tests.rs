use std::sync::atomic::AtomicBool;
use std::time::Duration;

use event_log::seal::WrappingKeys;
use event_log::{Appended, LogError, Offset, Partition, Record, StoredRecord, Topic};

use super::*;

/// An empty log, which can be taken away.
#[derive(Default)]
struct Fickle(AtomicBool);

#[async_trait]
impl EventLog for Fickle {
    async fn append(&self, _: Vec<Record>) -> Result<Appended, LogError> {
        Err(LogError::ReadOnly)
    }

    async fn read(&self, _: Topic, _: Partition, _: Offset, _: usize) -> Result<Vec<StoredRecord>, LogError> {
        if self.0.load(Ordering::Relaxed) { Err(LogError::Closed) } else { Ok(Vec::new()) }
    }

    async fn end(&self, _: Topic, _: Partition) -> Result<Offset, LogError> {
        Ok(0)
    }

    async fn grown(&self, _: &[Topic], seen: u64, _: Duration) -> Result<u64, LogError> {
        Ok(seen)
    }
}

#[tokio::test]
async fn what_cannot_be_counted_is_not_said_to_be_none_or_what_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let keyring = Arc::new(Keyring::new(Arc::new(WrappingKeys::open(dir.path()).unwrap())));
    let log = Arc::new(Fickle::default());
    let sources = Sources::none(&Arc::new(WatchedLog::new(log.clone())), &keyring);
    for (is_away, waiting) in [(true, None), (false, Some(0)), (true, None), (false, Some(0))] {
        log.0.store(is_away, Ordering::Relaxed);
        assert_eq!(sources.quarantine_waiting().await, waiting);
    }
}
