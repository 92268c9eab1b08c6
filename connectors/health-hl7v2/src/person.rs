//! PID and PD1: the child, and the child's practice.

use proto::events::person_name::Use;
use proto::events::{Address, Coded, FindingCode, PersonDescribed, PersonName, address::Use as AddressUse};

use crate::er7::{Fields, Value};
use crate::reading::Reading;
use crate::subject::Person;
use crate::time::Time;

/// Administrative sex (table 0001), and the NHS data dictionary's codes of a person's gender, which feeds put in its place.
const SEXES: &[&str] = &["F", "M", "O", "U", "A", "N", "0", "1", "2", "9"];

/// Ethnic category, 2001 census codes, as the NHS data dictionary has them.
const ETHNICITIES: &[&str] =
    &["A", "B", "C", "D", "E", "F", "G", "H", "J", "K", "L", "M", "N", "P", "R", "S", "Z", "99"];

/// The child as the message describes them, at the time that it was recorded. What stands nowhere in it is left as it was.
pub(crate) fn described(
    person: &Person,
    pid: &Fields<'_>,
    pd1: &Fields<'_>,
    at: Option<Time>,
    reading: &mut Reading,
) -> PersonDescribed {
    let ethnicity = Some(pid.field(10)).filter(|value| !value.is_empty()).unwrap_or(pid.field(22));
    let described = PersonDescribed {
        names: reading.asserted(1, pid.field(5), |r, v| Some(names(r, v, at))).unwrap_or_default(),
        birth_on: reading.asserted(2, pid.field(7), |r, v| r.date(v, "PID-7")),
        expected_birth_on: None,
        death_on: reading.asserted(4, pid.field(29), |r, v| r.date(v, "PID-29")),
        sex: reading.asserted(5, pid.field(8), sex),
        ethnicity: reading.asserted(6, ethnicity, |r, v| r.code_of(v, "PID-10", "ethnicity", ETHNICITIES)),
        first_language: reading.asserted(7, pid.field(15), |r, v| r.coded(v, "PID-15", "language")),
        addresses: reading.asserted(8, pid.field(11), |r, v| Some(addresses(r, v, "PID-11"))).unwrap_or_default(),
        phones: phones_of_person(pid, at, reading),
        identifiers: person.identifiers.clone(),
        upn_unknown: None,
        practice: practice(pd1, reading),
        multiple_birth: reading.asserted(13, pid.field(24), |r, v| yes_or_no(r, v, "PID-24")),
        birth_order: reading.asserted(14, pid.field(25), |r, v| number(r, v, "PID-25")),
        emails: emails_of_person(pid, at, reading),
        has_died: reading.asserted(16, pid.field(30), |r, v| yes_or_no(r, v, "PID-30")),
    };
    // Nobody is told of who is to be born or to die.
    for (day, field) in [(described.birth_on, "PID-7"), (described.death_on, "PID-29")] {
        if at.zip(day).is_some_and(|(at, day)| at.is_before_day(day)) {
            reading.flag(FindingCode::DateImplausible, field);
        }
    }
    if described.has_died() && described.death_on.is_none() {
        reading.flag(FindingCode::FieldMissing, "PID-29");
    }
    described
}

/// PID-8, of which feeds write the code or its word.
fn sex(reading: &mut Reading, value: Value<'_>) -> Option<Coded> {
    const WORDS: &[(&str, &str)] =
        &[("FEMALE", "F"), ("MALE", "M"), ("UNKNOWN", "U"), ("OTHER", "O"), ("AMBIGUOUS", "A")];
    let stated = value.first().component(1).text().value;
    let word = WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(stated.trim()));
    let Some((_, code)) = word else { return reading.code_of(value, "PID-8", "sex", SEXES) };
    let coded = reading.coded(value, "PID-8", "sex")?;
    let text = coded.text.or(Some(coded.code));
    Some(Coded { code: (*code).to_owned(), code_set: coded.code_set, text })
}

fn names(reading: &mut Reading, value: Value<'_>, at: Option<Time>) -> Vec<PersonName> {
    let mut names: Vec<Named> = value.repetitions().filter_map(|v| named(reading, v, "PID-5", at)).collect();
    // The first name of those that may be is the one in use, whatever a feed that never types names leaves out.
    let may_be_in_use = |named: &&mut Named| matches!(named.stands_as, None | Some(Use::Usual | Use::Preferred));
    if let Some(first) = names.iter_mut().find(may_be_in_use)
        && first.stands_as.is_none()
    {
        first.stands_as = Some(Use::Usual);
    }
    // One that was never theirs is not left standing because no other came with it.
    if names.is_empty() && value.repetitions().any(|name| kind_of_name(name) == Some(KindOfName::Wrong)) {
        reading.clears.push(1);
    }
    names.into_iter().map(PersonName::from).collect()
}

/// A name, and how it stands; `None` where nothing says so.
struct Named {
    name: PersonName,
    stands_as: Option<Use>,
}

impl From<Named> for PersonName {
    fn from(named: Named) -> Self {
        Self { r#use: named.stands_as.unwrap_or_default().into(), ..named.name }
    }
}

/// What XPN-7 says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum KindOfName {
    Used(Use),
    /// It was given to hide who they are, or by who did not know, or is a partner's (P): it is not said to be the one in use.
    Assigned,
    /// Table 0200 knows it, and it says nothing of whether they go by it.
    Other,
    /// It was never theirs.
    Wrong,
    Unknown,
}

/// XPN-7: table 0200, and the words that feeds put in its place. `None` where it does not stand.
fn kind_of_name(name: Value<'_>) -> Option<KindOfName> {
    let stated = name.component(7).text().value;
    let word: String = stated.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_uppercase();
    Some(match word.as_str() {
        "" => return None,
        "L" | "U" | "LEGAL" | "USUAL" | "CURRENT" | "OFFICIAL" => KindOfName::Used(Use::Usual),
        "D" | "N" | "DISPLAY" | "NICKNAME" | "PREFERRED" | "KNOWNAS" => KindOfName::Used(Use::Preferred),
        "B" | "M" | "NOUSE" | "BIRTH" | "MAIDEN" | "FORMER" | "PREVIOUS" | "OLD" => KindOfName::Used(Use::Former),
        "A" | "P" | "S" | "MSK" | "I" | "K" | "ALIAS" | "ASSIGNED" | "PSEUDONYM" => KindOfName::Assigned,
        "C" | "R" | "T" | "O" | "NB" | "TEMP" | "REL" | "NAV" | "F" | "CURREG" => KindOfName::Other,
        "BAD" => KindOfName::Wrong,
        _ => KindOfName::Unknown,
    })
}

/// A name (XPN); `None` when no part of it stands there, or it was never theirs. One that is over at this time (XPN-10, else 12
/// and 13) is a former one.
pub(crate) fn name(reading: &mut Reading, value: Value<'_>, field: &str, at: Option<Time>) -> Option<PersonName> {
    named(reading, value, field, at).map(PersonName::from)
}

fn named(reading: &mut Reading, value: Value<'_>, field: &str, at: Option<Time>) -> Option<Named> {
    let mut part = |number| reading.text(value.component(number).subcomponent(1), field);
    let (family, given, middle, suffix, prefix) = (part(1), part(2), part(3), part(4), part(5));
    if [&family, &given, &middle].iter().all(|part| part.is_none()) {
        return None;
    }
    let stands_as = match kind_of_name(value) {
        Some(KindOfName::Used(stands_as)) => Some(stands_as),
        Some(KindOfName::Assigned) => Some(Use::Unspecified),
        // Another's, as it may be, would be evidence of who they are.
        Some(KindOfName::Wrong) => {
            reading.flag(FindingCode::NotMapped, field);
            return None;
        }
        Some(KindOfName::Unknown) => {
            reading.flag(FindingCode::CodeUnknown, field);
            None
        }
        Some(KindOfName::Other) | None => None,
    };
    let range = value.component(10);
    let (from, to) = ((range.subcomponent(1), value.component(12)), (range.subcomponent(2), value.component(13)));
    let stands_as = match standing(reading, from, to, field, at) {
        Standing::Now => stands_as,
        Standing::Over => Some(Use::Former),
        Standing::NotYet => Some(Use::Unspecified),
    };
    Some(Named { name: PersonName { family, given, middle, prefix, suffix, r#use: 0 }, stands_as })
}

/// How something that is stated from one time to another stands.
enum Standing {
    NotYet,
    Now,
    Over,
}

/// By the range, else by the single times.
fn standing<'a>(
    reading: &mut Reading,
    from: (Value<'a>, Value<'a>),
    to: (Value<'a>, Value<'a>),
    field: &str,
    at: Option<Time>,
) -> Standing {
    let mut time = |(range, single): (Value<'a>, Value<'a>)| {
        let stated = if range.is_empty() { single } else { range };
        if stated.is_empty() { None } else { reading.time(stated, field) }
    };
    let (from, to) = (time(from), time(to));
    let Some(at) = at else { return Standing::Now };
    if to.is_some_and(|to| to.is_over_at(at)) {
        Standing::Over
    } else if from.is_some_and(|from| from.as_us() > at.as_us()) {
        Standing::NotYet
    } else {
        Standing::Now
    }
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

/// PID-13 and PID-14 together: emptied when one is deleted, or has only what is over, and the other does not say otherwise.
fn phones_of_person(pid: &Fields<'_>, at: Option<Time>, reading: &mut Reading) -> Vec<String> {
    let (home, work) = (pid.field(13), pid.field(14));
    let mut numbers = phones(reading, home, "PID-13", at);
    numbers.extend(phones(reading, work, "PID-14", at));
    if numbers.is_empty() && [home, work].into_iter().any(|field| has_gone(field, at, phone)) {
        reading.clears.push(9);
    }
    numbers
}

fn emails_of_person(pid: &Fields<'_>, at: Option<Time>, reading: &mut Reading) -> Vec<String> {
    let (home, work) = (pid.field(13), pid.field(14));
    let mut addresses = emails(reading, home, "PID-13", at);
    addresses.extend(emails(&mut Reading::default(), work, "PID-14", at));
    if addresses.is_empty() && (has_gone(home, at, email) || !work.is_deleted() && has_gone(work, at, email)) {
        reading.clears.push(15);
    }
    addresses
}

/// What reads one number or address (XTN).
type Contact = fn(&mut Reading, Value<'_>, &str) -> Option<String>;

/// Whether a field is deleted, or what this reads of it is over.
pub(crate) fn has_gone(value: Value<'_>, at: Option<Time>, read: Contact) -> bool {
    let mut reading = Reading::default();
    let mut is_of_it = |contact| is_over(&mut reading, contact, "", at) && read(&mut reading, contact, "").is_some();
    value.is_deleted() || value.repetitions().any(&mut is_of_it)
}

/// Whether a number or an address (XTN) is over at this time (XTN-14).
fn is_over(reading: &mut Reading, contact: Value<'_>, field: &str, at: Option<Time>) -> bool {
    let to = contact.component(14);
    let to = if to.is_empty() { None } else { reading.time(to, field) };
    to.zip(at).is_some_and(|(to, at)| to.is_over_at(at))
}

/// Telephone numbers (XTN). That one is over is told: it may be somebody else's now.
pub(crate) fn phones(reading: &mut Reading, value: Value<'_>, field: &str, at: Option<Time>) -> Vec<String> {
    let read = |value: Value<'_>| {
        if is_over(reading, value, field, at) {
            reading.flag(FindingCode::NotMapped, field);
            return None;
        }
        phone(reading, value, field)
    };
    value.repetitions().filter_map(read).collect()
}

/// As written: the first component, else the unformatted number, else area and local number.
pub(crate) fn phone(reading: &mut Reading, value: Value<'_>, field: &str) -> Option<String> {
    let mut part = |number| reading.text(value.component(number), field);
    if part(1).is_some_and(|text| text.contains('@')) {
        return None;
    }
    part(1).or_else(|| part(12)).or_else(|| {
        let parts: Vec<String> = [part(5), part(6), part(7)].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    })
}

/// Addresses of electronic mail (XTN). That one is over is told with the telephone numbers of the field.
pub(crate) fn emails(reading: &mut Reading, value: Value<'_>, field: &str, at: Option<Time>) -> Vec<String> {
    let stands = |contact: &Value<'_>| !is_over(&mut Reading::default(), *contact, "", at);
    value.repetitions().filter(stands).filter_map(|contact| email(reading, contact, field)).collect()
}

/// The fourth component, or what stands in the first and has an `@`.
fn email(reading: &mut Reading, value: Value<'_>, field: &str) -> Option<String> {
    let mut part = |number| reading.text(value.component(number), field).filter(|text| text.contains('@'));
    part(4).or_else(|| part(1))
}

/// The registered practice as an organisation id: PD1-3 (its third or tenth component, or its first where that is the code of a
/// practice), else the authority of PD1-4. One that is named only is told.
fn practice(pd1: &Fields<'_>, reading: &mut Reading) -> Option<String> {
    let facility = pd1.field(3);
    reading.asserted(12, facility, |_, _| Some(()));
    let facility = facility.first();
    let doctor = pd1.field(4).first();
    let named = reading.text(facility.component(1).subcomponent(1), "PD1-3");
    let is_named = named.is_some();
    let code = named.filter(|named| is_practice_code(named)).map(|code| (code, "PD1-3"));
    let mut part = |value: Value<'_>, number: usize, field: &'static str| {
        Some((reading.text(value.component(number).subcomponent(1), field)?, field))
    };
    let of_facility = part(facility, 3, "PD1-3").or_else(|| part(facility, 10, "PD1-3"));
    let stated = of_facility.or(code).or_else(|| part(doctor, 14, "PD1-4"));
    if is_named && stated.is_none() {
        reading.flag(FindingCode::NotMapped, "PD1-3");
    }
    let (code, field) = stated?;
    // Organisation codes are of letters and digits, a practice's of six; anything else is somebody's own numbering.
    if !(3..=12).contains(&code.len()) || !code.bytes().all(|b| b.is_ascii_alphanumeric()) {
        reading.flag(FindingCode::ValueMalformed, field);
        return None;
    }
    Some(format!("ods-{}", code.to_ascii_lowercase()))
}

/// A letter and five digits.
fn is_practice_code(text: &str) -> bool {
    let digits = text.strip_prefix(|c: char| c.is_ascii_alphabetic());
    digits.is_some_and(|digits| digits.len() == 5 && digits.bytes().all(|b| b.is_ascii_digit()))
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
