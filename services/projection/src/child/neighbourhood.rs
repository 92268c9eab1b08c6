//! Everybody who may be one child with a subject, read at one point in time.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use event_log::envelope::EnvelopeError;
use event_log::{EventId, Position, Pseudonym, Topic};
use identity::linker::{Record, Veto};
use identity::{Id, Probable, SUBJECTS_MAX};
use timeline::{FoldError, Said};

use super::{ChildError, Children};
use crate::linking::{Adopted, bears_on_descriptions, described};
use crate::row;
use crate::store::keys::{self, Parsed};
use crate::store::{Moment, Shards, StoreError, View};

/// Every subject that claims, decisions and likeness lead to, and how far the log was read.
pub(super) struct Neighbourhood {
    pub(super) known: BTreeMap<Pseudonym, Known>,
    pub(super) positions: Vec<Position>,
    /// A moment before it was read, and how many keys had been destroyed by then.
    pub(super) since: (Moment, u64),
    /// What the linker makes of their records.
    pub(super) weighed: Weighed,
    /// They are no more than can be one child.
    pub(super) is_whole: bool,
    /// Whoever was looked at: a change to any of them may change this.
    pub(super) looked_at: Vec<Pseudonym>,
    /// When the parameters that weighed them were adopted; 0 where none are.
    adopted_at_us: i64,
    /// They are weighed by the parameters that stand now.
    is_of_now: bool,
    /// The adoption of the parameters that weighed them.
    pub(super) linked_by: Option<EventId>,
}

/// What the linker makes of the records of a neighbourhood: see [`identity::Evidence`].
#[derive(Default)]
pub(super) struct Weighed {
    pub(super) probable: BTreeMap<(Id, Id), Probable>,
    pub(super) vetoed: BTreeMap<(Id, Id), Veto>,
}

/// One subject's part of a neighbourhood.
#[derive(Default)]
pub(super) struct Known {
    pub(super) said: Vec<(Position, Said)>,
    neighbours: BTreeSet<Pseudonym>,
    /// Whom their record may be alike.
    alike: BTreeSet<Pseudonym>,
    /// What describes them, as the linker compares it; where there is anything to compare it by.
    record: Option<Record>,
    /// Of every row, those of a later time than was asked for included.
    published_last_us: i64,
    /// A row has a key that is not here.
    unopened: bool,
}

/// How a subject is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reach {
    /// By what may make them one child: claims, decisions, and what is probable enough.
    Near,
    /// By what a person has to look at first. They are not one child with whom was asked about, and what is alike them leads no
    /// further.
    Beside,
}

impl Neighbourhood {
    /// From when on it would be read the same; `None` where not all of it could be opened.
    pub(super) fn published_last_us(&self) -> Option<i64> {
        let whole = self.is_whole && self.is_of_now && self.known.values().all(|known| !known.unopened);
        let last = self.known.values().map(|known| known.published_last_us).max();
        last.map(|last| last.max(self.adopted_at_us)).filter(|_| whole)
    }
}

impl Children {
    /// Every subject that claims, decisions and likeness lead to, each with all that was said of it, at one point in time.
    pub(super) fn neighbourhood(
        &self,
        asked: Pseudonym,
        known_at_us: Option<i64>,
    ) -> Result<Neighbourhood, ChildError> {
        // Before all that is read: what changes meanwhile then counts as changed since.
        let since = (self.store.moment(), self.projector.keyring.destructions());
        let by = self.linked_by(known_at_us)?;
        let mut near = self.near(asked, known_at_us, by.as_deref())?;
        if !near.is_whole && by.is_some() {
            // What is only probable must not hide what is known.
            tracing::warn!(
                "more records are probably of one child than can be: only what is known of them is followed"
            );
            let looked_at = near.looked_at;
            near = self.near(asked, known_at_us, None)?;
            near.looked_at.extend(looked_at);
        }
        near.since = since;
        let event = |adopted: &Option<Arc<Adopted>>| adopted.as_ref().map(|adopted| adopted.event);
        near.is_of_now = known_at_us.is_none() || event(&by) == event(&self.linked_by(None)?);
        near.linked_by = event(&by);
        near.adopted_at_us = by.map_or(0, |adopted| adopted.at_us);
        near.looked_at.push(self.adoptions.own());
        Ok(near)
    }

    /// The parameters by which records are linked; of the past, those that its records name.
    fn linked_by(&self, known_at_us: Option<i64>) -> Result<Option<Arc<Adopted>>, ChildError> {
        if let Some(tried) = &self.tried {
            return Ok(Some(Arc::clone(&tried.adopted)));
        }
        match self.past.as_ref().and_then(|past| past.linked_by()) {
            None => self.adoptions.in_force(known_at_us),
            Some(named) => self.adoptions.of(named, known_at_us),
        }
    }

    fn near(
        &self,
        asked: Pseudonym,
        known_at_us: Option<i64>,
        by: Option<&Adopted>,
    ) -> Result<Neighbourhood, ChildError> {
        let mut shards = Shards::from(asked.partition());
        loop {
            let read = self.store.read(shards, |view| {
                let mut reading = Reading { children: self, view, shards, known_at_us, by, found: BTreeMap::new() };
                match reading.around(asked) {
                    Ok(near) => Ok(Ok(near)),
                    Err(Stopped::Store(error)) => Err(error),
                    Err(Stopped::Beyond(subject)) => Ok(Err(Ok(subject))),
                    Err(Stopped::Failed(error)) => Ok(Err(Err(error))),
                }
            })?;
            match read {
                Ok(found) => return Ok(found),
                // A neighbour in a shard that this read did not hold: read again with it.
                Err(Ok(beyond)) => shards = shards.with(beyond.partition()),
                Err(Err(error)) => return Err(error),
            }
        }
    }

    fn open(
        &self,
        subject: Pseudonym,
        value: &[u8],
        known_at_us: Option<i64>,
        known: &mut Known,
    ) -> Result<(), EnvelopeError> {
        let Some(row) = row::read(value) else { return Err(EnvelopeError::Malformed { field: "row" }) };
        if self.past.as_ref().is_some_and(|past| !past.shows(row.topic, subject.partition(), row.offset)) {
            return Ok(());
        }
        known.published_last_us = known.published_last_us.max(row.published_at_us);
        if known_at_us.is_some_and(|limit| row.published_at_us > limit) {
            return Ok(());
        }
        let Some(checked) = self.projector.open(row.envelope)? else {
            known.unopened = true;
            return Ok(());
        };
        known.neighbours.extend(self.projector.neighbours(&checked));
        let said = Said {
            event_id: checked.header.event_id.0,
            subject: subject.0,
            published_at_us: row.published_at_us,
            body: checked.body,
        };
        let position = Position { topic: row.topic, partition: subject.partition(), offset: row.offset };
        known.said.push((position, said));
        Ok(())
    }
}

/// One read of a neighbourhood.
struct Reading<'a> {
    children: &'a Children,
    view: &'a View<'a>,
    shards: Shards,
    known_at_us: Option<i64>,
    by: Option<&'a Adopted>,
    found: BTreeMap<Pseudonym, Known>,
}

/// Why a read came to no end.
enum Stopped {
    Store(StoreError),
    /// It came to a subject in a shard that it does not hold.
    Beyond(Pseudonym),
    Failed(ChildError),
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Reading<'_> {
    fn around(&mut self, asked: Pseudonym) -> Result<Neighbourhood, Stopped> {
        let (mut near, mut beside) = (BTreeSet::new(), BTreeSet::new());
        let mut weighed = Weighed::default();
        let mut waiting = vec![(asked, Reach::Near)];
        while let Some((subject, reach)) = waiting.pop() {
            let (set, most) = match reach {
                Reach::Near => (&mut near, SUBJECTS_MAX + 1),
                Reach::Beside if near.contains(&subject) => continue,
                Reach::Beside => (&mut beside, SUBJECTS_MAX),
            };
            if set.len() >= most || !set.insert(subject) {
                continue;
            }
            let known = self.look_at(subject)?;
            waiting.extend(known.neighbours.iter().map(|other| (*other, reach)));
            if reach == Reach::Near {
                for other in known.alike.clone() {
                    let reach = self.weigh(subject, other, &mut weighed)?;
                    waiting.extend(reach.map(|reach| (other, reach)));
                }
            }
        }
        let looked_at = self.found.keys().copied().collect();
        let is_whole = near.len() <= SUBJECTS_MAX;
        if !weighed.probable.is_empty() {
            self.veto(&near, &mut weighed);
        }
        let mut known = std::mem::take(&mut self.found);
        known.retain(|subject, _| near.contains(subject) || beside.contains(subject));
        let partitions: Shards = known.keys().map(|subject| subject.partition()).collect();
        let mut positions = Vec::new();
        for (partition, topic) in partitions.iter().flat_map(|p| Topic::EVENTS.map(|topic| (p, topic))) {
            let read = self.view.offset(topic, partition)?;
            let offset = self.children.past.as_ref().map_or(read, |past| past.next(topic, partition, read));
            if offset > 0 {
                positions.push(Position { topic, partition, offset });
            }
        }
        let since = (self.children.store.moment(), 0);
        Ok(Neighbourhood {
            known,
            positions,
            since,
            weighed,
            is_whole,
            looked_at,
            adopted_at_us: 0,
            is_of_now: false,
            linked_by: None,
        })
    }

    /// Reads a subject, once.
    fn look_at(&mut self, subject: Pseudonym) -> Result<&Known, Stopped> {
        if !self.found.contains_key(&subject) {
            let known = self.read(subject)?;
            self.found.insert(subject, known);
        }
        self.found.get(&subject).ok_or(Stopped::Beyond(subject))
    }

    fn read(&self, subject: Pseudonym) -> Result<Known, Stopped> {
        if !self.shards.contains(subject.partition()) {
            return Err(Stopped::Beyond(subject));
        }
        let (mut known, mut failed) = (Known::default(), None);
        self.view.scan_prefix(&keys::row_prefix(subject), |_, value| {
            match self.children.open(subject, value, self.known_at_us, &mut known) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        if let Some(error) = failed {
            return Err(Stopped::Failed(error.into()));
        }
        self.view.scan_prefix(&keys::claim_prefix(subject), |key, _| {
            if let Some(Parsed::Claim { local, .. }) = keys::parse(key) {
                known.neighbours.insert(local);
            }
            ControlFlow::Continue(())
        })?;
        if let Some(by) = self.by {
            let tried = self.children.tried.as_ref().map(|tried| tried.alike(subject));
            let then = tried.or_else(|| self.children.past.as_ref().and_then(|past| past.alike(subject)));
            let prefix = keys::edges(subject, by.event);
            if let Some(alike) = then {
                known.alike = alike;
            } else {
                self.view.scan_prefix(&prefix, |key, _| {
                    if let Some(Parsed::Edge { other, .. }) = keys::parse(key) {
                        known.alike.insert(other);
                    }
                    ControlFlow::Continue(())
                })?;
            }
            known.record = record(&known, self.known_at_us).map_err(|error| Stopped::Failed(error.into()))?;
        }
        Ok(known)
    }

    /// Weighs a pair to which an edge leads; says how the other is reached, if they are.
    fn weigh(&mut self, one: Pseudonym, other: Pseudonym, weighed: &mut Weighed) -> Result<Option<Reach>, Stopped> {
        self.look_at(other)?;
        let record = |subject: Pseudonym| self.found.get(&subject).and_then(|known| known.record.as_ref());
        let (Some(by), Some(ours), Some(theirs)) = (self.by, record(one), record(other)) else { return Ok(None) };
        let Some(probable) = by.weigh(ours, theirs) else { return Ok(None) };
        weighed.probable.insert(ordered(one, other), probable);
        let joins = probable.is_automatic && by.veto(ours, theirs).is_none();
        Ok(Some(if joins { Reach::Near } else { Reach::Beside }))
    }

    /// Looks which of those who may be one child no weight joins.
    fn veto(&self, near: &BTreeSet<Pseudonym>, weighed: &mut Weighed) {
        let Some(by) = self.by else { return };
        let record = |subject: &Pseudonym| self.found.get(subject).and_then(|known| known.record.as_ref());
        let described: Vec<(Pseudonym, &Record)> = near.iter().filter_map(|id| Some((*id, record(id)?))).collect();
        for (at, (one, ours)) in described.iter().enumerate() {
            for (other, theirs) in described.iter().skip(at + 1) {
                let veto = by.veto(ours, theirs);
                weighed.vetoed.extend(veto.map(|veto| (ordered(*one, *other), veto)));
            }
        }
        for pair in
            weighed.probable.keys().filter(|pair| !weighed.vetoed.contains_key(pair)).copied().collect::<Vec<_>>()
        {
            if let (Some(ours), Some(theirs)) = (record(&Pseudonym(pair.0)), record(&Pseudonym(pair.1))) {
                weighed.vetoed.extend(by.veto(ours, theirs).map(|veto| (pair, veto)));
            }
        }
    }
}

fn ordered(one: Pseudonym, other: Pseudonym) -> (Id, Id) {
    (one.0.min(other.0), one.0.max(other.0))
}

fn record(known: &Known, known_at_us: Option<i64>) -> Result<Option<Record>, FoldError> {
    let said = known.said.iter().map(|(_, said)| said);
    let bears =
        said.filter(|said| bears_on_descriptions(said.body.event.as_ref().and_then(|event| event.kind.as_ref())));
    let bears: Vec<Said> = bears.cloned().collect();
    let own = bears.first().and_then(|said| said.body.subject.clone());
    let entries = timeline::fold(bears, known_at_us)?.entries;
    Ok(described::record(own.as_ref(), &entries))
}
