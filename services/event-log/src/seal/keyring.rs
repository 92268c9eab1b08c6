use std::collections::{BTreeSet, HashMap, hash_map};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use proto::keys::KeyRecord;

use super::key_record::{Checked, Said, live_record};
use super::wrapping::{folder_of, vault_of};
use super::{DataKey, SealError, TAG_BYTES, WrappingKeys};
use crate::position::{KeyId, Pseudonym};

const SHARDS: usize = 64;
/// Unwrapped keys kept for each shard: 260,000 in all, about 25 MB.
const UNWRAPPED_MAX: usize = 4_096;
/// Wrappings of one key, beside the one that opens, that are kept until their wrapping keys are here. It has one for each epoch of its
/// vault that is not destroyed, so two or three; more are invented.
const WRAPPINGS_MAX: usize = 8;

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
    /// The wrapping key: of the controller or of one vault of it, and which.
    folder: String,
    of_vault: bool,
    epoch: u32,
}

#[derive(Debug, Default)]
struct Shard {
    recorded: HashMap<KeyId, Recorded>,
    unwrapped: HashMap<KeyId, Ready>,
}

/// A data key as one epoch's wrapping key wraps it.
type WrappedBy = (Arc<Origin>, [u8; 48]);

#[derive(Debug)]
struct Recorded {
    subject: Pseudonym,
    origin: Arc<Origin>,
    wrapped: Option<[u8; 48]>,
    /// The same key as other epochs wrap it, whose wrapping keys were not here.
    #[expect(clippy::box_collection, reason = "of millions of keys few have any: a word each, and not three")]
    others: Option<Box<Vec<WrappedBy>>>,
    destroyed: Destroyed,
}

/// Whether a key is destroyed.
#[derive(PartialEq, Eq, Debug)]
enum Destroyed {
    No,
    /// A record says so, and its wrapping key is not here to tell whether that is true. What it sealed is parked meanwhile.
    Claimed(Box<Claim>),
    Yes,
}

#[derive(PartialEq, Eq, Debug)]
struct Claim {
    origin: Arc<Origin>,
    state: i32,
    proof: [u8; TAG_BYTES],
}

impl Recorded {
    fn record_under(&self, key_id: KeyId, origin: &Origin, wrapped: &[u8]) -> KeyRecord {
        let Origin { key_of, epoch, of_vault, .. } = origin;
        let record = live_record(key_id, self.subject, &key_of.source, &key_of.controller, *epoch, wrapped);
        KeyRecord { of_vault: *of_vault, ..record }
    }

    /// The key, as whichever of its wrappings opens here.
    fn open(&self, key_id: KeyId, wrapping: &WrappingKeys) -> Result<Option<DataKey>, SealError> {
        let own = self.wrapped.iter().map(|wrapped| (&self.origin, wrapped));
        let others = self.others.iter().flat_map(|others| others.iter()).map(|(origin, wrapped)| (origin, wrapped));
        let mut broken = None;
        for (origin, wrapped) in own.chain(others) {
            match wrapping.unwrap(&self.record_under(key_id, origin, wrapped)) {
                Ok(None) => {}
                Ok(Some(data_key)) => return Ok(Some(data_key)),
                Err(error) => broken = Some(error),
            }
        }
        broken.map_or(Ok(None), Err)
    }

    fn opens(&self, wrapping: &WrappingKeys) -> bool {
        let own = self.wrapped.iter().map(|_| &self.origin);
        let others = self.others.iter().flat_map(|others| others.iter()).map(|(origin, _)| origin);
        own.chain(others).any(|origin| wrapping.holds(&origin.folder, origin.epoch))
    }

    fn is_destroyed(&self, key_id: KeyId, wrapping: &WrappingKeys) -> bool {
        match &self.destroyed {
            Destroyed::No => false,
            Destroyed::Yes => true,
            Destroyed::Claimed(claim) => {
                let record = self.record_under(key_id, &claim.origin, &claim.proof);
                let record = KeyRecord { state: claim.state, ..record };
                wrapping.proves_destruction(&record).is_ok_and(|proven| proven == Some(true))
            }
        }
    }

    /// Takes in another wrapping of the key. One that opens and holds another key contradicts; one that does not open is kept until it
    /// does.
    fn wrapped_again(
        &mut self,
        key_id: KeyId,
        origin: Arc<Origin>,
        wrapped: [u8; 48],
        wrapping: &WrappingKeys,
    ) -> Result<(), SealError> {
        let again = wrapping.unwrap(&self.record_under(key_id, &origin, &wrapped))?;
        let Some(again) = again else {
            let others = self.others.get_or_insert_default();
            if others.len() < WRAPPINGS_MAX && !others.iter().any(|(other, _)| *other == origin) {
                others.push((origin, wrapped));
            }
            return Ok(());
        };
        let own = match self.wrapped {
            Some(own) => wrapping.unwrap(&self.record_under(key_id, &self.origin, &own))?,
            None => None,
        };
        match own {
            Some(own) if own.as_bytes() != again.as_bytes() => return Err(SealError::KeyRecordConflicts(key_id)),
            // The newer stands: the older is about to be destroyed.
            Some(_) if (origin.of_vault, origin.epoch) < (self.origin.of_vault, self.origin.epoch) => {}
            _ => (self.origin, self.wrapped) = (origin, Some(wrapped)),
        }
        Ok(())
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
        let proven = match checked.said {
            Said::Live(_) => None,
            Said::Destroyed(_) => self.wrapping.proves_destruction(record)?,
        };
        if proven == Some(false) {
            return Err(SealError::DestructionUnproven(checked.key_id));
        }
        let origin = self.origin(record);
        let (wrapped, destroyed) = match checked.said {
            Said::Live(wrapped) => (Some(wrapped), Destroyed::No),
            Said::Destroyed(_) if proven == Some(true) => (None, Destroyed::Yes),
            Said::Destroyed(proof) => {
                let claim = Claim { origin: Arc::clone(&origin), state: record.state, proof };
                (None, Destroyed::Claimed(Box::new(claim)))
            }
        };
        let Some(shard) = self.shard(checked.key_id) else { return Ok(()) };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        match shard.recorded.entry(checked.key_id) {
            hash_map::Entry::Vacant(vacant) => {
                vacant.insert(Recorded { subject: checked.subject, origin, wrapped, others: None, destroyed });
                return Ok(());
            }
            hash_map::Entry::Occupied(mut held) => {
                let held = held.get_mut();
                let wrapped_differently = match (held.wrapped, wrapped) {
                    (Some(own), Some(again)) => held.origin == origin && own != again,
                    _ => false,
                };
                if held.subject != checked.subject || held.origin.key_of != origin.key_of || wrapped_differently {
                    return Err(SealError::KeyRecordConflicts(checked.key_id));
                }
                match (&held.destroyed, destroyed) {
                    // What is destroyed stays so.
                    (Destroyed::Yes, _) => return Ok(()),
                    (_, Destroyed::No) => {
                        let Some(wrapped) = wrapped else { return Ok(()) };
                        // Destroyed before it was live: what it was wrapped as is kept only until it is known whether it is.
                        if held.wrapped.is_none() {
                            (held.origin, held.wrapped) = (origin, Some(wrapped));
                        } else if held.origin != origin {
                            held.wrapped_again(checked.key_id, origin, wrapped, &self.wrapping)?;
                        }
                        return Ok(());
                    }
                    (_, claimed @ Destroyed::Claimed(_)) => {
                        held.destroyed = claimed;
                        return Ok(());
                    }
                    (_, Destroyed::Yes) => {
                        (held.destroyed, held.wrapped, held.others) = (Destroyed::Yes, None, None);
                    }
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

    /// The wrapping keys, organisation (and vault, after a `/`) and epoch, that records of the keys topic name and that are not here:
    /// destroyed ones among them.
    pub fn wrapping_keys_missing(&self) -> BTreeSet<(String, u32)> {
        let origins: BTreeSet<(String, u32)> = {
            let origins = self.origins.read().unwrap_or_else(PoisonError::into_inner);
            origins.keys().map(|(folder, epoch, _)| (folder.clone(), *epoch)).collect()
        };
        origins.into_iter().filter(|(folder, epoch)| !self.wrapping.holds(folder, *epoch)).collect()
    }

    /// What is known of this key.
    pub fn state(&self, key_id: KeyId) -> KeyState {
        let Some(shard) = self.shard(key_id) else { return KeyState::Unknown };
        let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
        match shard.recorded.get(&key_id) {
            None => KeyState::Unknown,
            Some(held) if held.is_destroyed(key_id, &self.wrapping) => KeyState::Destroyed,
            Some(held) if held.opens(&self.wrapping) => KeyState::Live,
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
        let Some(data_key) = held.open(key_id, &self.wrapping)? else { return Ok(Found::Unknown) };
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

    /// The wrapping keys here: another process, or a person, may have destroyed some since they were read.
    pub fn wrapping(&self) -> &Arc<WrappingKeys> {
        &self.wrapping
    }

    /// A few hundred in all, shared by millions of keys; and one more for each vault and source of a controller of whom something was
    /// erased.
    fn origin(&self, record: &KeyRecord) -> Arc<Origin> {
        let folder = folder_of(&record.controller, vault_of(record));
        let name = (folder, record.wrapping_epoch, record.source.clone());
        if let Some(origin) = self.origins.read().unwrap_or_else(PoisonError::into_inner).get(&name) {
            return Arc::clone(origin);
        }
        let key_of = KeyOf { controller: record.controller.clone(), source: record.source.clone() };
        let (folder, epoch, of_vault) = (name.0.clone(), record.wrapping_epoch, record.of_vault);
        let origin = Arc::new(Origin { key_of: Arc::new(key_of), folder, of_vault, epoch });
        Arc::clone(self.origins.write().unwrap_or_else(PoisonError::into_inner).entry(name).or_insert(origin))
    }
}
