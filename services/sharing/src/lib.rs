//! Pure: a request and facts in, a decision out.
//!
//! The rules are Cedar (`rules/share.cedar`), and decide allow or deny of one view of one class. All else is here: facts
//! and involvement are folded from events ([`ChildFacts`], [`Registry`]), records are put into classes
//! ([`Engine::classify`]), and [`decide`] walks each class down the ladder full, redacted, existence, hide. A [`Permit`]
//! comes out of a decision and from nowhere else, and an entry's content comes out of a permit.
//!
//! Whatever is unknown, missing, stale or fails to evaluate is denied. Nothing here reads a clock, a file or a socket.

pub mod cases;
mod classify;
pub mod counts;
mod days;
mod decide;
mod derive;
mod engine;
pub mod erasures;
mod facts;
pub mod fhir;
pub mod policies;
#[cfg(test)]
mod populate;
pub mod prove;
mod question;
mod redact;
mod registry;
mod request;
mod statutes;
mod terms;
mod vocabulary;
mod wire;

pub use classify::{RecordClass, TableUnusable};
pub use decide::{
    Act, ClassRecord, ConsentMark, Counts, Decision, DecisionCache, Explanation, FamilyDecision, Given,
    InvolvementDecision, Permit, Told, Unconfirmed, Working, consent_mark, decide, decide_cached, decide_family,
    decide_involvement, decide_review, may, may_count, may_of, may_read_decisions, may_read_releases,
};
pub use decide::{CanSee, who_can_see};
pub use decide::{MayRecord, Recordable, Recording, consent_opens_for, fact_classes, may_record, recordable};
pub use engine::{Change, Engine, LoadError, Mutant, Rule, RuleBits, RuleNumber};
pub use facts::{AsOf, BREAK_GLASS_MINUTES_MAX, ChildFacts, FactEvent, Glass};
pub use registry::{Desk, Registry};
pub use request::{FamilyOf, Principal, Request};
pub use vocabulary::{
    Category, ConsentState, DenialReason, FactKind, FieldGroup, Involvement, Label, LooksAfter, Obligation, Outcome,
    PersonKind, Process, Purpose, RoleGroup, Sector, Standing, obligation_word,
};
