//! A recorded decision, made again: with the rules, the facts and the day that its record names, and by the same code that made it,
//! over a store that shows no more of the log than was read then. So the record that comes out must be the one on the log, to the byte;
//! or the first thing that differs is named.
//!
//! The two other questions that an auditor asks are the same call with something put in the place of what was recorded
//! ([`With`]): everything that is known now, or other rules. A draft of an agreement is a fact more.
//!
//! ```ignore
//! let replayer = Replayer::new(store, projector, engine, hub_contact, rules_by_hash);
//! let recorded = Recorded::gather(&recorder, &keyring, decision_id).await?;        // from the log
//! let again = replayer.rerun(&recorded, &With::recorded())?;                       // what did they see?
//! assert!(again.verdict == Verdict::Same);
//! let draft = With { rules: Rules::Given(draft_rules), facts: Facts::Recorded, drafts: vec![agreement] };
//! for decided in replayer.rerun(&recorded, &draft)?.classes { .. }                 // `sharing diff`, `sharing simulate`
//! ```
//!
//! Nothing is released by it: what comes out is metadata, and the answer itself never leaves this module.

pub(crate) mod again;
mod erased;
pub(crate) mod past;
pub(crate) mod records;
mod timeline;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use proto::disclosure::{Basis, Disclosure};
use proto::events::Body;
use sharing::{DecisionCache, Engine, Outcome, RecordClass};

use crate::child::ChildError;
use crate::project::Projector;
use crate::registry::Registries;
use crate::store::Store;
pub use again::Difference;
pub use erased::Gone;
pub(crate) use past::Past;
pub use past::{At, AtUnread};
pub use records::{Recorded, decisions};
pub use timeline::{Replayed, ReplayedEntry, Stood};

/// By which rules a decision is made again.
#[derive(Clone, Debug, Default)]
pub enum Rules {
    /// Those of the hash on record.
    #[default]
    Recorded,
    /// Those in force.
    Current,
    /// These: a draft.
    Given(Arc<Engine>),
}

/// With which facts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Facts {
    /// What was read of the log then.
    #[default]
    Recorded,
    /// What the store holds now. The day and the moment of asking stay those of the record.
    Now,
}

/// What a decision is made again with.
#[derive(Clone, Debug, Default)]
pub struct With {
    /// By which rules.
    pub rules: Rules,
    /// With which facts.
    pub facts: Facts,
    /// Organisations and agreements as if they had been recorded last: drafts. Each a body whose event is one of these kinds.
    pub drafts: Vec<Body>,
}

impl With {
    /// As it was: what did they see?
    pub fn recorded() -> Self {
        Self::default()
    }

    /// What would they have seen then, knowing what is known now?
    pub fn facts_now() -> Self {
        Self { facts: Facts::Now, ..Self::default() }
    }

    /// What would today's rules have shown then?
    pub fn rules_current() -> Self {
        Self { rules: Rules::Current, ..Self::default() }
    }

    /// It asks what was, and not what would have been.
    pub fn is_as_recorded(&self) -> bool {
        matches!(self.rules, Rules::Recorded) && self.facts == Facts::Recorded && self.drafts.is_empty()
    }
}

/// Gives the rules of a hash, where they are to be had. An old set must never be lost: a decision made by it could not be made again.
pub trait RulesByHash: Send + Sync {
    /// The rules of this hash.
    fn engine(&self, policy_hash: &[u8; 32]) -> Option<Arc<Engine>>;
}

/// Only the rules that run.
impl RulesByHash for Arc<Engine> {
    fn engine(&self, policy_hash: &[u8; 32]) -> Option<Arc<Engine>> {
        (self.policy_hash() == policy_hash).then(|| Self::clone(self))
    }
}

/// The rules that run, and every set that the log keeps: each read when it is first asked for.
pub struct RulesKept {
    running: Arc<Engine>,
    store: Store,
    projector: Projector,
    read: Mutex<BTreeMap<[u8; 32], Arc<Engine>>>,
}

impl RulesKept {
    /// Beside the rules that run, those that a store holds.
    pub fn new(running: Arc<Engine>, store: Store, projector: Projector) -> Self {
        Self { running, store, projector, read: Mutex::default() }
    }

    fn load(&self, policy_hash: &[u8; 32]) -> Option<Arc<Engine>> {
        let registry = Registries::new(self.store.clone(), self.projector.clone()).known_at(i64::MAX);
        let registry = registry.inspect_err(|error| tracing::error!("the rules that are kept cannot be read: {error}"));
        let set = registry.ok()?.policies().kept(policy_hash)?;
        let engine = Engine::from_stored(set);
        let engine = engine.inspect_err(|error| tracing::error!("rules that are kept cannot be loaded: {error}"));
        // What is kept under a hash and is not of it is not the set that decided.
        engine.ok().filter(|engine| engine.policy_hash() == policy_hash).map(Arc::new)
    }
}

impl RulesByHash for RulesKept {
    fn engine(&self, policy_hash: &[u8; 32]) -> Option<Arc<Engine>> {
        if self.running.policy_hash() == policy_hash {
            return Some(Arc::clone(&self.running));
        }
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = read.get(policy_hash) {
            return Some(Arc::clone(engine));
        }
        let engine = self.load(policy_hash)?;
        read.insert(*policy_hash, Arc::clone(&engine));
        Some(engine)
    }
}

/// Makes recorded decisions again. Cheap to make; keeps answers of the rules from one decision to the next.
pub struct Replayer {
    store: Store,
    projector: Projector,
    engine: Arc<Engine>,
    rules: Arc<dyn RulesByHash>,
    /// What an answer quotes, and no event says.
    hub_contact: String,
    /// What rules answered, by the rules.
    answers: Mutex<Vec<(Arc<Engine>, DecisionCache)>>,
}

/// Answers of the rules that are kept.
const ANSWERS_KEPT: usize = 20_000;

/// What came of making a decision again.
#[derive(Clone, Debug)]
pub struct Rerun {
    /// Whether it is the same.
    pub verdict: Verdict,
    /// The record that it would have made. Nothing where it could not be made at all.
    pub record: Option<Disclosure>,
    /// Each class of the child's records: of a timeline, asked for or followed. In order.
    pub classes: Vec<DecidedClass>,
    /// The rules that it was made by.
    pub policy_hash: [u8; 32],
    /// What it was made from, where it was the facts on record.
    pub made_from: Option<Basis>,
    /// What of the child is gone: nothing until [`Replayer::settle`] has looked.
    pub gone: Gone,
}

/// A class of a child's records, as it came out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DecidedClass {
    /// Which.
    pub class: RecordClass,
    /// How much of it the reader would get.
    pub outcome: Outcome,
    /// Ids of the rules that decided. For auditors: they tell of what is hidden.
    pub rules: BTreeSet<String>,
}

/// Whether a decision came out as it is on record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The same bytes.
    Same,
    /// This is the first thing that differs. Where other rules or facts were asked for, it is what they would have changed.
    Differs(Difference),
    /// Some of its facts were erased since ([`Rerun::gone`]), so what it gave of them can no longer be shown. Whether the erased records
    /// on the log are the ones that it was made from, as their digest tells.
    Erased {
        /// The digest is that of the record; `None` where it cannot be worked out, because the answer rested on several children.
        digest_matches: Option<bool>,
    },
    /// It cannot be made again, for this reason.
    CannotSay(Why),
}

/// Why a decision cannot be made again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// Nothing was decided: the request was refused before anything was read.
    RefusedUnread,
    /// Nothing was decided: an operator looked at something.
    OperatorsLook,
    /// The record is from before records said what a decision was made from.
    RecordTooOld,
    /// A list for somebody who reviews identity, which rests on a queue that is not kept.
    Review,
    /// An auditor's, which rests on other records of decisions.
    Audit,
    /// Something was recorded, reviewed or approved, or a list of such was given: it rests on more than one child's record.
    AnAct,
    /// The rules of its hash are not to be had.
    RulesLost,
    /// A record that it rests on is not to be found: the earlier frame of a stream, the decision explained, the answer it is part of.
    RecordLost,
    /// The store has not read the log as far as this decision had.
    StoreBehind,
}

impl Why {
    /// In words.
    pub fn says(self) -> &'static str {
        match self {
            Self::RefusedUnread => "the request was refused before anything was read: there was nothing to decide",
            Self::OperatorsLook => "an operator looked at something: there was nothing to decide",
            Self::RecordTooOld => "the record is from before records said what a decision was made from",
            Self::Review => {
                "a list for somebody who reviews identity: it rests on the queue as it stood, which is not kept; what they were shown of a \
                 pair is made again"
            }
            Self::Audit => "an answer to an auditor: it rests on other records of decisions",
            Self::AnAct => "something was recorded, reviewed or approved, or listed that was: it is not made again",
            Self::RulesLost => "the rules of its hash are not to be had: neither in force nor kept",
            Self::RecordLost => "a record that it rests on is not to be found",
            Self::StoreBehind => "this store has not read the log as far as the decision had: try again when it has",
        }
    }
}

/// Why a decision could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A child could not be read.
    #[error(transparent)]
    Child(#[from] ChildError),
    /// Of what is erased, the envelopes could not be read.
    #[error(transparent)]
    Log(#[from] event_log::LogError),
    /// The process ends.
    #[error("it was stopped before its end")]
    Stopped,
}

impl Replayer {
    /// The rules that run and those that are kept.
    pub(crate) fn rules(&self) -> &dyn RulesByHash {
        self.rules.as_ref()
    }

    /// Over a store that was filled from the log of the records; `engine` is in force.
    pub fn new(
        store: Store,
        projector: Projector,
        engine: Arc<Engine>,
        hub_contact: String,
        rules: Arc<dyn RulesByHash>,
    ) -> Self {
        Self { store, projector, engine, rules, hub_contact, answers: Mutex::default() }
    }
}
