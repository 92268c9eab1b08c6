//! A timeline as it stood: what each entry is, and nothing that it says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use event_log::{EventLog, Position, Pseudonym, StoredRecord};
use jiff::civil::Date;
use proto::disclosure::Disclosure;
use proto::events::When;
use proto::events::event::Kind;
use sharing::Category;

use super::{Gone, Past, ReplayError, Replayer};
use crate::rebuild;

/// A child as it stood.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// How many subjects were held to be the child.
    pub subjects: usize,
    /// What of it is gone: nothing until [`Replayer::stood`] has looked.
    pub gone: Gone,
    /// Newest first.
    pub entries: Vec<ReplayedEntry>,
}

/// An entry, and nothing that it says.
#[derive(Clone, PartialEq, Debug)]
pub struct ReplayedEntry {
    /// When what it tells of was.
    pub effective: When,
    /// Who answers for it.
    pub organisation: String,
    /// Of what kind of record, as the rules class it.
    pub category: Category,
    /// What it is.
    pub kind: &'static str,
    /// When what stands of it was stated, microseconds since 1970.
    pub known_as_at_us: i64,
    /// Which it is.
    pub entry_id: [u8; 16],
}

/// As it stood when.
#[derive(Clone, Debug)]
pub enum Stood {
    /// Now.
    Now,
    /// When this was the time, microseconds since 1970.
    Time(i64),
    /// For this decision.
    For(Box<Disclosure>),
    /// Where nothing of these partitions was read from these offsets on.
    Before(Vec<Position>),
}

impl Replayer {
    /// A child's timeline as it stood, judged at this day. `None` where the decision does not say what it was made from.
    ///
    /// # Errors
    /// [`ReplayError`].
    pub fn timeline(&self, child: Pseudonym, stood: &Stood, today: Date) -> Result<Option<Replayed>, ReplayError> {
        let mut known_at_us = None;
        let known = match stood {
            Stood::Now => Past::now(),
            Stood::Time(at_us) => {
                known_at_us = Some(*at_us);
                Past::now()
            }
            Stood::For(decision) => match decision.basis.as_ref().and_then(Past::of) {
                Some(past) => past,
                None => return Ok(None),
            },
            Stood::Before(positions) => {
                let held: BTreeMap<_, _> = rebuild::offsets(&self.store).map_err(crate::child::ChildError::from)?;
                Past::up_to(positions, held)
            }
        };
        let discloser = self.discloser(Arc::clone(&self.engine), known);
        let read = discloser.children.read(child, known_at_us)?;
        let on_day = discloser.on_day(&read, today);
        let entry = |class: &sharing::RecordClass, entry: &timeline::Entry| ReplayedEntry {
            effective: entry.effective,
            organisation: entry.controller.clone(),
            category: class.category,
            kind: entry.event.kind.as_ref().map_or("", kind_name),
            known_as_at_us: entry.known_as_at_us,
            entry_id: entry.entry_id,
        };
        let entries = on_day.classified.iter().map(|(class, of)| entry(class, of)).collect();
        let subjects = read.resolution.subjects.len();
        self.keep(discloser);
        Ok(Some(Replayed { subjects, entries, gone: Gone::default() }))
    }

    /// As [`Self::timeline`], with what of it was erased: erasures of the child's records, whenever they were, and how many events that
    /// were on the log by then nothing opens any more.
    ///
    /// # Errors
    /// [`ReplayError`].
    pub async fn stood(
        self: &Arc<Self>,
        child: Pseudonym,
        stood: Stood,
        today: Date,
        log: &dyn EventLog,
    ) -> Result<Option<Replayed>, ReplayError> {
        let (replayer, of) = (Arc::clone(self), stood.clone());
        let read = tokio::task::spawn_blocking(move || replayer.timeline(child, &of, today)).await;
        let Some(replayed) = read.map_err(|_| ReplayError::Stopped)?? else { return Ok(None) };
        let (by, subjects) = self.erasures_about(&BTreeSet::from([child.0]))?;
        if by.is_empty() {
            return Ok(Some(replayed));
        }
        let past = match &stood {
            Stood::For(decision) => decision.basis.as_ref().and_then(Past::of),
            _ => None,
        };
        let shows = |record: &StoredRecord| {
            let at = record.position;
            let is_before = |from: &Position| (at.topic, at.partition) != (from.topic, from.partition) || at < *from;
            match &stood {
                Stood::Now => true,
                Stood::Time(at_us) => record.published_at_us <= *at_us,
                Stood::For(_) => past.as_ref().is_some_and(|past| past.shows(at.topic, at.partition, at.offset)),
                Stood::Before(positions) => positions.iter().all(is_before),
            }
        };
        let events = self.erased(&subjects, &shows, log).await?.len();
        Ok(Some(Replayed { gone: Gone { events, of: 0, by }, ..replayed }))
    }
}

fn kind_name(kind: &Kind) -> &'static str {
    kind.number().name()
}
