//! Who the child is, as a row has it: a description, and the numbers that claim to be the same child's.

use connector_kit::csv_source::Row;
use connector_kit::identifier;
use proto::events::identifier::Standing;
use proto::events::person_name::Use;
use proto::events::{Address, Finding, Identifier, PersonDescribed, PersonName, Scheme, Subject};
use proto::subject::national_issuer;

use crate::convert::coded;
use crate::dates::{self, Format};
use crate::plan::{Convert, Getter, Mapping, Number, Person};

/// `None` when the row says nothing of it.
pub(crate) fn described(mapping: &Mapping, row: &Row<'_>) -> Option<(PersonDescribed, Vec<Finding>)> {
    let mut findings = Vec::new();
    let mut described = mapping.person.as_ref().map(|person| of_person(person, row, &mut findings)).unwrap_or_default();
    // The number that the record goes by is one of the child's own where it is a national one.
    let own = national_issuer(mapping.subject.scheme).map(|_| &mapping.subject);
    for number in mapping.identifiers.iter().chain(own) {
        described.identifiers.extend(number.claim(row, &mut findings));
    }
    (described != PersonDescribed::default()).then_some((described, findings))
}

fn of_person(person: &Person, row: &Row<'_>, findings: &mut Vec<Finding>) -> PersonDescribed {
    let text = |getter: &Option<Getter>| getter.as_ref().and_then(|getter| getter.prefixed(row));
    let column = |column: &Option<String>| column.as_deref().and_then(|column| row.get(column)).map(str::to_owned);
    let mut names = Vec::new();
    let usual = PersonName {
        family: text(&person.family),
        given: text(&person.given),
        middle: text(&person.middle),
        r#use: Use::Usual.into(),
        ..PersonName::default()
    };
    if let Some(preferred) = text(&person.preferred).filter(|preferred| Some(preferred) != usual.given.as_ref()) {
        let family = usual.family.clone();
        names.push(PersonName {
            family,
            given: Some(preferred),
            r#use: Use::Preferred.into(),
            ..PersonName::default()
        });
    }
    if usual.family.is_some() || usual.given.is_some() {
        names.insert(0, usual);
    }
    let lines: Vec<String> = person.address.iter().filter_map(|line| row.get(line)).map(str::to_owned).collect();
    let (postcode, uprn) = (column(&person.postcode), column(&person.uprn));
    let somewhere = !lines.is_empty() || postcode.is_some() || uprn.is_some();
    let address = Address { lines, postcode, uprn, ..Address::default() };
    PersonDescribed {
        names,
        birth_on: day(&person.birth_on, row, findings),
        death_on: day(&person.death_on, row, findings),
        sex: code(&person.sex, row, findings),
        ethnicity: code(&person.ethnicity, row, findings),
        first_language: code(&person.first_language, row, findings),
        addresses: somewhere.then_some(address).into_iter().collect(),
        phones: person.phones.iter().filter_map(|phone| row.get(phone)).map(str::to_owned).collect(),
        practice: text(&person.practice).map(|practice| practice.to_lowercase()),
        ..PersonDescribed::default()
    }
}

fn day(
    said: &Option<(Getter, Vec<Format>)>,
    row: &Row<'_>,
    findings: &mut Vec<Finding>,
) -> Option<proto::events::Date> {
    let (getter, formats) = said.as_ref()?;
    dates::day(getter.text(row)?, formats, getter.shown()).keep(findings)
}

fn code(said: &Option<(Getter, Convert)>, row: &Row<'_>, findings: &mut Vec<Finding>) -> Option<proto::events::Coded> {
    let (getter, Convert::Coded { codes, set, .. }) = said.as_ref()? else { return None };
    coded(getter.text(row)?, codes.as_deref(), set, None, getter.shown()).keep(findings)
}

impl Number {
    /// The subject that a cell names; `None` when it names nobody.
    pub(crate) fn subject(&self, value: &str) -> Option<Subject> {
        let subject = match national_issuer(self.scheme) {
            // A national number that fails its check names nobody, or somebody else.
            Some(_) => {
                identifier::claim(self.scheme, value, Standing::Current, "").0.filter(|claim| claim.usable)?.subject?
            }
            None => identifier::subject(self.scheme, &self.issuer, value),
        };
        (!subject.value.is_empty()).then_some(subject)
    }

    fn claim(&self, row: &Row<'_>, findings: &mut Vec<Finding>) -> Option<Identifier> {
        let value = row.get(&self.column)?;
        let standing = if self.former { Standing::Former } else { Standing::Current };
        if self.is_national() {
            let (claim, odd) = identifier::claim(self.scheme, value, standing, &self.column);
            findings.extend(odd);
            return claim;
        }
        identifier::claim_of_issuer(self.scheme, &self.issuer, value, standing)
    }

    fn is_national(&self) -> bool {
        matches!(self.scheme, Scheme::NhsNumber | Scheme::Upn | Scheme::Uln)
    }
}
