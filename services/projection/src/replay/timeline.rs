//! A timeline as it stood: what each entry is, and nothing that it says.

use std::collections::BTreeMap;
use std::sync::Arc;

use event_log::{Position, Pseudonym};
use jiff::civil::Date;
use proto::disclosure::Disclosure;
use proto::events::When;
use proto::events::event::Kind;
use sharing::Category;

use super::{Past, ReplayError, Replayer};
use crate::rebuild;

/// A child as it stood.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// How many subjects were held to be the child.
    pub subjects: usize,
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
        Ok(Some(Replayed { subjects, entries }))
    }
}

fn kind_name(kind: &Kind) -> &'static str {
    kind.number().name()
}
