//! The log on a real Kafka: what every log must hold, and what only Kafka can do to it.
#![cfg(test)]

mod bad_days;
mod damage;
mod lease;
mod protection;
mod refusals;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use broker::{Broker, Cluster, Kind};
use event_log::conformance::{self, Backend, Failed};
use event_log::kafka::admin::{Admin, NewTopic};
use event_log::kafka::{Connection, KafkaLog, KafkaOptions, Security, Times, US_HEADER};
use event_log::{EventLog, LogError, Partition, Position, Record, StoredRecord, Topic};
use rdkafka::config::ClientConfig;

/// For whatever harms nobody else's topics. It ends with the process.
static BROKER: LazyLock<Mutex<Broker>> = LazyLock::new(|| Mutex::new(Broker::start(Kind::Plaintext).unwrap()));
static PREFIXES: AtomicU32 = AtomicU32::new(0);

fn shared() -> MutexGuard<'static, Broker> {
    BROKER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// To the broker that tests share.
fn connection() -> Connection {
    connection_to(&shared())
}

fn connection_to(cluster: &Cluster) -> Connection {
    Connection {
        bootstrap: cluster.bootstrap().to_owned(),
        client_id: "test".to_owned(),
        security: Security::Plaintext,
    }
}

/// What stands before the name of every topic of one test: fresh topics, on whatever broker.
fn prefix() -> String {
    format!("t{}-{}.", std::process::id(), PREFIXES.fetch_add(1, Ordering::Relaxed))
}

/// What the configuration of a topic must be, and what one test wants otherwise.
fn configs(topic: Topic, other: &[(&str, &str)]) -> BTreeMap<String, String> {
    let policy = if topic == Topic::Keys { "compact" } else { "delete" };
    let must = [
        ("cleanup.policy", policy),
        ("retention.ms", "-1"),
        ("retention.bytes", "-1"),
        ("message.timestamp.type", "LogAppendTime"),
    ];
    must.iter().chain(other).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

async fn create(connection: &Connection, prefix: &str, topics: &[Topic], other: &[(&str, &str)]) {
    let new = |topic: &Topic| NewTopic {
        name: format!("{prefix}{topic}"),
        partitions: 16,
        replicas: 1,
        configs: configs(*topic, other),
    };
    let topics: Vec<NewTopic> = topics.iter().map(new).collect();
    let mut admin = Admin::connect(connection).await.unwrap();
    admin.create_topics(&topics).await.unwrap();
    // The controller has them; the broker learns of them in a moment.
    let names: Vec<&str> = topics.iter().map(|topic| topic.name.as_str()).collect();
    while {
        let found = admin.topics(&names).await.unwrap();
        found.len() < names.len() || !found.values().all(|topic| topic.led)
    } {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn options(prefix: &str, topics: &[Topic]) -> KafkaOptions {
    KafkaOptions {
        topics: topics.to_vec(),
        prefix: prefix.to_owned(),
        answer_within: Duration::from_secs(30),
        ..KafkaOptions::default()
    }
}

/// A log of these topics, new and empty, on the broker that tests share.
async fn begin(topics: &[Topic]) -> (KafkaLog, String) {
    let (connection, prefix) = (connection(), prefix());
    create(&connection, &prefix, topics, &[]).await;
    (KafkaLog::open(connection, options(&prefix, topics)).await.unwrap(), prefix)
}

fn partition(number: u8) -> Partition {
    Partition::new(number).unwrap()
}

fn record(topic: Topic, partition: Partition, value: &str) -> Record {
    Record { topic, partition, key: [7; 16], value: value.as_bytes().to_vec().into() }
}

/// A client that is not ours.
fn stranger() -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", shared().bootstrap()).set("message.timeout.ms", "30000");
    config
}

struct OnKafka {
    prefix: String,
}

#[async_trait]
impl Backend for OnKafka {
    type Log = KafkaLog;

    async fn begin(&mut self) -> Result<KafkaLog, LogError> {
        self.prefix = prefix();
        if shared().is_real() {
            create(&connection(), &self.prefix, &Topic::ALL, &[]).await;
        } else {
            for topic in Topic::ALL {
                shared().mock_topic(&format!("{}{topic}", self.prefix), 16).unwrap();
            }
        }
        self.reopen().await
    }

    async fn reopen(&mut self) -> Result<KafkaLog, LogError> {
        // A mock cluster cannot say what its topics are.
        let options = KafkaOptions { is_checked: shared().is_real(), ..options(&self.prefix, &Topic::ALL) };
        KafkaLog::open(connection(), options).await
    }

    fn refuses_second_writer(&self) -> bool {
        false
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_what_every_log_must_hold() {
    match conformance::run(&mut OnKafka { prefix: String::new() }).await {
        // A mock cluster gives records no time of its own. Nothing follows this case that a log on Kafka must hold.
        Err(Failed::Wrong { case: "reopened", what }) if !shared().is_real() => {
            assert!(what.contains("times"), "{what}")
        }
        held => held.unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_see_what_the_other_acknowledged() {
    if shared().passes_over("two processes on one log") {
        return;
    }
    let topics = [Topic::Sharing];
    let (writer, prefix) = begin(&topics).await;
    let reader = KafkaLog::open(connection(), options(&prefix, &topics)).await.unwrap();
    for round in 0..20_u64 {
        let seen = reader.grown(&topics, round, Duration::ZERO).await.unwrap();
        assert_eq!(seen, round);
        let waiting = reader.grown(&topics, seen, Duration::from_secs(30));
        let append = writer.append(vec![record(Topic::Sharing, partition(3), &round.to_string())]);
        let (grown, appended) = tokio::join!(waiting, append);
        assert_eq!((grown.unwrap(), appended.unwrap().positions[0].offset), (round + 1, round));
        let read = reader.read(Topic::Sharing, partition(3), round, 200).await.unwrap();
        assert_eq!(read.iter().map(|r| r.value.clone()).collect::<Vec<_>>(), [round.to_string()]);
    }
    // Elsewhere than where it stopped, many at once and one by one.
    for (from, most) in [(0, 5_000), (0, 20), (13, 4), (19, 1), (5, 5_000), (4, 2), (6, 14)] {
        let read = reader.read(Topic::Sharing, partition(3), from, most).await.unwrap();
        let expected: Vec<String> = (from..20).take(most).map(|n| n.to_string()).collect();
        assert_eq!(read.iter().map(|r| r.value.clone()).collect::<Vec<_>>(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn copied_records_keep_offset_and_time_to_the_microsecond() {
    if shared().passes_over("times by the record") {
        return;
    }
    let (connection, prefix) = (connection(), prefix());
    let topics = [Topic::Health];
    create(&connection, &prefix, &topics, &[("message.timestamp.type", "CreateTime")]).await;
    let copying = KafkaOptions { times: Times::OfTheRecord, ..options(&prefix, &topics) };
    let log = KafkaLog::open(connection.clone(), copying).await.unwrap();
    let times = [1_700_000_000_000_000, 1_700_000_000_000_001, 1_700_000_000_000_999, 1_700_000_000_001_000];
    let copied: Vec<StoredRecord> = (0..)
        .zip(times)
        .map(|(offset, published_at_us)| StoredRecord {
            position: Position { topic: Topic::Health, partition: partition(1), offset },
            published_at_us,
            key: [9; 16],
            value: offset.to_string().into(),
        })
        .collect();
    log.append_copied(copied.clone()).await.unwrap();
    assert_eq!(log.read(Topic::Health, partition(1), 0, 10).await.unwrap(), copied);
    // Once more would give them other offsets.
    let again = log.append_copied(copied).await;
    assert!(matches!(again, Err(LogError::Refused { .. })), "{again:?}");
    let ordinary = KafkaLog::open(connection, options(&prefix, &topics)).await.map(|_| ());
    let because = ordinary.unwrap_err().to_string();
    assert!(because.contains("message.timestamp.type=CreateTime"), "{because}");
    assert_eq!(US_HEADER, "us");
}
