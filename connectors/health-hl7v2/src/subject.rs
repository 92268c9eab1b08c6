//! Whom a message is about: PID-3 and the older places of the NHS number.
//!
//! The subject is the sender's own number for the person. Of several repetitions of PID-3, the first of the best kind:
//!
//! 1. a medical record number (CX-5 MR, MRN, MEDREC), then a person's internal number (PI), then an external one (PT);
//! 2. a number without a kind, of a named authority;
//! 3. a number of a kind of the sender's own, of a named authority;
//! 4. a bare number.
//!
//! Its issuer is the organisation that answers for the message and, after a slash, the authority (CX-4), else the sending
//! facility (MSH-4), else the application (MSH-3): two trusts that call their authority by one name number two children.
//! The NHS number is a claim beside it, and the subject only when nothing local stands there. Numbers of the older places
//! (PID-2, PID-4) that say what they are, are claims too, and the subject only when PID-3 has none. The mother's number (PID-21),
//! next of kin and social security numbers are never the child's.

use connector_kit::identifier::{self, Verdict};
use proto::events::identifier::Standing;
use proto::events::{Coded, FindingCode, Identifier, Scheme, Subject};

use crate::er7::{Fields, Value};
use crate::header::Header;
use crate::reading::Reading;

/// Most identifiers that one PID segment states of a person; more is no person but a list.
const IDENTIFIERS_MAX: usize = 16;

/// The OID of the NHS number.
const NHS_NUMBER_OID: &str = "2.16.840.1.113883.2.1.4.1";

/// Whom a PID segment is about.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Person {
    pub(crate) subject: Subject,
    /// Other identifiers of the same person that the segment states.
    pub(crate) identifiers: Vec<Identifier>,
}

impl Person {
    /// Every number that is theirs, the one that they are known by first.
    pub(crate) fn numbers(&self) -> Vec<&Subject> {
        let others = self.identifiers.iter().filter_map(|claim| claim.subject.as_ref());
        std::iter::once(&self.subject).chain(others).collect()
    }
}

/// One repetition of a list of identifiers (CX).
struct Stated {
    value: String,
    authority: Option<String>,
    kind: String,
    is_nhs_number: bool,
}

impl Stated {
    fn read(value: Value<'_>, field: &str, reading: &mut Reading) -> Option<Self> {
        let id = reading.text(value.component(1), field)?;
        let authority = value.component(4);
        let oid = reading.text(authority.subcomponent(2), field);
        let authority = reading.text(authority.subcomponent(1), field);
        let kind = reading.text(value.component(5), field).unwrap_or_default().to_ascii_uppercase();
        let of_the_nhs = [&authority, &oid].into_iter().flatten().any(|name| is_of_the_nhs(name))
            || matches!(kind.as_str(), "NH" | "HN" | "NNGBR")
            || is_of_the_nhs(&kind);
        let untyped = authority.is_none() && oid.is_none() && kind.is_empty();
        // A national number, or one of National Insurance, which never has this shape.
        let may_be_of_the_nhs = untyped || matches!(kind.as_str(), "NN" | "NI");
        let is_nhs_number = of_the_nhs || (may_be_of_the_nhs && is_valid_nhs_number(&id));
        Some(Self { value: id, authority: authority.or(oid), kind, is_nhs_number })
    }

    /// How good a subject it makes, best first; `None` when it is no number of the sender's for a person.
    fn rank(&self) -> Option<u8> {
        if self.is_nhs_number {
            return None;
        }
        match (self.kind.as_str(), &self.authority) {
            ("MR" | "MRN" | "MEDREC", _) => Some(0),
            ("PI", _) => Some(1),
            ("PT", _) => Some(2),
            ("", Some(_)) => Some(3),
            ("", None) => Some(5),
            (kind, Some(_)) if !is_of_another_thing(kind) => Some(4),
            _ => None,
        }
    }

    /// It says whose numbering it is, or what kind of number.
    fn is_typed(&self) -> bool {
        self.authority.is_some() || !self.kind.is_empty()
    }

    /// Whether it is that number once more. The same digits of an authority of its own are another number.
    fn is_again(&self, stated: &Self) -> bool {
        self.value == stated.value && (self.authority.is_none() || self.authority == stated.authority)
    }

    fn subject(&self, header: &Header) -> Option<Subject> {
        let sender = header.facility.as_deref().or(header.application.as_deref());
        let issuer = format!("{}/{}", header.controller()?, self.authority.as_deref().or(sender)?);
        Some(identifier::subject(Scheme::ProviderPerson, &issuer, &self.value))
    }
}

/// Whether an authority or a kind is that of the NHS number, in the spellings of feeds: `NHS`, `NHS Number`, `NHSNO`, its OID,
/// its address.
fn is_of_the_nhs(name: &str) -> bool {
    let letters: String = name.chars().filter(char::is_ascii_alphabetic).collect();
    let spelt = matches!(
        letters.to_ascii_uppercase().as_str(),
        "NHS" | "NHSNO" | "NHSN" | "NHSNUMBER" | "NHSNMBR" | "NHSNBR" | "NHSNUM" | "NHSID"
    );
    spelt || name == NHS_NUMBER_OID || name.to_ascii_lowercase().ends_with("fhir.nhs.uk/id/nhs-number")
}

/// Kinds of number that are national, or of an account, a visit, a card, a licence or a member of staff (table 0203).
const KINDS_OF_OTHER_THINGS: &str =
    "SS SSN NI NNUSA DL PPN AN VN AC ANON BA BC BR CC CZ DN EI EN LN MA MB MC NPI PC PN PRN TAX U WC XX";

fn is_of_another_thing(kind: &str) -> bool {
    KINDS_OF_OTHER_THINGS.split(' ').any(|other| other == kind)
}

fn is_valid_nhs_number(value: &str) -> bool {
    identifier::nhs_number::check(value).verdict == Verdict::Valid
}

impl Person {
    /// Reads a PID segment; `None` when it has no number by which somebody is known.
    pub(crate) fn read(pid: &Fields<'_>, header: &Header, reading: &mut Reading) -> Option<Self> {
        let stated = stated(pid.field(3), "PID-3", reading);
        let mut claims = NhsNumbers::default();
        for number in stated.iter().filter(|id| id.is_nhs_number) {
            claims.state(&number.value, "PID-3", reading);
        }
        let mut beside: Vec<(Subject, &str)> = Vec::new();
        for (number, field) in [(2, "PID-2"), (4, "PID-4"), (19, "PID-19")] {
            for older in self::stated(pid.field(number), field, reading) {
                if older.is_nhs_number {
                    claims.state(&older.value, field, reading);
                } else if number != 19 && !stated.iter().any(|id| older.is_again(id)) {
                    match older.rank().filter(|_| older.is_typed()).and_then(|_| older.subject(header)) {
                        Some(number) => beside.push((number, field)),
                        // A bare one may be of any numbering, and links nobody.
                        None => reading.flag(FindingCode::NotMapped, field),
                    }
                }
            }
        }
        claims.settle("PID-3", reading);
        let mut local: Vec<(u8, Subject)> =
            stated.iter().filter_map(|id| Some((id.rank()?, id.subject(header)?))).collect();
        local.sort_by_key(|ranked| ranked.0);
        let status = verification(pid.field(32), reading);
        for claim in &mut claims.numbers {
            claim.verification = status.clone();
        }
        let known_by = local.iter().map(|ranked| &ranked.1).find(|subject| !is_stand_in(&subject.value)).cloned();
        let claimed = || claims.numbers.iter().find(|claim| claim.usable)?.subject.clone();
        let older =
            || beside.iter().map(|(number, _)| number).find(|number| !names_no_one_person(&number.value)).cloned();
        let subject = known_by.or_else(claimed).or_else(older)?;
        let NhsNumbers { numbers: mut identifiers, mut too_many } = claims;
        let others = local.into_iter().map(|ranked| (ranked.1, "PID-3")).chain(beside);
        for (other, field) in others.filter(|(other, _)| *other != subject) {
            if identifiers.iter().any(|said| said.subject.as_ref() == Some(&other)) {
                continue;
            }
            if identifiers.len() >= IDENTIFIERS_MAX {
                too_many = true;
                break;
            }
            identifiers.push(stated_now(other, field, reading));
        }
        if too_many {
            reading.flag(FindingCode::ValueMalformed, "PID-3");
        }
        Some(Self { subject, identifiers })
    }
}

const NO_NUMBER: &str =
    "PID-3 holds no number of the sender's for a person, and no usable NHS number stands in its place";
const NO_NUMBERING: &str = "PID-3 names no authority (CX-4), and MSH-3 and MSH-4 no sender, so that nobody can tell whose numbering its number is of: \
     have the sender name one of them";

/// Why a PID segment tells of nobody who is known.
pub(crate) fn why_nobody(pid: &Fields<'_>, header: &Header) -> &'static str {
    let could_be = |id: &Stated| {
        let number = identifier::subject(Scheme::ProviderPerson, "", &id.value).value;
        id.rank().is_some() && id.subject(header).is_none() && !is_stand_in(&number)
    };
    let is_of_no_numbering = stated(pid.field(3), "PID-3", &mut Reading::default()).iter().any(could_be);
    if is_of_no_numbering { NO_NUMBERING } else { NO_NUMBER }
}

/// Who somebody beside the child is: their NHS number, else the best of the sender's own numbers for them that says whose
/// numbering it is. `None` where no number stands that names one person; one that should and does not is told.
pub(crate) fn of_somebody_else(
    list: Value<'_>,
    field: &str,
    header: &Header,
    reading: &mut Reading,
) -> Option<Subject> {
    let stated = stated(list, field, reading);
    let mut numbers = NhsNumbers::default();
    for number in stated.iter().filter(|id| id.is_nhs_number) {
        numbers.state(&number.value, field, reading);
    }
    numbers.settle(field, reading);
    let national = numbers.numbers.into_iter().find(|number| number.usable).and_then(|number| number.subject);
    let local = || stated.iter().filter(|id| id.is_typed()).filter_map(|id| Some((id.rank()?, id.subject(header)?)));
    national.or_else(|| {
        local().filter(|(_, who)| !names_no_one_person(&who.value)).min_by_key(|(rank, _)| *rank).map(|(_, who)| who)
    })
}

/// The number by which an MRG segment knows somebody: the best local one of MRG-1.
pub(crate) fn superseded(mrg: &Fields<'_>, header: &Header, reading: &mut Reading) -> Option<Subject> {
    let stated = stated(mrg.field(1), "MRG-1", reading);
    stated.iter().filter_map(|id| Some((id.rank()?, id.subject(header)?))).min_by_key(|ranked| ranked.0).map(|r| r.1)
}

/// A number of the sender's own for a person, and what kind of number it is (CX-5; empty where that is not told).
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Number {
    pub(crate) who: Subject,
    kind: String,
}

impl Number {
    /// Which of the numbers that a person has now this one became: the only one of its issuer and kind.
    pub(crate) fn became<'n>(&self, now: &'n [Self]) -> Option<&'n Subject> {
        let may_be_of_its_kind = |kind: &str| kind == self.kind || kind.is_empty() || self.kind.is_empty();
        let mut alike = now.iter().filter(|number| {
            number.who.scheme == self.who.scheme
                && number.who.issuer == self.who.issuer
                && may_be_of_its_kind(&number.kind)
        });
        let only = alike.next()?;
        alike.all(|number| number.who == only.who).then_some(&only.who)
    }
}

/// The sender's own numbers in a list that name one person each, best first.
pub(crate) fn numbers(list: Value<'_>, field: &str, header: &Header, reading: &mut Reading) -> Vec<Number> {
    let stated = stated(list, field, reading);
    let mut ranked: Vec<(u8, Number)> = stated
        .into_iter()
        .filter_map(|id| Some((id.rank()?, Number { who: id.subject(header)?, kind: id.kind })))
        .collect();
    ranked.sort_by_key(|ranked| ranked.0);
    ranked.into_iter().map(|ranked| ranked.1).filter(|number| !names_no_one_person(&number.who.value)).collect()
}

/// Only a number that named one person can give way, and only to another of the same issuer.
pub(crate) fn may_be_superseded(went: &Subject, survivor: &Subject) -> bool {
    let same_issuer = went.scheme == survivor.scheme && went.issuer == survivor.issuer;
    same_issuer && went.value != survivor.value && !names_no_one_person(&went.value)
}

fn stated(list: Value<'_>, field: &str, reading: &mut Reading) -> Vec<Stated> {
    if list.is_deleted() {
        return Vec::new();
    }
    list.repetitions().filter_map(|value| Stated::read(value, field, reading)).collect()
}

/// Another number of the sender's for the person. One that many people share is told, and links nobody.
fn stated_now(subject: Subject, field: &str, reading: &mut Reading) -> Identifier {
    let usable = !names_no_one_person(&subject.value);
    if !usable {
        reading.flag(FindingCode::IdentifierPlaceholder, field);
    }
    Identifier { subject: Some(subject), standing: Standing::Current.into(), usable, verification: None }
}

/// Words that stand where a number should, normalised.
const STAND_INS: &str = "UNKNOWN UNK NOTKNOWN NONE NIL NULL N/A NA NOTAPPLICABLE NOTAVAILABLE NEW PENDING TBA TBC TEMP TEST \
                         TESTPATIENT DUMMY MISSING";

fn is_of_one_digit(value: &str) -> bool {
    value.bytes().all(|b| b.is_ascii_digit() && Some(&b) == value.as_bytes().first())
}

/// Whether a normalised number stands for nobody: a word for none, zeros, or one digit all along. Nobody is known by it.
fn is_stand_in(value: &str) -> bool {
    /// Fewer digits may well be somebody's.
    const DIGITS_MIN: usize = 4;
    let zeros = value.bytes().all(|b| b == b'0');
    zeros || (is_of_one_digit(value) && value.len() >= DIGITS_MIN) || is_word_for_none(value)
}

fn is_word_for_none(value: &str) -> bool {
    STAND_INS.split(' ').any(|word| word == value)
}

/// Whether a normalised number may be that of more than one person, so that it links nobody: a stand-in, with a count
/// behind it or without, one digit all along, or a number without a digit.
fn names_no_one_person(value: &str) -> bool {
    let without_count = value.trim_end_matches(|c: char| c.is_ascii_digit());
    let without_digit = !value.bytes().any(|b| b.is_ascii_digit());
    without_digit || is_word_for_none(without_count) || (is_of_one_digit(value) && (value.len() > 1 || value == "0"))
}

/// The NHS numbers of one PID segment, each once.
#[derive(Default)]
struct NhsNumbers {
    numbers: Vec<Identifier>,
    too_many: bool,
}

impl NhsNumbers {
    fn state(&mut self, value: &str, field: &str, reading: &mut Reading) {
        let (claim, findings) = identifier::claim(Scheme::NhsNumber, value, Standing::Current, field);
        let Some(claim) = claim.filter(|claim| !self.numbers.contains(claim)) else { return };
        if self.numbers.len() >= IDENTIFIERS_MAX {
            self.too_many = true;
            return;
        }
        self.numbers.push(claim);
        reading.findings.extend(findings);
    }

    /// Two good numbers cannot both be one child's, and nothing here says which is: they link nobody.
    fn settle(&mut self, field: &str, reading: &mut Reading) {
        if self.numbers.iter().filter(|claim| claim.usable).count() > 1 {
            reading.flag(FindingCode::FieldsContradict, field);
            for claim in &mut self.numbers {
                claim.usable = false;
            }
        }
    }
}

/// The NHS number's verification status, where PID-32 holds one: `01` to `08`, or `NSTS01` to `NSTS08`.
fn verification(value: Value<'_>, reading: &mut Reading) -> Option<Coded> {
    let text = reading.text(value.first().component(1), "PID-32")?.to_ascii_uppercase();
    let code = text.strip_prefix("NSTS").unwrap_or(&text);
    let known = matches!(code.as_bytes(), [b'0', b'1'..=b'8']);
    known.then(|| Coded { code: code.to_owned(), code_set: "nhs.number_verification".to_owned(), text: None })
}
