//! What organisations are to know, and what has to be reviewed: derived from the log, so that none is lost and none is made up.
//!
//! [`Noticed`] follows two topics: of sharing, where people assert, review, withdraw and refuse; and of disclosures, where it stands
//! what rested on which consent and what a break-glass opened. It keeps no name of a child and no word that somebody wrote but what
//! a list shows, and nothing of it is written anywhere: after a start it is read again.

mod derive;
mod overview;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use event_log::envelope::{self, Opened};
use event_log::{EventLog, LogError, Offset, Partition, StoredRecord, Topic};
use prost::Message as _;
use proto::disclosure::Disclosure;
use proto::events::Subject;
use proto::events::event::Kind;
use proto::sharing::consent_recorded::State;
use proto::sharing::{BreakGlassAsserted, BreakGlassReviewed, Call, ConsentRecorded, RefusalToShareRecorded};
use runtime::metrics;
use sharing::{ConsentMark, consent_mark};
use tokio_util::sync::CancellationToken;

pub(crate) use derive::{Noted, What, in_order};
pub use overview::Often;
pub(crate) use overview::{REVIEW_WITHIN_US, alarms, overdue};

use crate::disclose::decision_id::made_at_ms;
use crate::project::Projector;
use crate::serve::timelines::now;

const RECORDS_A_READ: usize = 1_000;
/// How often the counts are brought up to date.
const FOLLOWED_EVERY: Duration = Duration::from_secs(5);

/// What is older, beyond the time for a review, is told no more, unless it is said how long it is.
const KEPT_US: i64 = 400 * 86_400_000_000;
const FORGOTTEN_EVERY_US: i64 = 3_600_000_000;

type Id = [u8; 16];

/// A breaking of the glass, with what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    pub(crate) id: Id,
    pub(crate) child: Option<Subject>,
    /// The child's pseudonym, by the reference that it was asserted with.
    pub(crate) subject: Id,
    pub(crate) said: BreakGlassAsserted,
    pub(crate) at_us: i64,
    pub(crate) review: Option<BreakGlassReviewed>,
    /// Answers of which it opened something.
    pub(crate) answers: BTreeSet<Vec<u8>>,
    /// By organisation, the first time that its records were opened, and whose they were.
    pub(crate) opened: BTreeMap<String, (i64, Id)>,
}

/// A withdrawal of consent to share.
#[derive(Clone, Debug)]
pub(crate) struct Withdrawn {
    pub(crate) event: Id,
    pub(crate) subject: Id,
    pub(crate) at_us: i64,
    pub(crate) said: ConsentRecorded,
}

/// A decision not to share.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    pub(crate) child: Option<Subject>,
    pub(crate) subject: Id,
    pub(crate) at_us: i64,
    pub(crate) said: RefusalToShareRecorded,
}

/// An answer that rested on consents.
#[derive(Clone, Debug)]
pub(crate) struct Rested {
    pub(crate) decision: Vec<u8>,
    pub(crate) at_us: i64,
    pub(crate) organisation: String,
    pub(crate) purpose: i32,
    pub(crate) subjects: Vec<Id>,
    /// Empty where they are more than the record names.
    pub(crate) consents: BTreeSet<ConsentMark>,
}

/// A consent that was given, as far as a withdrawal of it has to be understood.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) subject: Id,
    pub(crate) said: ConsentRecorded,
}

/// What a notice of a withdrawal is derived from; cheap to clone, so that deriving holds up nobody.
#[derive(Clone, Default)]
pub(crate) struct Consents {
    pub(crate) withdrawn: BTreeMap<Id, Arc<Withdrawn>>,
    /// Every consent of a mark: a mark is so short that two can have the same, and then both are meant.
    pub(crate) given: BTreeMap<ConsentMark, Vec<Arc<Given>>>,
    pub(crate) rested: Vec<Arc<Rested>>,
}

#[derive(Default)]
pub(crate) struct Held {
    pub(crate) broken: BTreeMap<Id, Broken>,
    pub(crate) refused: BTreeMap<Id, Refused>,
    pub(crate) consents: Consents,
    /// Reviews, and parts of answers, that were read before the break-glass that they name.
    reviews: BTreeMap<Id, BreakGlassReviewed>,
    openings: BTreeMap<Id, Vec<Disclosure>>,
    decisions: BTreeSet<Vec<u8>>,
}

/// What is known of emergencies, refusals and withdrawals.
pub struct Noticed {
    log: Arc<dyn EventLog>,
    projector: Projector,
    read: tokio::sync::Mutex<BTreeMap<(Topic, Partition), Offset>>,
    held: Mutex<Held>,
    kept_us: i64,
    often: Often,
    /// When what is too old was last forgotten.
    forgotten_us: AtomicI64,
}

/// Why it is not known now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoticedError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A record of it waits for its key.
    #[error("a record waits for its key")]
    KeyNotHere,
}

impl Noticed {
    /// Nothing read yet.
    pub fn new(log: Arc<dyn EventLog>, projector: Projector) -> Self {
        let (read, held, forgotten_us) = Default::default();
        Self { log, projector, read, held, kept_us: KEPT_US, often: Often::default(), forgotten_us }
    }

    /// Keeping what is so old at most, beyond the time for a review.
    #[must_use]
    pub fn keeping(self, kept: Duration) -> Self {
        Self { kept_us: i64::try_from(kept.as_micros()).unwrap_or(i64::MAX), ..self }
    }

    /// Pointing out whoever breaks the glass so often.
    #[must_use]
    pub fn pointing_out(self, often: Often) -> Self {
        Self { often, ..self }
    }

    /// From how many times on it is pointed out.
    pub(crate) fn often(&self) -> &Often {
        &self.often
    }

    /// What happened before this is told no more.
    fn kept_since_us(&self, now_us: i64) -> i64 {
        now_us.saturating_sub(self.kept_us).saturating_sub(REVIEW_WITHIN_US)
    }

    fn forget(&self, now_us: i64) {
        if now_us.saturating_sub(self.forgotten_us.load(Ordering::Relaxed)) >= FORGOTTEN_EVERY_US {
            self.forgotten_us.store(now_us, Ordering::Relaxed);
            self.held().forget(self.kept_since_us(now_us));
        }
    }

    /// Reads to the end of what stands on the log.
    pub(crate) async fn catch_up(&self) -> Result<(), NoticedError> {
        let mut read = self.read.lock().await;
        for ((topic, partition), end) in self.log.ends(&[Topic::Sharing, Topic::Disclosure]).await? {
            let from = read.entry((topic, partition)).or_default();
            while *from < end {
                let records = self.log.read(topic, partition, *from, RECORDS_A_READ).await?;
                let Some(last) = records.last() else { break };
                let next = last.position.offset + 1;
                for record in records {
                    let at = record.position.offset;
                    if let Err(error) = self.take(record) {
                        *from = at;
                        return Err(error);
                    }
                }
                *from = next;
            }
        }
        self.forget(now().0);
        Ok(())
    }

    /// Reads on until told to stop, and says how many reviews are overdue and how many alarms there are.
    pub async fn follow(self: Arc<Self>, stop: CancellationToken) {
        let counted = Arc::clone(&self);
        metrics::BREAK_GLASS_OVERDUE.watch([], move || u32::try_from(counted.counts(now().0).0).ok().map(f64::from));
        let counted = Arc::clone(&self);
        metrics::BREAK_GLASS_ALARMS.watch([], move || u32::try_from(counted.counts(now().0).1).ok().map(f64::from));
        let mut failing = false;
        while !stop.is_cancelled() {
            let caught_up = self.catch_up().await;
            if let Err(error) = &caught_up
                && !std::mem::replace(&mut failing, true)
            {
                tracing::warn!("notices cannot be brought up to date: {error}");
            }
            failing &= caught_up.is_err();
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(FOLLOWED_EVERY) => {}
            }
        }
    }

    /// Reviews that are overdue, and alarms, at a moment, microseconds since 1970.
    pub(crate) fn counts(&self, now_us: i64) -> (usize, usize) {
        let held = self.held();
        let late = held.broken.values().filter(|broken| overdue(broken, now_us)).count();
        (late, overview::alarms(held.broken.values(), now_us, &self.often).len())
    }

    pub(crate) fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, record: StoredRecord) -> Result<(), NoticedError> {
        match record.position.topic {
            Topic::Disclosure => self.take_disclosure(record),
            _ => self.take_fact(&record),
        }
    }

    fn take_fact(&self, record: &StoredRecord) -> Result<(), NoticedError> {
        let Some(checked) = self.projector.said(record).map_err(|_| NoticedError::KeyNotHere)? else { return Ok(()) };
        let (subject, event, at_us) = (checked.header.subject.0, checked.header.event_id.0, record.published_at_us);
        let child = checked.body.subject.clone();
        let kind = checked.body.event.and_then(|event| event.kind);
        let mut held = self.held();
        match kind {
            Some(Kind::BreakGlassAsserted(said)) => {
                let Ok(id) = Id::try_from(said.id()) else { return Ok(()) };
                // The first of one name stands.
                if held.broken.contains_key(&id) {
                    return Ok(());
                }
                let at_us = said.asserted_at.as_ref().map_or(at_us, microseconds);
                let (review, opened) = (held.reviews.remove(&id), held.openings.remove(&id).unwrap_or_default());
                let (answers, none) = Default::default();
                let mut broken = Broken { id, child, subject, said, at_us, review: None, answers, opened: none };
                review.into_iter().for_each(|review| broken.reviewed(review));
                opened.iter().for_each(|part| broken.opens(part));
                held.broken.insert(id, broken);
            }
            Some(Kind::BreakGlassReviewed(said)) => {
                let Ok(id) = Id::try_from(said.break_glass()) else { return Ok(()) };
                match held.broken.get_mut(&id) {
                    Some(broken) => broken.reviewed(said),
                    None => drop(held.reviews.entry(id).or_insert(said)),
                }
            }
            Some(Kind::RefusalToShareRecorded(said)) => {
                if let Ok(id) = Id::try_from(said.id()) {
                    held.refused.entry(id).or_insert(Refused { child, subject, at_us, said });
                }
            }
            Some(Kind::ConsentRecorded(said)) => match said.state() {
                State::Withdrawn => {
                    let withdrawn = Withdrawn { event, subject, at_us, said: reach(*said) };
                    held.consents.withdrawn.entry(event).or_insert(Arc::new(withdrawn));
                }
                State::Given => {
                    let mark = consent_mark(&subject, said.id());
                    let given = held.consents.given.entry(mark).or_default();
                    // What was recorded last of one and the same consent stands.
                    given.retain(|one| (one.subject, one.said.id()) != (subject, said.id()));
                    given.push(Arc::new(Given { subject, said: reach(*said) }));
                }
                State::Refused | State::Unspecified => {}
            },
            _ => {}
        }
        Ok(())
    }

    fn take_disclosure(&self, record: StoredRecord) -> Result<(), NoticedError> {
        if record.published_at_us < self.kept_since_us(now().0) {
            return Ok(());
        }
        let opened = envelope::decode(record.value).and_then(|sealed| sealed.open(&self.projector.keyring));
        let plain = match opened {
            Ok(Opened::Plain(plain)) => plain,
            Ok(Opened::Parked(_)) => return Err(NoticedError::KeyNotHere),
            // Erased, or no record of ours: the consumer of its topic says so.
            Ok(Opened::Erased(_)) | Err(_) => return Ok(()),
        };
        let Ok(decision) = Disclosure::decode(plain.bytes.as_slice()) else { return Ok(()) };
        let mut held = self.held();
        if decision.call() == Call::OpenedByBreakGlass {
            if let Ok(id) = Id::try_from(decision.break_glass.as_slice()) {
                match held.broken.get_mut(&id) {
                    Some(broken) => broken.opens(&decision),
                    None => held.openings.entry(id).or_default().push(decision),
                }
            }
        } else if !decision.consents.is_empty() && held.decisions.insert(decision.decision_id.clone()) {
            held.consents.rested.push(Arc::new(Rested::of(decision, record.published_at_us)));
        }
        Ok(())
    }
}

impl Held {
    /// Forgets what happened before; not a consent, which can still be withdrawn, nor an emergency that nobody has reviewed.
    fn forget(&mut self, before_us: i64) {
        self.broken.retain(|_, broken| broken.at_us >= before_us || broken.review.is_none());
        self.refused.retain(|_, refused| refused.at_us >= before_us);
        self.reviews.retain(|_, review| review.reviewed_at.as_ref().map_or(0, microseconds) >= before_us);
        let made_us =
            |part: &Disclosure| Some(made_at_ms(part.decision_id.as_slice().try_into().ok()?)?.saturating_mul(1_000));
        self.openings.retain(|_, parts| parts.iter().filter_map(made_us).any(|at_us| at_us >= before_us));
        self.consents.withdrawn.retain(|_, withdrawn| withdrawn.at_us >= before_us);
        let decisions = &mut self.decisions;
        self.consents.rested.retain(|rested| {
            let kept = rested.at_us >= before_us;
            if !kept {
                decisions.remove(&rested.decision);
            }
            kept
        });
    }
}

/// A consent, as far as its reach: no word that somebody wrote.
fn reach(said: ConsentRecorded) -> ConsentRecorded {
    let ConsentRecorded { id, recipients, categories, purposes, .. } = said;
    ConsentRecorded { id, recipients, categories, purposes, ..ConsentRecorded::default() }
}

impl Broken {
    /// The first review stands.
    fn reviewed(&mut self, review: BreakGlassReviewed) {
        let own = review.reviewed_by() == self.said.person() && review.organisation() == self.said.organisation();
        if self.review.is_none() && !own {
            self.review = Some(review);
        }
    }

    fn opens(&mut self, part: &Disclosure) {
        self.answers.insert(part.part_of.clone());
        let at_us = <Id>::try_from(part.decision_id.as_slice())
            .ok()
            .and_then(crate::disclose::decision_id::made_at_ms)
            .map_or(self.at_us, |ms| ms.saturating_mul(1_000));
        let subject = part.subjects.first().and_then(|id| Id::try_from(id.as_slice()).ok()).unwrap_or(self.subject);
        let first = self.opened.entry(part.opened_of.clone()).or_insert((at_us, subject));
        *first = (*first).min((at_us, subject));
    }

    /// It opens nothing from this moment on.
    pub(crate) fn ends_us(&self) -> i64 {
        let minutes = self.said.minutes().min(sharing::BREAK_GLASS_MINUTES_MAX);
        self.at_us.saturating_add(i64::from(minutes) * 60_000_000)
    }
}

impl Rested {
    fn of(decision: Disclosure, at_us: i64) -> Self {
        let marks = decision.consents.chunks_exact(4).filter_map(|mark| mark.try_into().ok());
        let consents: BTreeSet<ConsentMark> = marks.collect();
        Self {
            consents: if consents.contains(&[0; 4]) { BTreeSet::new() } else { consents },
            at_us,
            purpose: decision.purpose,
            subjects: decision.subjects.iter().filter_map(|id| id.as_slice().try_into().ok()).collect(),
            organisation: decision.organisation,
            decision: decision.decision_id,
        }
    }
}

pub(crate) fn microseconds(at: &prost_types::Timestamp) -> i64 {
    at.seconds.saturating_mul(1_000_000).saturating_add(i64::from(at.nanos / 1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rested(decision: u8, at_us: i64, consents: &[ConsentMark]) -> Arc<Rested> {
        let (decision, organisation) = (vec![decision; 16], "school-8789001".to_owned());
        let consents = consents.iter().copied().collect();
        Arc::new(Rested { decision, at_us, organisation, purpose: 0, subjects: vec![[1; 16]], consents })
    }

    #[test]
    fn of_two_consents_with_one_mark_the_withdrawal_of_either_is_told() {
        let named = |id: &str| ConsentRecorded { id: Some(id.to_owned()), ..ConsentRecorded::default() };
        let given = |subject, id| Arc::new(Given { subject: [subject; 16], said: named(id) });
        let mut consents = Consents::default();
        consents.given.insert([7; 4], vec![given(1, "one"), given(2, "another")]);
        consents.rested.push(rested(1, 10, &[[7; 4]]));
        for id in ["one", "another"] {
            let withdrawn = Withdrawn { event: [3; 16], subject: [9; 16], at_us: 20, said: named(id) };
            consents.withdrawn = BTreeMap::from([([3; 16], Arc::new(withdrawn))]);
            assert_eq!(consents.withdrawals_to("school-8789001", 0).len(), 1, "{id}");
        }
        assert!(consents.withdrawals_to("hospital", 0).is_empty());
    }

    #[test]
    fn what_is_too_old_is_forgotten_and_no_consent_and_no_emergency_that_nobody_reviewed() {
        let broken = |id: u8, at_us, review| Broken {
            id: [id; 16],
            child: None,
            subject: [1; 16],
            said: BreakGlassAsserted::default(),
            at_us,
            review,
            answers: BTreeSet::new(),
            opened: BTreeMap::new(),
        };
        let mut held = Held::default();
        for (id, at_us, review) in
            [(1, 10, Some(BreakGlassReviewed::default())), (2, 10, None), (3, 30, Some(BreakGlassReviewed::default()))]
        {
            held.broken.insert([id; 16], broken(id, at_us, review));
        }
        held.decisions = BTreeSet::from([vec![1; 16], vec![2; 16]]);
        held.consents.rested = vec![rested(1, 10, &[]), rested(2, 30, &[])];
        let given = Given { subject: [1; 16], said: ConsentRecorded::default() };
        held.consents.given.insert([7; 4], vec![Arc::new(given)]);
        held.forget(20);
        assert_eq!(held.broken.keys().copied().collect::<Vec<_>>(), [[2; 16], [3; 16]]);
        assert_eq!((held.decisions.len(), held.consents.rested.len(), held.consents.given.len()), (1, 1, 1));
    }
}
