//! What organisations are to know, and what has to be reviewed: derived from the log, so that none is lost and none is made up.
//!
//! [`Noticed`] follows two topics: of sharing, where people assert, review, withdraw and refuse; and of disclosures, where it stands
//! what rested on which consent and what a break-glass opened. It keeps no name of a child and no word that somebody wrote but what
//! a list shows, and nothing of it is written anywhere: after a start it is read again.

mod derive;
mod overview;

use std::collections::{BTreeMap, BTreeSet};
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

pub(crate) use derive::{Noted, What};
pub(crate) use overview::{REVIEW_WITHIN_US, alarms, overdue};

use crate::project::Projector;
use crate::serve::timelines::now;

const RECORDS_A_READ: usize = 1_000;
/// How often the counts are brought up to date.
const FOLLOWED_EVERY: Duration = Duration::from_secs(5);

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

#[derive(Default)]
pub(crate) struct Held {
    pub(crate) broken: BTreeMap<Id, Broken>,
    pub(crate) withdrawn: BTreeMap<Id, Withdrawn>,
    pub(crate) refused: BTreeMap<Id, Refused>,
    pub(crate) given: BTreeMap<ConsentMark, Given>,
    pub(crate) rested: Vec<Rested>,
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
        Self { log, projector, read: tokio::sync::Mutex::default(), held: Mutex::default() }
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
        (late, overview::alarms(held.broken.values(), now_us).len())
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
                    held.withdrawn.entry(event).or_insert(Withdrawn { event, subject, at_us, said });
                }
                State::Given => {
                    let mark = consent_mark(&subject, said.id());
                    held.given.insert(mark, Given { subject, said });
                }
                State::Refused | State::Unspecified => {}
            },
            _ => {}
        }
        Ok(())
    }

    fn take_disclosure(&self, record: StoredRecord) -> Result<(), NoticedError> {
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
            held.rested.push(Rested::of(decision, record.published_at_us));
        }
        Ok(())
    }
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
