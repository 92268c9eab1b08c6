//! A view that is followed: what of it is new since it was last given, and whether it has been narrowed meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use event_log::seal::PseudonymKey;
use jiff::civil::Date;
use prost::Message;
use proto::sharing::Call;
use proto::timeline::{ExistenceLine, Services, WatchTimelineResponse, WatchedEntry};
use sharing::{FieldGroup, Outcome, RecordClass};
use timeline::Entry;

use super::basis::category_bits;
use super::owed::words;
use super::view::{OfClass, existence_lines, owed, within};
use super::{Account, Ask, Discloser, Undisclosed, Weighed, digest, entry_key};
use crate::child::{ChildError, OnDay, Standing};

/// Entries of one frame.
const ENTRIES_A_FRAME: usize = 200;

/// What one reader was given of one child in one stream.
pub struct Watching {
    /// Names the stream: by it, and the key of pseudonyms, entries have names in this stream that they have nowhere else.
    stream: [u8; 16],
    seen: Option<Seen>,
    /// The decision by which something was given last.
    after: Vec<u8>,
}

/// What a view was made from, and what was given of it.
#[derive(Clone)]
pub(super) struct Seen {
    told: BTreeMap<Id, Told>,
    lines: Vec<ExistenceLine>,
    standing: Standing,
    registry_generation: u64,
    today: Date,
    /// A break-glass stood open, and opens nothing from this moment on, microseconds since 1970.
    glass_ends_us: Option<i64>,
}

type Id = [u8; 16];

/// One entry of which the reader may know.
#[derive(Clone, Copy)]
struct Told {
    subject: [u8; 16],
    rank: Rank,
    /// Over the entry as it was given; `None` where only its service's existence is told, or the request left it out.
    given: Option<[u8; 16]>,
}

/// How much of an entry is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Rank {
    outcome: Outcome,
    withheld: u32,
    named: bool,
}

impl Rank {
    /// Whether this is less than what was shown before, in any way.
    fn is_less_than(self, before: Self) -> bool {
        self.outcome < before.outcome
            || (before.outcome >= Outcome::Redacted && self.withheld & !before.withheld != 0)
            || (before.named && !self.named)
    }
}

/// What became of a view.
pub enum Followed {
    /// Nothing of it that the reader sees is different.
    Same(Unseen),
    /// The reader may see less than they were given: nothing more goes into this stream.
    Narrowed,
    /// What is new.
    Changed(Box<Undisclosed<PermittedChanges>>),
}

/// What a stream is to remember although nothing is given.
pub struct Unseen(Seen);

/// The new part of a view.
pub struct PermittedChanges {
    frames: Vec<WatchTimelineResponse>,
    seen: Seen,
}

impl PermittedChanges {
    /// The frames to give, remembered as given.
    pub fn into_frames(self, watching: &mut Watching) -> Vec<WatchTimelineResponse> {
        watching.seen = Some(self.seen);
        watching.after = self.frames.first().map(|frame| frame.decision_id.clone()).unwrap_or_default();
        self.frames
    }
}

impl Watching {
    /// Nothing given yet.
    pub fn new() -> Self {
        Self::of(rand::random())
    }

    /// The stream of this name, of which nothing is given yet.
    pub(crate) fn of(stream: [u8; 16]) -> Self {
        Self { stream, seen: None, after: Vec::new() }
    }

    /// Remembers what was looked at and gave nothing new.
    pub fn remember(&mut self, Unseen(seen): Unseen) {
        self.seen = Some(seen);
    }

    /// Something was given by this decision.
    pub(crate) fn given_by(&mut self, decision_id: Vec<u8>) {
        self.after = decision_id;
    }

    fn id(&self, key: &PseudonymKey, entry: &Entry) -> Id {
        let (subject, controller, source, entry_id) = entry_key(entry);
        let parts: [&[u8]; 5] = [&self.stream, &subject, controller.as_bytes(), source.as_bytes(), &entry_id];
        key.digest("watched-entry", &digest::sixteen(parts))
    }
}

impl Default for Watching {
    fn default() -> Self {
        Self::new()
    }
}

impl Discloser {
    /// Whether anything may have changed of what a stream was given: its child, the organisations and agreements, the day.
    /// Asks a few numbers, and reads nothing.
    pub fn may_have_changed(
        &self,
        watching: &Watching,
        registry_generation: u64,
        (now_us, today): (i64, Date),
    ) -> bool {
        watching.seen.as_ref().is_none_or(|seen| {
            seen.registry_generation != registry_generation
                || seen.today != today
                || seen.glass_ends_us.is_some_and(|ends_us| now_us >= ends_us)
                || !self.children.is_unchanged(&seen.standing)
        })
    }

    /// Decides again, and compares with what was given.
    ///
    /// # Errors
    /// [`ChildError`]: nothing was decided.
    pub fn follow(&self, ask: &Ask, watching: &Watching) -> Result<Followed, ChildError> {
        let weighed = self.weigh(ask)?;
        let (told, shown) = self.tell(ask, watching, &weighed);
        let lines = weighed.lines(&self.hub_contact);
        let before = watching.seen.as_ref();
        let mut withdrawn = Vec::new();
        if let Some(before) = before {
            match taken_back(before, &told, &weighed, |entry| watching.id(self.pseudonyms(), entry)) {
                Some(ids) if weighed.decision.denied().is_none() => withdrawn = ids,
                _ => return Ok(Followed::Narrowed),
            }
        }
        let is_new = |id: &Id| {
            let given = before.and_then(|seen| seen.told.get(id)).and_then(|told| told.given);
            given.is_none() || given != told.get(id).and_then(|told| told.given)
        };
        let entries: Vec<_> = shown
            .into_iter()
            .filter(|(_, entry)| <Id>::try_from(entry.id.as_slice()).is_ok_and(|id| is_new(&id)))
            .collect();
        let services = before.is_none_or(|seen| seen.lines != lines).then(|| Services { existence: lines.clone() });
        let seen = Seen {
            told,
            lines,
            standing: weighed.child.standing.clone(),
            registry_generation: ask.registry_generation,
            today: ask.today,
            glass_ends_us: glass_ends_us(&weighed),
        };
        if before.is_some() && entries.is_empty() && withdrawn.is_empty() && services.is_none() {
            return Ok(Followed::Same(Unseen(seen)));
        }
        Ok(Followed::Changed(Box::new(self.changes(
            ask,
            &weighed,
            Batch { entries, withdrawn, services, seen },
            watching,
        ))))
    }

    /// What a reader had been given of a stream when this was asked, had it been given then for the first time.
    ///
    /// # Errors
    /// [`ChildError`].
    pub(crate) fn seen_by(&self, ask: &Ask, watching: &mut Watching) -> Result<(), ChildError> {
        let weighed = self.weigh(ask)?;
        let (told, _) = self.tell(ask, watching, &weighed);
        let lines = weighed.lines(&self.hub_contact);
        let standing = weighed.child.standing.clone();
        let (registry_generation, today) = (ask.registry_generation, ask.today);
        let glass_ends_us = glass_ends_us(&weighed);
        watching.seen = Some(Seen { told, lines, standing, registry_generation, today, glass_ends_us });
        Ok(())
    }

    fn pseudonyms(&self) -> &PseudonymKey {
        &self.children.projector.pseudonyms
    }

    /// Every entry of which the reader may know, by its id in this stream; and those of the request as they may be shown.
    fn tell<'w>(
        &self,
        ask: &Ask,
        watching: &Watching,
        weighed: &'w Weighed,
    ) -> (BTreeMap<Id, Told>, Vec<(&'w RecordClass, WatchedEntry)>) {
        let Weighed { decision, registry, on_day, .. } = weighed;
        let mut of_class: BTreeMap<&RecordClass, Option<OfClass<'_>>> = BTreeMap::new();
        let (mut told, mut shown) = (BTreeMap::new(), Vec::new());
        for (class, entry) in &on_day.classified {
            let of = of_class
                .entry(class)
                .or_insert_with(|| OfClass::of(class, decision, registry, &self.hub_contact, on_day.valid_on));
            let Some(of) = of else { continue };
            let id = watching.id(self.pseudonyms(), entry);
            let rank = Rank {
                outcome: decision.outcome(class),
                withheld: group_bits(of.withheld_groups()),
                named: decision.may_name_source(class),
            };
            let visible = within(ask, class, entry).then(|| of.show(entry)).flatten();
            let given = visible.as_ref().map(|shown| digest::sixteen([shown.encode_to_vec()]));
            told.insert(id, Told { subject: entry.subject, rank, given });
            shown.extend(visible.map(|visible| (class, WatchedEntry { id: id.to_vec(), entry: Some(visible) })));
        }
        (told, shown)
    }

    fn changes(
        &self,
        ask: &Ask,
        weighed: &Weighed,
        batch: Batch<'_>,
        watching: &Watching,
    ) -> Undisclosed<PermittedChanges> {
        let Batch { entries, withdrawn, services, seen } = batch;
        let first = weighed.decision_id.to_vec();
        let lines = services.as_ref().map_or(0, |services| services.existence.len());
        let mut classes: BTreeSet<&RecordClass> = entries.iter().map(|(class, _)| *class).collect();
        let count = entries.len();
        let entries: Vec<WatchedEntry> = entries.into_iter().map(|(_, entry)| entry).collect();
        if lines > 0 {
            let all = weighed.on_day.classes.keys();
            classes.extend(all.filter(|class| weighed.decision.outcome(class) == Outcome::Existence));
        }
        let shows_something = count + lines > 0;
        let obligations = words(weighed.decision.obligations().filter(|_| shows_something));
        let rests = owed(&weighed.decision, &classes, &weighed.on_day.classified, shows_something);
        let owed = rests.on_answer();
        let answer_digest = digest::sixteen(
            entries
                .iter()
                .map(Message::encode_to_vec)
                .chain(withdrawn.iter().cloned())
                .chain(services.iter().map(Message::encode_to_vec)),
        );
        let account = Account {
            call: Call::WatchTimeline,
            entries: count,
            lines,
            answer_digest,
            categories: category_bits(classes.iter().map(|class| class.category)),
            told: weighed.decision.told(classes),
            pinned_at_us: ask.asked_at_us.max(weighed.newest_us),
        };
        let mut record = weighed.record(ask, &account);
        let parts = rests.write(&mut record, self.pseudonyms());
        if let Some(basis) = &mut record.basis {
            (basis.stream, basis.after) = (watching.stream.to_vec(), watching.after.clone());
        }
        let mut frames: Vec<WatchTimelineResponse> = entries
            .chunks(ENTRIES_A_FRAME)
            .map(|part| WatchTimelineResponse {
                entries: part.to_vec(),
                decision_id: first.clone(),
                obligations: obligations.clone(),
                owed: owed.clone(),
                ..WatchTimelineResponse::default()
            })
            .collect();
        if frames.is_empty() {
            frames.push(WatchTimelineResponse {
                decision_id: first,
                obligations,
                owed,
                ..WatchTimelineResponse::default()
            });
        }
        if let Some(frame) = frames.first_mut() {
            (frame.withdrawn, frame.services) = (withdrawn, services);
        }
        // Whether it still stands is looked at when a frame of it leaves.
        Undisclosed { parts, ..Undisclosed::new(record, PermittedChanges { frames, seen }) }
    }
}

impl Weighed {
    fn lines(&self, hub_contact: &str) -> Vec<ExistenceLine> {
        let OnDay { classes, valid_on, .. } = self.on_day.as_ref();
        existence_lines(&self.decision, &self.registry, hub_contact, classes.keys(), *valid_on)
    }
}

fn glass_ends_us(weighed: &Weighed) -> Option<i64> {
    weighed.decision.glass().map(|glass| glass.ends_us)
}

/// What is new of a view.
struct Batch<'w> {
    entries: Vec<(&'w RecordClass, WatchedEntry)>,
    withdrawn: Vec<Vec<u8>>,
    services: Option<Services>,
    seen: Seen,
}

/// The entries given before that their sources have taken back. `None` when anything of which the reader knew is less open
/// to them now, or was of somebody who is not this child after all: what is taken back by a source tells of the source; what
/// is closed to a reader tells of a rule, and of that nothing is told.
fn taken_back(
    before: &Seen,
    told: &BTreeMap<Id, Told>,
    weighed: &Weighed,
    id: impl Fn(&Entry) -> Id,
) -> Option<Vec<Vec<u8>>> {
    let standing: BTreeSet<Id> = weighed.on_day.classified.iter().map(|(_, entry)| id(entry)).collect();
    let mut gone = Vec::new();
    for (id, was) in &before.told {
        match told.get(id) {
            Some(is) if is.rank.is_less_than(was.rank) => return None,
            // It stands, and no longer within what was asked for.
            Some(is) if is.given.is_none() => gone.extend(was.given.map(|_| id.to_vec())),
            Some(_) => {}
            None if standing.contains(id) || !weighed.child.resolution.subjects.contains(&was.subject) => return None,
            None => gone.extend(was.given.map(|_| id.to_vec())),
        }
    }
    Some(gone)
}

/// A bit for each group of fields.
pub(super) fn group_bits<'g>(groups: impl IntoIterator<Item = &'g FieldGroup>) -> u32 {
    groups.into_iter().fold(0, |bits, group| bits | group_bit(*group))
}

pub(crate) fn group_bit(group: FieldGroup) -> u32 {
    match group {
        FieldGroup::Location => 1,
        FieldGroup::ThirdParty => 2,
        FieldGroup::Narrative => 4,
    }
}
