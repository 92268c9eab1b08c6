//! Which class a record belongs to: the unit of decision. Pure, from the event's kind and fields and the child's facts.

mod fields;
mod kind;
mod specialty;

use std::collections::BTreeSet;

use proto::events::{Body, Event};

use crate::classify::fields::Populated;
use crate::classify::specialty::Specialties;
use crate::engine::{Engine, Tables};
use crate::facts::ChildFacts;
use crate::vocabulary::{Category, Label};

/// Raised when a line of the classifier changes: the policy hash covers it. `tests/classes.rs` holds every line.
pub(crate) const CLASSIFIER_REVISION: u32 = 6;

/// A class of records of one child. Everything in one class is decided as one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RecordClass {
    /// The organisation that answers for the records.
    pub source_org: String,
    /// What they are of.
    pub category: Category,
    /// What makes them more than their category says.
    pub labels: BTreeSet<Label>,
    /// Pseudonyms of the people other than the child of whom they tell, sorted.
    pub third_parties: BTreeSet<[u8; 16]>,
    /// They tell of somebody other than the child.
    pub has_third_party: bool,
    /// They tell of somebody whom no pseudonym names: no involvement with anybody cures that.
    pub unnamed_third_party: bool,
    /// They tell where somebody can be found.
    pub has_location: bool,
    /// They are past their retention date. The classifier never sets it: retention is by authority and category.
    pub retention_expired: bool,
}

impl RecordClass {
    /// The same without a place: for what is told of a record when where somebody can be found is not.
    #[must_use]
    pub fn telling_no_place(self) -> Self {
        Self { has_location: false, ..self }
    }

    /// Whether that there is such a record is itself in confidence.
    pub fn is_confidential(&self) -> bool {
        // That a record is contested says nothing of what it is about.
        self.labels.iter().any(|label| *label != Label::ProcessingRestricted)
    }

    /// Whether its use is restricted while it is contested.
    pub fn is_contested(&self) -> bool {
        self.labels.contains(&Label::ProcessingRestricted)
    }

    /// The class of an organisation that told nothing: for what depends on the organisation alone.
    pub(crate) fn of_nothing(organisation: &str) -> Self {
        Self {
            source_org: organisation.to_owned(),
            category: Category::Unspecified,
            labels: BTreeSet::new(),
            third_parties: BTreeSet::new(),
            has_third_party: false,
            unnamed_third_party: false,
            has_location: false,
            retention_expired: false,
        }
    }
}

/// A committed table of the rules that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the table of {table} is unusable: {problem}")]
pub struct TableUnusable {
    pub(crate) table: &'static str,
    pub(crate) problem: String,
}

#[derive(Debug)]
pub(crate) struct Classifier {
    specialties: Specialties,
}

impl Classifier {
    pub(crate) fn of(tables: &Tables<'_>) -> Result<Self, TableUnusable> {
        Ok(Self { specialties: Specialties::parse(tables.text("specialties.toml"))? })
    }
}

impl Engine {
    /// The class of a record, given what is known of its child. An event of a kind that this build does not know is not
    /// yet classified: its own organisation only.
    pub fn classify(&self, body: &Body, facts: &ChildFacts) -> RecordClass {
        let nothing = Event::default();
        let event = body.event.as_ref().unwrap_or(&nothing);
        let said = event
            .kind
            .as_ref()
            .map_or_else(kind::Said::unclassified, |kind| kind::said(kind, &self.classifier().specialties));
        let populated = Populated::of(event);
        let mut labels = said.labels;
        let restrictions = facts.restrictions();
        labels.extend(restrictions.labels(said.category));
        if restrictions.processing(said.category, &body.controller, &body.entry_id) {
            labels.insert(Label::ProcessingRestricted);
        }
        // One that this build does not know narrows as much as any.
        let put_on = |label: &i32| Label::try_from(*label).unwrap_or(Label::RestrictedUnspecified);
        labels.extend(body.labels.iter().map(put_on).filter(|label| *label != Label::Unspecified));
        let third_parties: BTreeSet<[u8; 16]> =
            body.third_parties.iter().filter_map(|pseudonym| pseudonym.as_slice().try_into().ok()).collect();
        let malformed_pseudonym = third_parties.len() < body.third_parties.len();
        let has_third_party = populated.third_party || !body.third_parties.is_empty();
        let unnamed_third_party = malformed_pseudonym
            || populated.third_party && (third_parties.is_empty() || !said.pseudonyms_name_everybody);
        RecordClass {
            source_org: body.controller.clone(),
            category: said.category,
            labels,
            third_parties,
            has_third_party,
            unnamed_third_party,
            has_location: populated.location,
            retention_expired: false,
        }
    }
}
