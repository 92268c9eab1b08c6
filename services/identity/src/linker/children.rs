//! What is compared of a child.

use std::sync::LazyLock;

use proto::events::{Address, Date, PersonDescribed, Scheme, Subject};

use super::normalise::{ESTIMATED, ISSUER_END, REGISTERED, checks};
use super::schema::{Check, Field, Kind, Record, Schema};

/// The fields of a child's record, in order.
const FIELDS: [(&str, Kind); 11] = [
    ("given_name", Kind::GivenName),
    ("middle_names", Kind::MiddleName),
    ("surname", Kind::Surname),
    ("birth_date", Kind::BirthDate),
    ("sex", Kind::Sex),
    ("postcode", Kind::Postcode),
    ("house", Kind::House),
    ("nhs_number", Kind::Identifier(Check::NhsNumber)),
    ("upn", Kind::Identifier(Check::Upn)),
    ("uln", Kind::Identifier(Check::Uln)),
    ("local_id", Kind::Local),
];

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let field = |(name, kind): (&str, Kind)| Field { name: name.to_owned(), kind };
    Schema::of(FIELDS.map(field).into())
});

/// The fields of every child's record: the same in every process and for as long as its parameters are.
pub fn schema() -> &'static Schema {
    &SCHEMA
}

/// What a source says of a child whom it knows by this subject, in all the descriptions of theirs that stand: a school census
/// gives names and addresses apart.
///
/// Names that they had or go by, addresses that they lived at and numbers that they had before count as those of now do: the
/// address of a hospital that many were born in, or of an office, does not ([`Address::is_home`]). An identifier counts when its source could use it and its own check is right.
pub fn record<'a>(subject: &Subject, descriptions: impl IntoIterator<Item = &'a PersonDescribed>) -> Record {
    let mut texts: [Vec<String>; FIELDS.len()] = Default::default();
    for described in descriptions {
        let [given, middle, surname, birth, sex, postcode, house, nhs_number, upn, uln, _] = &mut texts;
        for name in &described.names {
            given.extend(name.given.clone());
            middle.extend(name.middle.clone());
            surname.extend(name.family.clone());
        }
        // A child expected on a day was born on another.
        let expected = described.expected_birth_on.map(|expected| Date { estimated: true, ..expected });
        birth.extend(described.birth_on.or(expected).map(date));
        sex.extend(described.sex.iter().map(|sex| sex.code.clone()));
        for address in described.addresses.iter().filter(|address| address.is_home()) {
            postcode.extend(address.postcode.clone());
            house.extend(houses(address));
        }
        for identifier in described.identifiers.iter().filter(|identifier| identifier.usable) {
            let Some(stated) = &identifier.subject else { continue };
            let (of, check) = match stated.scheme() {
                Scheme::NhsNumber => (&mut *nhs_number, Check::NhsNumber),
                Scheme::Upn => (&mut *upn, Check::Upn),
                Scheme::Uln => (&mut *uln, Check::Uln),
                _ => continue,
            };
            of.extend(Some(stated.value.to_lowercase()).filter(|value| checks(check, value)));
        }
    }
    if let [.., local] = &mut texts
        && names_one_child(subject)
    {
        local.push(format!("{}{ISSUER_END}{}", subject.issuer, subject.value));
    }
    schema().record(texts.iter().map(|texts| texts.iter().map(String::as_str)))
}

/// Whether two of one issuer's such numbers are two children's. A school knows its pupils by their national numbers: one that
/// fails its check, a temporary one, and a row without any are not all that it has of a child.
fn names_one_child(subject: &Subject) -> bool {
    match subject.scheme() {
        Scheme::SchoolPupil | Scheme::AuthorityPupil => {
            let permanent = subject.value.ends_with(|c: char| c.is_ascii_digit());
            permanent && checks(Check::Upn, &subject.value.to_lowercase())
        }
        scheme => proto::subject::national_issuer(scheme).is_none(),
    }
}

/// To the precision that it has.
fn date(on: Date) -> String {
    let estimated = if on.estimated { ESTIMATED } else { "" };
    match (on.month, on.day) {
        (Some(month), Some(day)) => format!("{estimated}{:04}-{month:02}-{day:02}", on.year),
        (Some(month), None) => format!("{estimated}{:04}-{month:02}", on.year),
        (None, _) => format!("{estimated}{:04}", on.year),
    }
}

/// The house by its number in the national register of properties, and as its lines have it.
fn houses(address: &Address) -> impl Iterator<Item = String> {
    let register = address.uprn.as_ref().map(|uprn| format!("{REGISTERED}{uprn}"));
    let lines = (!address.lines.is_empty()).then(|| address.lines.join(", "));
    register.into_iter().chain(lines)
}

#[cfg(test)]
mod tests;
