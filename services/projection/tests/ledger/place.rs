//! A log, keys, and a ledger that is signed twice.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use event_log::embedded::Options as LogOptions;
use event_log::{Appended, EmbeddedLog, EventLog, LogError, Offset, Partition, Record, StoredRecord, Topic};
use ledger::note::Note;
use projection::ledger::verify::{Report, Said, verify_log};
use projection::ledger::{Folder, Keeper, KeyFolder, LedgerError, Options, Tree};
use tempfile::TempDir;

/// The partition that the tests do things to, and what stands in it: more than two full tiles.
pub(crate) const TREE: &str = "throughline.health.v1/3";
pub(crate) const SIGNED_FIRST: u64 = 300;
pub(crate) const SIGNED: u64 = 700;
pub(crate) const FIRST_AT: u64 = 1_000;
pub(crate) const LAST_AT: u64 = 2_000;

pub(crate) fn tree() -> Tree {
    (Topic::Health, Partition::new(3).unwrap())
}

pub(crate) fn record((topic, partition): Tree, n: u64) -> Record {
    let mut key = [partition.number(); 16];
    key[8..].copy_from_slice(&n.to_be_bytes());
    Record { topic, partition, key, value: Bytes::from(format!("an invented sealed body, number {n}")) }
}

pub(crate) struct Place {
    dir: TempDir,
    pub(crate) log: Arc<EmbeddedLog>,
    pub(crate) keys: KeyFolder,
}

impl Place {
    /// A log with nothing on it.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = Arc::new(EmbeddedLog::open(&dir.path().join("log"), LogOptions::default()).unwrap());
        let keys = KeyFolder::new(&dir.path().join("keys"));
        keys.make("example.org/ledger", [1; 32]).unwrap();
        Self { dir, log, keys }
    }

    /// A log whose ledger was signed at two sizes.
    pub(crate) async fn signed() -> Self {
        let place = Self::new();
        place.append(tree(), 0..SIGNED_FIRST).await;
        place.append((Topic::Sharing, Partition::new(15).unwrap()), 0..5).await;
        let mut keeper = place.keeper().await.unwrap();
        keeper.follow().await.unwrap();
        assert!(keeper.sign(FIRST_AT).unwrap());
        place.append(tree(), SIGNED_FIRST..SIGNED).await;
        keeper.follow().await.unwrap();
        assert!(keeper.sign(LAST_AT).unwrap());
        place
    }

    pub(crate) async fn append(&self, tree: Tree, numbers: std::ops::Range<u64>) {
        self.log.append(numbers.map(|n| record(tree, n)).collect()).await.unwrap();
    }

    pub(crate) async fn keeper(&self) -> Result<Keeper, LedgerError> {
        self.keeper_of(self.log.clone()).await
    }

    pub(crate) async fn keeper_of(&self, log: Arc<dyn EventLog>) -> Result<Keeper, LedgerError> {
        Ok(Keeper::open(log, &self.path("ledger"), &self.keys, every_second()).await?.0)
    }

    pub(crate) fn path(&self, of: &str) -> PathBuf {
        self.dir.path().join(of)
    }

    pub(crate) fn folder(&self) -> Folder {
        Folder::new(&self.path("ledger"))
    }

    pub(crate) fn said(&self) -> Said {
        self.said_with(Vec::new())
    }

    /// What was signed, and what the auditor has from elsewhere.
    pub(crate) fn said_with(&self, more: Vec<Note>) -> Said {
        let notes = [self.folder().statements().unwrap(), more].concat();
        Said::believed(&notes, &self.keys.public().unwrap(), &[]).unwrap()
    }

    pub(crate) async fn verify(&self, log: Arc<dyn EventLog>) -> Report {
        verify_log(log, self.folder(), &self.said()).await.unwrap()
    }

    /// Every record of the partition that things are done to.
    pub(crate) async fn records(&self) -> Vec<StoredRecord> {
        self.log.read(tree().0, tree().1, 0, 10_000).await.unwrap()
    }
}

/// Keeps every statement that the tests sign.
pub(crate) fn every_second() -> Options {
    Options { every: Duration::from_millis(1), keep_every_s: 1, repeat_every_s: 60 }
}

/// Another log, which shows other records in one partition: whoever made them knows every format.
pub(crate) struct Tampered {
    inner: Arc<dyn EventLog>,
    records: Vec<StoredRecord>,
}

impl Tampered {
    /// Offsets without gaps, as every log gives them.
    pub(crate) fn over(inner: Arc<dyn EventLog>, mut records: Vec<StoredRecord>) -> Arc<dyn EventLog> {
        (0..).zip(&mut records).for_each(|(offset, record)| record.position.offset = offset);
        Arc::new(Self { inner, records })
    }
}

#[async_trait]
impl EventLog for Tampered {
    async fn append(&self, _: Vec<Record>) -> Result<Appended, LogError> {
        Err(LogError::ReadOnly)
    }

    async fn read(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        max: usize,
    ) -> Result<Vec<StoredRecord>, LogError> {
        if (topic, partition) != tree() {
            return self.inner.read(topic, partition, from, max).await;
        }
        Ok(self.records.iter().skip(from as usize).take(max).cloned().collect())
    }

    async fn end(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        let inner = self.inner.end(topic, partition).await?;
        Ok(if (topic, partition) == tree() { self.records.len() as u64 } else { inner })
    }

    async fn grown(&self, topics: &[Topic], seen: u64, at_most: Duration) -> Result<u64, LogError> {
        self.inner.grown(topics, seen, at_most).await
    }
}

/// What is done to records: its name, what it does, and what a verification must say.
pub(crate) type Tampering = (&'static str, fn(&mut Vec<StoredRecord>), &'static str);

pub(crate) const TAMPERINGS: [Tampering; 9] = [
    ("a flipped bit of a value", |records| records[257].value = flipped(&records[257].value), "@257: changed"),
    ("a flipped bit of a key", |records| records[3].key[15] ^= 1, "@3: changed"),
    ("another time", |records| records[699].published_at_us -= 1, "@699: changed"),
    ("a deleted record", |records| drop(records.remove(256)), "@256: deleted: 1 record(s)"),
    ("three deleted records", |records| drop(records.drain(10..13)), "@10: deleted: 3 record(s)"),
    ("an inserted record", |records| records.insert(511, invented(511)), "@511: inserted: 1 record(s)"),
    ("two that changed places", |records| records.swap(20, 340), "@20: swapped: this record and the one at offset 340"),
    ("a truncated partition", |records| records.truncate(650), "@650: truncated: the partition ends here, and 700"),
    ("nothing left", Vec::clear, "@0: truncated: the partition ends here, and 700"),
];

fn flipped(value: &Bytes) -> Bytes {
    let mut value = value.to_vec();
    value[7] ^= 0x10;
    value.into()
}

pub(crate) fn invented(n: u64) -> StoredRecord {
    let Record { topic, partition, key, .. } = record(tree(), 9_000 + n);
    let position = event_log::Position { topic, partition, offset: n };
    StoredRecord { position, published_at_us: 1_743_379_200_000_000, key, value: Bytes::from_static(b"put in") }
}
