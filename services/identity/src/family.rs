//! Which other children are of a child's family, or of a child's home: derived from recorded relations and addresses each
//! time it is asked, and stored nowhere.
//!
//! A tie is no link. Nobody becomes anybody by it: the numbers of those around a child are theirs, and lead to records of
//! theirs. Each tie says what it rests on, so that a record which a reader may not know of is left out before, and ties
//! nobody.

use std::collections::{BTreeMap, BTreeSet};

use crate::Id;

/// More children than this whom one person is said to raise are no family: the number is of an institution, or of nobody.
pub const CHILDREN_OF_ONE_PERSON_MAX: usize = 16;
/// More children than this at one address are no household: a refuge, a hostel, a children's home, a school's own address.
pub const CHILDREN_AT_ONE_ADDRESS_MAX: usize = 12;

/// A period of whole days since 1970-01-01, both inclusive; an end that is not known is open.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Days {
    /// The first.
    pub first: Option<i64>,
    /// The last.
    pub last: Option<i64>,
}

impl Days {
    fn hold(self, day: i64) -> bool {
        self.first.is_none_or(|first| first <= day) && self.last.is_none_or(|last| day <= last)
    }
}

/// What a record says of a child, so far as it tells of a family.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Says {
    /// This person is the child's parent or step-parent. It does not end.
    ParentIs(Id),
    /// This person looks after the child.
    CarerIs(Id),
    /// This person is the child's brother or sister, half or step.
    SiblingIs(Id),
    /// The child lives at this address.
    LivesAt(Id),
}

/// One record of a child, as it now stands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Record {
    /// Whose record it is.
    pub subject: Id,
    /// Which record.
    pub entry: Id,
    /// The organisation that answers for it.
    pub source: String,
    /// When what it says holds.
    pub days: Days,
    /// What it says.
    pub says: Says,
}

/// A child, with the records that tell of the family.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Member {
    /// All of the child's own subjects, identifiers included.
    pub subjects: BTreeSet<Id>,
    /// The child's records.
    pub records: BTreeSet<Record>,
    /// Sealed identities that are told of in the child's record, or in that of anybody whom it names.
    pub sealed: Vec<BTreeSet<Id>>,
}

/// Why two children are of one family or home. The closest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Ground {
    /// Recorded as brother or sister, on either record.
    Sibling,
    /// The same person is recorded as parent or carer of both.
    ParentOrCarer,
    /// Recorded at one address: a household, and perhaps no family.
    Address,
}

/// That two children are of one family or home, and what it rests on: on one record where that is enough, else on a record
/// of each.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Tie {
    /// Why.
    pub ground: Ground,
    /// The records, of either child.
    pub evidence: BTreeSet<Record>,
}

/// What ties each of the others to the child asked about, on a day: in the order of the others, the closest tie first.
///
/// Nothing is tied across the edge of a sealed identity. What an over-full person or address would tie is tied by neither:
/// the others must be those of whom the reader may know, and no more, so that a count says nothing of anybody else.
pub fn ties(asked: &Member, others: &[Member], day: i64) -> Vec<Vec<Tie>> {
    let everybody = || std::iter::once(asked).chain(others);
    let mut children_of: BTreeMap<Says, usize> = BTreeMap::new();
    for member in everybody() {
        let of: BTreeSet<Says> = current(member, day).map(|record| shared(record.says)).collect();
        of.into_iter().for_each(|says| *children_of.entry(says).or_default() += 1);
    }
    let over_full = |says: Says| {
        let max =
            if matches!(says, Says::LivesAt(_)) { CHILDREN_AT_ONE_ADDRESS_MAX } else { CHILDREN_OF_ONE_PERSON_MAX };
        children_of.get(&shared(says)).is_some_and(|children| *children > max)
    };
    others
        .iter()
        .map(|other| {
            if is_one_child(asked, other) || crosses_a_seal(asked, other) {
                return Vec::new();
            }
            let mut grounds: BTreeMap<Ground, BTreeSet<Record>> = BTreeMap::new();
            for (one, two) in [(asked, other), (other, asked)] {
                for record in current(one, day) {
                    if matches!(record.says, Says::SiblingIs(person) if two.subjects.contains(&person)) {
                        grounds.entry(Ground::Sibling).or_default().insert(record.clone());
                    }
                }
            }
            for ours in current(asked, day).filter(|record| !over_full(record.says)) {
                let Some(ground) = shared_ground(ours.says) else { continue };
                for theirs in current(other, day).filter(|record| shared(record.says) == shared(ours.says)) {
                    grounds.entry(ground).or_default().extend([ours.clone(), theirs.clone()]);
                }
            }
            grounds.into_iter().map(|(ground, evidence)| Tie { ground, evidence }).collect()
        })
        .collect()
}

/// The records that hold on a day. A parent stays one, and so does a sister: only care and a home come to an end.
fn current(member: &Member, day: i64) -> impl Iterator<Item = &Record> {
    member.records.iter().filter(move |record| match record.says {
        Says::ParentIs(_) | Says::SiblingIs(_) => true,
        Says::CarerIs(_) | Says::LivesAt(_) => record.days.hold(day),
    })
}

/// A parent of the one may be the carer of the other: they are told apart no further.
fn shared(says: Says) -> Says {
    match says {
        Says::CarerIs(person) => Says::ParentIs(person),
        other => other,
    }
}

fn shared_ground(says: Says) -> Option<Ground> {
    match says {
        Says::ParentIs(_) | Says::CarerIs(_) => Some(Ground::ParentOrCarer),
        Says::LivesAt(_) => Some(Ground::Address),
        // Two who name one brother may be of two families.
        Says::SiblingIs(_) => None,
    }
}

fn is_one_child(one: &Member, other: &Member) -> bool {
    one.subjects.intersection(&other.subjects).next().is_some()
}

/// One of the two stands inside a sealed identity and the other outside it, or either is tied by somebody who does.
fn crosses_a_seal(one: &Member, other: &Member) -> bool {
    let inside = |member: &Member, sealed: &BTreeSet<Id>| member.subjects.intersection(sealed).next().is_some();
    one.sealed.iter().chain(&other.sealed).any(|sealed| inside(one, sealed) != inside(other, sealed))
}

/// The spellings by which an address is known as the same one: its property's number, and its postcode with the lines down
/// to the first that begins with a number. None where it says too little, and none for a postcode that stands for no place
/// (ZZ99).
pub fn spellings(lines: &[String], postcode: Option<&str>, uprn: Option<&str>) -> Vec<String> {
    let plain =
        |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect() };
    let mut spelt = Vec::new();
    let uprn = plain(uprn.unwrap_or_default());
    if uprn.chars().any(|digit| digit != '0') {
        spelt.push(format!("uprn/{uprn}"));
    }
    let postcode = plain(postcode.unwrap_or_default());
    let numbered = lines.iter().position(|line| line.trim().starts_with(|c: char| c.is_ascii_digit()));
    let down_to = numbered.unwrap_or_default();
    // A number on a line of its own: the street is on the next.
    let bare = lines.get(down_to).is_some_and(|line| line.chars().filter(|c| c.is_alphabetic()).count() < 2);
    let place: String = lines.iter().take(down_to + 1 + usize::from(bare)).map(|line| plain(line)).collect();
    if postcode.len() >= 5 && !postcode.starts_with("ZZ99") && !place.is_empty() {
        spelt.push(format!("{postcode}/{place}"));
    }
    spelt
}

#[cfg(test)]
mod tests;
