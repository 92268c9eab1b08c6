//! Everybody who is described, in memory, found by the values that they share.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use event_log::Pseudonym;
use identity::Probable;
use identity::linker::{self, PopulationFull};

use super::Subjects;
use super::adoptions::Adopted;
use super::described::State;

/// A state of what stood said of a subject: from when and until when.
type Key = (Pseudonym, i64, i64);

/// Everybody, by what stood said of them while some parameters stood adopted.
pub(super) struct Population {
    adopted: Arc<Adopted>,
    held: linker::Population<Key>,
    states: HashMap<Pseudonym, Box<[(i64, i64)]>>,
}

/// Somebody who may be one child with a subject.
#[derive(Clone, Copy)]
pub(super) struct Alike {
    pub(super) probable: Probable,
    /// By what stands said of both, and not by what once stood.
    pub(super) stands: bool,
    /// Since when their record stood that was compared.
    pub(super) from_us: i64,
}

/// Whom a subject may be one child with.
#[derive(Default)]
pub(super) struct Found {
    pub(super) alike: BTreeMap<Pseudonym, Alike>,
    /// Records that were compared.
    pub(super) compared: u64,
    /// Nobody was looked for by some of what stands said of the subject.
    pub(super) passed_over: bool,
}

impl Population {
    /// Nobody yet.
    pub(super) fn new(adopted: Arc<Adopted>) -> Self {
        let held = linker::Population::new(Arc::clone(&adopted.parameters));
        Self { adopted, held, states: HashMap::new() }
    }

    /// By which parameters.
    pub(super) fn adopted(&self) -> &Arc<Adopted> {
        &self.adopted
    }

    /// Puts what stood said of a subject in the place of what was known of them. Gives who else is to be linked anew: those who
    /// share a value with too many now, or no longer.
    pub(super) fn replace(&mut self, subject: Pseudonym, states: &[State]) -> Result<Subjects, PopulationFull> {
        let mut again = Subjects::new();
        let mut note = |keys: linker::Again<Key>| again.extend(keys.into_iter().map(|(other, ..)| other));
        for (from_us, until_us) in self.states.remove(&subject).unwrap_or_default() {
            note(self.held.remove(&(subject, from_us, until_us)));
        }
        let mut held = Vec::new();
        for state in states.iter().filter(|state| state.stood(self.adopted.at_us, self.adopted.until_us)) {
            note(self.held.put((subject, state.from_us, state.until_us), &state.record)?);
            held.push((state.from_us, state.until_us));
        }
        if !held.is_empty() {
            self.states.insert(subject, held.into());
        }
        again.remove(&subject);
        Ok(again)
    }

    /// Everybody who is, or was at one time while the parameters stood, probable enough to be looked at.
    pub(super) fn found(&self, subject: Pseudonym, states: &[State]) -> Found {
        let Adopted { at_us, until_us, thresholds, .. } = *self.adopted;
        let mut found = Found::default();
        for ours in states.iter().filter(|state| state.stood(at_us, until_us)) {
            let own = (subject, ours.from_us, ours.until_us);
            let near = self.held.find(&ours.record, Some(&own), thresholds.review);
            found.compared += near.compared as u64;
            found.passed_over |= ours.stands() && near.passed_over > 0;
            for likely in near.likely {
                let (other, from, until) = likely.key;
                let together = from.max(ours.from_us).max(at_us) < until.min(ours.until_us).min(until_us);
                if other == subject || !together {
                    continue;
                }
                let is_automatic = likely.probability >= thresholds.automatic;
                let probable = Probable { weight: likely.weight, probability: likely.probability, is_automatic };
                let alike = Alike { probable, stands: ours.stands() && until == i64::MAX, from_us: from };
                let best = found.alike.entry(other).or_insert(alike);
                // What stands tells more than what stood, and then the heavier.
                let rank = |alike: &Alike| (alike.stands, alike.probable.weight);
                if rank(&alike) > rank(best) {
                    *best = alike;
                }
            }
        }
        found
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        const A_SUBJECT: usize = size_of::<(Pseudonym, Box<[(i64, i64)]>)>() + size_of::<(i64, i64)>();
        self.held.bytes() + self.states.capacity() * A_SUBJECT
    }
}
