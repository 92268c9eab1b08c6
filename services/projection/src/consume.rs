//! The live consumer: follows the log, and commits what each bounded batch became together with how far it was read.

mod erase;
mod keys_read;
mod log_kept;
mod measured;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use event_log::{EventLog, KeyId, LogError, Offset, PARTITIONS, Partition, Position, Pseudonym, StoredRecord, Topic};
use proto::quarantine::Reason;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::keys_read::{KeysLookedFor, Parked};
use self::log_kept::LogKept;
use self::measured::Measured;
use crate::linking;
use crate::own_records::RecordError;
use crate::project::{Note, Projected, Projector};
use crate::row;
use crate::store::keys::{self, Parsed};
use crate::store::{BATCH_ROWS_BEST, Batch, Key, ReadTo, Shards, Store, StoreError};

/// Topics whose facts bind readers: read before, and between the batches of, every other.
const FACTS: [Topic; 2] = [Topic::Sharing, Topic::Identity];
const SECTORS: [Topic; 3] = [Topic::Education, Topic::SocialCare, Topic::Health];
/// A batch, and what an engine writes beside it, take less than this.
const ROOM_BYTES_MIN: u64 = 128 << 20;
/// How long a log may end before what the store holds: a partition whose leader has just changed may, for a moment.
const GONE_AFTER: Duration = Duration::from_secs(10);
/// How long it waits before it asks a log again that could not be reached.
const AGAIN: Duration = Duration::from_millis(500);
/// How long a log that does not answer may hold up the end.
const LAST_CALL: Duration = Duration::from_secs(2);
/// How long a consumer that has nothing to read waits before it says again that it is up to date.
const IDLE: Duration = Duration::from_millis(500);

/// A record that the consumer refuses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Where it stands.
    pub position: Position,
    /// Why.
    pub reason: Reason,
    /// In words; names fields and never values.
    pub message: String,
    /// The record as it stands on the log.
    pub raw: bytes::Bytes,
}

/// Where refused records go: quarantine. Returns once the items are durable.
#[async_trait]
pub trait Refusals: Send + Sync {
    /// Puts an item for each in quarantine, together: refusing many one by one would keep readers waiting for facts. The same
    /// record again adds nothing.
    async fn refuse(&self, refused: Vec<Refused>) -> Result<(), RefusalError>;
}

/// Why quarantine did not take an item.
pub type RefusalError = Box<dyn std::error::Error + Send + Sync>;

/// How far the consumer is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    /// Everything published by then is read, in every partition: facts stand in their own topics, and the claims by which
    /// they bind in the sectors'. `None` until every partition has been looked at once.
    pub facts_read_at: Option<Instant>,
    /// Every partition is read to its end.
    pub caught_up: bool,
    /// Records of the event topics read, of all time.
    pub records: u64,
    /// Records that wait for their key.
    pub parked: u64,
    /// The store's disk is nearly full: nothing is read until there is room.
    pub no_room: bool,
    /// Raised when organisations or agreements changed.
    pub registry_generation: u64,
}

/// Why the consumer stopped.
#[derive(Debug, thiserror::Error)]
pub enum ConsumeError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A refused record could not be put in quarantine.
    #[error("a refused record could not be put in quarantine")]
    Refusal(#[source] RefusalError),
}

impl ConsumeError {
    /// The log alone is the cause, and waiting cures it.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Log(error) => error.is_transient(),
            Self::Refusal(error) => error.downcast_ref::<RecordError>().is_some_and(RecordError::is_transient),
            Self::Store(_) => false,
        }
    }
}

/// Follows the log into the store.
pub struct Consumer {
    log: Arc<dyn EventLog>,
    store: Store,
    projector: Projector,
    refusals: Arc<dyn Refusals>,
    progress: watch::Sender<Progress>,
    keys_read: [Offset; 16],
    parked: Parked,
    /// Keys that are destroyed, whose records are still in the store.
    destroyed: Vec<(KeyId, Pseudonym)>,
    keys_looked_for: KeysLookedFor,
    registry_changed: bool,
    /// Everything was read once: what is read from now on is as late as it looks.
    was_caught_up: bool,
    /// By partition, the time by which everything published is read.
    read_up_to: BTreeMap<(Topic, Partition), Instant>,
    /// Facts that are on the log and say nothing yet: their key is not here, or their kind is of a newer build. One of them
    /// may be a restriction.
    facts_unread: BTreeSet<Position>,
    room_bytes_min: u64,
    kept: LogKept,
}

impl Consumer {
    /// A consumer at the offsets that the store holds, with how far it is.
    ///
    /// # Errors
    /// The store's.
    pub fn new(
        log: Arc<dyn EventLog>,
        store: Store,
        projector: Projector,
        refusals: Arc<dyn Refusals>,
    ) -> Result<(Self, watch::Receiver<Progress>), ConsumeError> {
        let (records, parked, facts_unread) = store.read(Shards::ALL, |view| {
            let mut records = 0;
            let mut parked = Parked::default();
            let mut facts_unread = BTreeSet::new();
            for partition in Partition::all() {
                for topic in Topic::EVENTS {
                    records += view.offset(topic, partition)?;
                }
                view.scan_prefix(&keys::parked_all(partition), |key, _| {
                    if let Some(Parsed::Parked { key_id, at }) = keys::parse(key) {
                        parked.add(key_id, at.partition);
                        facts_unread.extend(FACTS.contains(&at.topic).then_some(at));
                    }
                    ControlFlow::Continue(())
                })?;
                view.scan_prefix(&keys::noted_all(partition), |key, note| {
                    if let Some(Parsed::Noted(at)) = keys::parse(key)
                        && note == [Note::NewerKind as u8]
                    {
                        facts_unread.extend(FACTS.contains(&at.topic).then_some(at));
                    }
                    ControlFlow::Continue(())
                })?;
            }
            Ok((records, parked, facts_unread))
        })?;
        let progress = Progress {
            facts_read_at: None,
            caught_up: false,
            no_room: false,
            records,
            parked: parked.keys(),
            registry_generation: 1,
        };
        let (sender, receiver) = watch::channel(progress);
        let consumer = Self {
            log,
            store,
            projector,
            refusals,
            progress: sender,
            keys_read: [0; 16],
            parked,
            destroyed: Vec::new(),
            keys_looked_for: KeysLookedFor::default(),
            registry_changed: false,
            was_caught_up: false,
            read_up_to: BTreeMap::new(),
            facts_unread,
            room_bytes_min: ROOM_BYTES_MIN,
            kept: LogKept::new(GONE_AFTER),
        };
        Ok((consumer, receiver))
    }

    /// Reads nothing while the store's disk has less room than this, bytes.
    #[must_use]
    pub fn with_room_min(self, room_bytes_min: u64) -> Self {
        Self { room_bytes_min, ..self }
    }

    /// Takes it that a log lost records once it has ended before what the store holds for so long.
    #[must_use]
    pub fn with_gone_after(self, gone_after: Duration) -> Self {
        Self { kept: LogKept::new(gone_after), ..self }
    }

    /// Whether the store's disk has room for a batch. An engine that runs out in the middle of one does not go on by itself.
    fn has_room(&mut self) -> Result<bool, StoreError> {
        let has_room = self.store.bytes_free()? >= self.room_bytes_min;
        if has_room == self.progress.borrow().no_room {
            if has_room {
                tracing::info!("the store's disk has room again");
            } else {
                tracing::error!("the store's disk is nearly full: the log is not read until there is room");
            }
            self.progress.send_modify(|progress| progress.no_room = !has_room);
        }
        Ok(has_room)
    }

    /// Follows until told to stop, then makes what was committed durable. While the log cannot be reached, or takes nothing,
    /// it waits: the facts grow stale, and it goes on by itself.
    ///
    /// # Errors
    /// When the log, the store or quarantine fails in a way that waiting does not cure: nothing is lost, and a new consumer
    /// goes on from the same place.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), ConsumeError> {
        let out_of_time = async {
            stop.cancelled().await;
            tokio::time::sleep(LAST_CALL).await;
        };
        tokio::pin!(out_of_time);
        let (mut seen, mut waits) = (0, false);
        while !stop.is_cancelled() {
            let turned = tokio::select! {
                turned = self.turn(&stop, &mut seen) => turned,
                () = &mut out_of_time => break,
            };
            match turned {
                Ok(()) if waits => tracing::info!("the log is read again"),
                Ok(()) => {}
                Err(error) if error.is_transient() => {
                    if !waits {
                        tracing::error!("the log is not read: {error}");
                    }
                    waits = true;
                    self.kept.was_away();
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = tokio::time::sleep(AGAIN) => {}
                    }
                    continue;
                }
                Err(error) => return Err(error),
            }
            waits = false;
        }
        Ok(self.store.durable()?)
    }

    /// Reads to the end, and waits for more.
    async fn turn(&mut self, stop: &CancellationToken, seen: &mut u64) -> Result<(), ConsumeError> {
        self.catch_up(stop).await?;
        let followed = [Topic::EVENTS.as_slice(), &[Topic::Keys]].concat();
        tokio::select! {
            () = stop.cancelled() => {}
            grown = self.log.grown(&followed, *seen, IDLE) => *seen = grown?,
        }
        Ok(())
    }

    /// Reads every partition to its end.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn catch_up(&mut self, stop: &CancellationToken) -> Result<(), ConsumeError> {
        loop {
            self.kept.compare(&self.log, &self.store).await?;
            self.read_keys().await?;
            self.look_for_wrapping_keys().await?;
            self.read_facts(stop).await?;
            let mut moved = false;
            let looked_at = Instant::now();
            for ((topic, partition), end) in self.log.ends(&SECTORS).await? {
                if stop.is_cancelled() {
                    return Ok(());
                }
                if self.read_batch(topic, partition, end, looked_at).await? {
                    moved = true;
                    self.progress.send_modify(|progress| progress.caught_up = false);
                    self.read_facts(stop).await?;
                }
            }
            self.note_freshness();
            if !moved {
                self.progress.send_modify(|progress| progress.caught_up = !progress.no_room);
                self.was_caught_up = true;
                return Ok(());
            }
        }
    }

    /// Reads the facts to their end, and says so.
    async fn read_facts(&mut self, stop: &CancellationToken) -> Result<(), ConsumeError> {
        let mut moved = true;
        while moved && !stop.is_cancelled() {
            moved = false;
            let looked_at = Instant::now();
            for ((topic, partition), end) in self.log.ends(&FACTS).await? {
                moved |= self.read_batch(topic, partition, end, looked_at).await?;
            }
        }
        self.note_freshness();
        Ok(())
    }

    /// Says how old the oldest record may be that is not read.
    fn note_freshness(&mut self) {
        let looked_at_all = self.read_up_to.len() == Topic::EVENTS.len() * usize::from(PARTITIONS);
        let oldest = self.read_up_to.values().min().copied();
        let oldest = oldest.filter(|_| looked_at_all && self.facts_unread.is_empty());
        self.progress.send_modify(|progress| progress.facts_read_at = oldest);
    }

    /// Reads one bounded batch of a partition that ended there when it was looked at, if there is one.
    async fn read_batch(
        &mut self,
        topic: Topic,
        partition: Partition,
        end: Offset,
        looked_at: Instant,
    ) -> Result<bool, ConsumeError> {
        let from = self.store.read(partition.into(), |view| view.offset(topic, partition))?;
        if !self.kept.holds(topic, partition, from, end)? {
            return Ok(false);
        }
        Measured::lag(topic, partition, end.saturating_sub(from));
        if end <= from {
            self.read_up_to.insert((topic, partition), looked_at);
            return Ok(false);
        }
        if !self.has_room()? {
            return Ok(false);
        }
        let records = self.log.read(topic, partition, from, BATCH_ROWS_BEST).await?;
        let Some(last) = records.last() else { return Ok(false) };
        let (next, read_to) = (last.position.offset + 1, ReadTo::with(last));
        let read = records.len() as u64;
        let read_up_to = if next >= end { Some(looked_at) } else { looked_at.checked_sub(age(last.published_at_us)) };
        // After the bodies, so that no body is read whose key, acknowledged before it, was not.
        self.read_keys().await?;
        let (mut batch, mut measured) = (Batch::new(), Measured::new(topic, self.was_caught_up));
        self.place(records, &mut batch, &mut measured).await?;
        batch.advance(topic, partition, read_to);
        measured.commit(|| self.store.commit(&batch), batch.len())?;
        Measured::lag(topic, partition, end.saturating_sub(next));
        // A machine that is younger than the record has no instant for it: it has not been read up to any.
        match read_up_to {
            Some(at) => drop(self.read_up_to.insert((topic, partition), at)),
            None => drop(self.read_up_to.remove(&(topic, partition))),
        }
        self.note_progress(read);
        Ok(true)
    }

    /// Puts what each record became into the batch.
    async fn place(
        &mut self,
        records: Vec<StoredRecord>,
        batch: &mut Batch,
        measured: &mut Measured,
    ) -> Result<(), ConsumeError> {
        let mut placed: BTreeMap<Key, Vec<u8>> = BTreeMap::new();
        let mut refused: Vec<Refused> = Vec::new();
        for record in records {
            let projected = measured.checking(&record, || self.projector.project(&record));
            self.note_fact(record.position, &projected);
            match projected {
                Projected::Row { key, value, claims } => {
                    let waits = claims.iter().find_map(linking::waits);
                    claims.into_iter().for_each(|claim| batch.put(claim, Vec::new()));
                    let standing = match placed.get(&key) {
                        Some(value) => Some(value.clone()),
                        None => self.stands(&key)?,
                    };
                    match standing {
                        // A repeat after a crash: the first stands.
                        Some(first) if row::envelope(&first) == row::envelope(&value) => continue,
                        Some(first) if row::is_before(&first, &value) => {
                            refused.push(refusal(&record, Reason::EventIdReused, EVENT_ID_REUSED.to_owned()));
                            continue;
                        }
                        // The log took this one first, and it waited for its key.
                        Some(later) => {
                            if let Some(later) = row::record(&later, record.key, record.position.partition) {
                                refused.push(refusal(&later, Reason::EventIdReused, EVENT_ID_REUSED.to_owned()));
                            }
                        }
                        None => {}
                    }
                    self.registry_changed |= matches!(keys::parse(key.as_ref()), Some(Parsed::Registry { .. }));
                    placed.insert(key.clone(), value.clone());
                    batch.put(key, value);
                    waits.into_iter().for_each(|key| batch.put(key, Vec::new()));
                }
                Projected::Parked(key_id) => {
                    self.parked.add(key_id, record.position.partition);
                    batch.put(keys::parked(key_id, record.position), row::write(&record));
                }
                Projected::Noted(note) => batch.put(keys::noted(record.position), [note as u8]),
                Projected::Refused(reason, message) => refused.push(refusal(&record, reason, message)),
            }
        }
        refused.iter().for_each(|refused| batch.put(keys::noted(refused.position), [Note::Quarantined as u8]));
        self.refuse(refused).await
    }

    /// A fact that says nothing yet keeps readers out until it does.
    fn note_fact(&mut self, at: Position, projected: &Projected) {
        let unread = matches!(projected, Projected::Parked(_) | Projected::Noted(Note::NewerKind));
        if unread && FACTS.contains(&at.topic) {
            tracing::error!(position = %at, "a fact cannot be read: readers are refused until it can");
            self.facts_unread.insert(at);
        } else {
            self.facts_unread.remove(&at);
        }
    }

    fn stands(&self, key: &Key) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.read(key.shard().into(), |view| Ok(view.get(key)?.map(|value| value.to_vec())))
    }

    async fn refuse(&self, refused: Vec<Refused>) -> Result<(), ConsumeError> {
        if refused.is_empty() {
            return Ok(());
        }
        self.refusals.refuse(refused).await.map_err(ConsumeError::Refusal)
    }

    fn note_progress(&mut self, read: u64) {
        let parked = self.parked.keys();
        let registry_changed = std::mem::take(&mut self.registry_changed);
        self.progress.send_modify(|progress| {
            progress.records += read;
            progress.parked = parked;
            progress.registry_generation += u64::from(registry_changed);
        });
    }
}

fn refusal(record: &StoredRecord, reason: Reason, message: String) -> Refused {
    tracing::warn!(position = %record.position, reason = reason.as_str_name(), "a record of the log is refused");
    Refused { position: record.position, reason, message, raw: record.value.clone() }
}

/// How long ago the log took a record.
fn age(published_at_us: i64) -> Duration {
    let published_at = Duration::from_micros(u64::try_from(published_at_us).unwrap_or_default());
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(published_at)
}

const EVENT_ID_REUSED: &str = "the event id was used before for other bytes: the first stands";
