//! Who works with a child, as one reader may know it.
//!
//! Involvement is derived from events, and each event is of a class. A reader is told what the events of the classes that
//! they may know of amount to, and nothing else goes in: an event of a hidden class begins nothing, ends nothing and dates
//! nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::classify::RecordClass;
use crate::decide::cache::{DecisionCache, Oracle};
use crate::decide::explain::Told;
use crate::decide::rests::ConsentMark;
use crate::decide::{Counts, Decision, decide_with};
use crate::derive::{Telling, Works};
use crate::engine::{Engine, Ladder};
use crate::facts::{ChildFacts, Glass};
use crate::registry::Registry;
use crate::request::Request;
use crate::vocabulary::{Category, DenialReason, Involvement, Obligation, Outcome};

/// What one request may know of who works with one child. No record comes out of it.
#[derive(Debug)]
pub struct InvolvementDecision {
    decision: Decision,
    working: Vec<Working>,
    brokered: bool,
    /// Of the tellings that the answer was made of.
    shown: BTreeSet<RecordClass>,
}

/// What the tellings that a reader may know of make an organisation's work today.
struct AtWork<'t> {
    works: Works,
    tellings: Vec<&'t Telling>,
}

/// An organisation of which the reader may know that it works with the child today.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Working {
    /// Its id.
    pub organisation: String,
    /// In what capacity; `None` where no more may be known than that it does.
    pub capacity: Option<Involvement>,
    /// Since which day, where that is said and the capacity may be known.
    pub since: Option<Date>,
    /// What it works with the child in, as far as the reader may know: of what the events are that tell of it.
    pub categories: BTreeSet<Category>,
}

/// Decides who of those that work with the child the reader may know of. The facts must be those of the child asked about,
/// folded for the request's day.
pub fn decide_involvement(
    engine: &Engine,
    cache: &DecisionCache,
    request: &Request,
    facts: &ChildFacts,
    registry: &Registry,
) -> InvolvementDecision {
    let tellings = facts.tellings();
    let oracle = Oracle { engine, cache: Some(cache) };
    let classes = tellings.iter().flat_map(|telling| &telling.classes);
    let decision = decide_with(oracle, Ladder::Involvement, request, facts, registry, classes);
    let on = |wanted: &dyn Fn(&Telling) -> bool| {
        let permitted = tellings.iter().filter(|telling| wanted(telling));
        let mut at_work: BTreeMap<String, AtWork<'_>> = BTreeMap::new();
        for (telling, works) in engine.involvement().confirmed(permitted, facts.valid_on(), registry) {
            if works.involvement > Involvement::Former {
                let organisation = telling.organisation().to_owned();
                let known = at_work.entry(organisation).or_insert(AtWork { works, tellings: Vec::new() });
                known.works = known.works.with(works);
                known.tellings.push(telling);
            }
        }
        at_work
    };
    // Who said it, and whose work it is, must both be open to the reader.
    let outcome = |telling: &Telling| telling.classes.iter().map(|class| decision.outcome(class)).min();
    let known = |telling: &Telling| outcome(telling) >= Some(Outcome::Existence);
    let nameable = |telling: &Telling| {
        telling.classes.iter().all(|class| {
            !class.is_confidential()
                && decision.may_name_source(class)
                && registry.organisation(&class.source_org).is_some_and(|recorded| !recorded.sensitive())
        })
    };
    let whole = on(&|telling| outcome(telling) == Some(Outcome::Full));
    let named = on(&|telling| known(telling) && nameable(telling));
    let anyhow = on(&known);
    let may_name = |organisation: &str| {
        let class = RecordClass::of_nothing(organisation);
        decision.may_name_source(&class)
    };
    let mut working = Vec::new();
    let mut brokered = false;
    let mut shown = BTreeSet::new();
    for organisation in anyhow.keys().chain(whole.keys()).chain(named.keys()).cloned().collect::<BTreeSet<_>>() {
        let may_name = may_name(&organisation);
        let (in_full, by_name) = (whole.get(&organisation), named.get(&organisation));
        let made_of = in_full.or(by_name).filter(|_| may_name);
        if made_of.is_some() {
            let works = in_full.map(|at_work| at_work.works);
            let (capacity, since) = (works.map(|works| works.involvement), works.and_then(|works| works.since));
            let told_by = made_of.into_iter().flat_map(|of| &of.tellings).flat_map(|telling| &telling.classes);
            let categories = told_by.map(|class| class.category).collect();
            working.push(Working { organisation: organisation.clone(), capacity, since, categories });
        } else {
            brokered = true;
        }
        let made_of = made_of.or_else(|| anyhow.get(&organisation));
        shown.extend(made_of.into_iter().flat_map(|of| &of.tellings).flat_map(|telling| &telling.classes).cloned());
    }
    // Whoever leads first, then by how closely they work, then by id.
    working.sort_by(|a, b| b.capacity.cmp(&a.capacity).then_with(|| a.organisation.cmp(&b.organisation)));
    InvolvementDecision { decision, working, brokered, shown }
}

impl InvolvementDecision {
    /// Who works with the child: whoever leads first.
    pub fn working(&self) -> &[Working] {
        &self.working
    }

    /// Besides those a service works with the child that may not be named.
    pub fn brokered(&self) -> bool {
        self.brokered
    }

    /// What the answer may tell of how it was decided: of what it was made of, and nothing where that is nothing.
    pub fn told(&self) -> Told {
        self.decision.told(&self.shown)
    }

    /// Why the request was refused as a whole, if it was.
    pub fn denied(&self) -> Option<DenialReason> {
        self.decision.denied()
    }

    /// The consents without which less would be told.
    pub fn rests_on(&self) -> BTreeSet<ConsentMark> {
        self.decision.rests_on(&self.shown)
    }

    /// As [`Decision::opened_by_glass`], of what the answer was made of.
    pub fn opened_by_glass(&self) -> Option<(Glass, BTreeSet<&RecordClass>)> {
        self.decision.opened_by_glass(&self.shown)
    }

    /// What the reader owes in return.
    pub fn obligations(&self) -> impl Iterator<Item = Obligation> {
        self.decision.obligations()
    }

    /// The rules that it was decided by.
    pub fn policy_hash(&self) -> &[u8; 32] {
        self.decision.policy_hash()
    }

    /// Some class could not be evaluated and was hidden for it.
    pub fn failed(&self) -> bool {
        self.decision.failed()
    }

    /// Classes by outcome: full is with the capacity, existence without.
    pub fn counts(&self) -> Counts {
        self.decision.counts()
    }

    /// As [`Decision::outcomes_digest`].
    pub fn outcomes_digest(&self) -> [u8; 16] {
        self.decision.outcomes_digest()
    }
}
