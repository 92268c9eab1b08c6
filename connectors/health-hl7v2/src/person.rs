//! PID and PD1: the child, and the child's practice.

use proto::events::person_name::Use;
use proto::events::{Address, FindingCode, PersonDescribed, PersonName, address::Use as AddressUse};

use crate::er7::{Fields, Value};
use crate::reading::Reading;
use crate::subject::Person;

/// Administrative sex (table 0001), and the NHS data dictionary's codes of a person's gender, which feeds put in its place.
const SEXES: &[&str] = &["F", "M", "O", "U", "A", "N", "0", "1", "2", "9"];

/// Ethnic category, 2001 census codes, as the NHS data dictionary has them.
const ETHNICITIES: &[&str] =
    &["A", "B", "C", "D", "E", "F", "G", "H", "J", "K", "L", "M", "N", "P", "R", "S", "Z", "99"];

/// The child as the message describes them. What stands nowhere in it is left as it was.
pub(crate) fn described(person: &Person, pid: &Fields<'_>, pd1: &Fields<'_>, reading: &mut Reading) -> PersonDescribed {
    let ethnicity = Some(pid.field(10)).filter(|value| !value.is_empty()).unwrap_or(pid.field(22));
    let described = PersonDescribed {
        names: reading.asserted(1, pid.field(5), |r, v| Some(names(r, v))).unwrap_or_default(),
        birth_on: reading.asserted(2, pid.field(7), |r, v| r.date(v, "PID-7")),
        expected_birth_on: None,
        death_on: reading.asserted(4, pid.field(29), |r, v| r.date(v, "PID-29")),
        sex: reading.asserted(5, pid.field(8), |r, v| r.code_of(v, "PID-8", "sex", SEXES)),
        ethnicity: reading.asserted(6, ethnicity, |r, v| r.code_of(v, "PID-10", "ethnicity", ETHNICITIES)),
        first_language: reading.asserted(7, pid.field(15), |r, v| r.coded(v, "PID-15", "language")),
        addresses: reading.asserted(8, pid.field(11), |r, v| Some(addresses(r, v, "PID-11"))).unwrap_or_default(),
        phones: phones_of_person(pid, reading),
        identifiers: person.identifiers.clone(),
        upn_unknown: None,
        practice: practice(pd1, reading),
        multiple_birth: reading.asserted(13, pid.field(24), |r, v| yes_or_no(r, v, "PID-24")),
        birth_order: reading.asserted(14, pid.field(25), |r, v| number(r, v, "PID-25")),
        emails: reading
            .asserted(15, pid.field(13), |r, v| Some(emails(r, v, "PID-13")))
            .unwrap_or_default()
            .into_iter()
            .chain(emails(&mut Reading::default(), pid.field(14), "PID-14"))
            .collect(),
        has_died: reading.asserted(16, pid.field(30), |r, v| yes_or_no(r, v, "PID-30")),
    };
    if described.has_died() && described.death_on.is_none() {
        reading.flag(FindingCode::FieldMissing, "PID-29");
    }
    described
}

fn names(reading: &mut Reading, value: Value<'_>) -> Vec<PersonName> {
    let mut names: Vec<PersonName> = value.repetitions().filter_map(|v| name(reading, v, "PID-5")).collect();
    // The first name of a person is the one in use, whatever a feed that never types names leaves out.
    if let Some(first) = names.first_mut()
        && first.r#use() == Use::Unspecified
    {
        first.set_use(Use::Usual);
    }
    names
}

/// A name (XPN); `None` when no part of it stands there.
pub(crate) fn name(reading: &mut Reading, value: Value<'_>, field: &str) -> Option<PersonName> {
    let mut part = |number| reading.text(value.component(number).subcomponent(1), field);
    let (family, given, middle, suffix, prefix) = (part(1), part(2), part(3), part(4), part(5));
    let name_type = part(7).unwrap_or_default();
    if [&family, &given, &middle].iter().all(|part| part.is_none()) {
        return None;
    }
    let stands_as = match name_type.as_str() {
        "L" | "U" => Use::Usual,
        "D" | "N" | "P" => Use::Preferred,
        "B" | "M" => Use::Former,
        _ => Use::Unspecified,
    };
    Some(PersonName { family, given, middle, prefix, suffix, r#use: stands_as.into() })
}

fn addresses(reading: &mut Reading, value: Value<'_>, field: &str) -> Vec<Address> {
    value.repetitions().filter_map(|value| address(reading, value, field)).collect()
}

/// An address (XAD): street, other line, town, county, country; the postcode apart; XAD-12, else 13 and 14, when.
pub(crate) fn address(reading: &mut Reading, value: Value<'_>, field: &str) -> Option<Address> {
    let part = |reading: &mut Reading, number| reading.text(value.component(number).subcomponent(1), field);
    let lines: Vec<String> = [1, 2, 3, 4, 6].into_iter().filter_map(|number| part(reading, number)).collect();
    let postcode = part(reading, 5);
    if lines.is_empty() && postcode.is_none() {
        return None;
    }
    let range = value.component(12);
    let mut date = |range: Value<'_>, single: Value<'_>| {
        let stated = if range.is_empty() { single } else { range };
        if stated.is_empty() { None } else { reading.date(stated, field) }
    };
    let from = date(range.subcomponent(1), value.component(13));
    let to = date(range.subcomponent(2), value.component(14));
    let stands_as = address_use(part(reading, 7), field, reading).map(Into::into);
    Some(Address { lines, postcode, uprn: None, from, to, r#use: stands_as })
}

/// What kind of address it is (XAD-7): table 0190, and the words that feeds put in its place.
fn address_use(kind: Option<String>, field: &str, reading: &mut Reading) -> Option<AddressUse> {
    Some(match kind?.to_ascii_uppercase().as_str() {
        "H" | "L" | "P" | "RH" | "HOME" | "PERMANENT" => AddressUse::Home,
        "C" | "V" | "TEMPORARY" | "TEMP" | "TMP" => AddressUse::Temporary,
        "BA" | "BAD" | "OLD" | "PREVIOUS" | "FORMER" => AddressUse::Former,
        "M" | "SH" | "MAILING" | "CORRESPONDENCE" => AddressUse::Correspondence,
        "N" | "BDL" | "BR" | "BIRTH" => AddressUse::Birth,
        "B" | "O" | "BI" | "F" | "S" | "BUSINESS" | "WORK" | "OFFICE" => AddressUse::Other,
        _ => {
            reading.flag(FindingCode::CodeUnknown, field);
            return None;
        }
    })
}

/// PID-13 and PID-14 together: emptied when one is deleted and the other does not say otherwise.
fn phones_of_person(pid: &Fields<'_>, reading: &mut Reading) -> Vec<String> {
    let (home, work) = (pid.field(13), pid.field(14));
    let mut numbers = phones(reading, home, "PID-13");
    numbers.extend(phones(reading, work, "PID-14"));
    if numbers.is_empty() && (home.is_deleted() || work.is_deleted()) {
        reading.clears.push(9);
    }
    numbers
}

/// Telephone numbers (XTN), as written: the first component, else the unformatted number, else area and local number.
pub(crate) fn phones(reading: &mut Reading, value: Value<'_>, field: &str) -> Vec<String> {
    let read = |value: Value<'_>| {
        let mut part = |number| reading.text(value.component(number), field);
        if part(1).is_some_and(|text| text.contains('@')) {
            return None;
        }
        part(1).or_else(|| part(12)).or_else(|| {
            let parts: Vec<String> = [part(5), part(6), part(7)].into_iter().flatten().collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        })
    };
    value.repetitions().filter_map(read).collect()
}

/// Addresses of electronic mail (XTN): the fourth component, or what stands in the first and has an `@`.
pub(crate) fn emails(reading: &mut Reading, value: Value<'_>, field: &str) -> Vec<String> {
    let read = |value: Value<'_>| {
        let mut part = |number| reading.text(value.component(number), field).filter(|text| text.contains('@'));
        part(4).or_else(|| part(1))
    };
    value.repetitions().filter_map(read).collect()
}

/// The registered practice as an organisation id: PD1-3 (its third or tenth component), else the authority of PD1-4.
fn practice(pd1: &Fields<'_>, reading: &mut Reading) -> Option<String> {
    let facility = pd1.field(3);
    reading.asserted(12, facility, |_, _| Some(()));
    let facility = facility.first();
    let doctor = pd1.field(4).first();
    let stated = [(facility, 3, "PD1-3"), (facility, 10, "PD1-3"), (doctor, 14, "PD1-4")].into_iter().find_map(
        |(value, number, field)| Some((reading.text(value.component(number).subcomponent(1), field)?, field)),
    );
    let (code, field) = stated?;
    // Organisation codes are of letters and digits, a practice's of six; anything else is somebody's own numbering.
    if !(3..=12).contains(&code.len()) || !code.bytes().all(|b| b.is_ascii_alphanumeric()) {
        reading.flag(FindingCode::ValueMalformed, field);
        return None;
    }
    Some(format!("ods-{}", code.to_ascii_lowercase()))
}

fn yes_or_no(reading: &mut Reading, value: Value<'_>, field: &str) -> Option<bool> {
    let text = reading.text(value, field)?;
    connector_kit::reading::boolean(&text, field).keep(&mut reading.findings)
}

/// A whole number of two digits at most.
pub(crate) fn number(reading: &mut Reading, value: Value<'_>, field: &str) -> Option<u32> {
    let text = reading.text(value, field)?;
    let read = text.parse().ok().filter(|number| *number < 100);
    if read.is_none() {
        reading.flag(FindingCode::ValueMalformed, field);
    }
    read
}
