//! HL7 v2 messages, from files and over MLLP.
//!
//! A message becomes the description of its child ([`proto::events::PersonDescribed`]) and what its trigger tells of:
//! attendances, admissions, appointments, referrals, vaccines, results, screens, problems, documents, allergies, people
//! around. Keys are made so that a cancel finds the entry that it takes back, an update the entry that it puts right, and a
//! message sent again the events that it was.
//! What has no place in the catalogue is kept whole, never dropped.
//!
//! [`er7`] is the parser, [`acknowledge`] the answer over MLLP. Why the parser is our own:
//! `docs/decisions/0003-own-hl7-parser.md`.

pub mod er7;

mod acknowledgement;
mod allergy;
mod appointment;
mod document;
mod framing;
mod header;
mod immunisation;
mod measure;
mod observation;
mod person;
mod problem;
mod protection;
mod reading;
mod referral;
mod relation;
mod saying;
mod source;
mod subject;
mod time;
mod translate;
mod visit;

use connector_kit::{Registered, Whose};

pub use acknowledgement::acknowledge;
pub use source::Hl7V2;

/// This connector, as it stands in the program.
pub fn connector(whose: &Whose) -> Registered {
    let connector = Hl7V2 { organisation: whose.organisation.clone() };
    Registered::of(connector.clone()).acknowledging(connector)
}

/// Raised by one whenever the mapping changes what a message becomes.
const MAPPING_REVISION: u32 = 11;
