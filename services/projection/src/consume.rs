//! The live consumer: follows the log, and commits what each bounded batch became together with how far it was read.

mod erase;
mod measured;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use event_log::seal::{SealError, decode_key_record};
use event_log::{EventLog, KeyId, LogError, Offset, PARTITIONS, Partition, Position, Pseudonym, StoredRecord, Topic};
use proto::keys::{KeyRecord, key_record::State};
use proto::quarantine::Reason;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::measured::Measured;
use crate::project::{Note, Projected, Projector};
use crate::row;
use crate::store::keys::{self, Parsed};
use crate::store::{BATCH_ROWS_BEST, Batch, Key, Shards, Store, StoreError};

/// Topics whose facts bind readers: read before, and between the batches of, every other.
const FACTS: [Topic; 2] = [Topic::Sharing, Topic::Identity];
const SECTORS: [Topic; 3] = [Topic::Education, Topic::SocialCare, Topic::Health];
/// A batch, and what an engine writes beside it, take less than this.
const ROOM_BYTES_MIN: u64 = 128 << 20;
const KEY_RECORDS_A_READ: usize = 10_000;
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

/// Where refused records go: quarantine. Returns once the item is durable.
#[async_trait]
pub trait Refusals: Send + Sync {
    /// Puts an item in quarantine. The same record again adds nothing.
    async fn refuse(&self, refused: Refused) -> Result<(), RefusalError>;
}

/// Why quarantine did not take an item.
pub type RefusalError = Box<dyn std::error::Error + Send + Sync>;

/// How far the consumer is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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

/// Follows the log into the store.
pub struct Consumer {
    log: Arc<dyn EventLog>,
    store: Store,
    projector: Projector,
    refusals: Arc<dyn Refusals>,
    progress: watch::Sender<Progress>,
    keys_read: [Offset; 16],
    parked: HashSet<KeyId>,
    registry_changed: bool,
    /// Everything was read once: what is read from now on is as late as it looks.
    was_caught_up: bool,
    /// By partition, the time by which everything published is read.
    read_up_to: BTreeMap<(Topic, Partition), Instant>,
    /// Facts that are on the log and say nothing yet: their key is not here, or their kind is of a newer build. One of them
    /// may be a restriction.
    facts_unread: BTreeSet<Position>,
    room_bytes_min: u64,
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
            let mut parked = Vec::new();
            let mut facts_unread = BTreeSet::new();
            for partition in Partition::all() {
                for topic in Topic::EVENTS {
                    records += view.offset(topic, partition)?;
                }
                view.scan_prefix(&keys::parked_all(partition), |key, _| {
                    if let Some(Parsed::Parked { key_id, at }) = keys::parse(key) {
                        parked.push(key_id);
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
            parked: parked.len() as u64,
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
            parked: parked.into_iter().collect(),
            registry_changed: false,
            was_caught_up: false,
            read_up_to: BTreeMap::new(),
            facts_unread,
            room_bytes_min: ROOM_BYTES_MIN,
        };
        Ok((consumer, receiver))
    }

    /// Reads nothing while the store's disk has less room than this, bytes.
    #[must_use]
    pub fn with_room_min(self, room_bytes_min: u64) -> Self {
        Self { room_bytes_min, ..self }
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

    /// Follows until told to stop, then makes what was committed durable.
    ///
    /// # Errors
    /// When the log, the store or quarantine fails: nothing is lost, and a new consumer goes on from the same place.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), ConsumeError> {
        let followed = [Topic::EVENTS.as_slice(), &[Topic::Keys]].concat();
        let mut seen = 0;
        while !stop.is_cancelled() {
            self.catch_up(&stop).await?;
            tokio::select! {
                () = stop.cancelled() => break,
                grown = self.log.grown(&followed, seen, IDLE) => seen = grown?,
            }
        }
        Ok(self.store.durable()?)
    }

    /// Reads every partition to its end.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn catch_up(&mut self, stop: &CancellationToken) -> Result<(), ConsumeError> {
        loop {
            self.read_keys().await?;
            self.read_facts(stop).await?;
            let mut moved = false;
            for topic in SECTORS {
                for partition in Partition::all() {
                    if stop.is_cancelled() {
                        return Ok(());
                    }
                    if self.read_batch(topic, partition).await? {
                        moved = true;
                        self.progress.send_modify(|progress| progress.caught_up = false);
                        self.read_facts(stop).await?;
                    }
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
            for topic in FACTS {
                for partition in Partition::all() {
                    moved |= self.read_batch(topic, partition).await?;
                }
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

    /// Reads one bounded batch of a partition, if there is one.
    async fn read_batch(&mut self, topic: Topic, partition: Partition) -> Result<bool, ConsumeError> {
        let looked_at = Instant::now();
        let from = self.store.read(partition.into(), |view| view.offset(topic, partition))?;
        let end = self.log.end(topic, partition).await?;
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
        let next = last.position.offset + 1;
        let read = records.len() as u64;
        let read_up_to = if next >= end { Some(looked_at) } else { looked_at.checked_sub(age(last.published_at_us)) };
        // After the bodies, so that no body is read whose key, acknowledged before it, was not.
        self.read_keys().await?;
        let (mut batch, mut measured) = (Batch::new(), Measured::new(topic, self.was_caught_up));
        self.place(records, &mut batch, &mut measured).await?;
        batch.advance(topic, partition, next);
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
        for record in records {
            let projected = measured.checking(&record, || self.projector.project(&record));
            self.note_fact(record.position, &projected);
            match projected {
                Projected::Row { key, value, claims } => {
                    claims.into_iter().for_each(|claim| batch.put(claim, Vec::new()));
                    let standing = match placed.get(&key) {
                        Some(value) => Some(value.clone()),
                        None => self.stands(&key)?,
                    };
                    match standing {
                        // A repeat after a crash: the first stands.
                        Some(first) if row::envelope(&first) == row::envelope(&value) => continue,
                        Some(first) if row::is_before(&first, &value) => {
                            self.refuse(&record, Reason::EventIdReused, EVENT_ID_REUSED, batch).await?;
                            continue;
                        }
                        // The log took this one first, and it waited for its key.
                        Some(later) => {
                            if let Some(later) = row::record(&later, record.key, record.position.partition) {
                                self.refuse(&later, Reason::EventIdReused, EVENT_ID_REUSED, batch).await?;
                            }
                        }
                        None => {}
                    }
                    self.registry_changed |= matches!(keys::parse(key.as_ref()), Some(Parsed::Registry { .. }));
                    placed.insert(key.clone(), value.clone());
                    batch.put(key, value);
                }
                Projected::Parked(key_id) => {
                    self.parked.insert(key_id);
                    batch.put(keys::parked(key_id, record.position), row::write(&record));
                }
                Projected::Noted(note) => batch.put(keys::noted(record.position), [note as u8]),
                Projected::Refused(reason, message) => self.refuse(&record, reason, &message, batch).await?,
            }
        }
        Ok(())
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

    async fn refuse(
        &self,
        record: &StoredRecord,
        reason: Reason,
        message: &str,
        batch: &mut Batch,
    ) -> Result<(), ConsumeError> {
        tracing::warn!(position = %record.position, reason = reason.as_str_name(), "a record of the log is refused");
        let refused =
            Refused { position: record.position, reason, message: message.to_owned(), raw: record.value.clone() };
        self.refusals.refuse(refused).await.map_err(ConsumeError::Refusal)?;
        batch.put(keys::noted(record.position), [Note::Quarantined as u8]);
        Ok(())
    }

    /// Reads the keys topic to its end, and comes back to what waited for a key.
    async fn read_keys(&mut self) -> Result<(), ConsumeError> {
        let mut destroyed = Vec::new();
        for partition in Partition::all() {
            let at = usize::from(partition.number());
            loop {
                let from = self.keys_read.get(at).copied().unwrap_or_default();
                if self.log.end(Topic::Keys, partition).await? <= from {
                    break;
                }
                let records = self.log.read(Topic::Keys, partition, from, KEY_RECORDS_A_READ).await?;
                let Some(next) = records.last().map(|last| last.position.offset + 1) else { break };
                for record in &records {
                    match decode_key_record(record).and_then(|key| self.projector.keyring.absorb(&key).map(|()| key)) {
                        Ok(key) => destroyed.extend(self.key_arrived(&key).await?),
                        Err(error) => self.refuse_key(record, &error).await?,
                    }
                }
                if let Some(read) = self.keys_read.get_mut(at) {
                    *read = next;
                }
            }
        }
        for (key_id, subject) in destroyed {
            self.erase(key_id, subject).await?;
        }
        Ok(())
    }

    async fn refuse_key(&self, record: &StoredRecord, error: &SealError) -> Result<(), ConsumeError> {
        tracing::error!(position = %record.position, "a record of the keys topic is refused: {error}");
        let refused = Refused {
            position: record.position,
            reason: Reason::EnvelopeMalformed,
            message: error.to_string(),
            raw: record.value.clone(),
        };
        self.refusals.refuse(refused).await.map_err(ConsumeError::Refusal)
    }

    /// Comes back to what waited for this key; gives it, and whose it is, when it is destroyed.
    async fn key_arrived(&mut self, key: &KeyRecord) -> Result<Option<(KeyId, Pseudonym)>, ConsumeError> {
        let (Some(key_id), Some(subject)) = (KeyId::from_slice(&key.key_id), Pseudonym::from_slice(&key.subject))
        else {
            return Ok(None);
        };
        if self.parked.remove(&key_id) {
            self.unpark(key_id, subject.partition()).await?;
        }
        Ok((key.state == State::Destroyed as i32).then_some((key_id, subject)))
    }

    async fn unpark(&mut self, key_id: KeyId, partition: Partition) -> Result<(), ConsumeError> {
        let mut waiting: Vec<StoredRecord> = Vec::new();
        self.store.read(partition.into(), |view| {
            waiting.clear();
            view.scan_prefix(&keys::parked_prefix(partition, key_id), |_, value| {
                let subject = event_log::envelope::decode(row::envelope(value).to_vec().into());
                waiting.extend(subject.ok().and_then(|sealed| row::record(value, sealed.header.subject.0, partition)));
                ControlFlow::Continue(())
            })
        })?;
        for part in waiting.chunks(BATCH_ROWS_BEST) {
            let mut batch = Batch::new();
            part.iter().for_each(|record| batch.delete(keys::parked(key_id, record.position)));
            let Some(topic) = part.first().map(|record| record.position.topic) else { continue };
            let mut measured = Measured::new(topic, self.was_caught_up);
            self.place(part.to_vec(), &mut batch, &mut measured).await?;
            measured.commit(|| self.store.commit(&batch), batch.len())?;
            self.note_progress(0);
        }
        Ok(())
    }

    fn note_progress(&mut self, read: u64) {
        let parked = self.parked.len() as u64;
        let registry_changed = std::mem::take(&mut self.registry_changed);
        self.progress.send_modify(|progress| {
            progress.records += read;
            progress.parked = parked;
            progress.registry_generation += u64::from(registry_changed);
        });
    }
}

/// How long ago the log took a record.
fn age(published_at_us: i64) -> Duration {
    let published_at = Duration::from_micros(u64::try_from(published_at_us).unwrap_or_default());
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(published_at)
}

const EVENT_ID_REUSED: &str = "the event id was used before for other bytes: the first stands";
