//! Whether a reader may know what a record tells of whose family, or whose home, a child is of.
//!
//! A tie between two children rests on records. Each record is a class of each of the two, and both must be open to the
//! reader: the decision about the one child never speaks for the other.

use std::collections::BTreeSet;

use crate::classify::RecordClass;
use crate::decide::cache::{DecisionCache, Oracle};
use crate::decide::explain::Told;
use crate::decide::rests::ConsentMark;
use crate::decide::{Counts, Decision, decide_with};
use crate::engine::{Engine, Ladder};
use crate::facts::{ChildFacts, Glass};
use crate::registry::Registry;
use crate::request::Request;
use crate::vocabulary::{DenialReason, Obligation, Outcome};

/// What one request may know of one child's being of a family. No record comes out of it.
#[derive(Debug)]
pub struct FamilyDecision(Decision);

/// Decides of which of these classes of a child's records the reader may know that they tell of a family. The facts must be
/// those of the child whom the decision is about, folded for the request's day; of another child than the one asked about
/// the request says whose family it is asked for ([`Request::family_of`]).
pub fn decide_family<'c>(
    engine: &Engine,
    cache: &DecisionCache,
    request: &Request,
    facts: &ChildFacts,
    registry: &Registry,
    classes: impl IntoIterator<Item = &'c RecordClass>,
) -> FamilyDecision {
    FamilyDecision(decide_with(
        Oracle { engine, cache: Some(cache) },
        Ladder::Family,
        request,
        facts,
        registry,
        classes,
    ))
}

impl FamilyDecision {
    /// Whether a record of this class may be known to tell of the family.
    pub fn permits(&self, class: &RecordClass) -> bool {
        self.0.outcome(class) == Outcome::Full
    }

    /// What an answer made of records of these classes may tell of how it was decided.
    pub fn told<'c>(&self, shown: impl IntoIterator<Item = &'c RecordClass>) -> Told {
        self.0.told(shown)
    }

    /// Why the request was refused as a whole, if it was.
    pub fn denied(&self) -> Option<DenialReason> {
        self.0.denied()
    }

    /// The consents without which less of these classes would be told.
    pub fn rests_on<'c>(&self, shown: impl IntoIterator<Item = &'c RecordClass>) -> BTreeSet<ConsentMark> {
        self.0.rests_on(shown)
    }

    /// As [`Decision::opened_by_glass`].
    pub fn opened_by_glass<'c>(
        &self,
        shown: impl IntoIterator<Item = &'c RecordClass>,
    ) -> Option<(Glass, BTreeSet<&'c RecordClass>)> {
        self.0.opened_by_glass(shown)
    }

    /// What the reader owes in return.
    pub fn obligations(&self) -> impl Iterator<Item = Obligation> {
        self.0.obligations()
    }

    /// The rules that it was decided by.
    pub fn policy_hash(&self) -> &[u8; 32] {
        self.0.policy_hash()
    }

    /// Some class could not be evaluated and was hidden for it.
    pub fn failed(&self) -> bool {
        self.0.failed()
    }

    /// Classes by outcome: full or hidden.
    pub fn counts(&self) -> Counts {
        self.0.counts()
    }

    /// As [`Decision::outcomes_digest`].
    pub fn outcomes_digest(&self) -> [u8; 16] {
        self.0.outcomes_digest()
    }
}
