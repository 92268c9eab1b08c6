//! What a decision was made from, as its record keeps it: enough for [`crate::replay`] to make it again.

use std::collections::{BTreeMap, BTreeSet};

use event_log::{EventId, Offset, Partition, Pseudonym, Topic};
use identity::Id;
use jiff::civil::Date;
use proto::disclosure::{Basis, Disclosure};
use sharing::Category;

use super::{Ask, SUBJECTS_NAMED_MAX, day_number, digest};
use crate::child::Child;
use crate::registry::Mark;
use crate::replay::past;
use crate::serve::caller::{Caller, Standing};

/// A record with its basis may take so many bytes; else the basis is a record of its own.
pub(super) const RECORD_BYTES_MAX: usize = 512;
const ACTIVE: u32 = 1;
const TRAINED: u32 = 2;
/// Of a reviewer of identity: at the organisation that runs the service.
const RUNS_SERVICE: u32 = 4;
const STANDING_FROM: u32 = 4;

/// What a decision was made from, but for what was asked.
#[derive(Clone, Default)]
pub(crate) struct Grounds {
    read_to: BTreeMap<(Topic, Partition), Offset>,
    children: BTreeSet<([u8; 16], usize)>,
    linked_by: Vec<EventId>,
    probable: BTreeSet<(Id, Id)>,
    registry: Mark,
    settings: [u8; 8],
}

impl Grounds {
    /// These organisations and agreements, and what an answer quotes of the settings.
    pub(crate) fn new(registry: Mark, hub_contact: &str) -> Self {
        Self { registry, settings: settings_digest(hub_contact), ..Self::default() }
    }

    /// And this child.
    #[must_use]
    pub(crate) fn and(mut self, child: &Child) -> Self {
        for at in &child.positions {
            let read = self.read_to.entry((at.topic, at.partition)).or_default();
            *read = (*read).max(at.offset);
        }
        self.children.insert((child.read.digest, child.read.events));
        if let Some(adoption) = child.read.linked_by
            && !self.linked_by.contains(&adoption)
        {
            self.linked_by.push(adoption);
        }
        self.probable.extend(&child.read.probable);
        self
    }

    /// Over the events of every child that was read, and how many they are.
    fn facts(&self) -> ([u8; 8], usize) {
        let events = self.children.iter().map(|(_, events)| events).sum();
        let mut of = self.children.iter().map(|(digest, _)| *digest);
        let digest = match (of.next(), of.next()) {
            (Some(one), None) => one,
            _ => digest::sixteen(self.children.iter().map(|(digest, _)| digest)),
        };
        (eight(digest), events)
    }

    /// As the record of this decision keeps it.
    pub(super) fn basis(&self, ask: &Ask, subjects: &BTreeSet<Id>) -> Basis {
        let Grounds { read_to, linked_by, probable, registry, settings, .. } = self;
        let (facts_digest, facts) = self.facts();
        let named = subjects.len() <= SUBJECTS_NAMED_MAX && subjects.contains(&ask.child.0);
        let day =
            |day: Option<i64>| day.map(|day| i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX }));
        Basis {
            subjects: if named { Vec::new() } else { subjects.iter().flatten().copied().collect() },
            read_to: past::pack(read_to),
            facts_digest: facts_digest.to_vec(),
            facts: count(facts),
            registry_digest: eight(registry.digest).to_vec(),
            registry: count(registry.count),
            linked_by: linked_by.iter().map(|id| id.0.to_vec()).collect(),
            probable: probable.iter().map(|(one, other)| [one.as_slice(), other].concat()).collect(),
            asked_at_us: ask.asked_at_us,
            asked_day: day_number(ask.today),
            known_at_us: ask.known_at_us.unwrap_or_default(),
            from_day: day(ask.from_day),
            to_day: day(ask.to_day),
            categories: ask.categories.iter().map(|category| (*category).into()).collect(),
            skip: count(ask.skip),
            page_size: if ask.page_size == usize::MAX { 0 } else { count(ask.page_size) },
            caller: caller_bits(&ask.caller),
            stream: Vec::new(),
            after: Vec::new(),
            settings: settings.to_vec(),
            issuer: match &ask.caller.standing {
                Standing::Staff => String::new(),
                Standing::Family { issuer } => issuer.clone(),
            },
        }
    }
}

/// Of an answer to a reviewer of identity about a pair, with whether it is the service's own that they review for.
pub(crate) fn of_review(grounds: &Grounds, review: &Review<'_>, subjects: &BTreeSet<Id>) -> Basis {
    let Review { caller, pair, today, asked_at_us, runs_service } = *review;
    let purpose = sharing::Purpose::IdentityReview;
    let ask = Ask::everything(caller.clone(), Pseudonym(pair.0), purpose, (asked_at_us, today));
    let basis = grounds.basis(&ask, subjects);
    Basis { caller: basis.caller | if runs_service { RUNS_SERVICE } else { 0 }, ..basis }
}

/// What a reviewer of identity asked.
#[derive(Clone, Copy)]
pub(crate) struct Review<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) pair: (Id, Id),
    pub(crate) today: Date,
    pub(crate) asked_at_us: i64,
    pub(crate) runs_service: bool,
}

/// Whether it was a reviewer of the organisation that runs the service.
pub(crate) fn runs_service(basis: &Basis) -> bool {
    basis.caller & RUNS_SERVICE != 0
}

/// Splits a record that is too large: its basis becomes a record of its own, of which the id is found from the decision's.
pub(super) fn split(record: Disclosure, basis_id: impl FnOnce(&[u8]) -> [u8; 16]) -> (Disclosure, Option<Disclosure>) {
    use prost::Message as _;
    if record.basis.is_none() || record.encoded_len() <= RECORD_BYTES_MAX {
        return (record, None);
    }
    let apart = Disclosure {
        decision_id: basis_id(&record.decision_id).to_vec(),
        basis_of: record.decision_id.clone(),
        basis: record.basis.clone(),
        ..Disclosure::default()
    };
    (Disclosure { basis: Some(Basis::default()), ..record }, Some(apart))
}

/// Whether this only says that the basis is a record of its own.
pub(crate) fn is_apart(basis: &Basis) -> bool {
    *basis == Basis::default()
}

/// Whoever asked, as far as the record says it.
pub(crate) fn caller(of: &Disclosure, basis: &Basis) -> Option<Caller> {
    let standing = match basis.caller >> STANDING_FROM {
        0 => Standing::Staff,
        1 => Standing::Family { issuer: basis.issuer.clone() },
        _ => return None,
    };
    Some(Caller {
        organisation: of.organisation.clone(),
        person: of.person.clone(),
        standing,
        roles: of.roles().collect(),
        active: basis.caller & ACTIVE != 0,
        trained: basis.caller & TRAINED != 0,
    })
}

fn caller_bits(caller: &Caller) -> u32 {
    let standing = match caller.standing {
        Standing::Staff => 0,
        Standing::Family { .. } => 1,
    };
    let bit = |is: bool, bit| if is { bit } else { 0 };
    standing << STANDING_FROM | bit(caller.active, ACTIVE) | bit(caller.trained, TRAINED)
}

/// A bit for each category, by number.
pub(crate) fn category_bits(categories: impl IntoIterator<Item = Category>) -> u64 {
    let bit = |category: Category| u32::try_from(i32::from(category)).ok().and_then(|number| 1_u64.checked_shl(number));
    categories.into_iter().filter_map(bit).fold(0, |bits, bit| bits | bit)
}

pub(crate) fn settings_digest(hub_contact: &str) -> [u8; 8] {
    eight(digest::sixteen([hub_contact]))
}

fn eight(digest: [u8; 16]) -> [u8; 8] {
    digest.first_chunk().copied().unwrap_or_default()
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
