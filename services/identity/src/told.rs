//! What a source's description of a child tells of who they are, beside what it is compared by.

use proto::events::identifier::Standing;
use proto::events::{Date, PersonDescribed, Scheme, Subject};

use crate::{Claim, Description, Id};

/// The identifiers that a source states of its own subject, those that it could use; `id_of` gives a subject's pseudonym.
pub fn claims(local: Id, issuer: &str, person: &PersonDescribed, id_of: impl Fn(&Subject) -> Id) -> Vec<Claim> {
    let claim = |(subject, current): (&Subject, bool)| Claim {
        local,
        issuer: issuer.to_owned(),
        identifier: id_of(subject),
        rank: rank(subject.scheme(), current),
        exclusive: current && subject.scheme() == Scheme::NhsNumber,
    };
    let usable = person.identifiers.iter().filter(|identifier| identifier.usable);
    let stated = usable.filter_map(|stated| Some((stated.subject.as_ref()?, stated.standing() == Standing::Current)));
    stated.map(claim).collect()
}

/// Who issued a subject's own number.
pub fn issuer(subject: &Subject) -> String {
    format!("{}/{}", subject.scheme().as_str_name(), subject.issuer)
}

/// What a source calls a child, and when it says that they were born; `day_number` counts the days since 1970 of a whole date.
pub fn description(person: &PersonDescribed, day_number: impl Fn(&Date) -> Option<i64>) -> Description {
    let whole_date = person.birth_on.filter(|date| date.day.is_some() && !date.estimated);
    let given_names = person.names.iter().filter_map(|name| name.given.as_deref()).filter_map(plain_letters);
    Description { birth_day: whole_date.and_then(|date| day_number(&date)), given_names: given_names.collect() }
}

/// How strong an identifier is as evidence: see [`Claim::rank`].
fn rank(scheme: Scheme, current: bool) -> u8 {
    match (scheme, current) {
        (Scheme::NhsNumber, true) => 0,
        (Scheme::Upn, true) => 1,
        (_, true) => 2,
        (_, false) => 3,
    }
}

fn plain_letters(name: &str) -> Option<String> {
    let letters: String = name.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect();
    (!letters.is_empty()).then_some(letters)
}
