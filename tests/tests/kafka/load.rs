//! Records on their way all the while, and what must be true of them afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use event_log::kafka::Connection;
use event_log::{EventLog, LogError, Offset, Partition, Record, StoredRecord};
use tokio::task::JoinSet;

use crate::cluster::{LONG, TOPIC, open, until};

const VALUE_BYTES: usize = 400;
/// Between two appends of one writer: load, and not a race for the machine.
const PACE: Duration = Duration::from_millis(5);

/// Writers, each of a partition of its own, that give every record to the log again and again until it is acknowledged: what
/// connectors do.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    counts: Arc<Counts>,
    writers: JoinSet<(Partition, Written)>,
}

#[derive(Default)]
struct Counts {
    acknowledged: AtomicU64,
    unavailable: AtomicU64,
}

/// What one writer was told: the offsets that its records got, in order.
pub(crate) struct Written {
    /// Records of one append.
    batch: u64,
    offsets: Vec<Offset>,
}

/// What was found in the log afterwards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Found {
    /// Records that were acknowledged, every one of them where it was said to be.
    pub(crate) acknowledged: u64,
    /// Records that stand in the log again, byte for byte, each within the append that was tried again.
    pub(crate) repeats: u64,
    /// Appends that the log said it could not take, and that were tried again.
    pub(crate) unavailable: u64,
}

/// The record of that number: the same bytes however often it is made.
fn record(partition: Partition, number: u64) -> Record {
    let mut key = [0; 16];
    key[0] = partition.number();
    key[8..].copy_from_slice(&number.to_be_bytes());
    let mut value = BytesMut::with_capacity(VALUE_BYTES);
    value.put_u64(number);
    // As sealed bodies are: nothing that could be made smaller (splitmix64).
    let mut state = number ^ u64::from(partition.number()) << 56;
    while value.len() < VALUE_BYTES {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value.put_u64(mixed ^ (mixed >> 27));
    }
    Record { topic: TOPIC, partition, key, value: value.freeze() }
}

fn number_of(record: &StoredRecord) -> u64 {
    u64::from_be_bytes(record.value[..8].try_into().unwrap())
}

impl Load {
    /// Begins to write to these partitions.
    pub(crate) fn begin<L: EventLog + Clone>(log: &L, partitions: impl IntoIterator<Item = Partition>) -> Self {
        Self::begin_at(log, partitions, 8, PACE)
    }

    /// As [`Self::begin`], as fast as the log takes them.
    pub(crate) fn begin_fast<L: EventLog + Clone>(log: &L, partitions: impl IntoIterator<Item = Partition>) -> Self {
        Self::begin_at(log, partitions, 256, Duration::ZERO)
    }

    fn begin_at<L: EventLog + Clone>(
        log: &L,
        partitions: impl IntoIterator<Item = Partition>,
        batch: u64,
        pace: Duration,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let counts = Arc::new(Counts::default());
        let mut writers = JoinSet::new();
        for partition in partitions {
            let (log, stop, counts) = (log.clone(), Arc::clone(&stop), Arc::clone(&counts));
            writers.spawn(async move { (partition, write(log, partition, batch, pace, &stop, &counts).await) });
        }
        Self { stop, counts, writers }
    }

    pub(crate) fn acknowledged(&self) -> u64 {
        self.counts.acknowledged.load(Ordering::Relaxed)
    }

    /// Appends that were not taken so far.
    pub(crate) fn unavailable(&self) -> u64 {
        self.counts.unavailable.load(Ordering::Relaxed)
    }

    /// Waits until so many more are acknowledged, and returns how long that took.
    pub(crate) fn wait_for(&self, more: u64) -> Duration {
        let wanted = self.acknowledged() + more;
        tokio::task::block_in_place(|| until("more is acknowledged", || self.acknowledged() >= wanted))
    }

    /// Waits until the log has said that it cannot take one.
    pub(crate) fn wait_until_unavailable(&self) -> Duration {
        let wanted = self.unavailable() + 1;
        tokio::task::block_in_place(|| until("an append is not taken", || self.unavailable() >= wanted))
    }

    /// Waits until every writer has been told so, twice as often as there are writers: each has then heard of whatever was
    /// acknowledged before.
    pub(crate) fn wait_until_all_are_unavailable(&self) -> Duration {
        let wanted = self.unavailable() + 2 * self.writers.len() as u64;
        tokio::task::block_in_place(|| until("no append is taken", || self.unavailable() >= wanted))
    }

    /// Ends, and holds the log to what it acknowledged, as somebody reads it who had no part in it.
    pub(crate) async fn end(mut self, log: &impl EventLog) -> Found {
        self.stop.store(true, Ordering::Relaxed);
        let mut written = BTreeMap::new();
        while let Some(writer) = self.writers.join_next().await {
            let (partition, told) = writer.unwrap();
            written.insert(partition, told);
        }
        let mut repeats = 0;
        for (partition, told) in &written {
            repeats += hold(&read_all(log, *partition).await, *partition, told);
        }
        Found { acknowledged: self.acknowledged(), repeats, unavailable: self.unavailable() }
    }
}

/// Ends, reads with clients of its own, and says what was found.
pub(crate) async fn end(load: Load, connection: &Connection, title: &str) -> Found {
    let found = load.end(&open(connection).await).await;
    println!(
        "{title}: {} records acknowledged, all there and in order; {} there again, byte for byte; {} appends tried again",
        found.acknowledged, found.repeats, found.unavailable
    );
    found
}

async fn write(
    log: impl EventLog,
    partition: Partition,
    records: u64,
    pace: Duration,
    stop: &AtomicBool,
    counts: &Counts,
) -> Written {
    let mut written = Written { batch: records, offsets: Vec::new() };
    while !stop.load(Ordering::Relaxed) {
        let next = written.offsets.len() as u64;
        let batch: Vec<Record> = (next..next + records).map(|number| record(partition, number)).collect();
        let began = Instant::now();
        let appended = loop {
            match log.append(batch.clone()).await {
                Ok(appended) => break appended,
                Err(error @ LogError::Unavailable { .. }) => {
                    counts.unavailable.fetch_add(1, Ordering::Relaxed);
                    assert!(began.elapsed() < LONG * 10, "{error}");
                }
                Err(error) => panic!("{error}"),
            }
        };
        assert_eq!(appended.positions.len(), batch.len());
        written.offsets.extend(appended.positions.iter().map(|position| position.offset));
        counts.acknowledged.fetch_add(records, Ordering::Relaxed);
        tokio::time::sleep(pace).await;
    }
    written
}

pub(crate) async fn read_all(log: &impl EventLog, partition: Partition) -> Vec<StoredRecord> {
    let mut records: Vec<StoredRecord> = Vec::new();
    loop {
        let next = records.len() as u64;
        let more = log.read(TOPIC, partition, next, 2_000).await.unwrap();
        if more.is_empty() {
            return records;
        }
        records.extend(more);
    }
}

/// Nothing acknowledged is lost or elsewhere; what is there is what was given, in the order given; what is there twice is a
/// piece of an append that was tried again. Returns how many records are there again.
fn hold(records: &[StoredRecord], partition: Partition, told: &Written) -> u64 {
    for (number, offset) in told.offsets.iter().enumerate() {
        let stored = records.get(usize::try_from(*offset).unwrap());
        let stored = stored.unwrap_or_else(|| panic!("{partition:?}: acknowledged at offset {offset}, and gone"));
        assert_eq!(number_of(stored), number as u64, "{partition:?}: offset {offset} holds another record");
    }
    let (mut next, mut repeats) = (0, 0);
    let mut before: Option<u64> = None;
    for (offset, stored) in records.iter().enumerate() {
        let number = number_of(stored);
        let given = record(partition, number);
        assert_eq!((stored.position.offset, stored.key), (offset as u64, given.key));
        assert!(stored.value == given.value, "{partition:?}: offset {offset} is not what was given");
        if number == next {
            next += 1;
        } else {
            // It goes on where it was, or begins the same append again.
            let batch = (next - 1) / told.batch * told.batch;
            let goes_on = before.is_some_and(|before| number == before + 1) || number == batch;
            assert!(
                (batch..next).contains(&number) && goes_on,
                "{partition:?}: offset {offset} holds {number}, not {next}"
            );
            repeats += 1;
        }
        before = Some(number);
    }
    assert_eq!(next, told.offsets.len() as u64, "{partition:?}: more or less than was given");
    repeats
}

#[test]
fn a_lost_record_a_changed_one_and_two_that_changed_places_are_seen() {
    let partition = Partition::new(3).unwrap();
    let stored = |numbers: &[u64]| -> Vec<StoredRecord> {
        let at = |(offset, number): (usize, &u64)| StoredRecord {
            position: event_log::Position { topic: TOPIC, partition, offset: offset as u64 },
            published_at_us: 0,
            key: record(partition, *number).key,
            value: record(partition, *number).value,
        };
        numbers.iter().enumerate().map(at).collect()
    };
    let all: Vec<u64> = (0..8).collect();
    let told = |offsets: &[u64]| Written { batch: 8, offsets: offsets.to_vec() };
    assert_eq!(hold(&stored(&all), partition, &told(&all)), 0);
    // An append of which three were written, and which was written again.
    let again: Vec<u64> = (0..3).chain(0..8).collect();
    let offsets: Vec<u64> = (3..11).collect();
    assert_eq!(hold(&stored(&again), partition, &told(&offsets)), 3);

    let sees = |records: Vec<StoredRecord>, offsets: &[u64]| {
        let told = told(offsets);
        std::panic::catch_unwind(move || hold(&records, partition, &told)).unwrap_err();
    };
    sees(stored(&all[..7]), &all);
    sees(stored(&[0, 1, 2, 4, 3, 5, 6, 7]), &all);
    sees(stored(&[0, 1, 2, 3, 4, 5, 6, 7, 5]), &all);
    let mut changed = stored(&all);
    changed[4].value = Bytes::from_static(&[0, 0, 0, 0, 0, 0, 0, 4, 1]);
    sees(changed, &all);
}
