//! What adopting parameters would change, before anybody adopts them.

use std::collections::BTreeMap;
use std::sync::Arc;

use event_log::{EventId, Pseudonym};
use identity::linker::{Parameters, Thresholds};
use proto::events::LinkingParametersAdopted;

use super::Subjects;
use super::adoptions::{Adopted, Adoptions};
use super::described::{self, Rows};
use super::edge::{Edge, Standing};
use super::population::Population;
use super::stage::{Linking, READ_A_TURN, first_place, place_after};
use crate::child::ChildError;
use crate::project::Projector;
use crate::store::Store;

/// Pairs of records.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// Linked by the parameters, and not by those that stand.
    pub links_gained: u64,
    /// Linked by those that stand, and not by the parameters.
    pub links_lost: u64,
    /// Linked by both.
    pub links_kept: u64,
    /// Put before a person by the parameters.
    pub for_review: u64,
}

/// What adopting parameters would change.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Preview {
    /// Subjects that are described.
    pub records: u64,
    /// What becomes of their pairs, by weight alone.
    pub counts: Counts,
}

/// Links everything by parameters that nobody has adopted, in memory alone. Takes the memory of a second population.
///
/// # Errors
/// [`ChildError`].
pub fn preview(
    store: &Store,
    projector: &Projector,
    parameters: &Parameters,
    thresholds: Thresholds,
) -> Result<Preview, ChildError> {
    let adoptions = Adoptions::new(store.clone(), projector.clone());
    let stand = adoptions.in_force(None)?.map(|adopted| adopted.event);
    // From the last moment of all: of everybody what stands.
    let (at_us, until_us) = (i64::MAX - 1, i64::MAX);
    let tried = Adopted {
        event: EventId([0; 16]),
        at_us,
        until_us,
        said: LinkingParametersAdopted::default(),
        version: parameters.version(),
        thresholds,
        parameters: Arc::new(parameters.clone()),
    };
    let mut linking = Linking::new(store.clone(), projector.clone());
    linking.population = Some(Population::new(Arc::new(tried)));
    let mut at = first_place();
    while let Some(place) = at {
        at = linking.read_some(place)?;
    }
    let Some(population) = linking.population.take() else { return Ok(Preview::default()) };
    let mut preview = Preview::default();
    let mut at = first_place();
    while let Some(place) = at {
        let subjects = described::some_after(store, place.0, place.1, READ_A_TURN)?;
        for subject in &subjects {
            preview.records += 1;
            let before = match stand {
                Some(adoption) => linking.edges(*subject, adoption)?,
                None => BTreeMap::new(),
            };
            let Some(states) = linking.opened(*subject, Rows::read(store, *subject)?)? else { continue };
            let after = linking.judged(&population, &states, &population.found(*subject, &states))?;
            preview.counts.add(*subject, &before, &after);
        }
        at = place_after(place, &subjects, READ_A_TURN);
    }
    Ok(preview)
}

impl Counts {
    /// Counts the pairs of a subject, each from its smaller side.
    fn add(&mut self, subject: Pseudonym, before: &BTreeMap<Pseudonym, Edge>, after: &BTreeMap<Pseudonym, Edge>) {
        let is_link = |edges: &BTreeMap<Pseudonym, Edge>, other: &Pseudonym| {
            edges.get(other).is_some_and(|edge| edge.standing == Standing::Automatic)
        };
        let others: Subjects = before.keys().chain(after.keys()).copied().filter(|other| *other > subject).collect();
        for other in others {
            match (is_link(before, &other), is_link(after, &other)) {
                (true, true) => self.links_kept += 1,
                (true, false) => self.links_lost += 1,
                (false, true) => self.links_gained += 1,
                (false, false) => {}
            }
            let reviewed = |edge: &Edge| matches!(edge.standing, Standing::Possible | Standing::Vetoed(_));
            self.for_review += u64::from(after.get(&other).is_some_and(reviewed));
        }
    }
}
