//! FHIR R4 and STU3, as JSON and XML: messages, bundles, bulk files (a resource on each line) and single resources.
//!
//! **A small tree of our own** ([`tree`]) is what both forms and both versions are read into; an event is made of what the
//! tree holds by the names of either version. Why no model of all FHIR: `docs/decisions/0085-a-small-tree-for-fhir.md`.
//!
//! **Whom a resource is about** is what its own reference says, resolved within the bundle and never by being the first
//! Patient that stands there. On a server that is asked, the subject is the resource's logical id; in a message, whose ids
//! last no longer than itself, the sender's own number, else the NHS number.
//!
//! **Corrections.** `entered-in-error` takes an entry back, and so does a message of kind delete; the order is that of
//! `meta.lastUpdated` and `meta.versionId`, in a message that of the message. What has no place in the catalogue is kept whole.
//!
//! **What only narrows binds at once** ([`labels`], [`consent`]): a label narrows its own entry, a refusal all that rests on
//! consent. Whatever opens waits for a person.

mod about;
mod bundle;
mod clinical;
mod codes;
mod consent;
mod contained;
mod document;
mod endpoint;
mod json;
mod labels;
mod letter;
mod link;
mod message;
mod naming;
mod nested;
mod outcome;
mod person;
mod reading;
mod referral;
mod relation;
mod saying;
mod search;
mod source;
mod time;
mod translate;
mod tree;
mod visit;
mod why;
mod xml;

use connector_kit::{Registered, Whose};

pub use endpoint::FhirEndpoint;
pub use search::FhirSearch;
pub use source::Fhir;

/// This connector, as it stands in the program.
pub fn connector(whose: &Whose) -> Registered {
    Registered::of(Fhir { organisation: whose.organisation.clone() })
        .receiving(FhirEndpoint)
        .polling(|overlap| std::sync::Arc::new(FhirSearch { overlap }))
}

/// Raised by one whenever the mapping changes what a resource becomes.
const MAPPING_REVISION: u32 = 9;
