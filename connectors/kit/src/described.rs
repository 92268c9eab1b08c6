//! One description of a child out of several rows' descriptions: a number stands in one row, and is blank in another.

use std::collections::BTreeSet;

use proto::events::identifier::Standing;
use proto::events::{Date, Finding, FindingCode, Identifier, PersonDescribed, PersonName, Subject};

use crate::reading::finding;

/// What several rows of one source say of one child, the row that counts first: its blanks are filled from the others. Two birth
/// dates, or two current numbers of one scheme, cannot both be right. That is a finding; the date is that of the row that counts,
/// and a number that may be another child's is kept and links nobody.
pub fn together(rows: impl IntoIterator<Item = PersonDescribed>) -> (PersonDescribed, Vec<Finding>) {
    let mut rows = rows.into_iter();
    let (mut one, mut findings) = (rows.next().unwrap_or_default(), Vec::new());
    for mut other in rows {
        if differ(one.birth_on, other.birth_on) {
            findings.push(finding(FindingCode::FieldsContradict, "birth_on"));
            other.identifiers.iter_mut().for_each(|number| number.usable = false);
        }
        if differ(one.death_on, other.death_on) {
            findings.push(finding(FindingCode::FieldsContradict, "death_on"));
        }
        fill(&mut one, other);
    }
    findings
        .extend(contradicted(&mut one.identifiers).iter().map(|field| finding(FindingCode::FieldsContradict, field)));
    findings.sort_by(|a, b| a.field.cmp(&b.field));
    findings.dedup();
    (one, findings)
}

/// Whether two dates are of two days: a year alone is not another than a day of it.
fn differ(one: Option<Date>, other: Option<Date>) -> bool {
    let part = |one: Option<u32>, other: Option<u32>| one.zip(other).is_some_and(|(one, other)| one != other);
    one.zip(other)
        .is_some_and(|(one, other)| one.year != other.year || part(one.month, other.month) || part(one.day, other.day))
}

/// Puts into the blanks of a description what another has there.
fn fill(one: &mut PersonDescribed, other: PersonDescribed) {
    let PersonDescribed {
        names,
        birth_on,
        expected_birth_on,
        death_on,
        sex,
        ethnicity,
        first_language,
        addresses,
        phones,
        identifiers,
        upn_unknown,
        practice,
        multiple_birth,
        birth_order,
        emails,
        has_died,
    } = other;
    fill_names(&mut one.names, names);
    one.birth_on = one.birth_on.or(birth_on);
    one.expected_birth_on = one.expected_birth_on.or(expected_birth_on);
    one.death_on = one.death_on.or(death_on);
    one.sex = one.sex.take().or(sex);
    one.ethnicity = one.ethnicity.take().or(ethnicity);
    one.first_language = one.first_language.take().or(first_language);
    one.upn_unknown = one.upn_unknown.take().or(upn_unknown);
    one.practice = one.practice.take().or(practice);
    one.multiple_birth = one.multiple_birth.or(multiple_birth);
    one.birth_order = one.birth_order.or(birth_order);
    one.has_died = one.has_died.or(has_died);
    fill_list(&mut one.addresses, addresses);
    fill_list(&mut one.phones, phones);
    fill_list(&mut one.emails, emails);
    for number in identifiers {
        let is_it = |known: &Identifier| (&known.subject, known.standing) == (&number.subject, number.standing);
        if !one.identifiers.iter().any(is_it) {
            one.identifiers.push(number);
        }
    }
}

fn fill_list<T>(one: &mut Vec<T>, other: Vec<T>) {
    if one.is_empty() {
        *one = other;
    }
}

/// A name of a use that is not there yet; and of one that is, its blanks.
fn fill_names(names: &mut Vec<PersonName>, others: Vec<PersonName>) {
    for other in others {
        let Some(name) = names.iter_mut().find(|name| name.r#use == other.r#use) else {
            names.push(other);
            continue;
        };
        let PersonName { family, given, middle, prefix, suffix, r#use: _ } = other;
        name.family = name.family.take().or(family);
        name.given = name.given.take().or(given);
        name.middle = name.middle.take().or(middle);
        name.prefix = name.prefix.take().or(prefix);
        name.suffix = name.suffix.take().or(suffix);
    }
}

/// Makes current numbers of one scheme and issuer that are more than one link nobody, and gives the schemes' names.
fn contradicted(identifiers: &mut [Identifier]) -> BTreeSet<String> {
    let is_claim = |one: &Identifier| one.usable && one.standing() == Standing::Current;
    let claims: Vec<Subject> =
        identifiers.iter().filter(|one| is_claim(one)).filter_map(|one| one.subject.clone()).collect();
    let has_two = |of: &Subject| {
        claims.iter().any(|other| (other.scheme, &other.issuer) == (of.scheme, &of.issuer) && other.value != of.value)
    };
    let mut schemes = BTreeSet::new();
    for number in identifiers.iter_mut().filter(|number| is_claim(number)) {
        if let Some(subject) = number.subject.as_ref().filter(|subject| has_two(subject)) {
            schemes.insert(subject.scheme().as_str_name().trim_start_matches("SCHEME_").to_lowercase());
            number.usable = false;
        }
    }
    schemes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{dates, identifier};
    use proto::events::Scheme;

    fn row(birth: &str, nhs_number: &str, given: &str) -> PersonDescribed {
        let claim = identifier::claim(Scheme::NhsNumber, nhs_number, Standing::Current, "").0;
        PersonDescribed {
            names: vec![PersonName {
                given: Some(given.to_owned()).filter(|given| !given.is_empty()),
                ..PersonName::default()
            }],
            birth_on: dates::iso(birth, "").value,
            identifiers: claim.into_iter().collect(),
            ..PersonDescribed::default()
        }
    }

    /// Of a number, whether it links; and the fields that contradict.
    fn told(rows: [PersonDescribed; 2]) -> (Vec<bool>, Vec<String>) {
        let (one, findings) = together(rows);
        let fields = findings.into_iter().map(|finding| finding.field).collect();
        (one.identifiers.iter().map(|number| number.usable).collect(), fields)
    }

    #[test]
    fn blanks_are_filled_and_two_numbers_link_nobody() {
        // Both numbers are of the range that is given to nobody.
        let (first, second) = ("9990000018", "9990000026");
        let (one, findings) = together([row("2015-02-03", "", "Ada"), row("", first, "Adah"), row("", first, "")]);
        assert_eq!((one, findings), (row("2015-02-03", first, "Ada"), vec![]));
        assert_eq!(
            told([row("", first, ""), row("", second, "")]),
            (vec![false, false], vec!["nhs_number".to_owned()])
        );
        let born = vec!["birth_on".to_owned()];
        assert_eq!(told([row("2015-02-03", "", ""), row("2015-02-04", first, "")]), (vec![false], born.clone()));
        assert_eq!(told([row("2015-02-03", first, ""), row("2015-02-04", first, "")]), (vec![true], born));
        let name = |prefix: Option<&str>, suffix: Option<&str>| PersonDescribed {
            names: vec![PersonName {
                prefix: prefix.map(str::to_owned),
                suffix: suffix.map(str::to_owned),
                ..PersonName::default()
            }],
            ..PersonDescribed::default()
        };
        let (one, _) = together([name(Some("Dr"), None), name(Some("Ms"), Some("II"))]);
        assert_eq!(one, name(Some("Dr"), Some("II")));
        let year = PersonDescribed { birth_on: dates::date(2015, None, None), ..PersonDescribed::default() };
        assert_eq!(told([row("2015-02-03", first, ""), year]), (vec![true], vec![]));
    }
}
