//! The permit: what `decide` alone makes and the release of an entry consumes.

use std::collections::BTreeSet;

use proto::events::Event;

use crate::classify::RecordClass;
use crate::engine::Ruling;
use crate::redact::redact;
use crate::vocabulary::{FieldGroup, Outcome};

/// Leave to release the entries of one class, so far as it goes. There is no other way to an entry's content than
/// [`Permit::apply`], and it takes out what must go.
#[derive(Clone, Copy, Debug)]
pub struct Permit<'d> {
    class: &'d RecordClass,
    ruling: &'d Ruling,
}

impl<'d> Permit<'d> {
    /// Private to the decision; nothing for a class of which nothing is shown.
    pub(super) fn new(class: &'d RecordClass, ruling: &'d Ruling) -> Option<Self> {
        (ruling.outcome >= Outcome::Existence && !ruling.failed).then_some(Self { class, ruling })
    }

    /// The class it is for.
    pub fn class(&self) -> &'d RecordClass {
        self.class
    }

    /// Full, redacted or existence.
    pub fn outcome(&self) -> Outcome {
        self.ruling.outcome
    }

    /// The groups of fields to take out; none unless the outcome is redacted.
    pub fn withheld(&self) -> &'d BTreeSet<FieldGroup> {
        &self.ruling.withheld
    }

    /// Whether this group must go: of the event, and of whatever stands beside it in the answer.
    pub fn withholds(&self, group: FieldGroup) -> bool {
        self.ruling.withheld.contains(&group)
    }

    /// The event as it may be released. `None` where only its existence may be told, and for an event of a kind that this
    /// build does not know.
    pub fn apply(&self, event: &Event) -> Option<Event> {
        match self.ruling.outcome {
            Outcome::Full => Some(event.clone()),
            Outcome::Redacted => redact(event, &self.ruling.withheld),
            Outcome::Existence | Outcome::Hide | Outcome::Unspecified => None,
        }
    }
}
