//! Decide, record, release: in that order, and in no other.
//!
//! [`Discloser::decide`] gives an [`Undisclosed`], from which nothing can be read. [`Undisclosed::record`] consumes it and
//! gives a [`Recorded`] only once the decision is durable on the log. [`Recorded::release`] consumes that, and gives the
//! permitted view that alone can become an answer: a [`PermittedView`] of a timeline, [`PermittedChanges`] of one that is
//! followed, [`PermittedInvolvement`], a [`PermittedFamily`], or a [`PermittedExplanation`] of a decision.

pub(crate) mod basis;
pub(crate) mod decision_id;
pub(crate) mod digest;
mod explain;
mod facts;
mod family;
mod involvement;
pub(crate) mod owed;
pub(crate) mod recorder;
pub(crate) mod seen;
mod view;
mod watch;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use event_log::Pseudonym;
use jiff::civil::Date;
use proto::disclosure::Disclosure;
use proto::events::Body;
use proto::sharing::{Call, DenialReason};
use proto::timeline::Erased;
use runtime::metrics;
use sharing::{
    AsOf, ChildFacts, Counts, Decision, DecisionCache, Engine, FactEvent, RecordClass, Registry, Request, Told,
};
use timeline::Entry;

pub(crate) use basis::Grounds;
pub(crate) use explain::Audience;
pub use explain::PermittedExplanation;
pub use facts::PermittedFacts;
pub(crate) use facts::{Proposed, Weighing};
pub use family::PermittedFamily;
pub(crate) use family::own_reference_of;
pub use involvement::PermittedInvolvement;
pub use recorder::{FindError, Recorder};
pub(crate) use view::KeptViews;
pub use view::{Answer, PermittedView};
pub(crate) use watch::group_bit;
pub use watch::{Followed, PermittedChanges, Unseen, Watching};

use crate::child::{Child, ChildError, Children, OnDay, Standing, is_shown};
use crate::own_records::RecordError;
use crate::registry::Registries;
use crate::replay::DecidedClass;
use crate::serve::caller::Caller;

/// Subjects that a record of a disclosure names one by one; the rest are in its digest.
const SUBJECTS_NAMED_MAX: usize = 3;

/// What is asked, by whom.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Who asks.
    pub caller: Caller,
    /// The subject by which they ask.
    pub child: Pseudonym,
    /// What for.
    pub purpose: sharing::Purpose,
    /// Only entries of these days, each inclusive, days since 1970.
    pub from_day: Option<i64>,
    /// See `from_day`.
    pub to_day: Option<i64>,
    /// Only these categories; empty means all.
    pub categories: Vec<sharing::Category>,
    /// What was published later is left out, microseconds since 1970: a past time that the reader asked for, or that their
    /// first page was pinned to. `None` is all that is known.
    pub known_at_us: Option<i64>,
    /// The day at which the rules are judged.
    pub valid_on: Date,
    /// The day on which it is asked.
    pub today: Date,
    /// Permitted entries to pass over.
    pub skip: usize,
    /// Entries to give at most.
    pub page_size: usize,
    /// Sixteen bytes over the request, for the record.
    pub request_digest: [u8; 16],
    /// The moment of asking, microseconds since 1970.
    pub asked_at_us: i64,
    /// The state of the organisations and agreements that the consumer has read to.
    pub registry_generation: u64,
}

/// Decides.
pub struct Discloser {
    /// Reads children.
    pub children: Children,
    /// The rules.
    pub engine: Arc<Engine>,
    /// Answers to questions asked before.
    pub cache: DecisionCache,
    /// Organisations and agreements.
    pub registries: Registries,
    /// Whom to ask about a sensitive service.
    pub hub_contact: String,
}

/// A decision with its answer, which nobody can read yet.
pub struct Undisclosed<V = PermittedView> {
    record: Disclosure,
    /// The children of whom it tells, as they were read.
    rests_on: Vec<Standing>,
    /// Decisions about other children of whom the answer tells too.
    parts: Vec<Disclosure>,
    view: V,
}

/// A decision that is durable on the log.
pub struct Recorded<V = PermittedView> {
    view: V,
    rests_on: Vec<Standing>,
}

/// A child, and what the rules say of each class of their records to one reader.
struct Weighed {
    decision_id: [u8; 16],
    child: Arc<Child>,
    registry: Arc<Registry>,
    decision: Arc<Decision>,
    on_day: Arc<OnDay>,
    /// When the newest of what was read was published.
    newest_us: i64,
    /// The child as read, and for the past as read now.
    rests_on: Vec<Standing>,
    grounds: Grounds,
}

/// What the record of a decision says of how it went.
struct Outcomes {
    counts: Counts,
    digest: [u8; 16],
    policy_hash: [u8; 32],
    denied: Option<DenialReason>,
}

/// What it says of what was released.
struct Account {
    call: Call,
    entries: usize,
    lines: usize,
    answer_digest: [u8; 16],
    told: Told,
    /// The categories of it, a bit each.
    categories: u64,
    pinned_at_us: i64,
}

impl Ask {
    /// The whole of a child's present record, asked at a moment (microseconds since 1970) of a day in England.
    pub fn everything(
        caller: Caller,
        child: Pseudonym,
        purpose: sharing::Purpose,
        (asked_at_us, today): (i64, Date),
    ) -> Self {
        Self {
            caller,
            child,
            purpose,
            from_day: None,
            to_day: None,
            categories: Vec::new(),
            known_at_us: None,
            valid_on: today,
            today,
            skip: 0,
            page_size: usize::MAX,
            request_digest: [0; 16],
            asked_at_us,
            registry_generation: 0,
        }
    }

    /// Which of an organisation's books the decision goes into.
    fn book(&self) -> u8 {
        let [first, ..] = self.child.0;
        first % decision_id::BOOKS
    }
}

impl Discloser {
    /// Reads the child, folds the timeline and the facts, and decides each class once. Of the past a reader gets what they
    /// might have had then *and* may have now: no day can be chosen before a withdrawal, a restriction or an unlinking.
    ///
    /// # Errors
    /// [`ChildError`]: nothing was decided.
    pub fn decide(&self, ask: &Ask) -> Result<Undisclosed, ChildError> {
        let began = Instant::now();
        let weighed = self.weigh(ask)?;
        let erased = self.erased(ask, &weighed);
        let view = PermittedView::new(ask, &weighed, &self.hub_contact, self.children.careless.as_ref(), erased);
        let mut record = weighed.record(ask, &view.account());
        let parts = view.owed().write(&mut record, &self.children.projector.pseudonyms);
        metrics::DECIDE.record(began.elapsed(), []);
        Ok(Undisclosed { record, rests_on: weighed.rests_on, parts, view })
    }

    /// Erasures of the child's records of which the rules let this reader know: said on the first page, and of nobody else's.
    fn erased(&self, ask: &Ask, weighed: &Weighed) -> Vec<Erased> {
        let mut subjects = weighed.child.resolution.subjects.clone();
        subjects.insert(ask.child.0);
        let about = weighed.registry.erasures().about(&subjects);
        if about.is_empty() || ask.skip > 0 || ask.known_at_us.is_some() {
            return Vec::new();
        }
        let mut request = Request::new(ask.caller.principal(), ask.purpose, ask.today);
        let may_know = |of: &&&sharing::erasures::Erasure| {
            request.runs_service = ask.caller.organisation == of.by;
            let may = |organisation: &str| {
                sharing::may(&self.engine, &request, &weighed.registry, sharing::Act::ReadErasures, organisation)
            };
            may("") || of.proposed.organisations.iter().any(|organisation| may(organisation))
        };
        about.iter().filter(may_know).filter_map(|of| erased_as_told(of)).collect()
    }

    /// Whether this reader was shown this part of the child's present record before, and nothing has changed since: then
    /// deciding takes some microseconds, and reads nothing.
    pub fn is_at_hand(&self, ask: &Ask) -> bool {
        let is_of_the_past = ask.known_at_us.is_some() || ask.valid_on != ask.today;
        let held = || self.children.kept(ask.child)?.judged.held(ask.valid_on);
        !is_of_the_past && held().is_some_and(|on_day| on_day.views.was_shown(ask, &ask.caller.principal()))
    }

    fn weigh(&self, ask: &Ask) -> Result<Weighed, ChildError> {
        let child = self.children.read_kept(ask.child, ask.known_at_us)?;
        let (registry, mark) = self.registries.marked(ask.registry_generation)?;
        let mut grounds = Grounds::new(mark, &self.hub_contact).and(&child);
        let mut rests_on = vec![child.standing.clone()];
        let then = AsOf { valid_on: ask.valid_on, known_at_us: ask.known_at_us };
        let (decision, on_day) = if ask.known_at_us.is_some() || ask.valid_on != ask.today {
            let now = self.children.read_kept(ask.child, None)?;
            grounds = Grounds::new(mark, &self.hub_contact).and(&now).and(&child);
            rests_on.push(now.standing.clone());
            let mut past = Child::clone(&child);
            // What was linked or recorded wrongly, and is put right since, is not shown as it once stood.
            let standing: BTreeSet<_> = now.entries.iter().map(entry_key).collect();
            past.entries.retain(|entry| standing.contains(&entry_key(entry)));
            past.said.retain(|(_, said)| now.resolution.subjects.contains(&said.subject));
            let facts_now = self.facts(&now, &AsOf { valid_on: ask.today, known_at_us: None });
            let classified = self.classify(std::mem::take(&mut past.entries), &facts_now, &registry);
            let registry_then = match ask.known_at_us {
                Some(known_at_us) => Arc::new(self.registries.known_at(known_at_us)?),
                None => Arc::clone(&registry),
            };
            let classes = || classified.iter().map(|(class, _)| class);
            let decided_then = self.judge(ask, ask.valid_on, &self.facts(&past, &then), &registry_then, classes());
            let decided_now = self.judge(ask, ask.today, &facts_now, &registry, classes());
            let on_day = Arc::new(OnDay::new(ask.today, Arc::clone(&registry), facts_now, classified));
            (decided_then.and(&decided_now), on_day)
        } else {
            let on_day = self.on_day(&child, ask.valid_on);
            (self.judge(ask, ask.valid_on, &on_day.facts, &registry, on_day.classes.keys()), on_day)
        };
        if decision.failed() {
            crate::disclose::rules_failed();
        }
        let decision_id = decision_id::new(&self.children.projector.pseudonyms, ask.book());
        let newest_us = child.newest_us();
        Ok(Weighed { decision_id, child, registry, decision: Arc::new(decision), on_day, newest_us, rests_on, grounds })
    }

    /// How much of each class of a child's records somebody gets.
    pub(crate) fn outcomes(&self, ask: &Ask) -> Result<Vec<DecidedClass>, ChildError> {
        let weighed = self.weigh(ask)?;
        let decided = |class: &RecordClass| {
            let record = weighed.decision.class_record(class);
            let rules = record.map(|record| record.rules()).unwrap_or_default();
            DecidedClass { class: class.clone(), outcome: weighed.decision.outcome(class), rules }
        };
        Ok(weighed.on_day.classes.keys().map(decided).collect())
    }

    /// What the rules read of a child on a day, with all that is known.
    pub(crate) fn on_day(&self, child: &Child, valid_on: Date) -> Arc<OnDay> {
        let registry = self.registries.held();
        child.judged.on(valid_on, &registry, || {
            let facts = self.facts(child, &AsOf { valid_on, known_at_us: None });
            let classified = self.classify(child.entries.clone(), &facts, &registry);
            OnDay::new(valid_on, Arc::clone(&registry), facts, classified)
        })
    }

    /// What the rules read of a child on a day by what was known then, and the class of each entry that readers may be given.
    pub(crate) fn known_then(
        &self,
        child: &Child,
        valid_on: Date,
        known_at_us: i64,
        registry: &Registry,
    ) -> (ChildFacts, Vec<(RecordClass, Entry)>) {
        let facts = self.facts(child, &AsOf { valid_on, known_at_us: Some(known_at_us) });
        let classified = self.classify(child.entries.clone(), &facts, registry);
        (facts, classified)
    }

    fn judge<'c>(
        &self,
        ask: &Ask,
        valid_on: Date,
        facts: &ChildFacts,
        registry: &Registry,
        classes: impl IntoIterator<Item = &'c RecordClass>,
    ) -> Decision {
        let mut request = Request::new(ask.caller.principal(), ask.purpose, valid_on);
        request.asked_at_us = Some(ask.asked_at_us);
        sharing::decide_cached(&self.engine, &self.cache, &request, facts, registry, classes)
    }

    fn facts(&self, child: &Child, as_of: &AsOf) -> ChildFacts {
        let put_right = child.put_right();
        let said = child.said.iter().chain(&child.cautions).chain(&put_right);
        let events = said.map(|(position, said)| FactEvent {
            subject: said.subject,
            published_at_us: said.published_at_us,
            // Topics never share a number of offsets that matters: a stable order is all that is asked for.
            sequence: u64::from(position.topic as u8) << 56 | position.offset,
            body: &said.body,
        });
        ChildFacts::fold(&self.engine, events, as_of)
    }

    /// The entries that readers may be given, each with its class: the schedules of the authorities say which are past retention.
    pub(crate) fn classify(
        &self,
        entries: Vec<Entry>,
        facts: &ChildFacts,
        registry: &Registry,
    ) -> Vec<(RecordClass, Entry)> {
        entries
            .into_iter()
            .filter(|entry| is_shown(&entry.event))
            .map(|mut entry| {
                let body = Body {
                    controller: std::mem::take(&mut entry.controller),
                    third_parties: entry.third_parties.iter().map(|id| id.to_vec()).collect(),
                    entry_id: entry.entry_id.to_vec(),
                    event: Some(std::mem::take(&mut entry.event)),
                    labels: entry.labels.clone(),
                    ..Body::default()
                };
                let mut class = self.engine.classify(&body, facts);
                class.retention_expired = registry.past_retention(&class, &entry.effective, facts);
                entry.controller = body.controller;
                entry.event = body.event.unwrap_or_default();
                (class, entry)
            })
            .collect()
    }
}

impl<V> Undisclosed<V> {
    /// An answer with the record of its decision.
    pub(crate) fn new(record: Disclosure, view: V) -> Self {
        Self { record, rests_on: Vec::new(), parts: Vec::new(), view }
    }

    /// The record that it would make, and those of its parts. The answer is dropped, and nobody is given it.
    pub(crate) fn into_records(self) -> (Disclosure, Vec<Disclosure>) {
        (self.record, self.parts)
    }

    /// Writes the decision to the log, and all that the answer rests on with it. Nothing is released unless this returns.
    ///
    /// # Errors
    /// The log's: the decision is not on record, and the answer is gone with it.
    pub async fn record(self, recorder: &Recorder) -> Result<Recorded<V>, RecordError> {
        let mut records = self.parts;
        records.push(self.record);
        recorder.record_all(&records).await?;
        Ok(Recorded { view: self.view, rests_on: self.rests_on })
    }
}

impl<V> Recorded<V> {
    /// Whether nothing has changed since of the children of whom it tells. May say no of an answer that would be the same.
    pub(crate) fn stands(&self, children: &Children) -> bool {
        self.rests_on.iter().all(|standing| children.is_unchanged(standing))
    }

    /// What the reader may have.
    pub fn release(self) -> V {
        self.view
    }
}

pub(crate) fn erased_as_told(of: &sharing::erasures::Erasure) -> Option<Erased> {
    let (_, at_us) = of.begun.as_ref()?;
    Some(Erased {
        at: Some(crate::audit::timestamp(*at_us)),
        authority: of.proposed.authority().into(),
        authority_reference: of.proposed.authority_reference().to_owned(),
        erasure_id: of.id.to_vec(),
        certified: of.certified.is_some(),
    })
}

/// What makes an entry the same one at another time.
fn entry_key(entry: &Entry) -> ([u8; 16], String, String, [u8; 16]) {
    (entry.subject, entry.controller.clone(), entry.source.clone(), entry.entry_id)
}

impl Weighed {
    fn record(&self, ask: &Ask, account: &Account) -> Disclosure {
        let outcomes = Outcomes {
            counts: self.decision.counts(),
            digest: self.decision.outcomes_digest(),
            policy_hash: *self.decision.policy_hash(),
            denied: self.decision.denied(),
        };
        record(ask, &outcomes, (&self.child, &self.grounds), self.decision_id, account)
    }
}

fn record(
    ask: &Ask,
    outcomes: &Outcomes,
    (child, grounds): (&Child, &Grounds),
    decision_id: [u8; 16],
    account: &Account,
) -> Disclosure {
    let subjects = &child.resolution.subjects;
    let mut named = vec![ask.child.0.to_vec()];
    named.extend(subjects.iter().filter(|id| **id != ask.child.0).map(|id| id.to_vec()));
    named.truncate(SUBJECTS_NAMED_MAX);
    let mut record = Disclosure {
        decision_id: decision_id.to_vec(),
        organisation: ask.caller.organisation.clone(),
        person: ask.caller.person.clone(),
        roles: ask.caller.roles.iter().map(|role| (*role).into()).collect(),
        purpose: ask.purpose.into(),
        subjects: named,
        subjects_digest: digest::sixteen(subjects.iter()).to_vec(),
        policy_hash: outcomes.policy_hash.to_vec(),
        valid_day: day_number(ask.valid_on),
        known_at_us: account.pinned_at_us,
        classes_full: outcomes.counts.full,
        classes_redacted: outcomes.counts.redacted,
        classes_existence: outcomes.counts.existence,
        classes_hidden: outcomes.counts.hidden,
        outcomes_digest: outcomes.digest.to_vec(),
        entries_released: u32::try_from(account.entries).unwrap_or(u32::MAX),
        lines_released: u32::try_from(account.lines).unwrap_or(u32::MAX),
        answer_digest: account.answer_digest.to_vec(),
        request_digest: ask.request_digest.to_vec(),
        denied: outcomes.denied.map_or(0, Into::into),
        call: account.call.into(),
        groups_withheld: watch::group_bits(&account.told.withheld),
        categories_given: account.categories,
        basis: Some(grounds.basis(ask, subjects)),
        ..Disclosure::default()
    };
    account.told.rules.write_told(&mut record);
    record
}

/// A rule could not be evaluated, and what it was asked about was hidden: an alarm, since rules that were loaded never do.
pub(crate) fn rules_failed() {
    metrics::RULES_FAILED.add(1, []);
    tracing::error!("a class could not be evaluated by the rules and was hidden");
}

/// Days since 1970-01-01.
pub fn day_number(day: Date) -> i32 {
    i32::try_from(day.duration_since(jiff::civil::date(1970, 1, 1)).as_hours() / 24).unwrap_or_default()
}
