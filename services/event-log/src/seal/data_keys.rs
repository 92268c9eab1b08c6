use std::collections::{HashMap, hash_map};
use std::sync::Arc;

use bytes::Bytes;
use proto::events::Family;
use proto::keys::KeyRecord;

use super::key_record::{Checked, Said, key_record_to_append, live_record};
use super::{DataKey, Header, SealError, WrappingKeys, open, random, seal};
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
    by_subject: HashMap<(Pseudonym, usize), KeyId>,
    keys: HashMap<KeyId, Held>,
}

#[derive(Debug)]
struct Controller {
    id: String,
    /// The newest epoch of which a record was by who holds its wrapping key.
    proven: u32,
    /// The newest epoch that any record named that was taken in.
    named: u32,
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
    /// Whoever writes to the topic may invent records of this source. Taken in is what was made with a wrapping key that is
    /// here. Of a controller that has another here, a key that only a missing one opens seals nothing, and is passed over; of
    /// one that has none here everything is believed until its key comes, so that a lost folder is not begun again.
    ///
    /// # Errors
    /// When the record is malformed, was not made with the wrapping key that it names, or contradicts another. The rest can
    /// still be absorbed.
    pub fn absorb(&mut self, record: &KeyRecord) -> Result<(), SealError> {
        if record.source != self.source {
            return Ok(());
        }
        let checked = Checked::of(record)?;
        let epoch = record.wrapping_epoch;
        let (state, proven) = match checked.said {
            Said::Live(wrapped) => {
                let proven = self.wrapping.unwrap(record)?.map(|_| true);
                (HeldState::Wrapped { epoch, wrapped }, proven)
            }
            // Where nobody can tell, nothing more is sealed with it.
            Said::Destroyed(_) => (HeldState::Destroyed, self.wrapping.proves_destruction(record)?),
        };
        let is_destroyed = matches!(state, HeldState::Destroyed);
        match (proven, self.wrapping.newest(&record.controller)?) {
            (Some(true), _) => {}
            (Some(false), _) => return Err(SealError::DestructionUnproven(checked.key_id)),
            // Of an epoch that is gone a key may have been destroyed; one that has not come here yet destroys nothing.
            (None, Some(newest)) if !is_destroyed || epoch > newest => return Ok(()),
            (None, _) => {}
        }
        let controller = self.controller(&record.controller);
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
        self.by_subject.entry((checked.subject, controller)).or_insert(checked.key_id);
        if let Some(of) = self.controllers.get_mut(controller) {
            of.named = epoch.max(of.named);
            of.proven = if proven.is_some() { epoch.max(of.proven) } else { of.proven };
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
        let controller_at = self.controller(controller);
        while let Some(key_id) = self.by_subject.get(&(subject, controller_at)).copied() {
            match self.ready(key_id) {
                // Taken in when its wrapping key was not here to tell that it is invented.
                Err(SealError::WrapBroken(_)) => self.forget(key_id, subject, controller_at),
                ready => return ready.map(|_| (key_id, None)),
            }
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
        let of = self.controllers.iter().find(|of| of.id == controller);
        match self.wrapping.newest(controller) {
            Ok(Some(newest)) => of.is_none_or(|of| newest >= of.proven),
            Ok(None) => of.is_none_or(|of| of.named == 0) && self.wrapping.makes(),
            Err(_) => false,
        }
    }

    /// Whether this is an envelope that this source sealed, erased or not. `None` when its key was not absorbed.
    pub fn sealed(&self, envelope: &Sealed) -> Option<bool> {
        let header = &envelope.header;
        let held = self.keys.get(&header.key_id)?;
        if held.subject != header.subject {
            return Some(false);
        }
        let opens = |key: &DataKey| open(header, envelope.format_version, key, &envelope.sealed).is_some();
        Some(match &held.state {
            HeldState::Destroyed => true,
            HeldState::Ready(data_key) => opens(data_key),
            HeldState::Wrapped { epoch, wrapped } => {
                let data_key = self.wrapping.unwrap(&self.record(header.key_id, held, *epoch, wrapped));
                data_key.is_ok_and(|data_key| data_key.as_ref().is_some_and(opens))
            }
        })
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
        if self.keys.get(&key_id).is_none_or(|held| held.subject != subject) {
            return Err(SealError::KeyNotHeld(key_id));
        }
        seal(&Header { event_id, subject, family, key_id }, self.ready(key_id)?, plaintext)
    }

    /// The key, unwrapped when it is first needed.
    fn ready(&mut self, key_id: KeyId) -> Result<&DataKey, SealError> {
        let held = self.keys.get(&key_id).ok_or(SealError::KeyNotHeld(key_id))?;
        let unwrapped = match &held.state {
            HeldState::Wrapped { epoch, wrapped } => {
                let record = self.record(key_id, held, *epoch, wrapped);
                let unwrapped = self.wrapping.unwrap(&record)?;
                Some(unwrapped.ok_or_else(|| self.wrapping.missing(&record.controller, *epoch))?)
            }
            HeldState::Ready(_) => None,
            HeldState::Destroyed => return Err(SealError::Erased(key_id)),
        };
        let held = self.keys.get_mut(&key_id).ok_or(SealError::KeyNotHeld(key_id))?;
        if let Some(data_key) = unwrapped {
            held.state = HeldState::Ready(data_key);
        }
        match &held.state {
            HeldState::Ready(data_key) => Ok(data_key),
            _ => Err(SealError::KeyNotHeld(key_id)),
        }
    }

    fn record(&self, key_id: KeyId, held: &Held, epoch: u32, wrapped: &[u8; 48]) -> KeyRecord {
        let controller = self.controllers.get(held.controller).map_or("", |of| of.id.as_str());
        live_record(key_id, held.subject, &self.source, controller, epoch, wrapped)
    }

    /// Lets go of a key that is none; another of the subject, if there is one, seals in its place.
    fn forget(&mut self, key_id: KeyId, subject: Pseudonym, controller: usize) {
        self.keys.remove(&key_id);
        let is_of = |held: &Held| (held.subject, held.controller) == (subject, controller);
        match self.keys.iter().find(|(_, held)| is_of(held)) {
            Some((another, _)) => self.by_subject.insert((subject, controller), *another),
            None => self.by_subject.remove(&(subject, controller)),
        };
    }

    /// A first wrapping key is made only for a controller of which the log holds none: a folder that was lost must be
    /// restored, not begun again under the same number.
    fn wrapping_epoch(&self, controller: &str, controller_at: usize) -> Result<u32, SealError> {
        let (proven, named) = self.controllers.get(controller_at).map_or((0, 0), |of| (of.proven, of.named));
        match self.wrapping.newest(controller)? {
            Some(newest) if newest >= proven => Ok(newest),
            None if named == 0 => self.wrapping.ensure(controller),
            _ => Err(self.wrapping.missing(controller, named)),
        }
    }

    fn controller(&mut self, id: &str) -> usize {
        if let Some(at) = self.controllers.iter().position(|of| of.id == id) {
            return at;
        }
        self.controllers.push(Controller { id: id.to_owned(), proven: 0, named: 0 });
        self.controllers.len() - 1
    }
}
