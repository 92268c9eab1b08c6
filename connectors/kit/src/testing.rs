//! A log, keys and folders for the kit's own tests, and a log that fails when told to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use event_log::embedded::{EmbeddedLog, Options as LogOptions};
use event_log::envelope::{CheckedBody, Opened, decode};
use event_log::seal::{Keyring, PseudonymKey, WrappingKeys, decode_key_record};
use event_log::{Appended, EventLog, LogError, Offset, Partition, Record, StoredRecord, Topic};

use crate::connector::Connector;
use crate::differ::Baselines;
use crate::drop_folder::{DropFolder, Options};
use crate::publish::{Credentials, Publisher, SharedPublisher};
use crate::quarantine::{self, Listed, Readable};

/// Everything that one machine holds, in a folder that goes when it is dropped.
pub(crate) struct House {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) log: Arc<FaultyLog>,
}

pub(crate) fn pseudonyms() -> PseudonymKey {
    PseudonymKey::from_bytes([9; 32])
}

impl House {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = Self::log(dir.path());
        Self { dir, log }
    }

    fn log(dir: &Path) -> Arc<FaultyLog> {
        let log = EmbeddedLog::open(&dir.join("log"), LogOptions::default()).unwrap();
        Arc::new(FaultyLog { log, appends_left: AtomicI64::new(i64::MAX), failure: Mutex::new(Failure::Full) })
    }

    pub(crate) fn wrapping(&self) -> Arc<WrappingKeys> {
        Arc::new(WrappingKeys::open(&self.dir.path().join("keys")).unwrap())
    }

    pub(crate) async fn publisher(&self, connector: &dyn Connector) -> Publisher {
        let credentials = Credentials { controllers: vec!["school-878*".to_owned()], home: "la-878".to_owned() };
        let log: Arc<dyn EventLog> = Arc::<FaultyLog>::clone(&self.log);
        Publisher::open(log, pseudonyms(), self.wrapping(), credentials, connector.descriptor()).await.unwrap()
    }

    pub(crate) async fn drop_folder(&self, connector: impl Connector + 'static) -> DropFolder {
        let publisher = self.publisher(&connector).await.into();
        self.drop_folder_of(connector, publisher).await
    }

    pub(crate) async fn drop_folder_of(
        &self,
        connector: impl Connector + 'static,
        publisher: SharedPublisher,
    ) -> DropFolder {
        let baselines = Baselines::open(&self.dir.path().join("baselines"), pseudonyms()).unwrap();
        let log: Arc<dyn EventLog> = Arc::<FaultyLog>::clone(&self.log);
        let options = Options::of(&self.dir.path().join("drop"));
        DropFolder::open(Arc::new(connector), publisher, log, self.wrapping(), baselines, options).await.unwrap()
    }

    pub(crate) fn drop_file(&self, name: &str, text: &str) {
        std::fs::write(self.dir.path().join("drop/incoming").join(name), text).unwrap();
    }

    /// Names of the files in this part of the drop folder, however deep.
    pub(crate) fn files(&self, part: &str) -> BTreeSet<String> {
        fn below(dir: &Path, found: &mut BTreeSet<String>) {
            for entry in std::fs::read_dir(dir).unwrap() {
                let path: PathBuf = entry.unwrap().path();
                if path.is_dir() {
                    below(&path, found);
                } else {
                    found.insert(crate::run::name_of(&path));
                }
            }
        }
        let mut found = BTreeSet::new();
        below(&self.dir.path().join("drop").join(part), &mut found);
        found
    }

    pub(crate) async fn keyring(&self) -> Keyring {
        let keyring = Keyring::new(self.wrapping());
        for record in self.records(Topic::Keys).await {
            keyring.absorb(&decode_key_record(&record).unwrap()).unwrap();
        }
        keyring
    }

    pub(crate) async fn records(&self, topic: Topic) -> Vec<StoredRecord> {
        let mut records = Vec::new();
        for partition in Partition::all() {
            records.extend(self.log.log.read(topic, partition, 0, 10_000).await.unwrap());
        }
        records
    }

    /// Every event of the topic, opened, checked and allowed.
    pub(crate) async fn events(&self, topic: Topic) -> Vec<CheckedBody> {
        let keyring = self.keyring().await;
        let mut events = Vec::new();
        let mut bytes = BTreeMap::new();
        for record in self.records(topic).await {
            let sealed = decode(record.value.clone()).unwrap();
            let before = bytes.insert(sealed.header.event_id, record.value.clone());
            assert!(before.is_none_or(|before| before == record.value), "an event id came again with other bytes");
            let Opened::Plain(plain) = sealed.open(&keyring).unwrap() else { panic!("not opened") };
            let checked = CheckedBody::check(&sealed.header, &plain, &pseudonyms()).unwrap();
            event_log::authority::check(topic, &checked).unwrap();
            events.push(checked);
        }
        events
    }

    /// What a reader would see: each entry's event.
    pub(crate) async fn folded(&self, topic: Topic) -> Vec<String> {
        let said = self.events(topic).await.into_iter().map(|checked| timeline::Said {
            event_id: checked.header.event_id.0,
            subject: checked.header.subject.0,
            published_at_us: 0,
            body: checked.body,
        });
        let timeline = timeline::fold(said, None).unwrap();
        let mut told: Vec<_> =
            timeline.entries.iter().map(|e| format!("{:?} {:?} {:?}", e.entry_id, e.effective, e.event)).collect();
        told.sort();
        told
    }

    pub(crate) async fn items(&self) -> Vec<proto::quarantine::Item> {
        let listed = quarantine::list(self.log.as_ref(), &self.keyring().await).await.unwrap();
        let item = |listed: Listed| match listed.state {
            Readable::Item(item) => *item,
            other => panic!("{other:?}"),
        };
        listed.into_iter().map(item).collect()
    }
}

/// How an append fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Failure {
    /// Nothing is taken.
    Full,
    /// Nothing is taken, and the process is as good as dead.
    Before,
    /// It is taken, and the acknowledgement never comes.
    After,
    /// It is taken, and the log cannot be reached to say so.
    Away,
}

/// The embedded log, until it is told to fail.
pub(crate) struct FaultyLog {
    log: EmbeddedLog,
    appends_left: AtomicI64,
    failure: Mutex<Failure>,
}

impl FaultyLog {
    /// Fails every append but the next so many.
    pub(crate) fn fail_after(&self, appends: i64, failure: Failure) {
        *self.failure.lock().unwrap() = failure;
        self.appends_left.store(appends, Ordering::SeqCst);
    }

    pub(crate) fn heal(&self) {
        self.appends_left.store(i64::MAX, Ordering::SeqCst);
    }

    /// Whether it has failed since it was told to.
    pub(crate) fn has_failed(&self) -> bool {
        self.appends_left.load(Ordering::SeqCst) < 0
    }
}

#[async_trait]
impl EventLog for FaultyLog {
    async fn append(&self, records: Vec<Record>) -> Result<Appended, LogError> {
        if self.appends_left.fetch_sub(1, Ordering::SeqCst) > 0 {
            return self.log.append(records).await;
        }
        let failure = *self.failure.lock().unwrap();
        if matches!(failure, Failure::After | Failure::Away) {
            self.log.append(records).await?;
        }
        Err(match failure {
            Failure::Full => LogError::Full(PathBuf::from("log")),
            Failure::Away => LogError::Unavailable { because: "the test took it away".to_owned() },
            Failure::Before | Failure::After => LogError::Closed,
        })
    }

    async fn read(&self, t: Topic, p: Partition, from: Offset, max: usize) -> Result<Vec<StoredRecord>, LogError> {
        self.log.read(t, p, from, max).await
    }

    async fn end(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        self.log.end(topic, partition).await
    }

    async fn grown(&self, topics: &[Topic], seen: u64, at_most: Duration) -> Result<u64, LogError> {
        self.log.grown(topics, seen, at_most).await
    }
}
