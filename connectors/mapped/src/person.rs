//! Who the child is, as a row has it: a description, and the numbers that claim to be the same child's.

use connector_kit::csv_source::Row;
use connector_kit::identifier;
use connector_kit::reading::finding;
use proto::events::identifier::Standing;
use proto::events::person_name::Use;
use proto::events::{Address, Finding, FindingCode, Identifier, PersonDescribed, PersonName, Scheme, Subject};
use proto::subject::national_issuer;

use crate::convert::coded;
use crate::dates::{self, Format};
use crate::plan::{Convert, Getter, Mapping, Number, Person};
use crate::rows::{cell, is_error};

/// Most children of one cell. A row of more is refused.
pub(crate) const NUMBERS_MAX: usize = 64;

/// Of the child whom the row knows by this number. `None` when the row says nothing of it; and what is odd about it, or about what
/// was to say it.
pub(crate) fn described(mapping: &Mapping, row: &Row<'_>, number: &str) -> (Option<PersonDescribed>, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut described = mapping.person.as_ref().map(|person| of_person(person, row, &mut findings)).unwrap_or_default();
    for further in &mapping.identifiers {
        let value = cell(row, &further.column);
        described.identifiers.extend(value.and_then(|value| further.claim(value, &mut findings)));
    }
    // The number that the record goes by is one of the child's own where it is a national one: that number alone, as its cell may
    // hold those of other children too.
    if national_issuer(mapping.subject.scheme).is_some() {
        described.identifiers.extend(mapping.subject.claim(number, &mut findings));
    }
    // Hardly any row has one, and this tells before each cell is looked at.
    if row.raw().contains(&b'#') {
        findings.extend(mapping.person.iter().flat_map(|person| person.errors(row)));
    }
    ((described != PersonDescribed::default()).then_some(described), findings)
}

impl Person {
    /// What the spreadsheet could not work out.
    fn errors(&self, row: &Row<'_>) -> Vec<Finding> {
        let texts = [&self.family, &self.given, &self.middle, &self.preferred, &self.practice].into_iter().flatten();
        let dated = [&self.birth_on, &self.death_on].into_iter().flatten().map(|(getter, _)| getter);
        let coded = [&self.sex, &self.ethnicity, &self.first_language].into_iter().flatten().map(|(getter, _)| getter);
        let getters = texts.chain(dated).chain(coded).filter(|getter| getter.is_error(row)).map(Getter::shown);
        let places = self.address.iter().chain(&self.postcode).chain(&self.uprn).chain(&self.phones);
        let places = places.filter(|column| row.get(column).is_some_and(is_error)).map(String::as_str);
        getters.chain(places).map(|column| finding(FindingCode::ValueMalformed, column)).collect()
    }
}

fn of_person(person: &Person, row: &Row<'_>, findings: &mut Vec<Finding>) -> PersonDescribed {
    let text = |getter: &Option<Getter>| getter.as_ref().and_then(|getter| getter.prefixed(row));
    let column = |column: &Option<String>| column.as_deref().and_then(|column| cell(row, column)).map(str::to_owned);
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
    let lines: Vec<String> = person.address.iter().filter_map(|line| cell(row, line)).map(str::to_owned).collect();
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
        phones: person.phones.iter().filter_map(|phone| cell(row, phone)).map(str::to_owned).collect(),
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
    /// The numbers of children that the row's cell holds: one, or where a cell holds several each of them.
    pub(crate) fn numbers<'r>(&self, row: &Row<'r>) -> impl Iterator<Item = &'r str> + use<'r, '_> {
        let cell = cell(row, &self.column).unwrap_or_default();
        let split = self.split.as_deref();
        let whole = split.is_none().then_some(cell);
        let parts = split.into_iter().flat_map(move |split| cell.split(split));
        whole.into_iter().chain(parts).map(str::trim).filter(|number| !number.is_empty())
    }

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

    fn claim(&self, value: &str, findings: &mut Vec<Finding>) -> Option<Identifier> {
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
