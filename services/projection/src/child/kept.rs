//! Children read before, kept for as long as nothing of them has changed.
//!
//! A kept child is given only if no commit has touched any subject of its neighbourhood since a moment before it was read
//! (a commit says so *before* it shows anything: [`Store::unchanged`]), no key was destroyed since, and the reader's time is
//! not before its newest event. So it is what a read would give; the positions are those of the first read, and give the
//! same child. Nothing of which a key is missing is kept, since keys come without a commit.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use event_log::Pseudonym;
use jiff::civil::Date;
use sharing::{ChildFacts, RecordClass, Registry};
use timeline::Entry;

use super::Child;
use crate::disclose::KeptViews;
use crate::project::Projector;
use crate::store::Store;

/// Events of all kept children together, each some two kilobytes with what it folds to.
const EVENTS_MAX: usize = 50_000;

pub(super) struct Kept {
    pub(super) child: Arc<Child>,
    pub(super) published_last_us: i64,
}

#[derive(Default)]
pub(super) struct KeptChildren(Mutex<Held>);

#[derive(Default)]
struct Held {
    by_reference: HashMap<Pseudonym, Arc<Kept>>,
    events: usize,
    destructions: u64,
}

impl KeptChildren {
    pub(super) fn get(
        &self,
        asked: Pseudonym,
        known_at_us: Option<i64>,
        store: &Store,
        projector: &Projector,
    ) -> Option<Arc<Child>> {
        let destructions = projector.keyring.destructions();
        let kept = {
            let mut held = self.held();
            if held.destructions != destructions {
                // Somebody was erased: nothing that was opened before stays.
                *held = Held { destructions, ..Held::default() };
            }
            Arc::clone(held.by_reference.get(&asked)?)
        };
        let (moment, opened_at) = kept.child.standing.since;
        let holds = opened_at == destructions
            && known_at_us.is_none_or(|limit| limit >= kept.published_last_us)
            && kept.child.standing.subjects.iter().all(|subject| store.unchanged(*subject, moment));
        holds.then(|| Arc::clone(&kept.child))
    }

    pub(super) fn put(&self, asked: Pseudonym, kept: Kept) {
        let events = weight(&kept.child);
        let mut held = self.held();
        if held.events + events > EVENTS_MAX {
            *held = Held { destructions: held.destructions, ..Held::default() };
        }
        held.events += events;
        if let Some(before) = held.by_reference.insert(asked, Arc::new(kept)) {
            held.events -= weight(&before.child);
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In events: its own, and for the views that may be kept with it half as many, and some for a child of whom nothing is said.
fn weight(child: &Child) -> usize {
    child.said.len() + child.said.len() / 2 + 3
}

/// What the rules read of a child on one day, and the class of each entry that readers may be given.
#[derive(Debug)]
pub(crate) struct OnDay {
    pub(crate) valid_on: Date,
    /// By whose schedules of retention it was classified.
    registry: Arc<Registry>,
    pub(crate) facts: ChildFacts,
    pub(crate) classified: Vec<(RecordClass, Entry)>,
    /// Each class once, with the places of its entries among these: so that what is hidden takes no time to pass over.
    pub(crate) classes: BTreeMap<RecordClass, Vec<usize>>,
    pub(crate) views: KeptViews,
}

impl OnDay {
    /// The entries of these classes, each with what goes with its class, in their order.
    pub(crate) fn entries_of<'d, T: Copy>(
        &'d self,
        classes: impl IntoIterator<Item = (&'d RecordClass, T)>,
    ) -> impl Iterator<Item = (&'d RecordClass, &'d Entry, T)> {
        let places = classes
            .into_iter()
            .flat_map(|(class, with)| self.classes.get(class).into_iter().flatten().map(move |at| (*at, with)));
        let mut places: Vec<(usize, T)> = places.collect();
        places.sort_unstable_by_key(|(at, _)| *at);
        let entry = |(at, with): (usize, T)| self.classified.get(at).map(|(class, entry)| (class, entry, with));
        places.into_iter().filter_map(entry)
    }

    pub(crate) fn new(
        valid_on: Date,
        registry: Arc<Registry>,
        facts: ChildFacts,
        classified: Vec<(RecordClass, Entry)>,
    ) -> Self {
        let mut classes: BTreeMap<RecordClass, Vec<usize>> = BTreeMap::new();
        for (at, (class, _)) in classified.iter().enumerate() {
            match classes.get_mut(class) {
                Some(places) => places.push(at),
                None => drop(classes.insert(class.clone(), vec![at])),
            }
        }
        Self { valid_on, registry, facts, classified, classes, views: KeptViews::default() }
    }
}

/// The last day for which it was worked out.
#[derive(Default, Debug)]
pub(crate) struct Judged(Mutex<Option<Arc<OnDay>>>);

impl Clone for Judged {
    /// A copy is of a child that may be changed, of which nothing is judged.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Judged {
    /// Of this day, if it is worked out.
    pub(crate) fn held(&self, valid_on: Date) -> Option<Arc<OnDay>> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().filter(|on_day| on_day.valid_on == valid_on).map(Arc::clone)
    }

    pub(crate) fn on(&self, valid_on: Date, registry: &Arc<Registry>, work_out: impl FnOnce() -> OnDay) -> Arc<OnDay> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let holds = |on_day: &&Arc<OnDay>| on_day.valid_on == valid_on && Arc::ptr_eq(&on_day.registry, registry);
        match held.as_ref().filter(holds) {
            Some(on_day) => Arc::clone(on_day),
            None => Arc::clone(held.insert(Arc::new(work_out()))),
        }
    }
}
