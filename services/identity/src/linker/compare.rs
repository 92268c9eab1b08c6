//! How far two records agree, field by field.

mod dates;
mod known_names;
mod names;
mod places;

use strsim::osa_distance;

use super::normalise::{ISSUER_END, checks, is_temporary};
use super::population::FIELDS_MAX;
use super::schema::{Check, Kind, Record, Says, Schema};

pub(super) use known_names::is_known;

/// How far two values agree. What each means depends on the kind: see [`compare`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Agreement {
    /// The same.
    Exact,
    /// The same thing said otherwise: a diminutive, one of two surnames, names in each other's place, day and month in each
    /// other's place, an estimated day.
    Variant,
    /// One slip of a key apart.
    Close,
    /// Alike.
    Near,
    /// Neither.
    Different,
}

impl Agreement {
    /// All, best first.
    pub const ALL: [Self; LEVELS] = [Self::Exact, Self::Variant, Self::Close, Self::Near, Self::Different];

    pub(super) fn level(self) -> usize {
        self as usize
    }
}

/// How many agreements there are.
pub(super) const LEVELS: usize = 5;

/// One agreement for each field, `None` where either says nothing, or what they say cannot be compared.
pub(super) type Agreements = [Option<Agreement>; FIELDS_MAX];

/// One agreement for each field, `None` where either says nothing, or what they say cannot be compared. Where a record has
/// several values (addresses, names it was known by) the best counts. Symmetric.
pub fn compare(schema: &Schema, one: &Record, other: &Record) -> Vec<Option<Agreement>> {
    agreements(schema, one, other).into_iter().take(schema.fields().len()).collect()
}

/// The same, of records wherever they are held.
pub(super) fn agreements(schema: &Schema, one: &impl Says, other: &impl Says) -> Agreements {
    let mut agreements = [None; FIELDS_MAX];
    compare_fields(schema, one, other, &mut agreements, |_| true);
    across_fields(schema, one, other, &mut agreements);
    agreements
}

/// Compares the fields of these kinds, without what is said across them.
pub(super) fn compare_fields(
    schema: &Schema,
    one: &impl Says,
    other: &impl Says,
    agreements: &mut Agreements,
    of: impl Fn(Kind) -> bool,
) {
    for (at, (field, found)) in schema.fields().iter().zip(agreements).enumerate().filter(|(_, (f, _))| of(f.kind)) {
        *found = best(field.kind, one.said(at), other.said(at));
    }
}

fn best<'a>(
    kind: Kind,
    ours: impl Iterator<Item = &'a str>,
    theirs: impl Iterator<Item = &'a str> + Clone,
) -> Option<Agreement> {
    let mut best = None;
    for one in ours {
        for other in theirs.clone() {
            let found = agreement(kind, one, other);
            if found == Some(Agreement::Exact) {
                return found;
            }
            best = [best, found].into_iter().flatten().min();
        }
    }
    best
}

/// A given name and a surname that were typed into each other's box agree, and only both together: as variants where they
/// are the same, as near where one of them has a slip of a key as well, but in its first letter. And who goes by a middle
/// name has it for a given name elsewhere.
pub(super) fn across_fields(schema: &Schema, one: &impl Says, other: &impl Says, agreements: &mut Agreements) {
    let (Some(given), Some(surname)) = (schema.place(Kind::GivenName), schema.place(Kind::Surname)) else { return };
    let lies_apart = |agreements: &Agreements, at: usize| {
        agreements.get(at).copied().flatten().is_some_and(|found| found > Agreement::Close)
    };
    if !lies_apart(agreements, given) {
        return;
    }
    if let Some(middle) = schema.place(Kind::MiddleName) {
        let exact = |a: usize, b: usize| one.said(a).any(|value| other.said(b).any(|theirs| theirs == value));
        if (exact(given, middle) || exact(middle, given))
            && let Some(agreement) = agreements.get_mut(given)
        {
            *agreement = Some(Agreement::Variant);
            return;
        }
    }
    if !lies_apart(agreements, surname) {
        return;
    }
    let across = |a: usize, b: usize| {
        let begins = |value: &&str| other.said(b).any(|theirs| theirs.chars().next() == value.chars().next());
        best(Kind::Address, one.said(a).filter(begins), other.said(b))
    };
    let crossed = match across(given, surname) {
        Some(first) if first <= Agreement::Close => across(surname, given).map(|second| first.max(second)),
        _ => None,
    };
    let crossed = match crossed {
        Some(Agreement::Exact) => Agreement::Variant,
        Some(Agreement::Close) => Agreement::Near,
        _ => return,
    };
    for at in [given, surname] {
        if let Some(agreement) = agreements.get_mut(at) {
            *agreement = agreement.map(|found| found.min(crossed));
        }
    }
}

fn agreement(kind: Kind, one: &str, other: &str) -> Option<Agreement> {
    if one == other && kind != Kind::BirthDate {
        return (kind != Kind::Local).then_some(Agreement::Exact);
    }
    Some(match kind {
        Kind::GivenName => names::given(one, other),
        Kind::MiddleName => names::middle(one, other),
        Kind::Surname => names::surnames(one, other),
        Kind::Address => names::alike(one, other),
        Kind::BirthDate => dates::birth_dates(one, other),
        Kind::Postcode => places::postcodes(one, other),
        Kind::House => places::houses(one, other),
        Kind::Sex => Agreement::Different,
        Kind::Number | Kind::Code => mistyped(one, other),
        Kind::Identifier(check) => return identifiers(check, one, other),
        Kind::Local => return None,
    })
}

/// Two that both check are two numbers, however alike: a slip of a key fails the check. Of twins the numbers are often next to
/// each other. A temporary pupil number says nothing of the one that replaced it.
fn identifiers(check: Check, one: &str, other: &str) -> Option<Agreement> {
    if check == Check::Upn && (is_temporary(one) || is_temporary(other)) {
        return None;
    }
    let typed = mistyped(one, other);
    let two = typed != Agreement::Different && checks(check, one) && checks(check, other);
    Some(if two { Agreement::Different } else { typed })
}

/// Numbers and codes as people type them.
fn mistyped(one: &str, other: &str) -> Agreement {
    if one.len() == other.len() {
        return typed_over(one, other);
    }
    match osa_distance(one, other) {
        0 => Agreement::Exact,
        1 => Agreement::Close,
        2 => Agreement::Near,
        _ => Agreement::Different,
    }
}

/// Of one length: one character that differs, or two next to each other that changed places, is a slip of a key.
fn typed_over(one: &str, other: &str) -> Agreement {
    let mut differing = one.bytes().zip(other.bytes()).enumerate().filter(|(_, (a, b))| a != b);
    match (differing.next(), differing.next(), differing.next()) {
        (None, ..) => Agreement::Exact,
        (Some(_), None, _) => Agreement::Close,
        (Some((at, (a, b))), Some((next, (c, d))), None) if next == at + 1 && a == d && b == c => Agreement::Close,
        (Some(_), Some(_), None) => Agreement::Near,
        _ => Agreement::Different,
    }
}

/// Whether one issuer knows the two by two numbers.
pub(super) fn two_of_one_issuer(one: &str, other: &str) -> bool {
    let issuer_of_one = one.split_once(ISSUER_END).map(|(issuer, _)| issuer);
    one != other && issuer_of_one == other.split_once(ISSUER_END).map(|(issuer, _)| issuer)
}
