//! How far two records agree, field by field.

use strsim::{damerau_levenshtein, jaro_winkler};

use super::schema::{Kind, Record, Schema};

mod known_names;

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

/// One agreement for each field, `None` where either says nothing. Where a record has several values (addresses, names
/// it was known by) the best counts. Symmetric.
pub fn compare(schema: &Schema, one: &Record, other: &Record) -> Vec<Option<Agreement>> {
    let mut agreements: Vec<Option<Agreement>> = schema
        .fields()
        .iter()
        .enumerate()
        .map(|(at, field)| best(field.kind, one.values(at), other.values(at)))
        .collect();
    names_in_each_others_place(schema, one, other, &mut agreements);
    agreements
}

fn best(kind: Kind, ours: &[String], theirs: &[String]) -> Option<Agreement> {
    ours.iter().flat_map(|a| theirs.iter().map(move |b| agreement(kind, a, b))).min()
}

/// A given name and a surname that were typed into each other's box agree, and only both together: as variants where they
/// are the same, as near where one of them has a slip of a key as well.
fn names_in_each_others_place(schema: &Schema, one: &Record, other: &Record, agreements: &mut [Option<Agreement>]) {
    let place = |kind: Kind| schema.fields().iter().position(|field| field.kind == kind);
    let (Some(given), Some(surname)) = (place(Kind::GivenName), place(Kind::Surname)) else { return };
    let stands = |at: usize| agreements.get(at).copied().flatten();
    if [given, surname].iter().any(|at| stands(*at).is_none_or(|agreement| agreement <= Agreement::Close)) {
        return;
    }
    let across = |a: usize, b: usize| best(Kind::Address, one.values(a), other.values(b));
    let crossed = match across(given, surname).max(across(surname, given)) {
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

fn agreement(kind: Kind, one: &str, other: &str) -> Agreement {
    if one == other {
        return Agreement::Exact;
    }
    match kind {
        Kind::GivenName => given_names(one, other),
        Kind::Surname => surnames(one, other),
        Kind::Address => alike(one, other),
        Kind::BirthDate => birth_dates(one, other),
        Kind::Postcode => postcodes(one, other),
        Kind::Sex => Agreement::Different,
        Kind::Number | Kind::Code | Kind::Identifier(_) => mistyped(one, other),
    }
}

fn given_names(one: &str, other: &str) -> Agreement {
    let (ours, theirs) = (first_word(one), first_word(other));
    let initial = |name: &str, whole: &str| name.len() == 1 && whole.starts_with(name);
    let variant = without_spaces(one).eq(without_spaces(other))
        || ours == theirs
        || known_names::are_one(ours, theirs)
        || initial(ours, theirs)
        || initial(theirs, ours);
    if variant { Agreement::Variant } else { alike(one, other) }
}

/// Double-barrelled names agree with either half.
fn surnames(one: &str, other: &str) -> Agreement {
    const SHARED_WORD_CHARS_MIN: usize = 3;
    let shares = one
        .split(' ')
        .filter(|word| word.chars().count() >= SHARED_WORD_CHARS_MIN)
        .any(|word| other.split(' ').any(|theirs| theirs == word));
    let variant = shares || without_spaces(one).eq(without_spaces(other));
    if variant { Agreement::Variant } else { alike(one, other) }
}

/// Words as people write, hear and copy them.
fn alike(one: &str, other: &str) -> Agreement {
    const CLOSE_MIN: f64 = 0.95;
    const NEAR_MIN: f64 = 0.88;
    let likeness = jaro_winkler(one, other);
    if likeness >= CLOSE_MIN || damerau_levenshtein(one, other) <= 1 {
        Agreement::Close
    } else if likeness >= NEAR_MIN {
        Agreement::Near
    } else {
        Agreement::Different
    }
}

/// Numbers and codes as people type them.
fn mistyped(one: &str, other: &str) -> Agreement {
    match damerau_levenshtein(one, other) {
        0 => Agreement::Exact,
        1 => Agreement::Close,
        2 => Agreement::Near,
        _ => Agreement::Different,
    }
}

/// An estimated day is the 15th of the month that was meant (CIN census guide, expected and estimated dates).
fn birth_dates(one: &str, other: &str) -> Agreement {
    const ESTIMATED_DAY: &str = "15";
    let parts = |date: &str| Some((date.get(..4)?.to_owned(), date.get(4..6)?.to_owned(), date.get(6..8)?.to_owned()));
    let (Some(ours), Some(theirs)) = (parts(one), parts(other)) else { return mistyped(one, other) };
    let turned = ours.0 == theirs.0 && ours.1 == theirs.2 && ours.2 == theirs.1;
    let same_month = ours.0 == theirs.0 && ours.1 == theirs.1;
    let estimated = same_month && (ours.2 == ESTIMATED_DAY || theirs.2 == ESTIMATED_DAY);
    if turned || estimated { Agreement::Variant } else { mistyped(one, other) }
}

/// A postcode that shares its district is near: a move within a town keeps it.
fn postcodes(one: &str, other: &str) -> Agreement {
    const INWARD_CHARS: usize = 3;
    let district = |code: &str| code.len().checked_sub(INWARD_CHARS).and_then(|end| code.get(..end)).map(str::to_owned);
    if damerau_levenshtein(one, other) <= 1 {
        Agreement::Close
    } else if district(one).is_some_and(|ours| !ours.is_empty() && Some(ours) == district(other)) {
        Agreement::Near
    } else {
        Agreement::Different
    }
}

fn first_word(name: &str) -> &str {
    name.split(' ').next().unwrap_or_default()
}

fn without_spaces(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| *c != ' ')
}
