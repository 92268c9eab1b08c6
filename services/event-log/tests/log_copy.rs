//! A log of one machine, carried to a real Kafka: positions, times, keys and values, and everything that may stand in the way.
#![cfg(test)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use broker::{Broker, Kind};
use bytes::Bytes;
use event_log::embedded::Options;
use event_log::kafka::admin::Admin;
use event_log::kafka::copy::{CopyError, LogCopy};
use event_log::kafka::topics::{self, Wanted};
use event_log::kafka::{Connection, KafkaLog, KafkaOptions, Security};
use event_log::{EmbeddedLog, EventLog, Partition, Record, StoredRecord, Topic};

const RECORDS: u64 = 9_000;

fn record(n: u64) -> Record {
    let topic = Topic::ALL[(n / 3) as usize % Topic::ALL.len()];
    let partition = Partition::new((n * 7 % 16) as u8).unwrap();
    let mut key = [0; 16];
    key[..8].copy_from_slice(&(n % 1_000).to_be_bytes());
    Record { topic, partition, key, value: Bytes::from(vec![n as u8; 1 + n as usize % 700]) }
}

/// A log of a stopped process, the records with these numbers on it.
async fn written(dir: &Path, numbers: std::ops::Range<u64>) -> Arc<EmbeddedLog> {
    let log = EmbeddedLog::open(dir, Options::default()).unwrap();
    let numbers: Vec<u64> = numbers.collect();
    for some in numbers.chunks(50) {
        log.append(some.iter().map(|n| record(*n)).collect()).await.unwrap();
    }
    log.close().await;
    drop(log);
    Arc::new(EmbeddedLog::open_read_only(dir).unwrap())
}

async fn all(log: &dyn EventLog) -> Vec<StoredRecord> {
    let mut all = Vec::new();
    for ((topic, partition), end) in log.ends(&Topic::ALL).await.unwrap() {
        let mut offset = 0;
        while offset < end {
            let some = log.read(topic, partition, offset, 5_000).await.unwrap();
            offset += some.len() as u64;
            all.extend(some);
        }
    }
    all
}

async fn begin(log: &Arc<EmbeddedLog>, to: &Connection) -> Result<LogCopy, CopyError> {
    LogCopy::begin(Arc::clone(log), to.clone(), "", |_| {}).await
}

fn differs(error: &CopyError) -> bool {
    matches!(error, CopyError::Differs { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_carried_with_its_positions_and_times_and_goes_on() {
    let broker = Broker::start(Kind::Plaintext).unwrap();
    if broker.passes_over("topics on a broker of its own") {
        return;
    }
    let bootstrap = broker.bootstrap().to_owned();
    let to = Connection { bootstrap, client_id: "test".to_owned(), security: Security::Plaintext };
    let place = tempfile::tempdir().unwrap();
    let half = written(&place.path().join("half"), 0..RECORDS / 2).await;

    // No topics, no copy.
    assert!(matches!(begin(&half, &to).await.unwrap_err(), CopyError::Topics(missing) if missing.len() == 9));
    let wanted = Wanted::shipped().unwrap().with_copies(Some(1), Some(1)).unwrap();
    let mut admin = Admin::connect(&to).await.unwrap();
    topics::apply(&mut admin, &wanted, false).await.unwrap();

    // A copy that stops anywhere: here once the first half of the log was there. Nothing is given back, and no process opens
    // a log that is half a copy.
    let stopped = begin(&half, &to).await.unwrap();
    assert_eq!(stopped.records(), (RECORDS / 2, 0));
    stopped.append(|_| {}).await.unwrap();
    drop(stopped);
    assert!(KafkaLog::open(to.clone(), KafkaOptions::default()).await.is_err());

    // Nor is a copy at a loss that was stopped between one topic and the next.
    let half_set = BTreeMap::from([("message.timestamp.type".to_owned(), "LogAppendTime".to_owned())]);
    admin.alter_configs("throughline.health.v1", &half_set).await.unwrap();

    // The log went on meanwhile; the rest of it is copied.
    drop(half);
    let whole = written(&place.path().join("half"), RECORDS / 2..RECORDS).await;
    let copy = begin(&whole, &to).await.unwrap();
    assert_eq!(copy.records(), (RECORDS, RECORDS / 2));
    let mut appended = 0;
    copy.append(|records| appended += records).await.unwrap();
    assert_eq!(appended, RECORDS - RECORDS / 2);
    let mut compared = 0;
    copy.compare(|source, copied| compared += u64::from(source == copied)).await.unwrap();
    assert_eq!(compared, RECORDS);
    copy.finish().await.unwrap();

    // It is a log like any other, and the same.
    let kafka = KafkaLog::open(to.clone(), KafkaOptions::default()).await.unwrap();
    let (source, copied) = (all(&*whole).await, all(&kafka).await);
    assert!(source == copied, "what is read is not what was copied");
    assert!(source.iter().any(|record| record.published_at_us % 1_000 != 0));
    let mut admin = Admin::connect(&to).await.unwrap();
    let left = topics::plan(&wanted, &topics::find(&mut admin, &wanted).await.unwrap());
    assert!(left.is_nothing(), "{:?}", left.steps);

    // Done twice is done once.
    let again = begin(&whole, &to).await.unwrap();
    assert_eq!(again.records(), (RECORDS, RECORDS));
    again.append(|_| panic!("nothing was missing")).await.unwrap();
    again.compare(|_, _| {}).await.unwrap();
    again.finish().await.unwrap();

    // Another log is not copied onto it, and the topics are left as they are.
    let other = written(&place.path().join("other"), 1..RECORDS * 2).await;
    assert!(differs(&begin(&other, &to).await.unwrap_err()));
    assert!(KafkaLog::open(to.clone(), KafkaOptions::default()).await.is_ok());

    // What was published since is not taken for a copy.
    let goes_on = kafka.append(vec![record(5)]).await.unwrap();
    assert!(
        goes_on.published_at_us >= source.iter().map(|record| record.published_at_us).max().unwrap() / 1_000 * 1_000
    );
    assert!(differs(&begin(&whole, &to).await.unwrap_err()));
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_writes_meanwhile_is_noticed() {
    let broker = Broker::start(Kind::Plaintext).unwrap();
    if broker.passes_over("topics on a broker of its own") {
        return;
    }
    let bootstrap = broker.bootstrap().to_owned();
    let to = Connection { bootstrap, client_id: "test".to_owned(), security: Security::Plaintext };
    let wanted = Wanted::shipped().unwrap().with_copies(Some(1), Some(1)).unwrap();
    topics::apply(&mut Admin::connect(&to).await.unwrap(), &wanted, false).await.unwrap();
    let other = KafkaLog::open(to.clone(), KafkaOptions::default()).await.unwrap();
    let place = tempfile::tempdir().unwrap();
    let log = written(&place.path().join("log"), 0..500).await;

    // Before the first record of its partition: that record gets another offset.
    let copy = begin(&log, &to).await.unwrap();
    other.append(vec![record(3)]).await.unwrap();
    let error = copy.append(|_| {}).await.unwrap_err();
    assert!(error.to_string().contains("another writes"), "{error}");
    // And the next time it is seen before anything is changed.
    assert!(differs(&begin(&log, &to).await.unwrap_err()));
}
