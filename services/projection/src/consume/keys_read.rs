//! The keys: read before and after what they seal, and what waits for one.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use event_log::seal::{KeyState, Keyring, SealError, decode_key_record};
use event_log::{KeyId, Partition, Pseudonym, StoredRecord, Topic};
use proto::keys::{KeyRecord, key_record::State};
use proto::quarantine::Reason;

use super::measured::Measured;
use super::{ConsumeError, Consumer, Refused};
use crate::row;
use crate::store::keys;
use crate::store::{BATCH_ROWS_BEST, Batch};

const KEY_RECORDS_A_READ: usize = 10_000;
/// How often it is looked whether a wrapping key has come.
const LOOK: Duration = Duration::from_secs(2);

/// Data keys that records wait for.
#[derive(Default)]
pub(super) struct Parked {
    /// With the partitions of those records, a bit for each.
    waiting: HashMap<KeyId, u16>,
    /// Some were added since it was last looked whether they can be opened.
    has_new: bool,
}

impl Parked {
    pub(super) fn add(&mut self, key_id: KeyId, partition: Partition) {
        *self.waiting.entry(key_id).or_default() |= bit(partition);
        self.has_new = true;
    }

    /// How many keys are waited for.
    pub(super) fn keys(&self) -> u64 {
        self.waiting.len() as u64
    }
}

fn bit(partition: Partition) -> u16 {
    1 << partition.number()
}

/// The wrapping keys that were missing when it was last looked.
#[derive(Default)]
pub(super) struct KeysLookedFor {
    at: Option<Instant>,
    missing: BTreeSet<(String, u32)>,
}

impl KeysLookedFor {
    /// Whether something that waits may be readable now: a key is here that was missing, or nobody has looked yet. Looks now
    /// and then, and only while something waits.
    fn may_open(&mut self, parked: &mut Parked, keyring: &Keyring) -> bool {
        if parked.waiting.is_empty() || self.at.is_some_and(|at| at.elapsed() < LOOK) {
            return false;
        }
        self.at = Some(Instant::now());
        let missing = keyring.wrapping_keys_missing();
        let has_come = self.missing.difference(&missing).next().is_some();
        self.missing = missing;
        std::mem::take(&mut parked.has_new) || has_come
    }
}

impl Consumer {
    /// Reads the keys topic to its end, and comes back to what waited for a key.
    pub(super) async fn read_keys(&mut self) -> Result<(), ConsumeError> {
        for ((_, partition), end) in self.log.ends(&[Topic::Keys]).await? {
            let at = usize::from(partition.number());
            loop {
                let from = self.keys_read.get(at).copied().unwrap_or_default();
                if end <= from {
                    break;
                }
                let records = self.log.read(Topic::Keys, partition, from, KEY_RECORDS_A_READ).await?;
                // Nothing is left of a partition whose last records were replaced by later ones: it is read to its end.
                let next = records.last().map_or(end, |last| last.position.offset + 1);
                let mut refused = Vec::new();
                for record in &records {
                    match decode_key_record(record).and_then(|key| self.projector.keyring.absorb(&key).map(|()| key)) {
                        Ok(key) => self.key_arrived(&key).await?,
                        Err(error) => refused.push(refusal_of_key(record, &error)),
                    }
                }
                self.refuse(refused).await?;
                if let Some(read) = self.keys_read.get_mut(at) {
                    *read = next;
                }
            }
        }
        while let Some((key_id, subject)) = self.destroyed.last().copied() {
            self.erase(key_id, subject).await?;
            self.destroyed.pop();
        }
        Ok(())
    }

    /// Comes back to what waited for this key, and notes it when it is destroyed.
    async fn key_arrived(&mut self, key: &KeyRecord) -> Result<(), ConsumeError> {
        let (Some(key_id), Some(subject)) = (KeyId::from_slice(&key.key_id), Pseudonym::from_slice(&key.subject))
        else {
            return Ok(());
        };
        self.come_back_to(key_id).await?;
        let destroyed = (key_id, subject);
        // What the record says is not enough: the keyring asks who says so.
        let is_destroyed = self.projector.keyring.state(key_id) == KeyState::Destroyed;
        if is_destroyed && key.state != State::Live as i32 && !self.destroyed.contains(&destroyed) {
            self.destroyed.push(destroyed);
        }
        Ok(())
    }

    /// Comes back to what waits for a wrapping key, once one has come that was not here: a person brought it.
    pub(super) async fn look_for_wrapping_keys(&mut self) -> Result<(), ConsumeError> {
        if !self.keys_looked_for.may_open(&mut self.parked, &self.projector.keyring) {
            return Ok(());
        }
        let opens = |key_id: &KeyId| self.projector.keyring.state(*key_id) != KeyState::Unknown;
        let come: Vec<KeyId> = self.parked.waiting.keys().copied().filter(opens).collect();
        if !come.is_empty() {
            tracing::info!(keys = come.len(), "a wrapping key has come: what waited for it is read");
        }
        for key_id in come {
            self.come_back_to(key_id).await?;
        }
        Ok(())
    }

    async fn come_back_to(&mut self, key_id: KeyId) -> Result<(), ConsumeError> {
        // Taken out first: what cannot be read even now is put back in.
        let Some(partitions) = self.parked.waiting.remove(&key_id) else { return Ok(()) };
        for partition in Partition::all().filter(|partition| partitions & bit(*partition) != 0) {
            if let Err(error) = self.unpark(key_id, partition).await {
                *self.parked.waiting.entry(key_id).or_default() |= partitions;
                return Err(error);
            }
        }
        Ok(())
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
}

fn refusal_of_key(record: &StoredRecord, error: &SealError) -> Refused {
    tracing::error!(position = %record.position, "a record of the keys topic is refused: {error}");
    let (position, raw) = (record.position, record.value.clone());
    Refused { position, reason: Reason::EnvelopeMalformed, message: error.to_string(), raw }
}
