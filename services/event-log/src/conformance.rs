//! What every log must hold, as a suite that a backend runs against itself: [`run`] in one of its tests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;

use crate::log::{EventLog, LogError, READ_BYTES, Record, StoredRecord, VALUE_BYTES_MAX};
use crate::position::{Offset, Partition, Position, Topic};

/// A backend under test.
#[async_trait]
pub trait Backend: Send + Sync {
    /// Its log.
    type Log: EventLog;

    /// Another log, new and empty.
    async fn begin(&mut self) -> Result<Self::Log, LogError>;

    /// The log last begun, opened again, as a process does that starts. Every handle to it was dropped, except where the
    /// suite tries for a second writer.
    async fn reopen(&mut self) -> Result<Self::Log, LogError>;

    /// Whether the log itself refuses a second writer. On Kafka a lease does.
    fn refuses_second_writer(&self) -> bool;
}

/// A case that the backend does not hold.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The log answered, and wrongly.
    #[error("{case}: {what}")]
    Wrong {
        /// Which case.
        case: &'static str,
        /// What did not hold.
        what: String,
    },
    /// The log did not answer.
    #[error("the log failed")]
    Log(#[from] LogError),
}

/// Long enough that only a log that never wakes runs into it.
const LONG: Duration = Duration::from_secs(30);
/// How long a log is given to wake when it should not.
const SHORT: Duration = Duration::from_millis(30);

/// Runs every case.
///
/// # Errors
/// At the first case that does not hold, which it names.
pub async fn run<B: Backend>(backend: &mut B) -> Result<(), Failed> {
    an_empty_log(backend.begin().await?).await?;
    dense_offsets_in_order(backend.begin().await?).await?;
    bounds_of_a_read(backend.begin().await?).await?;
    large_and_empty_values(backend.begin().await?).await?;
    bytes_of_a_read(backend.begin().await?).await?;
    following(backend.begin().await?).await?;
    concurrent_appends(backend.begin().await?).await?;
    reopened(backend).await?;
    a_second_writer(backend).await
}

macro_rules! hold {
    ($case:literal, $condition:expr, $($what:tt)+) => {
        if !$condition {
            return Err(Failed::Wrong { case: $case, what: format!($($what)+) });
        }
    };
}

async fn an_empty_log(log: impl EventLog) -> Result<(), Failed> {
    for topic in Topic::ALL {
        for partition in Partition::all() {
            hold!("empty", log.end(topic, partition).await? == 0, "{topic} does not end at 0");
            hold!("empty", log.read(topic, partition, 0, 10).await?.is_empty(), "{topic} holds records");
        }
    }
    let nothing = log.append(Vec::new()).await?;
    hold!("empty", nothing.positions.is_empty(), "an append of nothing gave positions");
    Ok(())
}

async fn dense_offsets_in_order(log: impl EventLog) -> Result<(), Failed> {
    let mut expected: BTreeMap<(Topic, Partition), Vec<Record>> = BTreeMap::new();
    for round in 0..5_u8 {
        let batch: Vec<Record> = Topic::ALL
            .into_iter()
            .flat_map(|topic| Partition::all().map(move |partition| (topic, partition)))
            .cycle()
            .skip(usize::from(round) * 7)
            .take(200)
            .zip(0_u32..)
            .map(|((topic, partition), n)| record(topic, partition, &format!("{round}/{n}")))
            .collect();
        let appended = log.append(batch.clone()).await?;
        hold!("order", appended.positions.len() == batch.len(), "not one position for each record");
        for (record, position) in batch.into_iter().zip(appended.positions) {
            let before = expected.entry((record.topic, record.partition)).or_default();
            let should = Position { topic: record.topic, partition: record.partition, offset: before.len() as Offset };
            hold!("order", position == should, "{position} was given where {should} follows");
            before.push(record);
        }
    }
    holds(&log, &expected, "order").await
}

async fn bounds_of_a_read(log: impl EventLog) -> Result<(), Failed> {
    let (topic, partition) = (Topic::Health, partition(5));
    log.append((0..100).map(|n| record(topic, partition, &n.to_string())).collect()).await?;
    for (from, records_max, expected) in [(0, 0, 0), (0, 7, 7), (95, 10, 5), (99, 1, 1), (100, 10, 0), (u64::MAX, 9, 0)]
    {
        let read = log.read(topic, partition, from, records_max).await?;
        hold!("bounds", read.len() == expected, "{} records from {from}, at most {records_max}", read.len());
        for (stored, at) in read.into_iter().zip(from..) {
            hold!("bounds", stored.position.offset == at, "{} was read at {at}", stored.position);
            hold!("bounds", stored.value == at.to_string(), "{} holds another value", stored.position);
        }
    }
    Ok(())
}

async fn large_and_empty_values(log: impl EventLog) -> Result<(), Failed> {
    let (topic, partition) = (Topic::Quarantine, partition(0));
    let sizes = [0, VALUE_BYTES_MAX, 1, VALUE_BYTES_MAX, 0];
    let of_size = |bytes| Record { value: vec![b'x'; bytes].into(), ..record(topic, partition, "") };
    log.append(sizes.into_iter().map(of_size).collect()).await?;
    let read = log.read(topic, partition, 0, 10).await?;
    let lengths: Vec<usize> = read.iter().map(|stored| stored.value.len()).collect();
    hold!("large", lengths == sizes, "values of {lengths:?} bytes were read");
    let refused = log.append(vec![record(topic, partition, "beside"), of_size(VALUE_BYTES_MAX + 1)]).await;
    hold!("large", matches!(refused, Err(LogError::TooLarge { .. })), "a value past the bound gave {refused:?}");
    hold!("large", log.end(topic, partition).await? == 5, "a refused append left something");
    Ok(())
}

/// What a read holds in memory is bounded, however many records are asked for and however large they are.
async fn bytes_of_a_read(log: impl EventLog) -> Result<(), Failed> {
    let (topic, partition) = (Topic::Education, partition(4));
    let largest = |n: u8| Record { value: vec![n; VALUE_BYTES_MAX].into(), ..record(topic, partition, "") };
    log.append((0..12).map(largest).collect()).await?;
    for records_max in [12, 1_000, usize::MAX] {
        let mut from: Offset = 0;
        while from < 12 {
            let read = log.read(topic, partition, from, records_max).await?;
            hold!("bytes", !read.is_empty(), "nothing was read before the end");
            let before_last: usize = read.iter().rev().skip(1).map(|stored| stored.value.len()).sum();
            hold!("bytes", before_last < READ_BYTES, "a read went on past its bytes: {} records", read.len());
            let ends_early = before_last + VALUE_BYTES_MAX < READ_BYTES && from + (read.len() as Offset) < 12;
            hold!("bytes", !ends_early, "a read ended before its bytes and before the end");
            for stored in read {
                hold!("bytes", stored.position.offset == from, "{} was read at {from}", stored.position);
                let holds_its_own = stored.value.iter().all(|byte| Offset::from(*byte) == from);
                hold!("bytes", holds_its_own, "{} holds another value", stored.position);
                from += 1;
            }
        }
    }
    Ok(())
}

async fn following(log: impl EventLog) -> Result<(), Failed> {
    let log = Arc::new(log);
    let topics = [Topic::Sharing, Topic::Identity];
    let seen = log.grown(&topics, 0, SHORT).await?;
    let waiting = tokio::spawn({
        let log = Arc::clone(&log);
        async move {
            let begun = Instant::now();
            let grown = log.grown(&topics, seen, LONG).await;
            (grown, begun.elapsed(), log.end(Topic::Identity, partition(3)).await)
        }
    });
    tokio::task::yield_now().await;
    log.append(vec![record(Topic::Health, partition(1), "elsewhere")]).await?;
    log.append(vec![record(Topic::Identity, partition(3), "here")]).await?;
    let Ok((grown, after, end)) = waiting.await else {
        return Err(Failed::Wrong { case: "following", what: "the follower did not end".to_owned() });
    };
    let seen = grown?;
    hold!("following", after < LONG, "the follower was not woken");
    hold!("following", end? == 1, "the follower was woken before the record could be read");
    let begun = Instant::now();
    log.append(vec![record(Topic::Health, partition(1), "elsewhere")]).await?;
    log.grown(&topics, seen, SHORT).await?;
    hold!("following", begun.elapsed() >= SHORT, "another topic's growth woke the follower");
    Ok(())
}

async fn concurrent_appends(log: impl EventLog) -> Result<(), Failed> {
    const WRITERS: u64 = 16;
    const APPENDS: u64 = 25;
    let log = Arc::new(log);
    let (topic, partition) = (Topic::Education, partition(9));
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let log = Arc::clone(&log);
        writers.spawn(async move {
            let mut given = Vec::new();
            for n in 0..APPENDS {
                let three = ["a", "b", "c"].map(|part| record(topic, partition, &format!("{writer}/{n}/{part}")));
                given.push((n, log.append(three.to_vec()).await?.positions));
            }
            Ok::<_, LogError>((writer, given))
        });
    }
    let mut values = BTreeMap::new();
    while let Some(ended) = writers.join_next().await {
        let Ok(ended) = ended else {
            return Err(Failed::Wrong { case: "concurrent", what: "a writer did not end".to_owned() });
        };
        let (writer, given) = ended?;
        for (n, positions) in given {
            let offsets: Vec<Offset> = positions.iter().map(|p| p.offset).collect();
            let adjacent = offsets.iter().zip(offsets.iter().skip(1)).all(|(a, b)| a + 1 == *b);
            hold!("concurrent", adjacent, "one append was given offsets {offsets:?}");
            values.extend(offsets.into_iter().zip(["a", "b", "c"].map(|part| format!("{writer}/{n}/{part}"))));
        }
    }
    let in_all = WRITERS * APPENDS * 3;
    hold!("concurrent", values.len() as u64 == in_all, "{} offsets were given to {in_all} records", values.len());
    let read = log.read(topic, partition, 0, usize::MAX).await?;
    hold!("concurrent", read.len() as u64 == in_all, "{} records of {in_all} were read", read.len());
    for stored in &read {
        let should = values.get(&stored.position.offset);
        hold!("concurrent", should.is_some_and(|v| stored.value == *v), "{} is not what was given", stored.position);
    }
    published_in_order(&read)
}

async fn reopened(backend: &mut impl Backend) -> Result<(), Failed> {
    let log = backend.begin().await?;
    let mut expected: BTreeMap<(Topic, Partition), Vec<Record>> = BTreeMap::new();
    let mut published = Vec::new();
    let mut log = Some(log);
    for round in 0..3 {
        let open = match log.take() {
            Some(open) => open,
            None => backend.reopen().await?,
        };
        for topic in [Topic::Keys, Topic::Disclosure] {
            let before = open.end(topic, partition(2)).await?;
            hold!("reopened", before == round, "round {round} began at offset {before}");
            let one = record(topic, partition(2), &round.to_string());
            published.push(open.append(vec![one.clone()]).await?.published_at_us);
            expected.entry((topic, partition(2))).or_default().push(one);
        }
        holds(&open, &expected, "reopened").await?;
    }
    let again = backend.reopen().await?;
    holds(&again, &expected, "reopened").await?;
    let mut read = again.read(Topic::Keys, partition(2), 0, 10).await?;
    published_in_order(&read)?;
    read.extend(again.read(Topic::Disclosure, partition(2), 0, 10).await?);
    let mut times: Vec<i64> = read.iter().map(|stored| stored.published_at_us).collect();
    times.sort_unstable();
    published.sort_unstable();
    hold!("reopened", times == published, "the log gives other times than it gave when it took the records");
    Ok(())
}

async fn a_second_writer(backend: &mut impl Backend) -> Result<(), Failed> {
    if !backend.refuses_second_writer() {
        return Ok(());
    }
    let first = backend.begin().await?;
    let second = backend.reopen().await;
    hold!("one writer", matches!(second, Err(LogError::Locked(_))), "a second writer was let in");
    first.append(vec![record(Topic::Health, partition(0), "still")]).await?;
    drop(first);
    let next = backend.reopen().await?;
    hold!("one writer", next.end(Topic::Health, partition(0)).await? == 1, "the first writer's record is gone");
    Ok(())
}

/// Every partition named holds exactly these records.
async fn holds(
    log: &impl EventLog,
    expected: &BTreeMap<(Topic, Partition), Vec<Record>>,
    case: &'static str,
) -> Result<(), Failed> {
    for ((topic, partition), records) in expected {
        let read = log.read(*topic, *partition, 0, usize::MAX).await?;
        published_in_order(&read)?;
        let same = read.len() == records.len()
            && read.iter().zip(records).all(|(stored, record)| {
                (stored.position.topic, stored.position.partition) == (record.topic, record.partition)
                    && (stored.key, &stored.value) == (record.key, &record.value)
            })
            && read.iter().zip(0..).all(|(stored, offset)| stored.position.offset == offset);
        if !same || log.end(*topic, *partition).await? != records.len() as Offset {
            let what = format!("{topic}/{} does not hold what was appended", partition.number());
            return Err(Failed::Wrong { case, what });
        }
    }
    Ok(())
}

fn published_in_order(read: &[StoredRecord]) -> Result<(), Failed> {
    for (before, after) in read.iter().zip(read.iter().skip(1)) {
        hold!(
            "time",
            before.published_at_us <= after.published_at_us,
            "{} is older than the one before",
            after.position
        );
    }
    hold!("time", read.iter().all(|stored| stored.published_at_us > 0), "a record without a time");
    Ok(())
}

fn record(topic: Topic, partition: Partition, value: &str) -> Record {
    let key = [value.len() as u8; 16];
    Record { topic, partition, key, value: Bytes::copy_from_slice(value.as_bytes()) }
}

fn partition(number: u8) -> Partition {
    Partition::all().nth(usize::from(number)).unwrap_or_else(|| crate::Pseudonym([0; 16]).partition())
}
