//! The keys that a writer holds, found by their id and by whose they seal: some hundred bytes a key, since an authority's children are
//! held here by each of its sources.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use crate::position::{KeyId, Pseudonym};
use crate::seal::DataKey;

/// A key and whose bodies it seals.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) key_id: KeyId,
    pub(super) of: Of,
    pub(super) state: HeldState,
}

/// Whose bodies a key seals.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Of {
    pub(super) subject: Pseudonym,
    /// The place of the organisation among the controllers.
    pub(super) controller: u32,
}

#[derive(Debug)]
pub(super) enum HeldState {
    /// From the log, not needed yet.
    Wrapped {
        epoch: u32,
        of_vault: bool,
        wrapped: [u8; 48],
    },
    Ready(DataKey),
    Destroyed,
}

/// The keys stand close together, in no order; the two tables hold nothing but their places.
#[derive(Debug, Default)]
pub(super) struct HeldKeys {
    keys: Vec<Held>,
    by_id: HashTable<u32>,
    /// Of each subject and controller the one that seals.
    sealing: HashTable<u32>,
    hasher: RandomState,
}

impl HeldKeys {
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Held> {
        self.keys.iter()
    }

    pub(super) fn get(&self, key_id: KeyId) -> Option<&Held> {
        at(&self.keys, self.place(key_id)?)
    }

    pub(super) fn state_mut(&mut self, key_id: KeyId) -> Option<&mut HeldState> {
        let place = self.place(key_id)?;
        self.keys.get_mut(place as usize).map(|held| &mut held.state)
    }

    /// The key that seals for them.
    pub(super) fn sealing(&self, of: Of) -> Option<KeyId> {
        let hash = self.hasher.hash_one(of);
        let place = self.sealing.find(hash, |place| at(&self.keys, *place).is_some_and(|held| held.of == of))?;
        at(&self.keys, *place).map(|held| held.key_id)
    }

    /// Holds a key that is not held yet. It seals for them where none does.
    pub(super) fn hold(&mut self, held: Held) {
        let (key_id, of, place) = (held.key_id, held.of, self.keys.len() as u32);
        self.keys.push(held);
        let Self { keys, by_id, hasher, .. } = self;
        by_id.insert_unique(hasher.hash_one(key_id), place, |place| id_hash(keys, hasher, *place));
        if self.sealing(of).is_none() {
            self.let_seal(key_id);
        }
    }

    /// From now on this key seals for whom it is.
    pub(super) fn let_seal(&mut self, key_id: KeyId) {
        let Some((place, of)) = self.place(key_id).and_then(|place| Some((place, at(&self.keys, place)?.of))) else {
            return;
        };
        self.none_seals(of);
        let Self { keys, sealing, hasher, .. } = self;
        sealing.insert_unique(hasher.hash_one(of), place, |place| of_hash(keys, hasher, *place));
    }

    /// From now on no key that is held seals for them.
    pub(super) fn none_seals(&mut self, of: Of) {
        let Self { keys, sealing, hasher, .. } = self;
        let is_theirs = |place: &u32| at(keys, *place).is_some_and(|held| held.of == of);
        if let Ok(entry) = sealing.find_entry(hasher.hash_one(of), is_theirs) {
            entry.remove();
        }
    }

    /// Forgets a key, and that it seals. The last one takes its place.
    pub(super) fn remove(&mut self, key_id: KeyId) -> Option<Held> {
        let place = self.place(key_id)?;
        let of = at(&self.keys, place)?.of;
        if self.sealing(of) == Some(key_id) {
            self.none_seals(of);
        }
        let Self { keys, by_id, sealing, hasher } = self;
        if let Ok(entry) = by_id.find_entry(hasher.hash_one(key_id), |held| *held == place) {
            entry.remove();
        }
        let last = (keys.len() - 1) as u32;
        if place != last {
            let (id, of) = (id_hash(keys, hasher, last), of_hash(keys, hasher, last));
            by_id.find_mut(id, |held| *held == last).into_iter().for_each(|held| *held = place);
            sealing.find_mut(of, |held| *held == last).into_iter().for_each(|held| *held = place);
        }
        Some(keys.swap_remove(place as usize))
    }

    /// Gives back the memory of keys that were removed.
    pub(super) fn shrink(&mut self) {
        let Self { keys, by_id, sealing, hasher } = self;
        by_id.shrink_to_fit(|place| id_hash(keys, hasher, *place));
        sealing.shrink_to_fit(|place| of_hash(keys, hasher, *place));
        keys.shrink_to_fit();
    }

    fn place(&self, key_id: KeyId) -> Option<u32> {
        let hash = self.hasher.hash_one(key_id);
        self.by_id.find(hash, |place| at(&self.keys, *place).is_some_and(|held| held.key_id == key_id)).copied()
    }
}

fn at(keys: &[Held], place: u32) -> Option<&Held> {
    keys.get(place as usize)
}

fn id_hash(keys: &[Held], hasher: &RandomState, place: u32) -> u64 {
    at(keys, place).map_or(0, |held| hasher.hash_one(held.key_id))
}

fn of_hash(keys: &[Held], hasher: &RandomState, place: u32) -> u64 {
    at(keys, place).map_or(0, |held| hasher.hash_one(held.of))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    /// What is done with key `id` of subject `subject`.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Hold { id: u8, subject: u8 },
        Remove { id: u8 },
        LetSeal { id: u8 },
        NoneSeals { subject: u8 },
        Shrink,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => (0..24_u8, 0..6_u8).prop_map(|(id, subject)| Step::Hold { id, subject }),
            2 => (0..24_u8).prop_map(|id| Step::Remove { id }),
            1 => (0..24_u8).prop_map(|id| Step::LetSeal { id }),
            1 => (0..6_u8).prop_map(|subject| Step::NoneSeals { subject }),
            1 => Just(Step::Shrink),
        ];
        prop::collection::vec(step, 0..120)
    }

    fn key_id(id: u8) -> KeyId {
        KeyId([id; 16])
    }

    fn of(subject: u8) -> Of {
        Of { subject: Pseudonym([subject; 16]), controller: u32::from(subject % 2) }
    }

    proptest! {
        /// Held against two plain maps.
        #[test]
        fn it_holds_what_two_maps_would(steps in steps()) {
            let mut held = HeldKeys::default();
            let (mut keys, mut sealing) = (HashMap::<u8, u8>::new(), HashMap::<u8, u8>::new());
            for step in steps {
                match step {
                    Step::Hold { id, subject } if !keys.contains_key(&id) => {
                        held.hold(Held { key_id: key_id(id), of: of(subject), state: HeldState::Destroyed });
                        keys.insert(id, subject);
                        sealing.entry(subject).or_insert(id);
                    }
                    Step::Hold { .. } => {}
                    Step::Remove { id } => {
                        let removed = held.remove(key_id(id)).map(|held| held.of);
                        let expected = keys.remove(&id);
                        prop_assert_eq!(removed, expected.map(of));
                        sealing.retain(|_, seals| *seals != id);
                    }
                    Step::LetSeal { id } => {
                        held.let_seal(key_id(id));
                        if let Some(subject) = keys.get(&id) {
                            sealing.insert(*subject, id);
                        }
                    }
                    Step::NoneSeals { subject } => {
                        held.none_seals(of(subject));
                        sealing.remove(&subject);
                    }
                    Step::Shrink => held.shrink(),
                }
                prop_assert_eq!(held.len(), keys.len());
                for id in 0..24 {
                    prop_assert_eq!(held.get(key_id(id)).map(|held| held.of), keys.get(&id).map(|subject| of(*subject)));
                }
                for subject in 0..6 {
                    prop_assert_eq!(held.sealing(of(subject)), sealing.get(&subject).map(|id| key_id(*id)));
                }
            }
        }
    }
}
