//! What an answer owes, and what it rests on: the obligations of the permits that let something through, the consents without which
//! less would have been given, and whose records a break-glass opened. All of it stands on the record before the answer is given.

use std::collections::{BTreeMap, BTreeSet};

use event_log::seal::PseudonymKey;
use identity::Id;
use proto::disclosure::Disclosure;
use proto::sharing::{Call, Obligation};
use sharing::{ConsentMark, Glass, RecordClass, obligation_word};

use super::{SUBJECTS_NAMED_MAX, decision_id};

/// Consents that a record names: beyond these it says that there are more.
const CONSENTS_NAMED_MAX: usize = 4;

/// What stands on the record of an answer beside what was decided.
#[derive(Clone, Default)]
pub(super) struct Owed {
    obligations: BTreeSet<Obligation>,
    consents: BTreeSet<ConsentMark>,
    opened: Option<Opened>,
}

/// Whose records a break-glass opened.
#[derive(Clone)]
struct Opened {
    glass: [u8; 16],
    /// By organisation, the subjects.
    of: BTreeMap<String, BTreeSet<Id>>,
}

impl Owed {
    pub(super) fn of(
        obligations: impl IntoIterator<Item = Obligation>,
        consents: BTreeSet<ConsentMark>,
        opened: Option<(Glass, BTreeSet<&RecordClass>)>,
    ) -> Self {
        let opened = opened.filter(|(_, classes)| !classes.is_empty()).map(|(glass, classes)| Opened {
            glass: glass.id,
            of: classes.into_iter().map(|class| (class.source_org.clone(), BTreeSet::new())).collect(),
        });
        Self { obligations: obligations.into_iter().collect(), consents, opened }
    }

    /// Whose records they are that were opened, by subject.
    pub(super) fn with_subjects<'s>(mut self, of: impl IntoIterator<Item = (&'s str, Id)>) -> Self {
        if let Some(opened) = &mut self.opened {
            for (organisation, subject) in of {
                if let Some(subjects) = opened.of.get_mut(organisation) {
                    subjects.insert(subject);
                }
            }
        }
        self
    }

    /// What both owe and rest on.
    pub(super) fn and(mut self, other: &Self) -> Self {
        self.obligations.extend(&other.obligations);
        self.consents.extend(&other.consents);
        match (&mut self.opened, &other.opened) {
            (Some(ours), Some(theirs)) => ours.of.extend(theirs.of.clone()),
            (ours, theirs) => *ours = ours.take().or_else(|| theirs.clone()),
        }
        self
    }

    /// The same of another child of the same answer.
    pub(super) fn and_obligations(mut self, more: impl IntoIterator<Item = Obligation>) -> Self {
        self.obligations.extend(more);
        self
    }

    /// Of an answer that tells nothing.
    pub(super) fn if_told(self, told: bool) -> Self {
        if told { self } else { Self::default() }
    }

    /// What is owed.
    pub(super) fn obligations(&self) -> impl Iterator<Item = Obligation> {
        self.obligations.iter().copied()
    }

    /// As an answer carries them.
    pub(super) fn on_answer(&self) -> Vec<i32> {
        self.obligations.iter().map(|obligation| (*obligation).into()).collect()
    }

    /// Writes them on the record, and gives one more for each organisation whose records were opened.
    pub(super) fn write(&self, record: &mut Disclosure, key: &PseudonymKey) -> Vec<Disclosure> {
        record.obligations = bits(&self.obligations);
        let named = self.consents.iter().take(CONSENTS_NAMED_MAX).flatten().copied();
        record.consents = named.collect();
        if self.consents.len() > CONSENTS_NAMED_MAX {
            record.consents.extend([0; 4]);
        }
        let Some(opened) = &self.opened else { return Vec::new() };
        let part = |(organisation, subjects): (&String, &BTreeSet<Id>)| {
            let asked = record.subjects.iter().take(1).cloned();
            let subjects: Vec<Vec<u8>> = match subjects.is_empty() {
                true => asked.collect(),
                false => subjects.iter().take(SUBJECTS_NAMED_MAX).map(|id| id.to_vec()).collect(),
            };
            let first = subjects.first().and_then(|id| id.first()).copied().unwrap_or_default();
            Disclosure {
                decision_id: decision_id::new(key, first % decision_id::BOOKS).to_vec(),
                organisation: record.organisation.clone(),
                person: record.person.clone(),
                roles: record.roles.clone(),
                purpose: record.purpose,
                subjects,
                policy_hash: record.policy_hash.clone(),
                valid_day: record.valid_day,
                call: Call::OpenedByBreakGlass.into(),
                part_of: record.decision_id.clone(),
                obligations: record.obligations,
                break_glass: opened.glass.to_vec(),
                opened_of: organisation.clone(),
                ..Disclosure::default()
            }
        };
        opened.of.iter().map(part).collect()
    }
}

/// What a break-glass opened of either.
pub(super) fn both_opened<'c>(
    one: Option<(Glass, BTreeSet<&'c RecordClass>)>,
    other: Option<(Glass, BTreeSet<&'c RecordClass>)>,
) -> Option<(Glass, BTreeSet<&'c RecordClass>)> {
    match (one, other) {
        (Some((glass, one)), Some((_, other))) => Some((glass, &one | &other)),
        (one, other) => one.or(other),
    }
}

/// As answers carried them before there were closed values.
pub(super) fn words(obligations: impl IntoIterator<Item = Obligation>) -> Vec<String> {
    obligations.into_iter().map(obligation_word).collect()
}

/// A bit for each.
fn bits(obligations: &BTreeSet<Obligation>) -> u32 {
    obligations.iter().fold(0, |bits, obligation| bits | 1 << *obligation as u32)
}

/// Those of a record.
pub(crate) fn recorded(bits: u32) -> impl Iterator<Item = Obligation> {
    let each = (1..32).filter(move |bit| bits >> bit & 1 == 1);
    each.filter_map(|bit| Obligation::try_from(bit).ok())
}
