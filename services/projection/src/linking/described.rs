//! What stood said of a subject, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use event_log::{EventId, Partition, Pseudonym};
use identity::linker::{Record, children};
use proto::events::event::Kind;
use proto::events::{Body, PersonDescribed, Subject};
use timeline::{Entry, Said};

use super::{Subjects, bears_on_descriptions};
use crate::child::ChildError;
use crate::project::Projector;
use crate::row::{self, Row};
use crate::store::keys::{self, Parsed};
use crate::store::{Key, Shards, Store, StoreError};

/// What was said of a subject from one time to another, microseconds since 1970: this not included.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct State {
    pub(super) from_us: i64,
    pub(super) until_us: i64,
    pub(super) record: Record,
}

impl State {
    /// Whether it stood at any time from one to another.
    pub(super) fn stood(&self, from_us: i64, until_us: i64) -> bool {
        self.from_us < until_us && from_us < self.until_us
    }

    /// Whether it stands.
    pub(super) fn stands(&self) -> bool {
        self.until_us == i64::MAX
    }
}

/// The record that these entries of one subject give, if any describes them.
pub(crate) fn record<'a>(subject: Option<&Subject>, entries: impl IntoIterator<Item = &'a Entry>) -> Option<Record> {
    let people: Vec<&PersonDescribed> = entries
        .into_iter()
        .filter_map(|entry| match &entry.event.kind {
            Some(Kind::PersonDescribed(person)) => Some(&**person),
            _ => None,
        })
        .collect();
    let subject = subject.filter(|_| !people.is_empty())?;
    Some(children::record(subject, people))
}

/// The rows that bear on what is said of a subject, and the marks that say that it waits.
#[derive(Default)]
pub(super) struct Rows {
    rows: Vec<(EventId, Row)>,
    marks: BTreeSet<EventId>,
}

impl Rows {
    /// Reads them at one point in time.
    pub(super) fn read(store: &Store, subject: Pseudonym) -> Result<Self, StoreError> {
        store.read(subject.partition().into(), |view| {
            let mut read = Self::default();
            let mut wanted: Vec<(EventId, Key)> = Vec::new();
            view.scan_prefix(&keys::described_prefix(subject), |key, _| {
                if let Some(Parsed::Described { subject, occurred_at_us, event }) = keys::parse(key) {
                    wanted.push((event, keys::row(subject, occurred_at_us, event)));
                }
                ControlFlow::Continue(())
            })?;
            for (event, key) in wanted {
                read.rows.extend(view.get(&key)?.and_then(|value| row::read(&value)).map(|row| (event, row)));
            }
            view.scan_prefix(&keys::waiting_of(subject), |key, _| {
                if let Some(Parsed::Waiting { event, .. }) = keys::parse(key) {
                    read.marks.insert(event);
                }
                ControlFlow::Continue(())
            })?;
            Ok(read)
        })
    }

    /// Without those by which the subject waits: as they were when the subject was last linked. Nothing where that cannot be
    /// told any more, because something was erased since.
    pub(super) fn when_linked(mut self) -> Option<Self> {
        let known = |mark: &EventId| [AGAIN, UNREAD].contains(mark) || self.rows.iter().any(|(event, _)| event == mark);
        if !self.marks.iter().all(known) {
            return None;
        }
        self.rows.retain(|(event, _)| !self.marks.contains(event));
        Some(self)
    }
}

/// The mark of a subject of whom nothing new is said, and who is to be linked anew because of others.
pub(super) const AGAIN: EventId = EventId([0xff; 16]);
/// The mark of a subject who could not be opened when everybody was read.
pub(super) const UNREAD: EventId = EventId([0xfe; 16]);

/// Everything that stood said of a subject, oldest first; nothing of what is erased.
pub(super) fn states(projector: &Projector, subject: Pseudonym, rows: Rows) -> Result<Vec<State>, ChildError> {
    let mut said: Vec<Said> = Vec::with_capacity(rows.rows.len());
    for (_, row) in rows.rows {
        let Some(checked) = projector.open(row.envelope)? else { continue };
        if bears_on_descriptions(checked.event()) {
            let (event_id, published_at_us) = (checked.header.event_id.0, row.published_at_us);
            said.push(Said { event_id, subject: subject.0, published_at_us, body: checked.body });
        }
    }
    let own = said.first().and_then(|said| said.body.subject.clone());
    let times = times(&said);
    let mut states: Vec<State> = Vec::new();
    for at_us in times {
        let entries = timeline::fold(said.iter().cloned(), Some(at_us))?.entries;
        let record = record(own.as_ref(), &entries);
        let before = states.last_mut().filter(|state| state.stands());
        if before.as_ref().map(|state| &state.record) == record.as_ref() {
            continue;
        }
        before.into_iter().for_each(|state| state.until_us = at_us);
        states.extend(record.map(|record| State { from_us: at_us, until_us: i64::MAX, record }));
    }
    Ok(states)
}

/// As-of, sequence, mapping revision and event id: what is said at a higher one stands.
type Stand = (i64, u64, u32, [u8; 16]);

/// When something was said that was not said already: a feed describes its patient in every message, and mostly alike.
fn times(said: &[Said]) -> BTreeSet<i64> {
    let mut newest: BTreeMap<_, (Stand, &Said)> = BTreeMap::new();
    let mut times = BTreeSet::new();
    let mut in_order: Vec<&Said> = said.iter().collect();
    in_order.sort_by_key(|said| (said.published_at_us, said.event_id));
    for said in in_order {
        let Body { controller, source, entry_id, version, .. } = &said.body;
        let version = version.unwrap_or_default();
        let version = (version.as_of_us, version.sequence, version.mapping_revision, said.event_id);
        let stands = newest.get(&(controller, source, entry_id));
        let is_said = |other: &Said| said.body.event == other.body.event && said.body.clears == other.body.clears;
        if !stands.is_some_and(|(_, stands)| is_said(stands)) {
            times.insert(said.published_at_us);
        }
        if stands.is_none_or(|(newest, _)| version > *newest) {
            newest.insert((controller, source, entry_id), (version, said));
        }
    }
    times
}

/// Who is described in a shard, after a subject, at most so many; fewer only at the end.
pub(crate) fn some_after(
    store: &Store,
    shard: Partition,
    after: Option<Pseudonym>,
    most: usize,
) -> Result<Subjects, StoreError> {
    let mut found = Subjects::new();
    store.read(Shards::from(shard), |view| {
        found.clear();
        let mut from = match after {
            Some(subject) => keys::described_after(subject),
            None => keys::described_all(shard),
        };
        let end = keys::described_end(shard);
        while found.len() < most {
            let mut next = None;
            view.scan_range(&from, &end, |key, _| {
                if let Some(Parsed::Described { subject, .. }) = keys::parse(key) {
                    next = Some(subject);
                }
                ControlFlow::Break(())
            })?;
            let Some(subject) = next else { break };
            found.insert(subject);
            from = keys::described_after(subject);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Who waits in a shard, with the marks that say so, at most so many subjects.
pub(super) fn some_waiting(
    store: &Store,
    shard: Partition,
    passed_over: &Subjects,
    most: usize,
) -> Result<Vec<(Pseudonym, Vec<EventId>)>, StoreError> {
    let mut found: Vec<(Pseudonym, Vec<EventId>)> = Vec::new();
    store.read(Shards::from(shard), |view| {
        found.clear();
        view.scan_prefix(&keys::waiting_all(shard), |key, _| {
            let Some(Parsed::Waiting { subject, event }) = keys::parse(key) else { return ControlFlow::Continue(()) };
            if passed_over.contains(&subject) {
                return ControlFlow::Continue(());
            }
            let is_full = found.len() == most;
            match found.last_mut() {
                Some((last, events)) if *last == subject => events.push(event),
                _ if is_full => return ControlFlow::Break(()),
                _ => found.push((subject, vec![event])),
            }
            ControlFlow::Continue(())
        })
    })?;
    Ok(found)
}

/// How many marks say that somebody waits.
pub(super) fn count_waiting(store: &Store) -> Result<u64, StoreError> {
    let mut waiting = 0;
    for shard in Partition::all() {
        let mut here = 0;
        store.read(shard.into(), |view| {
            here = 0;
            view.scan_prefix(&keys::waiting_all(shard), |_, _| {
                here += 1;
                ControlFlow::Continue(())
            })
        })?;
        waiting += here;
    }
    Ok(waiting)
}

/// By which adoptions a subject was not looked for by all that is said of them.
pub(crate) fn passed_over(store: &Store, subject: Pseudonym) -> Result<BTreeSet<EventId>, StoreError> {
    let mut found = BTreeSet::new();
    store.read(subject.partition().into(), |view| {
        found.clear();
        view.scan_prefix(&keys::passed_over_of(subject), |key, _| {
            if let Some(Parsed::PassedOver { adoption, .. }) = keys::parse(key) {
                found.insert(adoption);
            }
            ControlFlow::Continue(())
        })
    })?;
    Ok(found)
}

/// How many subjects were not, by this adoption.
pub(super) fn count_passed_over(store: &Store, by: Option<EventId>) -> Result<u64, StoreError> {
    let mut passed_over = 0;
    for shard in Partition::all() {
        let mut here = 0;
        store.read(shard.into(), |view| {
            here = 0;
            view.scan_prefix(&keys::passed_over_all(shard), |key, _| {
                let adoption = keys::parse(key).and_then(|parsed| match parsed {
                    Parsed::PassedOver { adoption, .. } => Some(adoption),
                    _ => None,
                });
                here += u64::from(adoption.is_some() && adoption == by);
                ControlFlow::Continue(())
            })
        })?;
        passed_over += here;
    }
    Ok(passed_over)
}
