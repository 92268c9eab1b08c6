//! What a scope last held, and held before: keyed digests and pseudonyms, no names.
//!
//! For each of the last submissions, and for each entry, what the submission said of it. What it said is kept only where
//! the log says the same at that version, so that the latest thing said at or before a version is what the log holds then.
//! Everything that is kept of one child stands together: whatever a submission says of one is decided without the others.

use std::collections::{BTreeMap, BTreeSet};

use event_log::seal::PseudonymKey;
use event_log::{EntryId, Pseudonym};
use prost::Message as _;
use proto::events::{Body, Event, Finding, FindingCode, Version, When, event::Kind};

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

/// Everything that a record may be a part of: which of them its source names is not known of each.
pub(super) fn wholes(key: &PseudonymKey, record_key: &str) -> Vec<PartId> {
    let ends = record_key.match_indices('/').map(|(at, _)| at).chain([record_key.len()]);
    let wholes = ends.filter_map(|end| record_key.get(..end)).filter(|whole| !whole.is_empty());
    wholes.map(|whole| part_id(key, whole)).collect()
}

/// What the log holds of a scope, as far as its differ needs to know, in memory: for tests, and to rebuild it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Baseline {
    /// In order of version.
    pub(super) submissions: Vec<Past>,
    pub(super) children: BTreeMap<Pseudonym, Kept>,
}

/// A submission that was diffed.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Past {
    pub(super) version: Version,
    /// Absence from it means something.
    pub(super) whole: bool,
}

/// What is kept of one child.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Kept {
    pub(super) subject: Pseudonym,
    /// In which submissions absence says nothing of this child, since something of it could not be read.
    pub(super) unread: Which,
    /// In which it says something, even where the rest means nothing.
    pub(super) covered: Which,
    pub(super) held: BTreeMap<EntryId, Held>,
}

/// Some of the submissions of a scope.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Which(pub(super) u64);

impl Which {
    pub(super) fn has(self, at: usize) -> bool {
        self.0.checked_shr(u32::try_from(at).unwrap_or(u32::MAX)).unwrap_or(0) & 1 == 1
    }

    pub(super) fn set(&mut self, at: usize, has: bool) {
        let bit = 1_u64.checked_shl(u32::try_from(at).unwrap_or(u32::MAX)).unwrap_or(0);
        self.0 = if has { self.0 | bit } else { self.0 & !bit };
    }

    /// Makes room for another submission at this place.
    fn insert(&mut self, at: usize) {
        let bit = 1_u64.checked_shl(u32::try_from(at).unwrap_or(u32::MAX)).unwrap_or(0);
        let below = bit.wrapping_sub(1);
        self.0 = (self.0 & below) | ((self.0 & !below) << 1);
    }
}

/// An entry of the scope.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Held {
    pub(super) controller: String,
    /// "" where it was rebuilt from the log, which does not say.
    pub(super) table: String,
    pub(super) kind: u32,
    pub(super) ordinal: u32,
    /// What it may be a part of, where its source names things that have parts.
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

/// The place of this version among submissions, and whether it has it already.
pub(super) fn place_of(submissions: &[Past], version: &Version) -> (usize, bool) {
    match submissions.binary_search_by_key(&rank(version), |past| rank(&past.version)) {
        Ok(at) => (at, true),
        Err(at) => (at, false),
    }
}

impl Baseline {
    /// Entries that the scope's latest submission left standing.
    pub fn entries_standing(&self) -> usize {
        self.children.values().map(Kept::standing).sum()
    }

    /// Whether nothing is known of the scope.
    pub fn is_empty(&self) -> bool {
        self.submissions.is_empty()
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
        let (at, is_known) = place_of(&self.submissions, &version);
        if !is_known {
            self.submissions.insert(at, Past { version, whole: false });
            self.children.values_mut().for_each(|kept| kept.insert_place(at));
        }
        let states = vec![State::NOTHING; self.submissions.len()];
        let kept = self.children.entry(subject).or_insert_with(|| Kept::nothing_of(subject));
        let held = kept.held.entry(entry_id).or_insert_with(|| Held {
            controller: body.controller.clone(),
            table: String::new(),
            kind: 0,
            ordinal: body.ordinal,
            under: Vec::new(),
            states,
        });
        if !body.record_key.is_empty() {
            held.under = wholes(key, &body.record_key);
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

    /// Keeps no more submissions than are told apart.
    pub(super) fn prune(&mut self) {
        let beyond = self.submissions.len().saturating_sub(SUBMISSIONS_MAX);
        self.submissions.drain(..beyond);
        self.children.values_mut().for_each(|kept| kept.prune(beyond));
        self.children.retain(|_, kept| !kept.is_nothing());
    }
}

impl Kept {
    pub(super) fn nothing_of(subject: Pseudonym) -> Self {
        Self { subject, unread: Which::default(), covered: Which::default(), held: BTreeMap::new() }
    }

    /// Entries that stand.
    pub(super) fn standing(&self) -> usize {
        self.held.values().filter(|held| held.stands()).count()
    }

    /// Whether nothing need be kept.
    pub(super) fn is_nothing(&self) -> bool {
        self.held.is_empty() && self.unread.0 == 0 && self.covered.0 == 0
    }

    /// Makes room for a submission that has said nothing yet.
    pub(super) fn insert_place(&mut self, at: usize) {
        self.unread.insert(at);
        self.covered.insert(at);
        for held in self.held.values_mut() {
            held.states.insert(at.min(held.states.len()), State::NOTHING);
        }
    }

    /// What a submission says of an entry of this child that it does not hold.
    pub(super) fn of_the_missing(&self, at: usize, past: &Past) -> Said {
        let means_something = past.whole && !self.unread.has(at) || self.covered.has(at);
        if means_something { Said::Absent } else { Said::Nothing }
    }

    /// What the submissions after this one say of an entry that none of them holds, first.
    pub(super) fn said_next_of_the_missing(&self, submissions: &[Past], after: usize) -> Option<(usize, State)> {
        let later = submissions.iter().enumerate().skip(after + 1);
        let mut said = later.map(|(at, past)| (at, State { said: self.of_the_missing(at, past), published: false }));
        said.find(|(_, state)| state.said != Said::Nothing)
    }

    /// Notes what a submission says of an entry of which it had said nothing.
    pub(super) fn say(&mut self, id: EntryId, at: usize, said: Said, published: bool) {
        let state = self.held.get_mut(&id).and_then(|held| held.states.get_mut(at));
        if let Some(state) = state.filter(|state| state.said == Said::Nothing) {
            *state = State { said, published };
        }
    }

    /// Notes that what a submission said now has an event.
    pub(super) fn say_again(&mut self, id: EntryId, at: usize, said: Said) {
        if let Some(state) = self.held.get_mut(&id).and_then(|held| held.states.get_mut(at)) {
            *state = State { said, published: true };
        }
    }

    /// Lets the oldest submissions run into the next.
    pub(super) fn prune(&mut self, oldest: usize) {
        for _ in 0..oldest {
            (self.unread.0, self.covered.0) = (self.unread.0 >> 1, self.covered.0 >> 1);
            for held in self.held.values_mut().filter(|held| !held.states.is_empty()) {
                let oldest = held.states.remove(0);
                if let Some(next) = held.states.first_mut()
                    && next.said == Said::Nothing
                {
                    // Said by an event that is older than the version it now stands at.
                    *next = State { said: oldest.said, published: false };
                }
            }
            self.held.retain(|_, held| held.states.iter().any(|state| matches!(state.said, Said::Present(_))));
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

/// What a record asserts, as a digest: everything that a later version would have to say again to differ in nothing. That it
/// came repeated is added to the digest of the rest: whether it did is known only once everything is read. What is stated in part
/// is not the same as a whole record that holds no more.
pub(super) fn digest(
    key: &PseudonymKey,
    (effective, in_part): (Option<&When>, bool),
    mut findings: &[Finding],
    third_parties: Vec<Vec<u8>>,
    mut labels: Vec<i32>,
    event: Option<&Event>,
) -> Digest {
    labels.sort_unstable();
    labels.dedup();
    let mut repeats = 0;
    while let [rest @ .., last] = findings
        && last.code() == FindingCode::RecordRepeated
    {
        (findings, repeats) = (rest, repeats + 1);
    }
    let asserted = Body {
        effective: effective.copied(),
        findings: findings.to_vec(),
        third_parties,
        labels,
        event: event.cloned(),
        // No field has this number.
        clears: if in_part { vec![0] } else { Vec::new() },
        ..Body::default()
    };
    let once = key.digest("baseline", &asserted.encode_to_vec());
    (0..repeats).fold(once, |digest, _| repeated(key, &digest))
}

/// The digest of a record that came repeated, of what it is without.
pub(super) fn repeated(key: &PseudonymKey, once: &Digest) -> Digest {
    key.digest("baseline-repeated", once)
}
