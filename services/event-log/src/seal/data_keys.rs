mod held;

use std::collections::{BTreeMap, HashMap, HashSet, hash_map};
use std::sync::Arc;

use bytes::Bytes;
use proto::events::Family;
use proto::keys::KeyRecord;
use proto::keys::key_record::State;

use held::{Held, HeldKeys, HeldState, Of};

use super::key_record::{Checked, Said, key_record_to_append, live_record};
use super::wrapping::{folder_of, vault_of};
use super::{DataKey, Header, SealError, WrappingKeys, open, random, seal};
use crate::authority::sector_of;
use crate::envelope::Sealed;
use crate::log::Record;
use crate::position::{EventId, KeyId, Pseudonym};

/// The data keys of one source, at its writer. Two writers of one source, as two serving nodes are, may each give a subject
/// a key: readers go by key id, and open both.
#[derive(Debug)]
pub struct DataKeys {
    source: String,
    wrapping: Arc<WrappingKeys>,
    /// Each organisation once: what a subject's key is filed under.
    controllers: Vec<Controller>,
    /// The place of each in them, by its id: an authority has hundreds of schools.
    places: HashMap<String, u32>,
    keys: HeldKeys,
    /// Subjects that are erased and not readmitted, with the destroyed keys that say so: of any source, since two can bring one subject.
    erased: HashMap<Pseudonym, HashSet<KeyId>>,
}

#[derive(Debug)]
struct Controller {
    id: String,
    /// By vault, or of all that it answers for: the newest epoch of which a record was by who holds its wrapping key.
    proven: BTreeMap<Option<u8>, u32>,
    /// The newest epoch that any record named that was taken in.
    named: u32,
}

impl DataKeys {
    /// No keys yet: absorb every record of the keys topic before the first body.
    pub fn new(source: &str, wrapping: Arc<WrappingKeys>) -> Self {
        Self {
            source: source.to_owned(),
            wrapping,
            controllers: Vec::new(),
            places: HashMap::new(),
            keys: HeldKeys::default(),
            erased: HashMap::new(),
        }
    }

    /// Takes in a record of the keys topic; those of other sources are passed over. Where a subject has several keys the
    /// first absorbed is the one that seals.
    ///
    /// Whoever writes to the topic may invent records of this source. Taken in is what was made with a wrapping key that is
    /// here. Of a controller that has another here, a key that only a missing one opens seals nothing, and is passed over; of
    /// one that has none here everything is believed until its key comes, so that a lost folder is not begun again.
    ///
    /// # Errors
    /// When the record is malformed, was not made with the wrapping key that it names, or contradicts another. The rest can
    /// still be absorbed.
    pub fn absorb(&mut self, record: &KeyRecord) -> Result<(), SealError> {
        let checked = Checked::of(record)?;
        if record.source != self.source {
            return self.absorb_erasure(record, &checked);
        }
        let (state, proven) = match checked.said {
            Said::Live(wrapped) => {
                let proven = self.wrapping.unwrap(record)?.map(|_| true);
                let (epoch, of_vault) = (record.wrapping_epoch, record.of_vault);
                (HeldState::Wrapped { epoch, of_vault, wrapped }, proven)
            }
            // Where nobody can tell, nothing more is sealed with it.
            Said::Destroyed(_) => (HeldState::Destroyed, self.wrapping.proves_destruction(record)?),
        };
        let (is_destroyed, vault) = (matches!(state, HeldState::Destroyed), vault_of(record));
        match proven {
            Some(true) => {}
            Some(false) => return Err(SealError::DestructionUnproven(checked.key_id)),
            // Of an epoch that is gone a key may have been destroyed; one that has not come here yet destroys nothing.
            None => match self.wrapping.newest_in(&record.controller, vault)? {
                Some(newest) if !is_destroyed || record.wrapping_epoch > newest => return Ok(()),
                Some(_) => {}
                // The key of all is gone once its vaults have keys of their own.
                None if self.wrapping.newest(&record.controller)?.is_some() => return Ok(()),
                None => {}
            },
        }
        let controller = self.controller(&record.controller);
        let of = Of { subject: checked.subject, controller };
        match self.keys.get(checked.key_id) {
            None => self.keys.hold(Held { key_id: checked.key_id, of, state }),
            Some(held) if held.of != of => return Err(SealError::KeyRecordConflicts(checked.key_id)),
            Some(held) => {
                let replaces = match (&held.state, &state) {
                    // What is destroyed stays so.
                    (HeldState::Destroyed, _) => false,
                    (_, HeldState::Destroyed) => true,
                    // Wrapped anew, by a key that is here: the one before may be destroyed at any time.
                    (HeldState::Wrapped { .. }, HeldState::Wrapped { .. }) => proven == Some(true),
                    _ => false,
                };
                if let Some(held) = self.keys.state_mut(checked.key_id).filter(|_| replaces) {
                    *held = state;
                }
                if self.keys.sealing(of).is_none() {
                    self.keys.let_seal(checked.key_id);
                }
            }
        }
        if let Some(of) = self.controllers.get_mut(controller as usize) {
            of.named = record.wrapping_epoch.max(of.named);
            if proven.is_some() {
                let newest = of.proven.entry(vault).or_default();
                *newest = record.wrapping_epoch.max(*newest);
            }
        }
        self.note_erasure(record, &checked);
        Ok(())
    }

    /// Whether records of this subject are refused: it is erased, and nobody has readmitted it.
    pub fn is_erased(&self, subject: Pseudonym) -> bool {
        self.erased.contains_key(&subject)
    }

    /// Every subject that is erased and not readmitted.
    pub fn erased(&self) -> impl Iterator<Item = Pseudonym> + '_ {
        self.erased.keys().copied()
    }

    /// The wrapping keys that seal here.
    pub fn wrapping(&self) -> &WrappingKeys {
        &self.wrapping
    }

    /// Another source's key is destroyed: what it brought of the subject, this one is not to bring back. Believed only of who holds the
    /// wrapping key: whoever may write to the topic could otherwise keep anybody's records out.
    fn absorb_erasure(&mut self, record: &KeyRecord, checked: &Checked) -> Result<(), SealError> {
        if record.state() == State::Live {
            return Ok(());
        }
        match self.wrapping.proves_destruction(record)? {
            Some(true) => self.note_erasure(record, checked),
            Some(false) => return Err(SealError::DestructionUnproven(checked.key_id)),
            None => {}
        }
        Ok(())
    }

    /// Only what connectors bring is refused. A person may record something of a subject that was erased, and decisions go on.
    fn note_erasure(&mut self, record: &KeyRecord, checked: &Checked) {
        if sector_of(&record.source).is_none() || sector_of(&self.source).is_none() {
            return;
        }
        match record.state() {
            State::Destroyed => {
                self.erased.entry(checked.subject).or_default().insert(checked.key_id);
            }
            State::Readmitted => {
                if let hash_map::Entry::Occupied(mut keys) = self.erased.entry(checked.subject) {
                    keys.get_mut().remove(&checked.key_id);
                    if keys.get().is_empty() {
                        keys.remove();
                    }
                }
            }
            State::Live | State::Unspecified => {}
        }
    }

    /// The key that seals this subject's bodies, made when it has none. The record is given once, when the key is made:
    /// it MUST be acknowledged by the keys topic before a body sealed with the key is appended, so hold on to it until
    /// it is.
    ///
    /// # Errors
    /// [`SealError::Erased`] when a key of the subject was destroyed and nobody has readmitted it: an erased subject does not come
    /// back with the next return. [`SealError::WrappingKeyMissing`] when the log holds keys of this controller and the folder does not.
    pub fn for_subject(&mut self, subject: Pseudonym, controller: &str) -> Result<(KeyId, Option<Record>), SealError> {
        if let Some(key_id) = self.erased.get(&subject).and_then(|keys| keys.iter().next()) {
            return Err(SealError::Erased(*key_id));
        }
        let controller_at = self.controller(controller);
        let of = Of { subject, controller: controller_at };
        while let Some(key_id) = self.keys.sealing(of) {
            match self.make_ready(key_id) {
                // Taken in when its wrapping key was not here to tell that it is invented.
                Err(SealError::WrapBroken(_)) => {
                    self.keys.remove(key_id);
                    self.pass_on(of);
                }
                // Readmitted since, or nobody's to refuse: another takes its place.
                Err(SealError::Erased(_)) => self.pass_on(of),
                ready => return ready.map(|()| (key_id, None)),
            }
        }
        let (of_vault, epoch) = self.wrapping_epoch(controller, controller_at, subject)?;
        let data_key = DataKey::generate()?;
        let mut key_id = KeyId([0; 16]);
        key_id.0.iter_mut().zip(random()?.iter()).for_each(|(to, from)| *to = *from);
        let record = live_record(key_id, subject, &self.source, controller, epoch, &[]);
        let record = self.wrapping.wrap_as(KeyRecord { of_vault, ..record }, &data_key)?;
        let record = key_record_to_append(&record)?;
        self.keys.hold(Held { key_id, of, state: HeldState::Ready(data_key) });
        Ok((key_id, Some(record)))
    }

    /// Whether something can be sealed for a subject of this controller that has no key yet: its newest wrapping key is here,
    /// or it never had one and one may be made.
    pub fn can_seal_for(&self, controller: &str) -> bool {
        let of = self.places.get(controller).and_then(|at| self.controllers.get(*at as usize));
        match self.wrapping.newest(controller) {
            Ok(Some(newest)) => of.is_none_or(|of| newest >= of.proven.values().min().copied().unwrap_or_default()),
            Ok(None) => of.is_none_or(|of| of.named == 0) && self.wrapping.makes(),
            Err(_) => false,
        }
    }

    /// Whether this is an envelope that this source sealed, erased or not. `None` when its key was not absorbed.
    pub fn sealed(&self, envelope: &Sealed) -> Option<bool> {
        let header = &envelope.header;
        let held = self.keys.get(header.key_id)?;
        if held.of.subject != header.subject {
            return Some(false);
        }
        let opens = |key: &DataKey| open(header, envelope.format_version, key, &envelope.sealed).is_some();
        Some(match &held.state {
            HeldState::Destroyed => true,
            HeldState::Ready(data_key) => opens(data_key),
            HeldState::Wrapped { epoch, of_vault, wrapped } => {
                let record = self.record(held, (*epoch, *of_vault), wrapped);
                let data_key = self.wrapping.unwrap(&record);
                data_key.is_ok_and(|data_key| data_key.as_ref().is_some_and(opens))
            }
        })
    }

    /// Forgets a key that sealed all that there is to seal with it, once that is acknowledged: a million keys of one use each are not to
    /// be held in memory. Whoever asks for its subject again is given another, and one that was erased is refused all the same.
    pub fn let_go(&mut self, key_id: KeyId) {
        self.keys.remove(key_id);
    }

    /// How many keys are held, erased ones among them.
    pub fn held(&self) -> usize {
        self.keys.len()
    }

    /// Gives back the memory of keys that were let go.
    pub fn shrink(&mut self) {
        self.keys.shrink();
    }

    /// Seals a body with a key that [`Self::for_subject`] gave for this subject.
    ///
    /// # Errors
    /// [`SealError::KeyNotHeld`] when the key is not this subject's; [`SealError::Erased`] when it was destroyed since;
    /// [`SealError::TooLarge`].
    pub fn seal(
        &self,
        key_id: KeyId,
        event_id: EventId,
        subject: Pseudonym,
        family: Family,
        plaintext: &[u8],
    ) -> Result<Bytes, SealError> {
        let held = self.keys.get(key_id).filter(|held| held.of.subject == subject);
        match held.map(|held| &held.state) {
            Some(HeldState::Ready(data_key)) => {
                seal(&Header { event_id, subject, family, key_id }, data_key, plaintext)
            }
            Some(HeldState::Destroyed) => Err(SealError::Erased(key_id)),
            // One that is wrapped still was given to nobody.
            Some(HeldState::Wrapped { .. }) | None => Err(SealError::KeyNotHeld(key_id)),
        }
    }

    /// Unwraps the key when it is first needed.
    fn make_ready(&mut self, key_id: KeyId) -> Result<(), SealError> {
        let held = self.keys.get(key_id).ok_or(SealError::KeyNotHeld(key_id))?;
        let data_key = match &held.state {
            HeldState::Wrapped { epoch, of_vault, wrapped } => {
                let record = self.record(held, (*epoch, *of_vault), wrapped);
                self.wrapping.unwrap(&record)?.ok_or_else(|| self.wrapping.missing_of(&record))?
            }
            HeldState::Ready(_) => return Ok(()),
            HeldState::Destroyed => return Err(SealError::Erased(key_id)),
        };
        if let Some(state) = self.keys.state_mut(key_id) {
            *state = HeldState::Ready(data_key);
        }
        Ok(())
    }

    fn record(&self, held: &Held, (epoch, of_vault): (u32, bool), wrapped: &[u8; 48]) -> KeyRecord {
        let controller = self.controllers.get(held.of.controller as usize).map_or("", |of| of.id.as_str());
        KeyRecord { of_vault, ..live_record(held.key_id, held.of.subject, &self.source, controller, epoch, wrapped) }
    }

    /// Another key of the subject, if there is one, seals in the place of one that does no more.
    fn pass_on(&mut self, of: Of) {
        let may_seal = |held: &&Held| held.of == of && !matches!(held.state, HeldState::Destroyed);
        let another = self.keys.iter().find(may_seal).map(|held| held.key_id);
        match another {
            Some(another) => self.keys.let_seal(another),
            None => self.keys.none_seals(of),
        }
    }

    /// The wrapping key for a new key of this subject: whether it is its vault's, and its epoch. A first one is made only for a
    /// controller of which the log holds none: a folder that was lost must be restored, not begun again under the same number.
    fn wrapping_epoch(
        &self,
        controller: &str,
        controller_at: u32,
        subject: Pseudonym,
    ) -> Result<(bool, u32), SealError> {
        let [vault, ..] = subject.0;
        let of = self.controllers.get(controller_at as usize);
        let proven = |vault: Option<u8>| of.and_then(|of| of.proven.get(&vault)).copied().unwrap_or_default();
        let named = of.map_or(0, |of| of.named);
        let (own, all) = (proven(Some(vault)), proven(None));
        match self.wrapping.newest_for(controller, vault)? {
            Some((true, newest)) if newest >= own => Ok((true, newest)),
            // Once its vault has a key, the key of all seals nothing more: it is destroyed, or about to be.
            Some((false, newest)) if own == 0 && newest >= all => Ok((false, newest)),
            None if named == 0 && self.wrapping.newest(controller)?.is_none() => {
                Ok((false, self.wrapping.ensure(controller)?))
            }
            _ if own > 0 => Err(self.wrapping.missing(&folder_of(controller, Some(vault)), own)),
            _ => Err(self.wrapping.missing(controller, named.max(1))),
        }
    }

    fn controller(&mut self, id: &str) -> u32 {
        if let Some(at) = self.places.get(id) {
            return *at;
        }
        let at = self.controllers.len() as u32;
        self.controllers.push(Controller { id: id.to_owned(), proven: BTreeMap::new(), named: 0 });
        self.places.insert(id.to_owned(), at);
        at
    }
}
