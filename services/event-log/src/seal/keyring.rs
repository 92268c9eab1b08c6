use std::collections::{BTreeSet, HashMap, hash_map};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use proto::keys::{KeyRecord, key_record::State};

use super::key_record::{Checked, Said, live_record};
use super::{DataKey, SealError, TAG_BYTES, WrappingKeys};
use crate::position::{KeyId, Pseudonym};

const SHARDS: usize = 64;
/// Unwrapped keys kept for each shard: 260,000 in all, about 25 MB.
const UNWRAPPED_MAX: usize = 4_096;

/// What is known of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyState {
    /// What it sealed can be opened.
    Live,
    /// What it sealed is erased.
    Destroyed,
    /// Not arrived yet, or its controller's wrapping key is not here: what it sealed is parked.
    Unknown,
}

/// The data keys of every source, at a reader. Shared by reference between threads.
#[derive(Debug)]
pub struct Keyring {
    wrapping: Arc<WrappingKeys>,
    origins: RwLock<HashMap<(String, u32, String), Arc<Origin>>>,
    shards: Vec<RwLock<Shard>>,
    destructions: AtomicU64,
}

/// Who may seal with a key, as its record says under the controller's wrapping key.
#[derive(PartialEq, Eq, Debug)]
pub struct KeyOf {
    /// The organisation whose wrapping key wraps it.
    pub controller: String,
    /// The source whose bodies it seals.
    pub source: String,
}

#[derive(PartialEq, Eq, Debug)]
struct Origin {
    key_of: Arc<KeyOf>,
    epoch: u32,
}

#[derive(Debug, Default)]
struct Shard {
    recorded: HashMap<KeyId, Recorded>,
    unwrapped: HashMap<KeyId, Ready>,
}

#[derive(Debug)]
struct Recorded {
    subject: Pseudonym,
    origin: Arc<Origin>,
    wrapped: Option<[u8; 48]>,
    destroyed: Destroyed,
}

/// Whether a key is destroyed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Destroyed {
    No,
    /// A record says so, and its wrapping key is not here to tell whether that is true. What it sealed is parked meanwhile.
    Claimed([u8; TAG_BYTES]),
    Yes,
}

impl Recorded {
    fn record(&self, key_id: KeyId) -> KeyRecord {
        let Origin { key_of, epoch } = &*self.origin;
        let wrapped = self.wrapped.as_ref().map_or(&[][..], <[u8; 48]>::as_slice);
        live_record(key_id, self.subject, &key_of.source, &key_of.controller, *epoch, wrapped)
    }

    fn is_destroyed(&self, key_id: KeyId, wrapping: &WrappingKeys) -> bool {
        match self.destroyed {
            Destroyed::No => false,
            Destroyed::Yes => true,
            Destroyed::Claimed(proof) => {
                let record =
                    KeyRecord { state: State::Destroyed as i32, wrapped: proof.to_vec(), ..self.record(key_id) };
                wrapping.proves_destruction(&record).is_ok_and(|proven| proven == Some(true))
            }
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Ready {
    pub(crate) subject: Pseudonym,
    pub(crate) key_of: Arc<KeyOf>,
    pub(crate) data_key: DataKey,
}

pub(crate) enum Found {
    Live(Ready),
    Destroyed { subject: Pseudonym },
    Unknown,
}

impl Keyring {
    /// No keys yet.
    pub fn new(wrapping: Arc<WrappingKeys>) -> Self {
        let shards = std::iter::repeat_with(RwLock::default).take(SHARDS).collect();
        Self { wrapping, origins: RwLock::default(), shards, destructions: AtomicU64::new(0) }
    }

    /// Takes in a record of the keys topic, in whatever order they come: what is destroyed stays so.
    ///
    /// # Errors
    /// When the record is malformed, or says something else of a key id than its first record did, or says that a key is
    /// destroyed and is not by who holds its wrapping key. The rest can still be absorbed.
    pub fn absorb(&self, record: &KeyRecord) -> Result<(), SealError> {
        let checked = Checked::of(record)?;
        let (wrapped, destroyed) = match checked.said {
            Said::Live(wrapped) => (Some(wrapped), Destroyed::No),
            Said::Destroyed(proof) => match self.wrapping.proves_destruction(record)? {
                Some(true) => (None, Destroyed::Yes),
                Some(false) => return Err(SealError::DestructionUnproven(checked.key_id)),
                None => (None, Destroyed::Claimed(proof)),
            },
        };
        let origin = self.origin(record);
        let Some(shard) = self.shard(checked.key_id) else { return Ok(()) };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        match shard.recorded.entry(checked.key_id) {
            hash_map::Entry::Vacant(vacant) => {
                vacant.insert(Recorded { subject: checked.subject, origin, wrapped, destroyed });
                return Ok(());
            }
            hash_map::Entry::Occupied(mut held) => {
                let held = held.get_mut();
                let wrapped_differently = matches!((held.wrapped, wrapped), (Some(a), Some(b)) if a != b);
                if held.subject != checked.subject || held.origin != origin || wrapped_differently {
                    return Err(SealError::KeyRecordConflicts(checked.key_id));
                }
                match (held.destroyed, destroyed) {
                    // Destroyed before it was live: what it was wrapped as is kept only until it is known whether it is.
                    (Destroyed::Claimed(_), Destroyed::No) => held.wrapped = wrapped,
                    (Destroyed::Yes, _) | (_, Destroyed::No) => {}
                    (_, Destroyed::Claimed(_)) => held.destroyed = destroyed,
                    (_, Destroyed::Yes) => (held.destroyed, held.wrapped) = (destroyed, None),
                }
                if held.destroyed != Destroyed::Yes || wrapped.is_some() {
                    return Ok(());
                }
            }
        }
        shard.unwrapped.remove(&checked.key_id);
        // Last: whoever sees the new count finds the key destroyed.
        self.destructions.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// Grows whenever a key is destroyed: what was opened under an earlier count may be of an erased subject.
    pub fn destructions(&self) -> u64 {
        self.destructions.load(Ordering::SeqCst)
    }

    /// The wrapping keys, organisation and epoch, that records of the keys topic name and that are not here.
    pub fn wrapping_keys_missing(&self) -> BTreeSet<(String, u32)> {
        let origins: BTreeSet<(String, u32)> = {
            let origins = self.origins.read().unwrap_or_else(PoisonError::into_inner);
            origins.keys().map(|(controller, epoch, _)| (controller.clone(), *epoch)).collect()
        };
        origins.into_iter().filter(|(controller, epoch)| !self.wrapping.holds(controller, *epoch)).collect()
    }

    /// What is known of this key.
    pub fn state(&self, key_id: KeyId) -> KeyState {
        let Some(shard) = self.shard(key_id) else { return KeyState::Unknown };
        let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
        match shard.recorded.get(&key_id) {
            None => KeyState::Unknown,
            Some(held) if held.is_destroyed(key_id, &self.wrapping) => KeyState::Destroyed,
            Some(Recorded { wrapped: None, .. }) => KeyState::Unknown,
            Some(held) if self.wrapping.holds(&held.origin.key_of.controller, held.origin.epoch) => KeyState::Live,
            Some(_) => KeyState::Unknown,
        }
    }

    /// The key, unwrapped when it is first asked for.
    pub(crate) fn find(&self, key_id: KeyId) -> Result<Found, SealError> {
        let Some(shard) = self.shard(key_id) else { return Ok(Found::Unknown) };
        let read = shard.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(ready) = read.unwrapped.get(&key_id) {
            return Ok(Found::Live(ready.clone()));
        }
        let Some(held) = read.recorded.get(&key_id) else { return Ok(Found::Unknown) };
        if held.is_destroyed(key_id, &self.wrapping) {
            return Ok(Found::Destroyed { subject: held.subject });
        }
        if held.wrapped.is_none() {
            return Ok(Found::Unknown);
        }
        let Some(data_key) = self.wrapping.unwrap(&held.record(key_id))? else { return Ok(Found::Unknown) };
        let ready = Ready { subject: held.subject, key_of: Arc::clone(&held.origin.key_of), data_key };
        drop(read);
        let mut write = shard.write().unwrap_or_else(PoisonError::into_inner);
        // It may have been destroyed between the two locks.
        if write.recorded.get(&key_id).is_some_and(|held| held.destroyed != Destroyed::Yes) {
            if write.unwrapped.len() >= UNWRAPPED_MAX {
                write.unwrapped.clear();
            }
            write.unwrapped.insert(key_id, ready.clone());
        }
        Ok(Found::Live(ready))
    }

    fn shard(&self, key_id: KeyId) -> Option<&RwLock<Shard>> {
        let [.., last] = key_id.0;
        self.shards.get(usize::from(last) % SHARDS)
    }

    /// A few hundred in all, shared by millions of keys.
    fn origin(&self, record: &KeyRecord) -> Arc<Origin> {
        let name = (record.controller.clone(), record.wrapping_epoch, record.source.clone());
        if let Some(origin) = self.origins.read().unwrap_or_else(PoisonError::into_inner).get(&name) {
            return Arc::clone(origin);
        }
        let key_of = KeyOf { controller: record.controller.clone(), source: record.source.clone() };
        let origin = Arc::new(Origin { key_of: Arc::new(key_of), epoch: record.wrapping_epoch });
        Arc::clone(self.origins.write().unwrap_or_else(PoisonError::into_inner).entry(name).or_insert(origin))
    }
}
