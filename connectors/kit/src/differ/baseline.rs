//! What a scope last held, and held before: keyed digests and pseudonyms, no names.
//!
//! For each of the last submissions, and for each entry, what the submission said of it. What it said is kept only where
//! the log says the same at that version, so that the latest thing said at or before a version is what the log holds then.

use std::collections::{BTreeSet, HashMap, HashSet};

use event_log::seal::PseudonymKey;
use event_log::{EntryId, Pseudonym};
use prost::Message as _;
use proto::events::{Body, Event, Finding, Version, When, event::Kind};

use crate::connector::Draft;

/// Submissions of a scope that are told apart. An older one than all of these changes only what they do not speak of.
pub const SUBMISSIONS_MAX: usize = 12;

/// A keyed digest of what a record asserts.
pub(super) type Digest = [u8; 16];

/// A keyed digest of the record key of a thing that has parts.
pub(super) type PartId = [u8; 8];

pub(super) fn part_id(key: &PseudonymKey, record_key: &str) -> PartId {
    let [first @ .., _, _, _, _, _, _, _, _] = key.digest("part", record_key.as_bytes());
    first
}

/// What the log holds of a scope, as far as its differ needs to know.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Baseline {
    /// In order of version.
    pub(super) submissions: Vec<Past>,
    pub(super) entries: HashMap<EntryId, Held>,
}

/// A submission that was diffed.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Past {
    pub(super) version: Version,
    /// Absence from it means something.
    pub(super) whole: bool,
    /// But not the absence of what is about these.
    pub(super) unread: BTreeSet<Pseudonym>,
    /// And the absence of what is about these, even where the rest means nothing.
    pub(super) covered: BTreeSet<Pseudonym>,
}

/// An entry of the scope.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Held {
    pub(super) subject: Pseudonym,
    pub(super) controller: String,
    /// "" where it was rebuilt from the log, which does not say.
    pub(super) table: String,
    pub(super) kind: u32,
    pub(super) ordinal: u32,
    /// What it is a part of, where its source says so.
    pub(super) under: Vec<PartId>,
    /// One for each submission, in the same order.
    pub(super) states: Vec<State>,
}

/// What a submission said of an entry, and whether an event of that version says it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct State {
    pub(super) said: Said,
    pub(super) published: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Said {
    Nothing,
    Absent,
    Present(Digest),
}

impl State {
    pub(super) const NOTHING: Self = Self { said: Said::Nothing, published: false };
}

pub(super) fn rank(version: &Version) -> (i64, u64, u32) {
    (version.as_of_us, version.sequence, version.mapping_revision)
}

impl Past {
    /// What it says of an entry that it does not hold.
    pub(super) fn of_the_missing(&self, subject: &Pseudonym) -> Said {
        let means_something = self.whole && !self.unread.contains(subject) || self.covered.contains(subject);
        if means_something { Said::Absent } else { Said::Nothing }
    }
}

impl Baseline {
    /// Entries that the scope's latest submission left standing.
    pub fn entries_standing(&self) -> usize {
        self.entries.values().filter(|held| held.stands()).count()
    }

    /// Whether nothing is known of the scope.
    pub fn is_empty(&self) -> bool {
        self.submissions.is_empty()
    }

    /// The place of this version among the submissions, made if it has none.
    pub(super) fn place_of(&mut self, version: Version) -> usize {
        match self.submissions.binary_search_by_key(&rank(&version), |past| rank(&past.version)) {
            Ok(at) => at,
            Err(at) => {
                self.submissions
                    .insert(at, Past { version, whole: false, unread: BTreeSet::new(), covered: BTreeSet::new() });
                for held in self.entries.values_mut() {
                    held.states.insert(at, State::NOTHING);
                }
                at
            }
        }
    }

    /// Notes how far the submission of this place can be trusted in what it does not hold. The same submission once more
    /// can only add to that.
    pub(super) fn remember(
        &mut self,
        at: usize,
        whole: bool,
        held: bool,
        unread: BTreeSet<Pseudonym>,
        covered: BTreeSet<Pseudonym>,
    ) {
        let Some(past) = self.submissions.get_mut(at) else { return };
        if !past.whole {
            (past.whole, past.unread) = (whole && !held, unread);
        } else if whole {
            past.unread.retain(|subject| unread.contains(subject));
        }
        if !held {
            past.covered.extend(covered);
        }
    }

    /// What the submissions after this one say of an entry that none of them holds, first.
    pub(super) fn said_next_of_the_missing(&self, subject: &Pseudonym, after: usize) -> Option<(usize, State)> {
        let later = self.submissions.iter().enumerate().skip(after + 1);
        let mut said = later.map(|(at, past)| (at, State { said: past.of_the_missing(subject), published: false }));
        said.find(|(_, state)| state.said != Said::Nothing)
    }

    /// Makes an entry that no submission but the one of this place holds.
    pub(super) fn enter(
        &mut self,
        id: EntryId,
        subject: Pseudonym,
        draft: &Draft,
        kind: u32,
        under: Vec<PartId>,
        at: usize,
    ) {
        let submissions = &self.submissions;
        let held = self.entries.entry(id).or_insert_with(|| Held {
            subject,
            controller: draft.controller.clone(),
            table: String::new(),
            kind,
            ordinal: draft.ordinal,
            under: Vec::new(),
            states: submissions
                .iter()
                .enumerate()
                .map(|(other, past)| {
                    let said = if other == at { Said::Nothing } else { past.of_the_missing(&subject) };
                    State { said, published: false }
                })
                .collect(),
        });
        held.kind = kind;
        held.under = under;
        if held.table != draft.table {
            held.table = draft.table.to_owned();
        }
    }

    /// Forgets what it holds of these subjects: they are erased. Gives whether it held anything.
    pub(super) fn forget(&mut self, subjects: &HashSet<Pseudonym>) -> bool {
        let before = self.entries.len();
        self.entries.retain(|_, held| !subjects.contains(&held.subject));
        self.entries.len() < before
    }

    /// Notes what a submission says of an entry of which it had said nothing.
    pub(super) fn say(&mut self, id: EntryId, at: usize, said: Said, published: bool) {
        let state = self.entries.get_mut(&id).and_then(|held| held.states.get_mut(at));
        if let Some(state) = state.filter(|state| state.said == Said::Nothing) {
            *state = State { said, published };
        }
    }

    /// Notes that what a submission said now has an event.
    pub(super) fn say_again(&mut self, id: EntryId, at: usize, said: Said) {
        if let Some(state) = self.entries.get_mut(&id).and_then(|held| held.states.get_mut(at)) {
            *state = State { said, published: true };
        }
    }

    /// Lets the oldest submission run into the next until few enough are left.
    pub(super) fn prune(&mut self) {
        while self.submissions.len() > SUBMISSIONS_MAX {
            self.submissions.remove(0);
            for held in self.entries.values_mut() {
                let oldest = held.states.remove(0);
                if let Some(next) = held.states.first_mut()
                    && next.said == Said::Nothing
                {
                    // Said by an event that is older than the version it now stands at.
                    *next = State { said: oldest.said, published: false };
                }
            }
            self.entries.retain(|_, held| held.states.iter().any(|state| matches!(state.said, Said::Present(_))));
        }
    }

    /// Takes in an event of the connector's own topic. Call it with every event of the scope, in any order.
    pub(super) fn absorb(
        &mut self,
        subject: Pseudonym,
        entry_id: EntryId,
        version: Version,
        body: &Body,
        digest: Digest,
        key: &PseudonymKey,
    ) {
        let at = self.place_of(version);
        let count = self.submissions.len();
        let held = self.entries.entry(entry_id).or_insert_with(|| Held {
            subject,
            controller: body.controller.clone(),
            table: String::new(),
            kind: 0,
            ordinal: body.ordinal,
            under: Vec::new(),
            states: vec![State::NOTHING; count],
        });
        // Which of them its source calls things with parts is not in the log: each may be.
        let ends = body.record_key.match_indices('/').map(|(at, _)| at).chain([body.record_key.len()]);
        let wholes = ends.filter_map(|end| body.record_key.get(..end)).filter(|whole| !whole.is_empty());
        if !body.record_key.is_empty() {
            held.under = wholes.map(|whole| part_id(key, whole)).collect();
        }
        let kind = body.event.as_ref().and_then(|event| event.kind.as_ref());
        let gone = matches!(kind, None | Some(Kind::EntryRetracted(_) | Kind::EntryCorrected(_)));
        if let (false, Some(kind)) = (gone, kind) {
            held.kind = kind.number().0;
        }
        if let Some(state) = held.states.get_mut(at) {
            *state = State { said: if gone { Said::Absent } else { Said::Present(digest) }, published: true };
        }
    }
}

impl Held {
    /// Whether it is a part of one of these.
    pub(super) fn is_part_of(&self, things: &BTreeSet<PartId>) -> bool {
        self.under.iter().any(|thing| things.contains(thing))
    }

    /// The latest thing said.
    pub(super) fn stands(&self) -> bool {
        matches!(self.said_last(self.states.len()), Some(Said::Present(_)))
    }

    /// What this submission said.
    pub(super) fn said_at(&self, at: usize) -> Said {
        self.states.get(at).map_or(Said::Nothing, |state| state.said)
    }

    /// The latest thing said before this submission.
    pub(super) fn said_last(&self, before: usize) -> Option<Said> {
        self.states.iter().take(before).rev().map(|state| state.said).find(|said| *said != Said::Nothing)
    }

    /// The earliest thing said after this submission, and by which.
    pub(super) fn said_next(&self, after: usize) -> Option<(usize, State)> {
        self.states.iter().copied().enumerate().skip(after + 1).find(|(_, state)| state.said != Said::Nothing)
    }
}

/// What a record asserts, as a digest: everything that a later version would have to say again to differ in nothing.
pub(super) fn digest(
    key: &PseudonymKey,
    effective: Option<&When>,
    findings: &[Finding],
    third_parties: Vec<Vec<u8>>,
    event: Option<&Event>,
) -> Digest {
    let asserted = Body {
        effective: effective.copied(),
        findings: findings.to_vec(),
        third_parties,
        event: event.cloned(),
        ..Body::default()
    };
    key.digest("baseline", &asserted.encode_to_vec())
}
