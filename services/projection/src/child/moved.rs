//! Entries that a source said under other numbers or keys than those by which it speaks of them now.
//!
//! A source that replaces one of its numbers by another goes on about the same visits under the number that stands: the
//! discharge that it cancels was said under the one that went. And a source that put a visit down to the wrong person says
//! later whose it is. Nothing is rewritten: when a child is read, each statement is placed where its source now has it, so
//! that taking the replacement or the move back puts everything where it was.
//!
//! Only a source moves its own entries, under one controller, between numbers of one issuer, and never across a seal.

use std::collections::{BTreeMap, BTreeSet};

use event_log::Pseudonym;
use event_log::seal::PseudonymKey;
use identity::{Evidence, Id};
use proto::events::event::Kind;
use proto::events::{Subject, Version};
use timeline::Said;

use super::same_issuer;

/// A statement's place among others of its record: by version, and by event id only when all its parts are equal.
type Rank = (i64, u64, u32, Id);

fn rank(said: &Said) -> Rank {
    let Version { as_of_us, sequence, mapping_revision } = said.body.version.unwrap_or_default();
    (as_of_us, sequence, mapping_revision, said.event_id)
}

/// What stands of what sources said about their numbers and of where their entries belong.
#[derive(Default)]
pub(super) struct Moves {
    /// Numbers that went, each with the one that stands in its place.
    superseded: BTreeMap<Id, Superseded>,
    /// In the order in which their sources said them.
    reassigned: Vec<Reassigned>,
}

struct Superseded {
    gone: Subject,
    by: Id,
    stands: Subject,
}

struct Reassigned {
    controller: String,
    source: String,
    from: Id,
    from_key: String,
    to: Id,
    to_subject: Subject,
    to_key: String,
}

/// Where a statement belongs.
#[derive(Clone, PartialEq)]
struct Place {
    subject: Id,
    named: Subject,
    key: String,
}

impl Moves {
    /// What stands of everything that was said.
    pub(super) fn of<'a>(said: impl Iterator<Item = &'a Said>, pseudonyms: &PseudonymKey) -> Self {
        let mut standing: BTreeMap<(Id, &str, &str, &[u8]), &Said> = BTreeMap::new();
        for said in said {
            let (controller, source) = (said.body.controller.as_str(), said.body.source.as_str());
            let of = standing.entry((said.subject, controller, source, &said.body.entry_id)).or_insert(said);
            if rank(of) < rank(said) {
                *of = said;
            }
        }
        let mut standing: Vec<&Said> = standing.into_values().collect();
        standing.sort_by_key(|said| rank(said));
        let mut moves = Self::default();
        for said in standing {
            moves.take(said, pseudonyms);
        }
        moves
    }

    fn take(&mut self, said: &Said, pseudonyms: &PseudonymKey) {
        let Some(subject) = &said.body.subject else { return };
        match said.body.event.as_ref().and_then(|event| event.kind.as_ref()) {
            // An issuer replaces its own numbers, and nobody else's. A person's word on it is a decision, judged elsewhere.
            Some(Kind::IdentifierSuperseded(replaced)) if replaced.decided_by.is_none() => {
                let Some(gone) = replaced.superseded.as_ref().filter(|gone| same_issuer(Some(subject), Some(gone)))
                else {
                    return;
                };
                let gone_id = pseudonyms.of(gone).0;
                if gone_id == said.subject {
                    return;
                }
                // The last word stands: of a number that went to two, and of two that each went to the other.
                if self.stands_for(said.subject).0 == gone_id {
                    self.superseded.remove(&said.subject);
                }
                let by = Superseded { gone: gone.clone(), by: said.subject, stands: subject.clone() };
                self.superseded.insert(gone_id, by);
            }
            Some(Kind::EntryReassigned(moved)) => {
                let from = moved.from.as_ref().filter(|from| same_issuer(Some(subject), Some(from)));
                let (Some(from), Some(from_key), Some(to_key)) = (from, &moved.from_key, &moved.to_key) else { return };
                if from_key.is_empty() || to_key.is_empty() {
                    return;
                }
                self.reassigned.push(Reassigned {
                    controller: said.body.controller.clone(),
                    source: said.body.source.clone(),
                    from: pseudonyms.of(from).0,
                    from_key: from_key.clone(),
                    to: said.subject,
                    to_subject: subject.clone(),
                    to_key: to_key.clone(),
                });
            }
            _ => {}
        }
    }

    /// Each number that went, with the one that took its place.
    pub(super) fn superseded(&self) -> impl Iterator<Item = (Id, Id)> + '_ {
        self.superseded.iter().map(|(gone, superseded)| (*gone, superseded.by))
    }

    /// The number that stands for this one in the end, and what it is called.
    fn stands_for(&self, id: Id) -> (Id, Option<&Subject>) {
        let (mut at, mut named) = (id, None);
        // There is no circle among them; should there be one, it ends.
        for _ in 0..=self.superseded.len() {
            let Some(superseded) = self.superseded.get(&at) else { break };
            (at, named) = (superseded.by, Some(&superseded.stands));
        }
        (at, named)
    }

    /// Leaves only what may be followed: replacements that were followed when it was resolved who is one child, and moves that
    /// cross no seal. Says whether anything is left.
    pub(super) fn keep_followed(&mut self, subjects: &BTreeSet<Id>, evidence: &Evidence) -> bool {
        self.superseded.retain(|gone, superseded| {
            evidence.superseded.contains(&(*gone, superseded.by))
                && subjects.contains(gone)
                && subjects.contains(&superseded.by)
        });
        let sealed = |one: &Id, other: &Id| evidence.sealed.iter().any(|set| set.contains(one) != set.contains(other));
        self.reassigned.retain(|moved| !sealed(&moved.from, &moved.to));
        !self.superseded.is_empty() || !self.reassigned.is_empty()
    }

    /// The statement where its source now has it.
    pub(super) fn place(&self, mut said: Said, pseudonyms: &PseudonymKey) -> Said {
        let Some(named) = said.body.subject.clone().filter(|_| !said.body.record_key.is_empty()) else { return said };
        let was = Place { subject: said.subject, named, key: said.body.record_key.clone() };
        let mut place = self.canonical(was.clone());
        let own = |moved: &&Reassigned| moved.controller == said.body.controller && moved.source == said.body.source;
        for moved in self.reassigned.iter().filter(own) {
            let from = self.canonical_of(moved.from, &moved.from_key);
            let Some(rest) = (from.0 == place.subject).then(|| rest_of(&place.key, &from.1)).flatten() else {
                continue;
            };
            let (to, to_key) = self.canonical_of(moved.to, &moved.to_key);
            let named = self.stands_for(moved.to).1.unwrap_or(&moved.to_subject).clone();
            place = Place { subject: to, named, key: format!("{to_key}{rest}") };
        }
        if place != was {
            let entry_id = pseudonyms.entry_id(&said.body.controller, &said.body.source, &place.key, said.body.ordinal);
            said.subject = place.subject;
            said.body.subject = Some(place.named);
            said.body.record_key = place.key;
            said.body.entry_id = entry_id.as_bytes().to_vec();
        }
        said
    }

    fn canonical(&self, place: Place) -> Place {
        let (subject, key) = self.canonical_of(place.subject, &place.key);
        let named = self.stands_for(place.subject).1.cloned().unwrap_or(place.named);
        Place { subject, named, key }
    }

    /// The key under the number that stands. A source that names the person in its keys begins them with issuer and value.
    fn canonical_of(&self, subject: Id, key: &str) -> (Id, String) {
        let (mut at, mut key) = (subject, key.to_owned());
        for _ in 0..=self.superseded.len() {
            let Some(superseded) = self.superseded.get(&at) else { break };
            if let Some(rest) = rest_of(&key, &key_of(&superseded.gone)) {
                key = format!("{}{rest}", key_of(&superseded.stands));
            }
            at = superseded.by;
        }
        (at, key)
    }

    /// Subjects whose statements may belong to one of these.
    pub(super) fn sources_of(&self, subjects: &BTreeSet<Id>) -> BTreeSet<Pseudonym> {
        let of = self.reassigned.iter().filter(|moved| !subjects.contains(&moved.from));
        of.map(|moved| Pseudonym(moved.from)).collect()
    }
}

fn key_of(subject: &Subject) -> String {
    format!("{}/{}", subject.issuer, subject.value)
}

/// What follows the beginning, where the key is it or goes on after a slash.
fn rest_of<'k>(key: &'k str, beginning: &str) -> Option<&'k str> {
    key.strip_prefix(beginning).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}
