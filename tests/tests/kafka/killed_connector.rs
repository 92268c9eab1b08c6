//! A connector that is killed between the log's acknowledgement and its own cursor, again and again: the log then holds some
//! records twice, the same bytes each time, and a timeline holds each entry once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use broker::{Broker, Kind};
use bytes::Bytes;
use connector_kit::Connector;
use connector_kit::differ::Baselines;
use connector_kit::drop_folder::{DropFolder, Options};
use connector_kit::publish::{Credentials, Publisher};
use event_log::embedded::{self, EmbeddedLog};
use event_log::envelope::{CheckedBody, Opened, decode};
use event_log::kafka::{Connection, KafkaLog, KafkaOptions, Security};
use event_log::seal::{Keyring, PseudonymKey, WrappingKeys, decode_key_record};
use event_log::{Appended, EventId, EventLog, LogError, Offset, Partition, Record, Topic};
use health_hl7v2::Hl7V2;

use crate::cluster::{connection, make_topics};

const TOPICS: [Topic; 3] = [Topic::Health, Topic::Keys, Topic::Quarantine];
const CHILDREN: u32 = 300;
const READ_IN_US: i64 = 1_760_000_000_000_000;
/// The longest life, in appends.
const APPENDS_MAX: u64 = 5;

const HOUSE: &str = "KILLED_CONNECTOR_HOUSE";
const BOOTSTRAP: &str = "KILLED_CONNECTOR_BOOTSTRAP";
const DIES_AFTER: &str = "KILLED_CONNECTOR_DIES_AFTER";
const TEST: &str = "killed_connector::killed_between_acknowledgement_and_cursor_it_doubles_nothing_in_a_timeline";

/// A log that lets an append be acknowledged, and then pulls the plug before the connector hears of it.
struct FatalLog {
    log: Arc<dyn EventLog>,
    appends_left: AtomicU64,
}

#[async_trait]
impl EventLog for FatalLog {
    async fn append(&self, records: Vec<Record>) -> Result<Appended, LogError> {
        let appended = self.log.append(records).await;
        if appended.is_ok() && self.appends_left.fetch_sub(1, Ordering::Relaxed) == 1 {
            let this = rustix::process::getpid();
            rustix::process::kill_process(this, rustix::process::Signal::KILL).unwrap();
            std::future::pending::<()>().await;
        }
        appended
    }

    async fn read(
        &self,
        t: Topic,
        p: Partition,
        from: Offset,
        max: usize,
    ) -> Result<Vec<event_log::StoredRecord>, LogError> {
        self.log.read(t, p, from, max).await
    }

    async fn end(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        self.log.end(topic, partition).await
    }

    async fn grown(&self, topics: &[Topic], seen: u64, at_most: Duration) -> Result<u64, LogError> {
        self.log.grown(topics, seen, at_most).await
    }
}

fn pseudonyms() -> PseudonymKey {
    PseudonymKey::from_bytes([42; 32])
}

/// One life of the connector over a house's folders, to the end of what was dropped.
async fn live(house: &Path, log: Arc<dyn EventLog>) {
    let wrapping = Arc::new(WrappingKeys::open(&house.join("keys")).unwrap());
    let controllers = ["school-*", "la-*", "ods-*"].map(str::to_owned).to_vec();
    let credentials = Credentials { controllers, home: "throughline-local-hub".to_owned() };
    let opened = Publisher::open(
        Arc::clone(&log),
        pseudonyms(),
        Arc::clone(&wrapping),
        credentials,
        Hl7V2::default().descriptor(),
    );
    let publisher = opened.await.unwrap();
    let baselines = Baselines::open(&house.join("baselines"), pseudonyms()).unwrap();
    let options = Options::of(&house.join("drop"));
    let folder = DropFolder::open(Arc::new(Hl7V2::default()), publisher.into(), log, wrapping, baselines, options);
    folder.await.unwrap().drain_once(READ_IN_US).await.unwrap();
}

/// A folder with the authority's messages dropped.
fn house(at: &Path, authority: &Path) -> PathBuf {
    let incoming = at.join("drop/incoming");
    std::fs::create_dir_all(&incoming).unwrap();
    for file in std::fs::read_dir(authority.join("health-hl7v2")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), incoming.join(file.file_name())).unwrap();
    }
    at.to_owned()
}

/// What the log holds so far, read on from where it was read before.
#[derive(Default)]
struct Seen {
    next: BTreeMap<(Topic, Partition), Offset>,
    keys: Vec<event_log::StoredRecord>,
    events: BTreeMap<EventId, Bytes>,
    /// Records that came again.
    repeats: usize,
}

impl Seen {
    async fn read_on(&mut self, log: &dyn EventLog) {
        for (topic, partition) in
            [Topic::Keys, Topic::Health].into_iter().flat_map(|t| Partition::all().map(move |p| (t, p)))
        {
            let next = self.next.entry((topic, partition)).or_default();
            loop {
                let records = log.read(topic, partition, *next, 1_000).await.unwrap();
                let Some(last) = records.last() else { break };
                *next = last.position.offset + 1;
                for record in records {
                    if topic == Topic::Keys {
                        self.keys.push(record);
                        continue;
                    }
                    let id = decode(record.value.clone()).unwrap().header.event_id;
                    if let Some(before) = self.events.insert(id, record.value.clone()) {
                        assert!(before == record.value, "an event came again with other bytes");
                        self.repeats += 1;
                    }
                }
            }
        }
    }

    /// Every timeline's entries, as the fold gives them: all records, repeats and all, in any order.
    async fn entries(&self, log: &dyn EventLog, house: &Path) -> Vec<String> {
        let keyring = Keyring::new(Arc::new(WrappingKeys::open(&house.join("keys")).unwrap()));
        for record in &self.keys {
            keyring.absorb(&decode_key_record(record).unwrap()).unwrap();
        }
        let mut said = Vec::new();
        for partition in Partition::all() {
            for record in log.read(Topic::Health, partition, 0, usize::MAX).await.unwrap() {
                let sealed = decode(record.value).unwrap();
                let Opened::Plain(plain) = sealed.open(&keyring).unwrap() else {
                    panic!("an event whose key is not there")
                };
                let checked = CheckedBody::check(&sealed.header, &plain, &pseudonyms()).unwrap();
                said.push(timeline::Said {
                    event_id: checked.header.event_id.0,
                    subject: checked.header.subject.0,
                    published_at_us: 0,
                    body: checked.body,
                });
            }
        }
        let folded = timeline::fold(said, None).unwrap();
        let told = |entry: &timeline::Entry| format!("{:?} {:?} {:?}", entry.entry_id, entry.effective, entry.event);
        let mut entries: Vec<String> = folded.entries.iter().map(told).collect();
        entries.sort();
        entries
    }
}

async fn kafka(bootstrap: &str) -> Arc<KafkaLog> {
    let connection = Connection {
        bootstrap: bootstrap.to_owned(),
        client_id: "connector".to_owned(),
        security: Security::Plaintext,
    };
    let options = KafkaOptions { topics: TOPICS.to_vec(), ..KafkaOptions::default() };
    Arc::new(KafkaLog::open(connection, options).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_acknowledgement_and_cursor_it_doubles_nothing_in_a_timeline() {
    if let (Some(house), Ok(bootstrap), Ok(after)) =
        (std::env::var_os(HOUSE), std::env::var(BOOTSTRAP), std::env::var(DIES_AFTER))
    {
        let log = FatalLog { log: kafka(&bootstrap).await, appends_left: AtomicU64::new(after.parse().unwrap()) };
        return live(Path::new(&house), Arc::new(log)).await;
    }
    let kills: u64 = std::env::var("CONNECTOR_KILLS").map_or(10, |kills| kills.parse().unwrap());
    let broker = tokio::task::block_in_place(|| Broker::start(Kind::Plaintext).unwrap());
    if broker.passes_over("a connector that is killed between acknowledgement and cursor") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("authority");
    // So much in each file that the connector is not at the end of all of them before it has been killed that often.
    let density = (kills as f64 / 6.0).max(1.0);
    let settings = synthetic_authority::Settings { children: CHILDREN, density, ..Default::default() };
    synthetic_authority::generate(&settings, &authority, &mut |_, _| {}).unwrap();

    // What there would be if nothing had ever happened.
    let quiet = house(&folder.path().join("quiet"), &authority);
    let embedded: Arc<dyn EventLog> =
        Arc::new(EmbeddedLog::open(&quiet.join("log"), embedded::Options::default()).unwrap());
    live(&quiet, Arc::clone(&embedded)).await;
    let mut expected = Seen::default();
    expected.read_on(embedded.as_ref()).await;
    let expected_entries = expected.entries(embedded.as_ref(), &quiet).await;
    assert!(expected_entries.len() > 100);

    make_topics(&connection(&broker), &TOPICS, 1, 1).await;
    let killed = house(&folder.path().join("killed"), &authority);
    let log = kafka(broker.bootstrap()).await;
    let mut seen = Seen::default();
    let one_life = |appends: u64| {
        let mut life = Command::new(std::env::current_exe().unwrap());
        life.args(["--exact", TEST]).env(HOUSE, &killed).env(BOOTSTRAP, broker.bootstrap());
        life.env(DIES_AFTER, appends.to_string()).output().unwrap()
    };
    for kill in 0..kills {
        // Another moment each time: after the keys, after some of the events, after all of a file.
        let life = tokio::task::block_in_place(|| one_life(1 + kill % APPENDS_MAX));
        let signal = std::os::unix::process::ExitStatusExt::signal(&life.status);
        assert_eq!(signal, Some(9), "life {kill}: {}", String::from_utf8_lossy(&life.stdout));
        let before = seen.events.len();
        seen.read_on(log.as_ref()).await;
        assert!(seen.events.len() >= before);
        assert!(seen.events.keys().all(|id| expected.events.contains_key(id)), "an event that nobody brought");
    }
    let events_then = seen.events.len();
    let last = tokio::task::block_in_place(|| one_life(u64::MAX));
    assert!(last.status.success(), "{}", String::from_utf8_lossy(&last.stdout));
    seen.read_on(log.as_ref()).await;
    println!(
        "killed {kills} times between acknowledgement and cursor, {events_then} of {} events by then; {} records in the log \
         again, byte for byte, {} of them because the source says them again; {} entries on the timelines, each once",
        seen.events.len(),
        seen.repeats,
        expected.repeats,
        expected_entries.len()
    );
    assert!(seen.repeats > expected.repeats, "no kill hit the moment");
    assert!(seen.events.keys().eq(expected.events.keys()), "events are missing");
    assert!(seen.entries(log.as_ref(), &killed).await == expected_entries, "the timelines differ");
}
