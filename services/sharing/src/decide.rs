//! The decision: every class of a child's records, for one request.

mod act;
mod cache;
mod explain;
mod family;
mod involvement;
mod permit;
mod questions;
mod recording;
mod rests;
mod seen;
mod told;
mod unconfirmed;
mod who;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::classify::RecordClass;
pub use crate::decide::act::{Act, may, may_count, may_of};
pub use crate::decide::cache::DecisionCache;
use crate::decide::cache::Oracle;
pub use crate::decide::explain::{ClassRecord, Explanation, Told};
pub use crate::decide::family::{FamilyDecision, decide_family};
pub use crate::decide::involvement::{InvolvementDecision, Working, decide_involvement};
pub use crate::decide::permit::Permit;
pub(crate) use crate::decide::questions::Asked;
pub use crate::decide::recording::{
    MayRecord, Recordable, Recording, consent_opens_for, fact_classes, may_record, recordable,
};
use crate::decide::rests::Rests;
pub use crate::decide::rests::{ConsentMark, consent_mark};
pub use crate::decide::seen::Given;
pub use crate::decide::unconfirmed::Unconfirmed;
pub use crate::decide::who::{CanSee, who_can_see};
use crate::engine::{Engine, Ladder, Rule, Ruling};
use crate::facts::{ChildFacts, Glass};
use crate::question::Question;
use crate::registry::Registry;
use crate::request::{Principal, Request};
use crate::vocabulary::{DenialReason, Label, Obligation, Outcome, Purpose};

/// What one request may see of one child, class by class. Two that are equal show the same of the same records.
#[derive(PartialEq, Eq, Debug)]
pub struct Decision {
    classes: BTreeMap<RecordClass, Decided>,
    denied: Option<DenialReason>,
    break_glass_would_help: bool,
    obligations: BTreeSet<Obligation>,
    /// What the reader broke stands open.
    glass: Option<Glass>,
    unconfirmed: BTreeSet<Unconfirmed>,
    /// Where the child is, is protected, and this reader is not cleared for it.
    whereabouts_protected: bool,
    reader_organisation: Option<String>,
    /// The reader is the child, or of the family: what is explained is explained plainly.
    for_family: bool,
    policy_hash: [u8; 32],
    /// By rule id, what its annotations and conditions say: all that the explanations need.
    rules: Arc<BTreeMap<String, Rule>>,
}

/// One class, decided.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Decided {
    ruling: Arc<Ruling>,
    /// What was asked, as bytes; nothing where the request was refused as a whole.
    question: Vec<u8>,
    /// The class is labelled, or comes from a sensitive service.
    labelled: bool,
    rests: Rests,
    /// The reader knows of it, and asserting break-glass would show more.
    glass_helps: bool,
}

/// Classes by outcome.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Shown whole.
    pub full: u32,
    /// Shown in part.
    pub redacted: u32,
    /// Of which only the service's being involved is shown.
    pub existence: u32,
    /// Of which nothing is.
    pub hidden: u32,
}

/// Decides. The facts must be those of the child asked about, folded for the request's day; the classes are all that the
/// child's records are of, in any order, repeated or not.
pub fn decide<'c>(
    engine: &Engine,
    request: &Request,
    facts: &ChildFacts,
    registry: &Registry,
    classes: impl IntoIterator<Item = &'c RecordClass>,
) -> Decision {
    decide_with(Oracle { engine, cache: None }, Ladder::Records, request, facts, registry, classes)
}

/// Decides, taking answers to questions that were asked before from the cache.
pub fn decide_cached<'c>(
    engine: &Engine,
    cache: &DecisionCache,
    request: &Request,
    facts: &ChildFacts,
    registry: &Registry,
    classes: impl IntoIterator<Item = &'c RecordClass>,
) -> Decision {
    decide_with(Oracle { engine, cache: Some(cache) }, Ladder::Records, request, facts, registry, classes)
}

fn decide_with<'c>(
    oracle: Oracle<'_>,
    ladder: Ladder,
    request: &Request,
    facts: &ChildFacts,
    registry: &Registry,
    classes: impl IntoIterator<Item = &'c RecordClass>,
) -> Decision {
    let mut decision = Decision::of_nothing(oracle.engine);
    let asked = Asked::of(request, facts, registry);
    decision.denied = asked.as_ref().err().copied();
    decision.whereabouts_protected = asked.as_ref().map_or(true, Asked::whereabouts_protected);
    decision.reader_organisation = request.principal.organisation().map(str::to_owned);
    decision.for_family = matches!(request.principal, Principal::Person { .. });
    decision.glass = asked.as_ref().ok().and_then(Asked::glass);
    decision.unconfirmed = asked.as_ref().map(Asked::unconfirmed).unwrap_or_default();
    let mut unseen = Vec::new();
    for class in classes {
        if decision.classes.contains_key(class) {
            continue;
        }
        let question = asked.as_ref().ok().and_then(|asked| asked.about(class));
        let bytes = question.as_ref().map(Question::bytes).unwrap_or_default();
        let ruling = match &question {
            Some(question) => oracle.ask(ladder, question, &bytes),
            None => Arc::new(Ruling::refused()),
        };
        let confidential = |label: &Label| *label != Label::ProcessingRestricted;
        let labelled = question.as_ref().is_some_and(|question| question.class.labels.iter().any(confidential));
        let rests = match (&asked, &question) {
            (Ok(asked), Some(question)) => Rests::of(oracle, ladder, asked, class, question, &ruling),
            _ => Rests::default(),
        };
        let mut decided = Decided { ruling, question: bytes, labelled, rests, glass_helps: false };
        match question {
            Some(question) if decided.ruling.outcome == Outcome::Hide => {
                unseen.push((question, decided.ruling.clone()))
            }
            Some(question) if decided.ruling.outcome < Outcome::Full => {
                decided.glass_helps = break_glass_helps(oracle, ladder, question, &decided.ruling);
            }
            _ => {}
        }
        decision.obligations.extend(decision.owed_for(&decided.ruling));
        decision.classes.insert(class.clone(), decided);
    }
    decision.break_glass_would_help = decision.offers_break_glass()
        || unseen.into_iter().any(|(question, ruling)| break_glass_helps(oracle, ladder, question, &ruling));
    // The rules have refused it already, by name.
    if request.purpose == Purpose::Unspecified && decision.denied.is_none() {
        decision.denied = Some(DenialReason::PurposeMissing);
    }
    decision
}

/// Decides what a reviewer of identity may see of one of two subjects: of the classes of what describes it.
pub fn decide_review<'c>(
    engine: &Engine,
    cache: &DecisionCache,
    request: &Request,
    facts: &ChildFacts,
    registry: &Registry,
    classes: impl IntoIterator<Item = &'c RecordClass>,
) -> Decision {
    decide_with(Oracle { engine, cache: Some(cache) }, Ladder::Review, request, facts, registry, classes)
}

/// Whether this reviewer may read to whom what was given while two children were held to be one: metadata, never content.
pub fn may_read_releases(engine: &Engine, request: &Request, registry: &Registry) -> bool {
    questions::releases_question(request, registry).is_some_and(|question| engine.may_read_releases(&question))
}

/// Whether this reader may read the record of decisions: metadata, never content.
pub fn may_read_decisions(engine: &Engine, request: &Request, registry: &Registry) -> bool {
    questions::audit_question(request, registry).is_some_and(|question| engine.may_read_decisions(&question))
}

/// Whether this reader may break the glass, has not, and would see more of this class if they did.
fn break_glass_helps(oracle: Oracle<'_>, ladder: Ladder, mut question: Question, ruling: &Ruling) -> bool {
    // What is offered is to sign in afresh, and then to break it.
    question.context.stepped_up = true;
    if question.context.break_glass || !oracle.may_break_glass(&question, &question.bytes()) {
        return false;
    }
    question.context.break_glass = true;
    let with_it = oracle.ask(ladder, &question, &question.bytes());
    with_it.outcome > ruling.outcome
        || with_it.outcome == ruling.outcome && with_it.withheld.len() < ruling.withheld.len()
}

impl Decision {
    fn of_nothing(engine: &Engine) -> Self {
        Self {
            classes: BTreeMap::new(),
            denied: None,
            break_glass_would_help: false,
            obligations: BTreeSet::new(),
            glass: None,
            unconfirmed: BTreeSet::new(),
            whereabouts_protected: true,
            reader_organisation: None,
            for_family: false,
            policy_hash: *engine.policy_hash(),
            rules: engine.shared_rules(),
        }
    }

    fn owed_for(&self, ruling: &Ruling) -> Vec<Obligation> {
        let owed = ruling.allowed_by.iter().filter_map(|id| self.rules.get(id));
        owed.flat_map(|rule| rule.obligations.iter().copied()).collect()
    }

    /// How much of a class this reader gets; nothing of one that was not asked about.
    pub fn outcome(&self, class: &RecordClass) -> Outcome {
        self.classes.get(class).map_or(Outcome::Hide, |decided| decided.ruling.outcome)
    }

    /// The permit for a class, of which the reader gets anything at all. The only way to one.
    pub fn permit(&self, class: &RecordClass) -> Option<Permit<'_>> {
        let (class, decided) = self.classes.get_key_value(class)?;
        Permit::new(class, &decided.ruling)
    }

    /// What this decision and another both allow: of each class the lesser view, without what either withholds. For a
    /// reader who asks as of an earlier day, so that no day can be chosen before a withdrawal or a restriction: judged on
    /// that day *and* today. A class that only one of the two knows is hidden.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.classes.retain(|class, _| other.classes.contains_key(class));
        let mut owed = BTreeSet::new();
        for (class, decided) in &mut self.classes {
            if let Some(theirs) = other.classes.get(class) {
                let both = Arc::new(decided.ruling.and(&theirs.ruling));
                // Of what is hidden nothing is owed, and no help is offered: either would tell of it.
                let is_known = both.outcome >= Outcome::Existence;
                let permits = decided.ruling.allowed_by.iter().chain(&theirs.ruling.allowed_by).filter(|_| is_known);
                let rules = permits.filter_map(|id| self.rules.get(id));
                owed.extend(rules.flat_map(|rule| rule.obligations.iter().copied()));
                decided.glass_helps = is_known && (decided.glass_helps || theirs.glass_helps);
                decided.ruling = both;
                decided.question.extend_from_slice(&theirs.question);
                decided.labelled |= theirs.labelled;
                decided.rests.glass |= theirs.rests.glass;
                decided.rests.consents.extend(theirs.rests.consents.iter().copied());
            }
        }
        self.denied = self.denied.or(other.denied);
        self.break_glass_would_help |= other.break_glass_would_help;
        self.obligations = owed;
        self.glass = self.glass.or(other.glass);
        self.unconfirmed.extend(&other.unconfirmed);
        self.whereabouts_protected |= other.whereabouts_protected;
        self
    }

    /// Whether this reader may be told which organisation a class comes from: the name of a school or a practice is an
    /// address, even on an entry or a line in which no field is.
    pub fn may_name_source(&self, class: &RecordClass) -> bool {
        let withheld = self.whereabouts_protected
            || self.classes.get(class).is_some_and(|decided| decided.ruling.withholds_source);
        !withheld || self.reader_organisation.as_ref() == Some(&class.source_org)
    }

    /// Whether this reader may be told by what an entry is named: whoever it is about, and whose record it is.
    pub fn may_cite(&self, class: &RecordClass) -> bool {
        self.for_family || self.reader_organisation.as_ref() == Some(&class.source_org)
    }

    /// Why the request was refused as a whole, if it was.
    pub fn denied(&self) -> Option<DenialReason> {
        self.denied
    }

    /// Whether the reader is told that asserting break-glass, with a reason, would show more of this child: where it would of
    /// something that they know of. Made for what is hidden, the offer would tell of it.
    pub fn offers_break_glass(&self) -> bool {
        self.classes.values().any(|decided| decided.glass_helps)
    }

    /// Asserting break-glass, with a reason, would show more of this child, of what is hidden too: for whoever tests the rules,
    /// and no reader.
    pub fn break_glass_would_help(&self) -> bool {
        self.break_glass_would_help
    }

    /// What the reader owes in return.
    pub fn obligations(&self) -> impl Iterator<Item = Obligation> {
        self.obligations.iter().copied()
    }

    /// The rules that it was decided by.
    pub fn policy_hash(&self) -> &[u8; 32] {
        &self.policy_hash
    }

    /// Some class could not be evaluated and was hidden for it: an alarm for the operator.
    pub fn failed(&self) -> bool {
        self.classes.values().any(|decided| decided.ruling.failed)
    }

    /// Classes by outcome.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for decided in self.classes.values() {
            let count = match decided.ruling.outcome {
                Outcome::Full => &mut counts.full,
                Outcome::Redacted => &mut counts.redacted,
                Outcome::Existence => &mut counts.existence,
                Outcome::Hide | Outcome::Unspecified => &mut counts.hidden,
            };
            *count = count.saturating_add(1);
        }
        counts
    }

    /// Sixteen bytes over every class with its outcome, what is withheld, the rules and the facts asked with; the same in
    /// whatever order the classes came.
    pub fn outcomes_digest(&self) -> [u8; 16] {
        let mut lines: Vec<[u8; 32]> = self.classes.iter().map(|(class, decided)| digest(class, decided)).collect();
        lines.sort_unstable();
        let mut hasher = Sha256::new();
        lines.iter().for_each(|line| hasher.update(line));
        let all: [u8; 32] = hasher.finalize().into();
        all.first_chunk().copied().unwrap_or_default()
    }
}

fn digest(class: &RecordClass, decided: &Decided) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    part(class.source_org.as_bytes());
    part(&i32::from(class.category).to_be_bytes());
    let labels: Vec<u8> = class.labels.iter().flat_map(|label| i32::from(*label).to_be_bytes()).collect();
    part(&labels);
    part(&class.third_parties.iter().flatten().copied().collect::<Vec<u8>>());
    part(&[
        u8::from(class.has_third_party),
        u8::from(class.unnamed_third_party),
        u8::from(class.has_location),
        u8::from(class.retention_expired),
    ]);
    part(&i32::from(decided.ruling.outcome).to_be_bytes());
    for group in &decided.ruling.withheld {
        part(group.name().as_bytes());
    }
    for rule in &decided.ruling.allowed_by {
        part(rule.as_bytes());
    }
    for (view, rules) in &decided.ruling.stopped_by {
        part(view.as_bytes());
        rules.iter().for_each(|rule| part(rule.as_bytes()));
    }
    part(&decided.question);
    hasher.finalize().into()
}
