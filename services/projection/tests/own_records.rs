//! A key is on the log before what it seals, whatever goes wrong between.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use event_log::embedded::{EmbeddedLog, Options};
use event_log::envelope::{self, Opened};
use event_log::seal::{Keyring, PseudonymKey, WrappingKeys};
use event_log::{Appended, EventId, EventLog, LogError, Offset, Partition, Record, StoredRecord, Topic};
use projection::own_records::{Own, OwnRecords};
use projection::project::Projector;
use proto::events::{Family, Scheme};

/// A log whose disk is full while it is told so.
struct Filling {
    log: EmbeddedLog,
    full: AtomicBool,
}

#[async_trait]
impl EventLog for Filling {
    async fn append(&self, records: Vec<Record>) -> Result<Appended, LogError> {
        if self.full.load(Ordering::SeqCst) {
            return Err(LogError::Full("a disk".into()));
        }
        self.log.append(records).await
    }

    async fn read(&self, topic: Topic, at: Partition, from: Offset, max: usize) -> Result<Vec<StoredRecord>, LogError> {
        self.log.read(topic, at, from, max).await
    }

    async fn end(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        self.log.end(topic, partition).await
    }

    async fn grown(&self, topics: &[Topic], seen: u64, at_most: Duration) -> Result<u64, LogError> {
        self.log.grown(topics, seen, at_most).await
    }
}

#[tokio::test]
async fn what_is_written_after_a_full_disk_can_be_opened() {
    let dir = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(&dir.path().join("log"), Options::default()).unwrap();
    let log = Arc::new(Filling { log, full: AtomicBool::new(true) });
    let pseudonyms = Arc::new(PseudonymKey::from_bytes([1; 32]));
    let wrapping = Arc::new(WrappingKeys::open(&dir.path().join("wrapping")).unwrap());
    let as_log = Arc::clone(&log) as Arc<dyn EventLog>;
    let records =
        OwnRecords::open(as_log, Arc::clone(&pseudonyms), Arc::clone(&wrapping), "hub", "disclosure").await.unwrap();
    let subject = pseudonyms.pseudonym(Scheme::Organisation, "throughline", "hub/disclosures/00");
    let own = || Own {
        topic: Topic::Disclosure,
        subject,
        event_id: EventId([7; 16]),
        family: Family::Disclosure,
        plaintext: b"an invented decision".to_vec(),
    };
    assert!(matches!(
        records.write(vec![own()]).await,
        Err(projection::own_records::RecordError::Log(LogError::Full(_)))
    ));
    log.full.store(false, Ordering::SeqCst);
    records.write(vec![own()]).await.unwrap();

    // Another process, which has only the log and the wrapping keys.
    let projector = Projector { keyring: Arc::new(Keyring::new(wrapping)), pseudonyms, commands_from: Arc::default() };
    let log: Arc<dyn EventLog> = log;
    projection::rebuild::read_keys(&log, &projector).await.unwrap();
    let written = log.read(Topic::Disclosure, subject.partition(), 0, 10).await.unwrap();
    let opened = envelope::decode(written[0].value.clone()).unwrap().open(&projector.keyring).unwrap();
    assert!(matches!(opened, Opened::Plain(_)), "the record is sealed with a key that is not on the log");
}
