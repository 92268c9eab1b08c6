//! What adopting parameters would change, before anybody adopts them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use event_log::{EventId, Pseudonym};
use identity::linker::{Parameters, Thresholds};
use identity::{Id, Withheld};
use proto::events::LinkingParametersAdopted;

use super::Subjects;
use super::adoptions::Adopted;
use super::described::{self, Rows, State};
use super::population::Population;
use super::stage::{Linking, READ_A_TURN, first_place, place_after};
use crate::child::{ChildError, Children};
use crate::project::Projector;
use crate::store::Store;

/// Pairs of described subjects: of a child whom three sources describe there are three.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// One child by the parameters, and not by those that stand.
    pub links_gained: u64,
    /// One child by those that stand, and not by the parameters.
    pub links_lost: u64,
    /// One child by both, by whatever makes them one.
    pub links_kept: u64,
    /// Put before a person by the parameters.
    pub for_review: u64,
}

/// What adopting parameters would change.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Preview {
    /// Subjects that are described.
    pub records: u64,
    /// What becomes of their pairs, decided as reading decides.
    pub counts: Counts,
}

/// Parameters that nobody has adopted, and whom they find alike.
#[derive(Debug)]
pub(crate) struct Tried {
    pub(crate) adopted: Arc<Adopted>,
    alike: HashMap<Pseudonym, Subjects>,
}

impl Tried {
    /// Whom a subject may be one child with.
    pub(crate) fn alike(&self, subject: Pseudonym) -> Subjects {
        self.alike.get(&subject).cloned().unwrap_or_default()
    }
}

/// Reads everybody twice, by the parameters that stand and by those that nobody has adopted, and counts what becomes of them.
/// Nothing is written. Takes the memory of a second population, and about the time of two reads of every child.
///
/// # Errors
/// [`ChildError`].
pub fn preview(
    store: &Store,
    projector: &Projector,
    parameters: &Parameters,
    thresholds: Thresholds,
) -> Result<Preview, ChildError> {
    let tried = Arc::new(tried(store, projector, parameters, thresholds)?);
    let standing = Children::new(store.clone(), projector.clone());
    let trying = Children::trying(store.clone(), projector.clone(), tried);
    let mut records = 0;
    let (mut before, mut after) = (Sides::default(), Sides::default());
    let mut at = first_place();
    while let Some(place) = at {
        let subjects = described::some_after(store, place.0, place.1, READ_A_TURN)?;
        records += subjects.len() as u64;
        for subject in &subjects {
            before.read(&standing, *subject)?;
            after.read(&trying, *subject)?;
        }
        at = place_after(place, &subjects, READ_A_TURN);
    }
    let mut both: BTreeMap<(u64, u64), u64> = BTreeMap::new();
    for (subject, child) in &before.child_of {
        if let Some(then) = after.child_of.get(subject) {
            *both.entry((*child, *then)).or_default() += 1;
        }
    }
    let links_kept: u64 = both.into_values().map(pairs_of).sum();
    let counts = Counts {
        links_gained: after.pairs().saturating_sub(links_kept),
        links_lost: before.pairs().saturating_sub(links_kept),
        links_kept,
        for_review: after.for_review.len() as u64,
    };
    Ok(Preview { records, counts })
}

/// Who is alike by the parameters, everybody at once and in memory alone.
fn tried(
    store: &Store,
    projector: &Projector,
    parameters: &Parameters,
    thresholds: Thresholds,
) -> Result<Tried, ChildError> {
    // From the last moment of all: of everybody what stands.
    let (at_us, until_us) = (i64::MAX - 1, i64::MAX);
    let adopted = Arc::new(Adopted {
        event: EventId([0; 16]),
        at_us,
        until_us,
        said: LinkingParametersAdopted::default(),
        version: parameters.version(),
        thresholds,
        parameters: Arc::new(parameters.clone()),
    });
    let mut linking = Linking::new(store.clone(), projector.clone());
    let mut population = Population::new(Arc::clone(&adopted));
    each_described(store, &mut linking, |subject, states| {
        // Of a population that is full the rest finds nobody.
        let _full = population.replace(subject, states);
    })?;
    let mut alike: HashMap<Pseudonym, Subjects> = HashMap::new();
    each_described(store, &mut linking, |subject, states| {
        for other in population.found(subject, states).alike.into_keys() {
            alike.entry(subject).or_default().insert(other);
            alike.entry(other).or_default().insert(subject);
        }
    })?;
    Ok(Tried { adopted, alike })
}

/// Reads what stood said of everybody, but of whoever cannot be opened.
fn each_described(
    store: &Store,
    linking: &mut Linking,
    mut take: impl FnMut(Pseudonym, &[State]),
) -> Result<(), ChildError> {
    let mut at = first_place();
    while let Some(place) = at {
        let subjects = described::some_after(store, place.0, place.1, READ_A_TURN)?;
        for subject in &subjects {
            if let Some(states) = linking.opened(*subject, Rows::read(store, *subject)?)? {
                take(*subject, &states);
            }
        }
        at = place_after(place, &subjects, READ_A_TURN);
    }
    Ok(())
}

/// Who is one child with whom, as it is read.
#[derive(Default)]
struct Sides {
    child_of: HashMap<Pseudonym, u64>,
    children: u64,
    for_review: BTreeSet<(Id, Id)>,
}

impl Sides {
    /// Reads a subject's child, once.
    fn read(&mut self, children: &Children, subject: Pseudonym) -> Result<(), ChildError> {
        if self.child_of.contains_key(&subject) {
            return Ok(());
        }
        let around = children.around(subject, None)?;
        let resolution = identity::resolve(subject.0, &around.evidence);
        let described = |id: &Id| around.evidence.descriptions.contains_key(id);
        self.children += 1;
        for id in resolution.subjects.iter().filter(|id| described(id)).chain([&subject.0]) {
            self.child_of.insert(Pseudonym(*id), self.children);
        }
        let waits = resolution.withheld.iter().filter(|(.., why)| *why != Withheld::Unlinked);
        let waits = waits.map(|(one, other, _)| (*one, *other));
        self.for_review.extend(waits.filter(|pair| around.evidence.probable.contains_key(pair)));
        Ok(())
    }

    fn pairs(&self) -> u64 {
        let mut of_child: HashMap<u64, u64> = HashMap::new();
        self.child_of.values().for_each(|child| *of_child.entry(*child).or_default() += 1);
        of_child.into_values().map(pairs_of).sum()
    }
}

fn pairs_of(subjects: u64) -> u64 {
    subjects * subjects.saturating_sub(1) / 2
}
