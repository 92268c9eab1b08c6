//! The log on Apache Kafka, through librdkafka.
//!
//! One idempotent producer appends; consumers without a group read, from the offsets that they are told. Nothing is ever
//! transactional, and no offset is kept in Kafka. `docs/decisions/0013-kafka-log.md` says why it is as it is.

pub mod admin;
mod client;
mod connection;
pub mod copy;
mod ends;
pub mod lease;
mod open;
mod producer;
mod reader;
mod record;
pub mod topics;

use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::{Mutex, Semaphore};

use crate::growth::Growth;
use crate::log::{Appended, Ends, EventLog, LogError, Record, StoredRecord, VALUE_BYTES_MAX};
use crate::position::{Offset, Partition, Position, Topic};
use client::{Context, Faults, Names};
use ends::{Asker, Marks};
use producer::{Acknowledged, Producer, Sent};
use reader::{Manner, Reader};

pub use connection::{Connection, Sasl, Security, Tls};
pub use record::US_HEADER;

/// How long a log that has not grown is left alone while somebody waits for it.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(20);
/// A read of more than this is of somebody who reads much.
const MANY_RECORDS: usize = 1_000;
/// How long a client that is replaced may take to have acknowledged what it was given.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Whose clock gave a record its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Times {
    /// The broker's, when it took the record: what every topic must have.
    OfTheBroker,
    /// The record's own: while a log is copied, and only then.
    OfTheRecord,
}

/// What is not about reaching the cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KafkaOptions {
    /// The topics that this process uses. It needs rights on no other.
    pub topics: Vec<Topic>,
    /// Before the name of every topic: two installations on one cluster, or two tests. Usually empty.
    pub prefix: String,
    /// How long an append waits to be acknowledged before it is [`LogError::Unavailable`].
    pub delivery_within: Duration,
    /// How long any other question waits for an answer, and [`KafkaLog::open`] for a cluster that is starting.
    pub answer_within: Duration,
    /// Bytes that may be handed to the producer and not yet acknowledged, counting a little for each record.
    pub queue_bytes_max: usize,
    /// How often it is looked whether a certificate, key or password file changed.
    pub files_every: Duration,
    /// Whose clock.
    pub times: Times,
    /// Whether the topics are looked at before anything is done. Without it nothing tells of a topic that would break
    /// positions: for a stand-in of a cluster that cannot say what its topics are.
    pub is_checked: bool,
}

impl Default for KafkaOptions {
    fn default() -> Self {
        Self {
            topics: Topic::ALL.to_vec(),
            prefix: String::new(),
            delivery_within: Duration::from_secs(30),
            answer_within: Duration::from_secs(10),
            queue_bytes_max: 64 << 20,
            files_every: Duration::from_secs(5),
            times: Times::OfTheBroker,
            is_checked: true,
        }
    }
}

/// The log on Kafka. Clones are the same log.
#[derive(Clone)]
pub struct KafkaLog {
    shared: Arc<Shared>,
}

struct Shared {
    connection: Connection,
    options: KafkaOptions,
    names: Names,
    marks: Arc<Marks>,
    faults: Faults,
    room: Arc<Semaphore>,
    /// One append is handed over at a time, so that its records are neighbours.
    turn: Mutex<()>,
    clients: RwLock<Arc<Clients>>,
    /// What this process appended.
    appended: Growth,
}

/// Made together, and replaced together when what they were made of changes.
struct Clients {
    made_of: [u8; 32],
    producer: Producer,
    following: Reader,
    whole: Reader,
    /// Fetches nothing: a broker answers one connection's requests in turn, and whoever asked by the others would wait for
    /// their fetches.
    _asking: Reader,
    asker: Asker,
}

impl KafkaLog {
    /// Opens the log: every topic of `options` is there and is as it must be, and none has lost its beginning.
    ///
    /// # Errors
    /// [`LogError::Refused`] names the topic and the setting, the right that is missing, or the file; [`LogError::Unavailable`]
    /// when the cluster did not answer in time; [`LogError::Damaged`] when records were deleted.
    pub async fn open(connection: Connection, options: KafkaOptions) -> Result<Self, LogError> {
        let names = Names::new(&options.prefix);
        if options.is_checked {
            open::check(&connection, &options.topics, &names, options.times, options.answer_within).await?;
        }
        let faults = Faults::default();
        let marks = Arc::new(Marks::new(&options.topics));
        let queue_bytes_max = options.queue_bytes_max.min(u32::MAX as usize);
        let room = Arc::new(Semaphore::new(queue_bytes_max));
        let parts = Parts { connection, options, names, marks, faults, room };
        let (parts, clients) = blocking(move || {
            let clients = parts.clients()?;
            Ok((parts, clients))
        })
        .await?;
        let Parts { connection, options, names, marks, faults, room } = parts;
        let topics = options.topics.clone();
        let shared = Arc::new(Shared {
            connection,
            options,
            names,
            marks,
            faults,
            room,
            turn: Mutex::new(()),
            clients: RwLock::new(Arc::new(clients)),
            appended: Growth::default(),
        });
        let clients = shared.clients();
        clients.asker.low_marks(&topics).await?;
        clients.asker.ends(&topics).await?;
        // So that each knows the leaders, and is connected to them, before anybody reads.
        for reader in [&clients.following, &clients.whole] {
            Asker { consumer: Arc::clone(reader.consumer()), ..clients.asker.clone() }.ends(&topics).await?;
        }
        drop(clients);
        tokio::spawn(look_after_files(Arc::downgrade(&shared), shared.options.files_every));
        Ok(Self { shared })
    }

    /// Appends records of another log with the times that they had there, into a log opened with [`Times::OfTheRecord`], and
    /// holds each to get the offset that it had.
    ///
    /// # Errors
    /// As [`EventLog::append`]; [`LogError::Refused`] when a record got another offset: the log already held something, or
    /// somebody else is writing to it, and the copy must be begun anew on new topics.
    pub async fn append_copied(&self, records: Vec<StoredRecord>) -> Result<(), LogError> {
        let positions: Vec<Position> = records.iter().map(|record| record.position).collect();
        let acknowledged = self.shared.append(records.into_iter().map(Sent::from).collect()).await?;
        for (position, offset) in positions.into_iter().zip(acknowledged.offsets) {
            if position.offset != offset {
                let because =
                    format!("{position} was given offset {offset}: the topic was not empty, or another writes to it");
                return Err(LogError::Refused { because });
            }
        }
        Ok(())
    }
}

/// What clients are made of.
struct Parts {
    connection: Connection,
    options: KafkaOptions,
    names: Names,
    marks: Arc<Marks>,
    faults: Faults,
    room: Arc<Semaphore>,
}

impl Parts {
    /// Reads files: blocks.
    fn clients(&self) -> Result<Clients, LogError> {
        let made_of = client::fingerprint(&self.connection)?;
        let config = client::config(&self.connection)?;
        let context = Context::new(&self.connection, self.faults.clone());
        let (names, within) = (&self.names, self.options.answer_within);
        let producer = Producer::new(
            config.clone(),
            context.clone(),
            names.clone(),
            Arc::clone(&self.room),
            self.options.queue_bytes_max,
            self.options.delivery_within,
        )?;
        let reader = |manner| Reader::new(config.clone(), context.clone(), names.clone(), manner, within);
        let following = reader(Manner::FOLLOWING)?;
        let whole = reader(Manner::WHOLE)?;
        let asking = reader(Manner::FOLLOWING)?;
        let asker = Asker {
            consumer: Arc::clone(asking.consumer()),
            names: names.clone(),
            marks: Arc::clone(&self.marks),
            within,
        };
        Ok(Clients { made_of, producer, following, whole, _asking: asking, asker })
    }
}

impl Shared {
    fn clients(&self) -> Arc<Clients> {
        Arc::clone(&self.clients.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn append(&self, records: Vec<Sent>) -> Result<Acknowledged, LogError> {
        for sent in &records {
            self.uses(sent.record.topic)?;
            let bytes = sent.record.value.len();
            if bytes > VALUE_BYTES_MAX {
                return Err(LogError::TooLarge { bytes, bytes_max: VALUE_BYTES_MAX });
            }
        }
        if records.is_empty() {
            return Ok(Acknowledged { offsets: Vec::new(), published_at_us: 0 });
        }
        let room = self.clients().producer.room_for(&records).await?;
        let (clients, pending) = {
            let _turn = self.turn.lock().await;
            let clients = self.clients();
            let pending = clients.producer.send(&records, room);
            (clients, pending)
        };
        let acknowledged = clients.producer.acknowledged(pending, &records).await;
        match &acknowledged {
            Ok(acknowledged) => {
                for (sent, offset) in records.iter().zip(&acknowledged.offsets) {
                    self.marks.raise(sent.record.topic, sent.record.partition, offset + 1);
                }
                self.appended.grew(records.iter().map(|sent| sent.record.topic));
            }
            // It will never deliver again. Whoever appends next finds another.
            Err(_) if clients.producer.is_spent() => self.renew(&clients).await,
            Err(_) => {}
        }
        acknowledged
    }

    fn uses(&self, topic: Topic) -> Result<(), LogError> {
        if self.marks.has(topic) {
            return Ok(());
        }
        let because = format!("it was opened without topic {}", self.names.of(topic));
        Err(LogError::Refused { because })
    }

    /// Makes new clients in place of these, unless somebody has.
    async fn renew(&self, old: &Arc<Clients>) {
        let parts = Parts {
            connection: self.connection.clone(),
            options: self.options.clone(),
            names: self.names.clone(),
            marks: Arc::clone(&self.marks),
            faults: self.faults.clone(),
            room: Arc::clone(&self.room),
        };
        let new = match blocking(move || parts.clients()).await {
            Ok(new) => Arc::new(new),
            Err(error) => return tracing::error!("the clients of the log could not be made anew: {error}"),
        };
        // Between appends, and once what was handed over is acknowledged: else another could come between its records.
        let _turn = self.turn.lock().await;
        if !Arc::ptr_eq(&self.clients(), old) {
            return;
        }
        let last = Arc::clone(old);
        let flushed = tokio::task::spawn_blocking(move || last.producer.flush(LAST_WORDS)).await;
        if !matches!(flushed, Ok(Ok(()))) {
            tracing::warn!(
                "some appends were not acknowledged before their client was replaced, and are not tried again"
            );
        }
        *self.clients.write().unwrap_or_else(PoisonError::into_inner) = new;
        tracing::info!("the clients of the log were made anew");
    }
}

/// Makes new clients whenever a file of the connection changes.
async fn look_after_files(shared: Weak<Shared>, every: Duration) {
    let mut failing = None;
    loop {
        tokio::time::sleep(every).await;
        let Some(shared) = shared.upgrade() else { return };
        let connection = shared.connection.clone();
        let clients = shared.clients();
        match blocking(move || client::fingerprint(&connection)).await {
            // A file that is not the one it was is tried once; a pair may be half replaced, and changes again then.
            Ok(now) if now != clients.made_of && failing != Some(now) => {
                shared.renew(&clients).await;
                failing = Some(now);
            }
            Ok(_) => {}
            Err(error) => tracing::warn!("a file of the log's connection is not as it was: {error}"),
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LogError> + Send + 'static,
) -> Result<T, LogError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| LogError::Closed)?
}

#[async_trait]
impl EventLog for KafkaLog {
    async fn append(&self, records: Vec<Record>) -> Result<Appended, LogError> {
        let places: Vec<(Topic, Partition)> = records.iter().map(|record| (record.topic, record.partition)).collect();
        let acknowledged = self.shared.append(records.into_iter().map(Sent::from).collect()).await?;
        let place = |((topic, partition), offset)| Position { topic, partition, offset };
        let positions = places.into_iter().zip(acknowledged.offsets).map(place).collect();
        Ok(Appended { positions, published_at_us: acknowledged.published_at_us })
    }

    async fn read(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        records_max: usize,
    ) -> Result<Vec<StoredRecord>, LogError> {
        self.shared.uses(topic)?;
        if records_max == 0 {
            return Ok(Vec::new());
        }
        let clients = self.shared.clients();
        let reader = if records_max > MANY_RECORDS { &clients.whole } else { &clients.following };
        let records = reader.read(&clients.asker, (topic, partition), from, records_max).await?;
        if let Some(last) = records.last() {
            self.shared.marks.raise(topic, partition, last.position.offset + 1);
        }
        Ok(records)
    }

    async fn end(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        self.shared.uses(topic)?;
        self.shared.clients().asker.end(topic, partition).await
    }

    async fn ends(&self, topics: &[Topic]) -> Result<Ends, LogError> {
        for topic in topics {
            self.shared.uses(*topic)?;
        }
        self.shared.clients().asker.ends(topics).await
    }

    /// The sum of the ends: a log only grows.
    async fn grown(&self, topics: &[Topic], seen: u64, at_most: Duration) -> Result<u64, LogError> {
        let until = Instant::now() + at_most;
        loop {
            let appended = self.shared.appended.count();
            let now: u64 = self.ends(topics).await?.values().sum();
            let left = until.saturating_duration_since(Instant::now());
            if now > seen || left.is_zero() {
                return Ok(now);
            }
            self.shared.appended.wait(topics, appended, LOOK_AGAIN_AFTER.min(left)).await?;
        }
    }
}
