//! FHIR Consent (R4), in and out: what a Consent resource says, as the facts that the rules read, and the other way round.
//!
//! Nothing is weakened in silence. What a resource says and these facts cannot say exactly is refused, with its path
//! (`Consent.provision.provision[1].actor[0]`) and a reason; what is left out and changes nothing of who may be given what is
//! noted. The names of our own code systems begin with `urn:throughline:`; docs/OPERATING.md lists them.

mod codes;
mod json;
mod patient;
mod provision;
mod read;
mod resource;
mod restriction;
mod write;

use std::fmt;

use proto::events::{Date, Event, Subject};

pub use read::read;
pub use write::{Unsayable, write};

/// A fact of a Consent resource, not yet recorded.
#[derive(Clone, PartialEq, Debug)]
pub struct ConsentFact {
    /// The child.
    pub child: Subject,
    /// `ConsentRecorded`, `RestrictionSet` or `RestrictionLifted`.
    pub event: Event,
    /// When it was said: the day of `Consent.dateTime`.
    pub effective_on: Option<Date>,
}

/// What a text of FHIR says.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Imported {
    /// In the order in which they are to be recorded: what refuses before what permits.
    pub facts: Vec<ConsentFact>,
    /// What was left out, and changes nothing of who may be given what.
    pub notes: Vec<At>,
}

/// Something about one element.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct At {
    /// `Consent.provision.provision[1].actor[0]`; in a Bundle `Bundle.entry[2].resource.provision`.
    pub path: String,
    /// Never quotes a value.
    pub what: String,
}

/// Why nothing was read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct Refused(pub Vec<At>);

impl At {
    pub(crate) fn new(path: &str, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), what: what.into() }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.path, self.what)
    }
}
