use std::collections::{HashMap, hash_map};
use std::sync::Arc;

use bytes::Bytes;
use proto::events::Family;
use proto::keys::KeyRecord;

use super::key_record::{Checked, Said, key_record_to_append, live_record};
use super::{DataKey, Header, SealError, WrappingKeys, random, seal};
use crate::log::Record;
use crate::position::{EventId, KeyId, Pseudonym};

/// The data keys of one source, at its writer. Two writers of one source, as two serving nodes are, may each give a subject
/// a key: readers go by key id, and open both.
#[derive(Debug)]
pub struct DataKeys {
    source: String,
    wrapping: Arc<WrappingKeys>,
    /// Organisation ids, each once: what a subject's key is filed under.
    controllers: Vec<(String, u32)>,
    by_subject: HashMap<(Pseudonym, usize), KeyId>,
    keys: HashMap<KeyId, Held>,
}

#[derive(Debug)]
struct Held {
    subject: Pseudonym,
    /// Its place in `controllers`.
    controller: usize,
    state: HeldState,
}

#[derive(Debug)]
enum HeldState {
    /// From the log, not needed yet.
    Wrapped {
        epoch: u32,
        wrapped: [u8; 48],
    },
    Ready(DataKey),
    Destroyed,
}

impl DataKeys {
    /// No keys yet: absorb every record of the keys topic before the first body.
    pub fn new(source: &str, wrapping: Arc<WrappingKeys>) -> Self {
        Self {
            source: source.to_owned(),
            wrapping,
            controllers: Vec::new(),
            by_subject: HashMap::new(),
            keys: HashMap::new(),
        }
    }

    /// Takes in a record of the keys topic; those of other sources are passed over. Where a subject has several keys the
    /// first absorbed is the one that seals.
    ///
    /// # Errors
    /// When the record is malformed. The rest can still be absorbed.
    pub fn absorb(&mut self, record: &KeyRecord) -> Result<(), SealError> {
        if record.source != self.source {
            return Ok(());
        }
        let checked = Checked::of(record)?;
        let state = match checked.said {
            Said::Live(wrapped) => HeldState::Wrapped { epoch: record.wrapping_epoch, wrapped },
            // Where nobody can tell, nothing more is sealed with it.
            Said::Destroyed(_) if self.wrapping.proves_destruction(record)? == Some(false) => {
                return Err(SealError::DestructionUnproven(checked.key_id));
            }
            Said::Destroyed(_) => HeldState::Destroyed,
        };
        let is_destroyed = matches!(state, HeldState::Destroyed);
        let controller = self.controller(&record.controller, record.wrapping_epoch);
        self.by_subject.entry((checked.subject, controller)).or_insert(checked.key_id);
        match self.keys.entry(checked.key_id) {
            hash_map::Entry::Vacant(vacant) => {
                vacant.insert(Held { subject: checked.subject, controller, state });
            }
            hash_map::Entry::Occupied(held)
                if (held.get().subject, held.get().controller) != (checked.subject, controller) =>
            {
                return Err(SealError::KeyRecordConflicts(checked.key_id));
            }
            // What is destroyed stays so; what is live only ever turns destroyed.
            hash_map::Entry::Occupied(mut held) if is_destroyed => held.get_mut().state = state,
            hash_map::Entry::Occupied(_) => {}
        }
        Ok(())
    }

    /// The key that seals this subject's bodies, made when it has none. The record is given once, when the key is made:
    /// it MUST be acknowledged by the keys topic before a body sealed with the key is appended, so hold on to it until
    /// it is.
    ///
    /// # Errors
    /// [`SealError::Erased`] when the subject's key was destroyed: an erased subject does not come back with the next
    /// return. [`SealError::WrappingKeyMissing`] when the log holds keys of this controller and the folder does not.
    pub fn for_subject(&mut self, subject: Pseudonym, controller: &str) -> Result<(KeyId, Option<Record>), SealError> {
        let controller_at = self.controller(controller, 0);
        if let Some(key_id) = self.by_subject.get(&(subject, controller_at)).copied() {
            return match self.keys.get(&key_id).map(|held| &held.state) {
                Some(HeldState::Destroyed) => Err(SealError::Erased(key_id)),
                _ => Ok((key_id, None)),
            };
        }
        let epoch = self.wrapping_epoch(controller, controller_at)?;
        let data_key = DataKey::generate()?;
        let mut key_id = KeyId([0; 16]);
        key_id.0.iter_mut().zip(random()?.iter()).for_each(|(to, from)| *to = *from);
        let record = self.wrapping.wrap(&data_key, key_id, subject, &self.source, controller, epoch)?;
        let record = key_record_to_append(&record)?;
        self.by_subject.insert((subject, controller_at), key_id);
        self.keys.insert(key_id, Held { subject, controller: controller_at, state: HeldState::Ready(data_key) });
        Ok((key_id, Some(record)))
    }

    /// Whether something can be sealed for a subject of this controller that has no key yet: its newest wrapping key is here,
    /// or it never had one and one may be made.
    pub fn can_seal_for(&self, controller: &str) -> bool {
        let seen = self.controllers.iter().find(|(name, _)| name == controller).map_or(0, |(_, epoch)| *epoch);
        match self.wrapping.newest(controller) {
            Ok(Some(newest)) => newest >= seen,
            Ok(None) => seen == 0 && self.wrapping.makes(),
            Err(_) => false,
        }
    }

    /// Seals a body with a key that [`Self::for_subject`] gave for this subject.
    ///
    /// # Errors
    /// [`SealError::KeyNotHeld`] when the key is not this subject's; [`SealError::TooLarge`].
    pub fn seal(
        &mut self,
        key_id: KeyId,
        event_id: EventId,
        subject: Pseudonym,
        family: Family,
        plaintext: &[u8],
    ) -> Result<Bytes, SealError> {
        let held = self.keys.get_mut(&key_id).filter(|held| held.subject == subject);
        let held = held.ok_or(SealError::KeyNotHeld(key_id))?;
        if let HeldState::Wrapped { epoch, wrapped } = held.state {
            let controller = self.controllers.get(held.controller).map_or("", |(name, _)| name.as_str());
            let record = live_record(key_id, subject, &self.source, controller, epoch, &wrapped);
            let unwrapped = self.wrapping.unwrap(&record)?;
            held.state = HeldState::Ready(unwrapped.ok_or_else(|| self.wrapping.missing(controller, epoch))?);
        }
        match &held.state {
            HeldState::Ready(data_key) => seal(&Header { event_id, subject, family, key_id }, data_key, plaintext),
            HeldState::Destroyed => Err(SealError::Erased(key_id)),
            HeldState::Wrapped { .. } => Err(SealError::KeyNotHeld(key_id)),
        }
    }

    /// A first wrapping key is made only for a controller of which the log holds none: a folder that was lost must be
    /// restored, not begun again under the same number.
    fn wrapping_epoch(&self, controller: &str, controller_at: usize) -> Result<u32, SealError> {
        let seen = self.controllers.get(controller_at).map_or(0, |(_, epoch)| *epoch);
        match self.wrapping.newest(controller)? {
            Some(newest) if newest >= seen => Ok(newest),
            None if seen == 0 => self.wrapping.ensure(controller),
            _ => Err(self.wrapping.missing(controller, seen)),
        }
    }

    fn controller(&mut self, controller: &str, epoch: u32) -> usize {
        if let Some(at) = self.controllers.iter().position(|(name, _)| name == controller) {
            if let Some((_, seen)) = self.controllers.get_mut(at) {
                *seen = epoch.max(*seen);
            }
            return at;
        }
        self.controllers.push((controller.to_owned(), epoch));
        self.controllers.len() - 1
    }
}
