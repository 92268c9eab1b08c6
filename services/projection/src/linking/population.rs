//! Everybody who is described, in memory, found by the values that they share.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use event_log::Pseudonym;
use identity::linker::Index;

use super::adoptions::Adopted;
use super::described::State;
use super::edge::{Edge, Standing};

/// Everybody, by what stood said of them while some parameters stood adopted.
pub(super) struct Population {
    adopted: Arc<Adopted>,
    index: Index,
    /// By place in the index.
    states: Vec<Option<(Pseudonym, State)>>,
    free: Vec<u32>,
    places: HashMap<Pseudonym, Vec<u32>>,
}

/// Whom a subject may be one child with.
#[derive(Default)]
pub(super) struct Found {
    pub(super) edges: BTreeMap<Pseudonym, Edge>,
    /// Records that were compared.
    pub(super) compared: u64,
}

impl Population {
    /// Nobody yet.
    pub(super) fn new(adopted: Arc<Adopted>) -> Self {
        let index = Index::new(adopted.parameters.rules());
        Self { adopted, index, states: Vec::new(), free: Vec::new(), places: HashMap::new() }
    }

    /// By which parameters.
    pub(super) fn adopted(&self) -> &Arc<Adopted> {
        &self.adopted
    }

    /// Puts what stood said of a subject in the place of what was known of them.
    pub(super) fn replace(&mut self, subject: Pseudonym, states: Vec<State>) {
        for at in self.places.remove(&subject).unwrap_or_default() {
            if let Some((_, state)) = place(at).and_then(|at| self.states.get_mut(at)).and_then(Option::take) {
                self.index.remove(at, &state.record);
                self.free.push(at);
            }
        }
        let Adopted { at_us, until_us, .. } = *self.adopted;
        let mut places = Vec::new();
        for state in states.into_iter().filter(|state| state.stood(at_us, until_us)) {
            let Some(at) = self.free.pop().or_else(|| u32::try_from(self.states.len()).ok()) else { break };
            self.index.insert(at, &state.record);
            match place(at).and_then(|at| self.states.get_mut(at)) {
                Some(free) => *free = Some((subject, state)),
                None => self.states.push(Some((subject, state))),
            }
            places.push(at);
        }
        if !places.is_empty() {
            self.places.insert(subject, places);
        }
    }

    /// Everybody who is, or was at one time, probable enough to be looked at.
    pub(super) fn found(&self, subject: Pseudonym) -> Found {
        let mut found = Found::default();
        for ours in self.places.get(&subject).into_iter().flatten().filter_map(|at| self.state(*at)) {
            for at in self.index.candidates(&ours.1.record).records {
                let Some((other, theirs)) = self.state(at) else { continue };
                if *other == subject || !self.stood_together(&ours.1, theirs) {
                    continue;
                }
                found.compared += 1;
                if let Some(edge) = self.weigh(&ours.1, theirs) {
                    let standing = found.edges.get(other).map_or(edge, |before| before.or(edge));
                    found.edges.insert(*other, standing);
                }
            }
        }
        found
    }

    fn state(&self, at: u32) -> Option<&(Pseudonym, State)> {
        self.states.get(place(at)?)?.as_ref()
    }

    /// While the parameters stood adopted too.
    fn stood_together(&self, ours: &State, theirs: &State) -> bool {
        let from_us = ours.from_us.max(theirs.from_us).max(self.adopted.at_us);
        from_us < ours.until_us.min(theirs.until_us).min(self.adopted.until_us)
    }

    fn weigh(&self, ours: &State, theirs: &State) -> Option<Edge> {
        let probable = self.adopted.weigh(&ours.record, &theirs.record)?;
        let standing = if !(ours.stands() && theirs.stands()) {
            Standing::Past
        } else if let Some(veto) = self.adopted.veto(&ours.record, &theirs.record) {
            Standing::Vetoed(veto)
        } else if probable.is_automatic {
            Standing::Automatic
        } else {
            Standing::Possible
        };
        Some(Edge { probable, standing })
    }
}

fn place(at: u32) -> Option<usize> {
    usize::try_from(at).ok()
}
