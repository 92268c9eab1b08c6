//! Reading: one consumer for many partitions, each with its own queue and the place where it stands.
//!
//! A partition is fetched from the time that somebody reads it until nobody has for a while. Whoever reads on where they
//! stopped finds the next records here already; whoever reads elsewhere has the partition fetched from there.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use rdkafka::Message;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tokio::sync::Notify;

use super::client::{self, Context, Names};
use super::ends::Asker;
use super::record;
use crate::log::{LogError, READ_BYTES, StoredRecord};
use crate::position::{Offset, Partition, Position, Topic};

/// A partition that nobody has read for this long is no longer fetched.
const IDLE: Duration = Duration::from_secs(10);
/// Records that are there and do not come within this are asked for once more.
const STALLED: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(100);
/// Records that a read makes room for before it knows how many there are.
const ROOM_FIRST: usize = 1_024;

/// How a reader fetches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// Kilobytes that are fetched ahead of whoever reads, for each partition.
    pub(super) ahead_kbytes: u32,
    /// The most that one fetch brings of a partition, bytes.
    pub(super) fetch_bytes: u32,
    /// How long a fetch waits for records where there are none yet. A partition that begins to be read waits for the fetch
    /// that is under way; a broker is asked as often as this while partitions are read to their ends and not let go of.
    pub(super) fetch_wait: Duration,
    /// Partitions that are fetched at once.
    pub(super) partitions_max: usize,
    /// Whether a partition that is read to its end is let go of at once.
    pub(super) lets_go: bool,
}

impl Manner {
    /// Following: small batches of many partitions.
    pub(super) const FOLLOWING: Self = Self {
        ahead_kbytes: 256,
        fetch_bytes: 262_144,
        fetch_wait: Duration::from_millis(5),
        partitions_max: usize::MAX,
        lets_go: false,
    };
    /// Reading much: a few partitions, far ahead.
    pub(super) const WHOLE: Self = Self {
        ahead_kbytes: 16_384,
        fetch_bytes: 4_194_304,
        fetch_wait: Duration::from_millis(1),
        partitions_max: 4,
        lets_go: true,
    };
}

pub(super) type Client = BaseConsumer<Context>;

/// A consumer, and where it stands in each partition.
pub(super) struct Reader {
    consumer: Arc<Client>,
    names: Names,
    manner: Manner,
    within: Duration,
    cursors: Arc<Cursors>,
    stop: Arc<AtomicBool>,
}

type Cursors = Mutex<HashMap<(Topic, Partition), Arc<tokio::sync::Mutex<Cursor>>>>;

/// Where the fetching of a partition stands.
struct Cursor {
    topic: Topic,
    partition: Partition,
    fetched: Option<Fetched>,
    used: Instant,
}

struct Fetched {
    queue: PartitionQueue<Context>,
    arrived: Arc<Notify>,
    next: Offset,
}

/// What a read has taken.
struct Taken {
    records: Vec<StoredRecord>,
    records_max: usize,
    bytes: usize,
}

impl Taken {
    fn is_enough(&self) -> bool {
        self.records.len() >= self.records_max || self.bytes >= READ_BYTES
    }
}

/// Why no more was taken from a queue.
enum Stop {
    /// It is empty, or enough was taken.
    Empty,
    /// The broker says that it has no more.
    AtEnd,
    /// Another offset than the next.
    Gap(Offset),
    /// The next offset is not there any more, or not yet.
    OutOfRange,
    Failed(RDKafkaErrorCode),
}

impl Reader {
    /// A reader that fetches nothing yet.
    pub(super) fn new(
        mut config: ClientConfig,
        context: Context,
        names: Names,
        manner: Manner,
        within: Duration,
    ) -> Result<Self, LogError> {
        config
            // Without a group there is no assignment. It is never joined: no offset is stored in Kafka.
            .set("group.id", "throughline.reader")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            .set("isolation.level", "read_uncommitted")
            .set("check.crcs", "true")
            .set("enable.partition.eof", "true")
            .set("fetch.wait.max.ms", manner.fetch_wait.as_millis().to_string())
            .set("fetch.queue.backoff.ms", "1")
            .set("fetch.error.backoff.ms", "100")
            .set("queued.min.messages", "10000000")
            .set("queued.max.messages.kbytes", manner.ahead_kbytes.to_string())
            .set("fetch.message.max.bytes", manner.fetch_bytes.to_string())
            .set_log_level(RDKafkaLogLevel::Info);
        let consumer = Client::from_config_and_context(&config, context).map_err(|e| client::not_made(&e))?;
        let consumer = Arc::new(consumer);
        let cursors = Arc::new(Cursors::default());
        let stop = Arc::new(AtomicBool::new(false));
        let serving = Serving {
            consumer: Arc::clone(&consumer),
            cursors: Arc::downgrade(&cursors),
            names: names.clone(),
            stop: Arc::clone(&stop),
        };
        std::thread::Builder::new()
            .name("kafka-reader".to_owned())
            .spawn(move || serving.run())
            .map_err(|source| LogError::Io { doing: "start a thread", source })?;
        Ok(Self { consumer, names, manner, within, cursors, stop })
    }

    pub(super) fn consumer(&self) -> &Arc<Client> {
        &self.consumer
    }

    fn context(&self) -> &Context {
        self.consumer.client().context()
    }

    /// Up to `records_max` records from `from` on, or [`READ_BYTES`]: as many as there are.
    pub(super) async fn read(
        &self,
        asker: &Asker,
        (topic, partition): (Topic, Partition),
        from: Offset,
        records_max: usize,
    ) -> Result<Vec<StoredRecord>, LogError> {
        let cursor = self.cursor(topic, partition);
        let mut cursor = cursor.lock().await;
        cursor.used = Instant::now();
        let mut taken = Taken { records: Vec::new(), records_max, bytes: 0 };
        let mut end = None;
        if !cursor.stands_at(from) {
            let now = asker.end(topic, partition).await?;
            if from >= now {
                return Ok(taken.records);
            }
            end = Some(now);
            self.fetch(&mut cursor, from).await?;
        }
        taken.records.reserve(records_max.min(ROOM_FIRST));
        let deadline = Instant::now() + self.within;
        let mut is_again = false;
        loop {
            let stop = cursor.take(&mut taken);
            let next = cursor.next();
            if taken.is_enough() {
                break;
            }
            let until = match end {
                Some(end) => end,
                None => *end.insert(asker.end(topic, partition).await?),
            };
            if next >= until {
                if self.manner.lets_go {
                    self.let_go(&mut cursor);
                }
                break;
            }
            let place = Position { topic, partition, offset: next };
            match stop {
                Stop::Empty | Stop::AtEnd if !is_again => {
                    let arrived = cursor.arrived_within(STALLED.min(self.within)).await;
                    is_again = !arrived;
                    if !arrived {
                        self.fetch(&mut cursor, next).await?;
                    }
                }
                // Asked for afresh, and the broker has nothing between here and its end.
                Stop::AtEnd if topic == Topic::Keys => break,
                Stop::AtEnd => return Err(gone(place, until)),
                Stop::Empty => {
                    cursor.arrived_within(deadline.saturating_duration_since(Instant::now())).await;
                }
                // Believed only when asked for afresh.
                Stop::Gap(_) | Stop::OutOfRange if !is_again => {
                    is_again = true;
                    self.fetch(&mut cursor, next).await?;
                }
                Stop::Gap(found) => {
                    self.let_go(&mut cursor);
                    return Err(gone(place, found));
                }
                Stop::OutOfRange => {
                    self.let_go(&mut cursor);
                    asker.low_marks(&[topic]).await?;
                    return Err(gone(place, until));
                }
                Stop::Failed(code) => {
                    self.let_go(&mut cursor);
                    let what = format!("read topic {}", self.names.of(topic));
                    return Err(client::said(code, &what, &self.context().faults));
                }
            }
            if Instant::now() >= deadline {
                self.let_go(&mut cursor);
                let what = format!("{place} is there and was not answered within {} s", self.within.as_secs());
                return Err(LogError::Unavailable { because: self.context().faults.explain(&what) });
            }
        }
        Ok(taken.records)
    }

    fn cursor(&self, topic: Topic, partition: Partition) -> Arc<tokio::sync::Mutex<Cursor>> {
        let mut cursors = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Cursor { topic, partition, fetched: None, used: Instant::now() };
        Arc::clone(cursors.entry((topic, partition)).or_insert_with(|| Arc::new(tokio::sync::Mutex::new(new()))))
    }

    /// Has the partition fetched from here on, in place of wherever it stood.
    async fn fetch(&self, cursor: &mut Cursor, from: Offset) -> Result<(), LogError> {
        self.let_go(cursor);
        self.make_room();
        let offset = i64::try_from(from).unwrap_or(i64::MAX);
        let (topic, partition) = (cursor.topic, cursor.partition);
        let failed = |error: KafkaError| LogError::Unavailable {
            because: self.context().faults.explain(&format!("a partition could not be fetched: {error}")),
        };
        // Before it is assigned: from then on everything fetched comes to this queue and no other.
        let queue = self.consumer.split_partition_queue(self.names.of(topic), i32::from(partition.number()));
        let mut queue = queue.ok_or_else(|| failed(KafkaError::Canceled))?;
        let arrived = Arc::new(Notify::new());
        let waker = Arc::clone(&arrived);
        queue.set_nonempty_callback(move || waker.notify_one());
        let list = client::list([(topic, partition)], &self.names, rdkafka::Offset::Offset(offset)).map_err(failed)?;
        let consumer = Arc::clone(&self.consumer);
        let assigned = tokio::task::spawn_blocking(move || consumer.incremental_assign(&list)).await;
        assigned.map_err(|_| LogError::Closed)?.map_err(failed)?;
        cursor.fetched = Some(Fetched { queue, arrived, next: from });
        Ok(())
    }

    fn let_go(&self, cursor: &mut Cursor) {
        cursor.let_go(&self.consumer, &self.names);
    }

    /// Lets go of the partition that was not read for longest, when there are as many as may be.
    fn make_room(&self) {
        let cursors = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
        // One that is being read is not idle, and is locked.
        let mut fetched: Vec<_> =
            cursors.values().filter_map(|cursor| cursor.try_lock().ok().filter(|c| c.fetched.is_some())).collect();
        fetched.sort_by_key(|cursor| cursor.used);
        let surplus = (fetched.len() + 1).saturating_sub(self.manner.partitions_max);
        for cursor in fetched.iter_mut().take(surplus) {
            cursor.let_go(&self.consumer, &self.names);
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// What no partition's queue is told: log lines, complaints, tokens to renew.
struct Serving {
    consumer: Arc<Client>,
    cursors: Weak<Cursors>,
    names: Names,
    stop: Arc<AtomicBool>,
}

impl Serving {
    fn run(self) {
        let mut swept = Instant::now();
        while !self.stop.load(Ordering::Relaxed) {
            // A complaint was noted by the context already.
            drop(self.consumer.poll(POLL));
            if swept.elapsed() >= IDLE / 4 {
                swept = Instant::now();
                self.sweep();
            }
        }
    }

    fn sweep(&self) {
        let Some(cursors) = self.cursors.upgrade() else { return };
        let all: Vec<_> = cursors.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        for cursor in all {
            if let Ok(mut cursor) = cursor.try_lock()
                && cursor.used.elapsed() >= IDLE
            {
                cursor.let_go(&self.consumer, &self.names);
            }
        }
    }
}

impl Cursor {
    fn stands_at(&self, from: Offset) -> bool {
        self.fetched.as_ref().is_some_and(|fetched| fetched.next == from)
    }

    fn next(&self) -> Offset {
        self.fetched.as_ref().map_or(0, |fetched| fetched.next)
    }

    /// Takes what has come, in order and without a gap.
    fn take(&mut self, taken: &mut Taken) -> Stop {
        let (topic, partition) = (self.topic, self.partition);
        let Some(fetched) = &mut self.fetched else { return Stop::Empty };
        let mut stop = Stop::Empty;
        while !taken.is_enough() {
            match fetched.queue.poll(Duration::ZERO) {
                None => return stop,
                Some(Err(KafkaError::PartitionEOF(_))) => stop = Stop::AtEnd,
                Some(Err(error)) => match error.rdkafka_error_code() {
                    Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => {
                        return Stop::OutOfRange;
                    }
                    code => return Stop::Failed(code.unwrap_or(RDKafkaErrorCode::Fail)),
                },
                Some(Ok(message)) => {
                    let offset = u64::try_from(message.offset()).unwrap_or_default();
                    // Compaction takes records of the keys topic away, and only of that one.
                    if offset != fetched.next && !(topic == Topic::Keys && offset > fetched.next) {
                        return Stop::Gap(offset);
                    }
                    let record = record::stored(&message, Position { topic, partition, offset });
                    taken.bytes += record.value.len();
                    taken.records.push(record);
                    fetched.next = offset + 1;
                    stop = Stop::Empty;
                }
            }
        }
        stop
    }

    async fn arrived_within(&self, at_most: Duration) -> bool {
        match &self.fetched {
            Some(fetched) => tokio::time::timeout(at_most, fetched.arrived.notified()).await.is_ok(),
            None => false,
        }
    }

    fn let_go(&mut self, consumer: &Client, names: &Names) {
        if self.fetched.take().is_none() {
            return;
        }
        let list = client::list([(self.topic, self.partition)], names, rdkafka::Offset::Invalid);
        // It fails only where it is not assigned.
        if let Err(error) = list.and_then(|list| consumer.incremental_unassign(&list)) {
            tracing::debug!("a partition was not unassigned: {error}");
        }
    }
}

fn gone(place: Position, up_to: Offset) -> LogError {
    LogError::Damaged {
        place: place.to_string(),
        what: format!("the log goes on at offset {up_to}, and what was before it is gone"),
    }
}
