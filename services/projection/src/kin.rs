//! The other children to whom a child's records lead: through the people around the child, and through an address.
//!
//! Nothing here links anybody. A lead is a key in a table of its own, which no claim is found through; what a record that
//! it leads to is worth is judged when it is read, and who may know of it when it is decided.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use event_log::Pseudonym;
use event_log::envelope::CheckedBody;
use identity::Id;
use identity::family::{Days, Says, spellings};
use proto::events::event::Kind;
use proto::events::relationship_recorded::Kind as Relation;
use proto::events::{Address, Date, Subject};
use timeline::day_number;

use crate::child::{Child, ChildError, Children};
use crate::project::Projector;
use crate::store::keys::{self, Parsed};

/// More children than this to whom one person or address leads, and it leads nowhere: it is an institution.
const CHILDREN_OF_A_LEAD_MAX: usize = 64;

/// Those to whom a child's records lead.
pub(crate) struct KinFound {
    /// Each once, and none of them the child itself.
    pub(crate) children: Vec<Arc<Child>>,
    /// Every sealed identity that any of their records, or the child's own, tells of.
    pub(crate) sealed: Vec<BTreeSet<Id>>,
}

impl Projector {
    /// What an event tells of the child's family or home, and when that holds.
    pub(crate) fn family(&self, event: &Kind) -> Vec<(Says, Days)> {
        match event {
            Kind::RelationshipRecorded(recorded) => {
                let person = recorded.related.as_ref().filter(|subject| !subject.value.is_empty());
                let Some(person) = person.map(|person: &Subject| self.pseudonyms.of(person).0) else {
                    return Vec::new();
                };
                let says = match recorded.kind() {
                    Relation::Parent | Relation::StepParent => Says::ParentIs(person),
                    Relation::Carer => Says::CarerIs(person),
                    Relation::Sibling | Relation::HalfSibling | Relation::StepSibling => Says::SiblingIs(person),
                    Relation::Unspecified | Relation::Grandparent | Relation::Other => return Vec::new(),
                };
                vec![(says, days(recorded.since_on.as_ref(), recorded.until_on.as_ref()))]
            }
            Kind::PersonDescribed(person) => {
                let lives_at = |address: &Address| {
                    let holds = days(address.from.as_ref(), address.to.as_ref());
                    let spelt = spellings(&address.lines, address.postcode.as_deref(), address.uprn.as_deref());
                    let at = move |spelt: String| self.pseudonyms.digest("throughline.address.v1", spelt.as_bytes());
                    spelt.into_iter().map(move |spelt| (Says::LivesAt(at(spelt)), holds))
                };
                person.addresses.iter().filter(|address| address.is_home_on_known_days()).flat_map(lives_at).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The people and addresses by which this event's child is found from others of the family.
    pub(crate) fn kin(&self, said: &CheckedBody) -> BTreeSet<Pseudonym> {
        let told = said.event().map(|event| self.family(event)).unwrap_or_default();
        told.into_iter().map(|(says, _)| lead(says)).collect()
    }
}

impl Children {
    /// Everybody to whom the child's records lead, and whose records lead to the child.
    ///
    /// # Errors
    /// The store's. A child who cannot be read is left out, and an alarm is given: of somebody else's record the child's
    /// reader learns nothing, and so neither that it is there.
    pub(crate) fn kin(&self, child: &Child) -> Result<KinFound, ChildError> {
        let told = child.entries.iter().filter_map(|entry| entry.event.kind.as_ref());
        let told: BTreeSet<Says> = told.flat_map(|kind| self.projector.family(kind)).map(|(says, _)| says).collect();
        let leads: BTreeSet<Pseudonym> = told.iter().map(|says| lead(*says)).collect();
        let own = child.resolution.subjects.iter().map(|id| Pseudonym(*id));
        let mut found: BTreeSet<Pseudonym> =
            told.iter().filter(|says| !matches!(says, Says::LivesAt(_))).map(|says| lead(*says)).collect();
        for lead in leads.iter().copied().chain(own) {
            let children = self.children_of(lead)?;
            if children.len() <= CHILDREN_OF_A_LEAD_MAX {
                found.extend(children);
            }
        }
        let mut around: BTreeMap<BTreeSet<Id>, Arc<Child>> = BTreeMap::new();
        for subject in found.into_iter().filter(|subject| !child.resolution.subjects.contains(&subject.0)) {
            match self.read_kept(subject, None) {
                // Of a number of which nothing is said there is nobody.
                Ok(other) if !other.said.is_empty() => drop(around.insert(other.resolution.subjects.clone(), other)),
                Ok(_) => {}
                Err(error) => tracing::error!("a child to whom another's record leads was left out: {error}"),
            }
        }
        around.remove(&child.resolution.subjects);
        let children: Vec<Arc<Child>> = around.into_values().collect();
        let sealed = children.iter().map(Arc::as_ref).chain([child]).flat_map(sealed).collect();
        Ok(KinFound { children, sealed })
    }

    fn children_of(&self, lead: Pseudonym) -> Result<BTreeSet<Pseudonym>, ChildError> {
        let mut children = BTreeSet::new();
        self.store.read(lead.partition().into(), |view| {
            view.scan_prefix(&keys::kin_prefix(lead), |key, _| {
                if let Some(Parsed::Kin { child, .. }) = keys::parse(key) {
                    children.insert(child);
                }
                if children.len() > CHILDREN_OF_A_LEAD_MAX { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
        })?;
        Ok(children)
    }
}

fn sealed(child: &Child) -> impl Iterator<Item = BTreeSet<Id>> {
    child.said.iter().filter_map(|(_, said)| match said.body.event.as_ref()?.kind.as_ref()? {
        Kind::IdentitySealed(sealed) => {
            Some(sealed.sealed_subjects.iter().filter_map(|id| id.as_slice().try_into().ok()).collect())
        }
        _ => None,
    })
}

fn lead(says: Says) -> Pseudonym {
    match says {
        Says::ParentIs(id) | Says::CarerIs(id) | Says::SiblingIs(id) | Says::LivesAt(id) => Pseudonym(id),
    }
}

/// From the first day that a date may mean to the last: a year's first day, and its last.
fn days(first: Option<&Date>, last: Option<&Date>) -> Days {
    let last_day = |date: &Date| match (date.month, date.day) {
        (Some(_), Some(_)) => day_number(date),
        (Some(12), None) | (None, _) => {
            day_number(&Date { year: date.year + 1, month: None, day: None, ..*date }).map(|day| day - 1)
        }
        (Some(month), None) => day_number(&Date { month: Some(month + 1), day: None, ..*date }).map(|day| day - 1),
    };
    Days { first: first.and_then(day_number), last: last.and_then(last_day) }
}
