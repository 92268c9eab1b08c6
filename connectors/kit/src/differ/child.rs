//! One child: what a submission says of it, beside what its scope holds of it, and what follows.

use std::collections::{BTreeMap, BTreeSet};

use event_log::seal::PseudonymKey;
use event_log::{EntryId, Pseudonym};
use proto::events::Cause;

use super::baseline::{Digest, Held, Kept, PartId, Past, Said, State, repeated};

/// Everything that one submission says of one child in one scope.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) subject: Pseudonym,
    /// Something of it could not be read.
    pub(super) unread: bool,
    /// A record of it was read and not taken.
    pub(super) not_taken: bool,
    /// Everything of it was read, whether or not the whole scope was.
    pub(super) covered: bool,
    /// Things of which every part is told.
    pub(super) parts: BTreeSet<PartId>,
    pub(super) stated: BTreeMap<EntryId, Stated>,
    /// Drafts that cannot stand beside another of the same key.
    pub(super) same_key: Vec<u64>,
}

/// What it says of one entry.
#[derive(Debug)]
pub(super) struct Stated {
    /// Of the draft, among all that were said.
    pub(super) number: u64,
    pub(super) digest: Digest,
    pub(super) kind: u32,
    pub(super) ordinal: u32,
    /// Places among the survey's names.
    pub(super) controller: u32,
    pub(super) table: u32,
    pub(super) is_end: bool,
    /// It came more than once.
    pub(super) repeated: bool,
    pub(super) under: Vec<PartId>,
}

impl Told {
    pub(super) fn nothing_of(subject: Pseudonym) -> Self {
        let (parts, stated, same_key) = (BTreeSet::new(), BTreeMap::new(), Vec::new());
        Self { subject, unread: false, not_taken: false, covered: false, parts, stated, same_key }
    }

    /// Takes a record, in order of entry and then of the drafts: a repeated one counts once.
    pub(super) fn take(&mut self, key: &PseudonymKey, id: EntryId, stated: Stated, is_shared: bool) {
        if is_shared {
            self.same_key.push(stated.number);
            return;
        }
        match self.stated.get_mut(&id) {
            None => {
                self.stated.insert(id, stated);
            }
            Some(first) => {
                let is_same = match first.repeated {
                    true => first.digest == repeated(key, &stated.digest),
                    false => first.digest == stated.digest,
                };
                match (is_same, first.repeated) {
                    (true, true) => {}
                    (true, false) => {
                        first.repeated = true;
                        first.digest = repeated(key, &stated.digest);
                    }
                    (false, _) => self.same_key.push(stated.number),
                }
            }
        }
    }

    /// What could not be read whole is not covered.
    pub(super) fn settle(&mut self) {
        self.not_taken |= !self.same_key.is_empty();
        self.unread |= self.not_taken;
        if self.not_taken {
            // What is gone of a thing may be what was not taken of it.
            self.parts.clear();
        }
        self.covered &= !self.unread;
    }
}

/// What the submissions of a scope are, and the one that is compared.
#[derive(Clone, Copy)]
pub(super) struct Among<'a> {
    pub(super) submissions: &'a [Past],
    pub(super) at: usize,
    /// It was read whole.
    pub(super) whole: bool,
}

/// One child on both sides.
pub(super) struct Pair {
    pub(super) kept: Kept,
    pub(super) told: Told,
}

/// What becomes of a record that stands in the submission.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    /// The log says so already.
    Same,
    /// It is news.
    Published { cause: Cause },
    /// It is news, and this next submission, which needed no event of its own for it, takes it back.
    PublishedUntil { cause: Cause, next: usize },
    /// Overtaken.
    Superseded,
}

/// What follows of one child.
#[derive(Default, Debug)]
pub(super) struct Outcomes {
    pub(super) present: BTreeMap<EntryId, Outcome>,
    /// Stood before this version, and is gone from it. In order of id.
    pub(super) gone: Vec<EntryId>,
    /// Of these, what the source says is gone: nobody has to look.
    pub(super) said_gone: BTreeSet<EntryId>,
    /// Absent, and the log says so already.
    pub(super) still_absent: Vec<EntryId>,
    /// Start-date corrections: what is gone, and what it was put right to.
    pub(super) corrections: BTreeMap<EntryId, EntryId>,
    pub(super) superseded: u64,
    /// Published, and did not stand before this version.
    new: Vec<EntryId>,
}

impl Pair {
    /// What the submission says of an entry that the scope holds.
    fn asked(&self, id: &EntryId, held: &Held, whole: bool) -> Said {
        let told = &self.told;
        match told.stated.get(id) {
            Some(stated) => Said::Present(stated.digest),
            None if whole && !told.unread => Said::Absent,
            None if told.covered || held.is_part_of(&told.parts) => Said::Absent,
            None => Said::Nothing,
        }
    }

    /// Whether it says something else than the submission of this place said.
    pub(super) fn contradicts(&self, at: usize, past: &Past, whole: bool) -> bool {
        let absent = self.kept.of_the_missing(at, past) == Said::Absent;
        let is_new = |id: &EntryId| absent && !self.kept.held.contains_key(id);
        self.told.stated.keys().any(is_new)
            || self.kept.held.iter().any(|(id, held)| {
                let (before, now) = (held.said_at(at), self.asked(id, held, whole));
                before != Said::Nothing && now != Said::Nothing && before != now
            })
    }

    pub(super) fn outcomes(&self, among: Among<'_>, names: &[String]) -> Outcomes {
        let mut outcomes = Outcomes::default();
        for (id, held) in &self.kept.held {
            if held.said_at(among.at) == Said::Nothing && self.asked(id, held, among.whole) == Said::Absent {
                outcomes.absent(*id, held, among.at);
            }
        }
        for (id, stated) in &self.told.stated {
            let outcome = self.outcome(id, stated, among, &mut outcomes);
            outcomes.present.insert(*id, outcome);
        }
        let is_said = |id: &EntryId| self.kept.held.get(id).is_some_and(|held| held.is_part_of(&self.told.parts));
        outcomes.said_gone = outcomes.gone.iter().copied().filter(is_said).collect();
        outcomes.corrections = self.corrections(&outcomes, names);
        outcomes
    }

    fn outcome(&self, id: &EntryId, stated: &Stated, among: Among<'_>, outcomes: &mut Outcomes) -> Outcome {
        let (last, next) = match self.kept.held.get(id) {
            // What was said at this version stands.
            Some(held) if held.said_at(among.at) != Said::Nothing => return Outcome::Same,
            Some(held) => (held.said_last(among.at), held.said_next(among.at)),
            None => (None, self.kept.said_next_of_the_missing(among.submissions, among.at)),
        };
        let is_new = !matches!(last, Some(Said::Present(_)));
        let cause = match is_new {
            false => Cause::Changed,
            true if stated.is_end => Cause::Ended,
            true => Cause::Started,
        };
        match next {
            _ if last == Some(Said::Present(stated.digest)) => Outcome::Same,
            None | Some((_, State { published: true, .. })) => {
                if is_new {
                    outcomes.new.push(*id);
                }
                Outcome::Published { cause }
            }
            Some((next, State { said: Said::Absent, .. })) => Outcome::PublishedUntil { cause, next },
            Some(_) => {
                outcomes.superseded += 1;
                Outcome::Superseded
            }
        }
    }

    /// Start-date corrections: where of one child, table and kind exactly one entry is gone and one is new, the second is the
    /// first put right.
    fn corrections(&self, outcomes: &Outcomes, names: &[String]) -> BTreeMap<EntryId, EntryId> {
        type Group<'a> = (Vec<(EntryId, &'a str)>, Vec<(EntryId, &'a str)>);
        let mut groups: BTreeMap<u32, Group<'_>> = BTreeMap::new();
        for id in &outcomes.gone {
            if let Some(held) = self.kept.held.get(id) {
                groups.entry(held.kind).or_default().0.push((*id, &held.table));
            }
        }
        for id in &outcomes.new {
            if let Some(stated) = self.told.stated.get(id)
                && let Some(group) = groups.get_mut(&stated.kind)
            {
                group.1.push((*id, name(names, stated.table)));
            }
        }
        let one_of_each = |(gone, new): Group<'_>| match (gone.as_slice(), new.as_slice()) {
            // A baseline that was rebuilt does not know its tables.
            ([(old, from)], [(new, to)]) if from == to || from.is_empty() => Some((*old, *new)),
            _ => None,
        };
        groups.into_values().filter_map(one_of_each).collect()
    }

    /// Notes how far the submission can be trusted in what it does not hold of this child. The same submission once more can
    /// only add to that. `was_whole`: before this one.
    pub(super) fn remember(&mut self, among: Among<'_>, was_whole: bool, held_back: bool) {
        let (kept, told) = (&mut self.kept, &self.told);
        if !was_whole {
            kept.unread.set(among.at, told.unread);
        } else if among.whole {
            kept.unread.set(among.at, kept.unread.has(among.at) && told.unread);
        }
        if !held_back && told.covered {
            kept.covered.set(among.at, true);
        }
    }

    /// Makes an entry that no submission but this one holds, or brings one up to what this one says of it.
    pub(super) fn enter(&mut self, id: EntryId, among: Among<'_>, names: &[String]) {
        let Some(stated) = self.told.stated.get(&id) else { return };
        if !self.kept.held.contains_key(&id) {
            let said = |(other, past): (usize, &Past)| {
                let said = if other == among.at { Said::Nothing } else { self.kept.of_the_missing(other, past) };
                State { said, published: false }
            };
            let held = Held {
                controller: name(names, stated.controller).to_owned(),
                table: String::new(),
                kind: stated.kind,
                ordinal: stated.ordinal,
                under: Vec::new(),
                states: among.submissions.iter().enumerate().map(said).collect(),
            };
            self.kept.held.insert(id, held);
        }
        if let Some(held) = self.kept.held.get_mut(&id) {
            held.kind = stated.kind;
            held.under.clone_from(&stated.under);
            name(names, stated.table).clone_into(&mut held.table);
        }
    }
}

impl Outcomes {
    fn absent(&mut self, id: EntryId, held: &Held, at: usize) {
        match (held.said_last(at), held.said_next(at)) {
            (Some(Said::Present(_)), Some((_, State { said: Said::Present(_), published: false }))) => {
                self.superseded += 1;
            }
            (Some(Said::Present(_)), _) => self.gone.push(id),
            _ => self.still_absent.push(id),
        }
    }

    /// How much is gone that somebody has to look at.
    pub(super) fn retractions(&self) -> usize {
        let to_look_at = |id: &&EntryId| !self.said_gone.contains(id) && !self.corrections.contains_key(id);
        self.gone.iter().filter(to_look_at).count()
    }
}

pub(super) fn name(names: &[String], at: u32) -> &str {
    usize::try_from(at).ok().and_then(|at| names.get(at)).map_or("", String::as_str)
}
