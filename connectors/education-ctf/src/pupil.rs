//! What a file says of a child itself, and how anything is said.

use std::collections::BTreeMap;

use connector_kit::reading::finding;
use connector_kit::xml::{Element, Start};
use connector_kit::{Draft, Output, Place, Rejection, Scope, dates, identifier};
use proto::events::identifier::Standing;
use proto::events::person_name::Use;
use proto::events::{
    Address, Coded, Date, Event, Finding, FindingCode, Identifier, InCareReported, MissingFromEducationReported,
    PersonDescribed, PersonName, Scheme, SourceRecordKept, Subject, TransferFileSent,
};
use proto::quarantine::Reason;

use crate::codes;
use crate::contacts;
use crate::header::{Destination, Transfer};
use crate::history;
use crate::part::Part;

/// Longest part of a record key that comes from a record.
const KEY_PART_CHARS_MAX: usize = 80;

/// One child of a file being said.
pub(crate) struct Pupil<'a> {
    pub(crate) of: &'a Transfer,
    pub(crate) subject: Subject,
    file: &'a str,
    record: u64,
    began: Start,
    out: &'a mut dyn Output,
    numbers: BTreeMap<String, u32>,
    /// Something of the child was given to quarantine: what is absent says nothing.
    lost: bool,
}

/// A record as it is said: which table and key, its events each with its day, and whom else it tells of.
pub(crate) struct Said {
    pub(crate) table: &'static str,
    pub(crate) key: String,
    pub(crate) events: Vec<(Date, Event)>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) third_parties: Vec<Subject>,
}

impl Said {
    pub(crate) fn one(table: &'static str, key: String, on: Date, event: impl Into<Event>) -> Self {
        let events = vec![(on, event.into())];
        Self { table, key, events, findings: Vec::new(), third_parties: Vec::new() }
    }

    pub(crate) fn found(self, findings: Vec<Finding>) -> Self {
        Self { findings, ..self }
    }
}

/// What a child is called and when they were born, under the names that makers have for it, which stand with the child or in the basic
/// details.
const SURNAME: [&str; 2] = ["surname", "legalsurname"];
const FORENAME: [&str; 2] = ["forename", "legalforename"];
const BIRTH: [&str; 1] = ["dob"];
const SEX: [&str; 2] = ["sex", "gender"];

/// The first of these that the child says, or else the basic details.
fn stated<'t>(record: Element<'t>, keys: &[&str]) -> &'t str {
    let basics = record.children().filter(|child| child.key() == "basicdetails");
    let each = std::iter::once(record).chain(basics);
    let mut said = each.flat_map(|part| keys.iter().map(move |key| part.text_of(key)));
    said.find(|text| !text.is_empty()).unwrap_or_default()
}

/// The same, of parts that are being read: which of the two says it, and under which name.
fn where_stated<'p, 't>(
    pupil: &'p mut Part<'t>,
    basics: &'p mut Part<'t>,
    keys: &[&'static str],
) -> (&'p mut Part<'t>, &'static str) {
    let key_in = |part: &Part<'t>| keys.iter().copied().find(|key| !part.element.text_of(key).is_empty());
    match (key_in(pupil), key_in(basics)) {
        (None, Some(key)) => (basics, key),
        (key, _) => (pupil, key.or_else(|| keys.first().copied()).unwrap_or_default()),
    }
}

/// Whom a record is about: by the UPN as sent, else by name and birth date.
pub(crate) fn subject(record: Element<'_>, of: &Transfer) -> Option<Subject> {
    let checked = identifier::upn::check(record.text_of("upn"));
    let stands_in = checked.verdict == identifier::Verdict::Placeholder;
    let known_by = match checked.normalised.is_empty() || stands_in {
        false => checked.normalised,
        true => {
            let born = dates::written(stated(record, &BIRTH), "").value?;
            let (surname, forename) = (stated(record, &SURNAME), stated(record, &FORENAME));
            // By a surname and a birth date alone, twins would be one child.
            let named = !surname.is_empty() && !forename.is_empty();
            named.then(|| format!("{}/{}/{}", surname.to_uppercase(), forename.to_uppercase(), dates::key(&born)))?
        }
    };
    Some(identifier::subject(Scheme::SchoolPupil, &of.issuer, &known_by)).filter(|subject| !subject.value.is_empty())
}

impl<'a> Pupil<'a> {
    pub(crate) fn of(
        of: &'a Transfer,
        file: &'a str,
        record: u64,
        began: Start,
        subject: Subject,
        out: &'a mut dyn Output,
    ) -> Self {
        Self { of, subject, file, record, began, out, numbers: BTreeMap::new(), lost: false }
    }

    /// Says all that the file says of the child.
    pub(crate) fn say(mut self, record: Element<'_>, odd: bool) {
        let mut pupil = Part::of(record);
        let mut findings = self.of.findings.clone();
        if odd {
            findings.push(finding(FindingCode::TextOdd, "Pupil"));
        }
        let mut basics = pupil.one("basicdetails");
        self.described(&mut pupil, basics.as_mut(), findings);
        self.home(&mut pupil);
        let enrolled = basics.as_mut().map(|basics| self.of_basics(basics)).unwrap_or_default();
        self.in_care(&mut pupil);
        history::free_meals(&mut self, &mut pupil);
        history::sen(&mut self, &mut pupil);
        history::exclusions(&mut self, &mut pupil);
        history::attendance(&mut self, &mut pupil);
        history::results(&mut self, &mut pupil);
        let left_on = history::schools(&mut self, &mut pupil, enrolled);
        contacts::say(&mut self, &mut pupil);
        if let Some(basics) = basics {
            self.keep(basics.rest());
        }
        self.keep(pupil.rest());
        self.sent(left_on);
        if self.of.full && !self.lost {
            self.out.whole_of(&self.of.scope.key, &self.subject);
        }
    }

    fn described<'t>(&mut self, pupil: &mut Part<'t>, basics: Option<&mut Part<'t>>, mut findings: Vec<Finding>) {
        let mut nothing = Part::of(pupil.element);
        let basics = basics.unwrap_or(&mut nothing);
        let mut words = |keys: &[&'static str]| {
            let (part, key) = where_stated(pupil, basics, keys);
            part.words(key)
        };
        let (family, given) = (words(&SURNAME), words(&FORENAME));
        let middle = basics.words("middlenames");
        let name = |family, given, middle, r#use: Use| {
            let name = PersonName { family, given, middle, r#use: r#use.into(), ..PersonName::default() };
            (name.family.is_some() || name.given.is_some()).then_some(name)
        };
        let names = [
            name(family, given, middle, Use::Usual),
            name(basics.words("preferredsurname"), basics.words("preferredforename"), None, Use::Preferred),
            name(basics.words("formersurname"), basics.words("formerforename"), None, Use::Former),
        ];
        let (part, key) = where_stated(pupil, basics, &BIRTH);
        let birth_on = part.date(key, &mut findings);
        let (part, key) = where_stated(pupil, basics, &SEX);
        let sex = part.code(key, &codes::SEX, self.of.year, &mut findings);
        let (part, key) = where_stated(pupil, basics, &["formerupn"]);
        let former = part.text(key);
        let mut identifiers = Vec::new();
        for (scheme, text, standing, field) in [
            (Scheme::Upn, pupil.text("upn"), Standing::Current, "UPN"),
            (Scheme::Upn, former, Standing::Former, "FormerUPN"),
            (Scheme::Uln, pupil.text("uniquelearnernumber"), Standing::Current, "UniqueLearnerNumber"),
        ] {
            let (claim, found): (Option<Identifier>, _) = identifier::claim(scheme, text, standing, field);
            identifiers.extend(claim);
            findings.extend(found);
        }
        let described = PersonDescribed {
            names: names.into_iter().flatten().collect(),
            birth_on,
            sex,
            identifiers,
            ..PersonDescribed::default()
        };
        let on = birth_on.unwrap_or(self.of.made_on);
        self.draft(Said::one("pupil", "pupil".to_owned(), on, described).found(findings));
    }

    /// Where the child lives and is reached: apart, so that a file that does not say it empties nothing.
    fn home(&mut self, pupil: &mut Part<'_>) {
        let mut left = Vec::new();
        let address = pupil.one("address").and_then(|address| address_of(address, &mut left));
        let phones = phones_of(pupil);
        let emails: Vec<String> = pupil.words("email").into_iter().collect();
        self.keep(left);
        if address.is_none() && phones.is_empty() && emails.is_empty() {
            return;
        }
        let addresses = address.into_iter().collect();
        let described = PersonDescribed { addresses, phones, emails, ..PersonDescribed::default() };
        self.draft(Said::one("home", "home".to_owned(), self.of.made_on, described));
    }

    /// Ethnicity and language apart; gives how the sending school had the child enrolled.
    fn of_basics(&mut self, basics: &mut Part<'_>) -> history::Enrolled {
        let mut findings = Vec::new();
        let ethnicity = basics.unlisted("ethnicity", &format!("ctf.ethnicity/{}", self.of.year));
        // The first language before one that does not say what it is, before the mother's tongue, before the home's.
        let of_kind = |kind: &Element<'_>| match kind.text_of("languagetype").to_ascii_uppercase().as_str() {
            "F" => Some(0),
            "" => Some(1),
            "M" => Some(2),
            "H" => Some(3),
            _ => None,
        };
        let mut languages: Vec<Element<'_>> =
            basics.each("languages").iter().flat_map(|list| list.children()).collect();
        let spoken = languages.iter().enumerate().filter(|(_, kind)| !language(**kind).is_empty());
        let first =
            spoken.filter_map(|(at, kind)| Some((of_kind(kind)?, at))).min().map(|(_, at)| languages.remove(at));
        let first_language = first.and_then(|first| connector_kit::codes::unlisted(language(first), "ctf.language"));
        self.keep(languages);
        if ethnicity.is_some() || first_language.is_some() {
            let described = PersonDescribed { ethnicity, first_language, ..PersonDescribed::default() };
            self.draft(Said::one("background", "background".to_owned(), self.of.made_on, described));
        }
        history::Enrolled {
            status: basics.code("enrolstatus", &codes::ENROL_STATUS, self.of.year, &mut findings),
            year_group: basics.code("ncyearactual", &codes::YEAR_GROUP, self.of.year, &mut findings),
            findings,
        }
    }

    fn in_care(&mut self, pupil: &mut Part<'_>) {
        let Some(mut looked_after) = pupil.one("lookedafter") else { return };
        let mut findings = Vec::new();
        let in_care = looked_after.flag("incare", &mut findings);
        let care_authority = looked_after.unlisted("careauthority", "dfe.la");
        self.keep(looked_after.rest());
        let reported = InCareReported { in_care, care_authority, reported_on: Some(self.of.made_on) };
        self.draft(Said::one("in-care", "in-care".to_owned(), self.of.made_on, reported).found(findings));
    }

    /// That the leaver's file was sent, and whether it is known to whom.
    fn sent(&mut self, left_on: Option<Date>) {
        if !self.of.full || !self.of.from_school {
            return;
        }
        let (on, school) = (self.of.made_on, Some(self.of.controller.clone()));
        let day = dates::key(&on);
        let said = match &self.of.to {
            Destination::Elsewhere => return,
            Destination::School(to) => {
                let sent = TransferFileSent { school, to_school: Some(to.clone()), sent_on: Some(on) };
                Said::one("transfer", format!("transfer/{to}/{day}"), on, sent)
            }
            Destination::Unknown => {
                let missing = MissingFromEducationReported { school, reported_on: Some(on), last_on_roll_on: left_on };
                Said::one("missing", format!("missing/{day}"), on, missing)
            }
        };
        self.draft_in(&self.of.sent, said);
    }

    /// Keeps elements that have no place in the catalogue, as they came.
    pub(crate) fn keep(&mut self, elements: Vec<Element<'_>>) {
        self.keep_of("", &[], elements);
    }

    /// The same of a part of the child, by that part's key, and of whom else it tells.
    pub(crate) fn keep_of(&mut self, part: &str, others: &[Subject], elements: Vec<Element<'_>>) {
        self.keep_on(part, self.of.made_on, others, elements);
    }

    /// The same of a part that has a day of its own.
    pub(crate) fn keep_on(&mut self, part: &str, on: Date, others: &[Subject], mut elements: Vec<Element<'_>>) {
        elements.sort_by_cached_key(|element| (element.key(), history::says(*element)));
        for element in elements {
            let kept = SourceRecordKept {
                record_type: Some(element.name().to_owned()),
                media_type: Some("application/xml".to_owned()),
                content: Some(element.raw().to_owned()),
            };
            let before = if part.is_empty() { String::new() } else { format!("{part}/") };
            let key = self.own_key(format!("{before}kept/{}", element.key()));
            let findings = vec![finding(FindingCode::NotMapped, element.name())];
            let said = Said::one("kept", key, on, kept).found(findings);
            self.draft(Said { third_parties: others.to_vec(), ..said });
        }
    }

    /// The key, made one of its own where another record of this child has it.
    pub(crate) fn own_key(&mut self, key: String) -> String {
        let number = self.numbers.entry(key.clone()).and_modify(|number| *number += 1).or_insert(1);
        if *number == 1 { key } else { format!("{key}/{number}") }
    }

    pub(crate) fn draft(&mut self, said: Said) {
        self.draft_in(&self.of.scope, said);
    }

    fn draft_in(&mut self, scope: &Scope, said: Said) {
        let Said { table, key, events, mut findings, third_parties } = said;
        let received = self.of.received.then_some("received");
        let parts = [self.of.issuer.as_str(), &self.subject.value].into_iter().chain(received).chain([key.as_str()]);
        let record_key = parts.collect::<Vec<_>>().join("/");
        for ((on, event), ordinal) in events.into_iter().zip(0..) {
            self.out.draft(Draft {
                subject: self.subject.clone(),
                controller: self.of.controller.clone(),
                scope_key: Some(scope.key.clone()),
                table,
                record_key: record_key.clone(),
                ordinal,
                effective: dates::on(on),
                observed_at_us: None,
                version: None,
                findings: std::mem::take(&mut findings),
                third_parties: third_parties.clone(),
                clears: Vec::new(),
                in_part: false,
                labels: Vec::new(),
                event,
                place: self.place(""),
            });
        }
    }

    /// Gives a part of the child to quarantine.
    pub(crate) fn reject(&mut self, element: Element<'_>, field: &str, message: &str) {
        self.lost = true;
        self.out.reject(Rejection {
            reason: Reason::DateMissing,
            message: message.to_owned(),
            place: Place { line: element.line(), ..self.place(field) },
            controller: Some(self.of.controller.clone()),
            raw: element.raw().as_bytes().to_vec(),
            scope_key: Some(self.of.scope.key.clone()),
            subject: Some(self.subject.clone()),
            digest: None,
        });
    }

    fn place(&self, field: &str) -> Place {
        let Start { line, offset, .. } = self.began;
        Place { file: self.file.to_owned(), line, record: self.record, byte_offset: offset, field: field.to_owned() }
    }
}

/// Of a language its code: an older file has it as text, a newer one within an element that says its kind.
fn language(spoken: Element<'_>) -> &str {
    if spoken.has_children() { spoken.text_of("language") } else { spoken.text() }
}

/// An address in any of its forms; what of it has no place goes to `left`.
pub(crate) fn address_of<'t>(mut address: Part<'t>, left: &mut Vec<Element<'t>>) -> Option<Address> {
    const LINES: [&str; 13] = [
        "saon",
        "paon",
        "street",
        "locality",
        "town",
        "administrativearea",
        "posttown",
        "county",
        "addressline1",
        "addressline2",
        "addressline3",
        "addressline4",
        "addressline5",
    ];
    let mut found = Address { postcode: address.words("postcode"), ..Address::default() };
    for within in ["bs7666address", "addresslines"] {
        let Some(mut parts) = address.one(within) else { continue };
        found.lines.extend(LINES.iter().filter_map(|key| parts.words(key)));
        found.uprn = found.uprn.or_else(|| parts.words("uniquepropertyreferencenumber"));
        found.postcode = found.postcode.or_else(|| parts.words("postcode"));
        left.extend(parts.rest());
    }
    found.lines.extend(LINES.iter().filter_map(|key| address.words(key)));
    found.uprn = found.uprn.or_else(|| address.words("uniquepropertyreferencenumber"));
    // Where on the map the house stands follows from the house.
    address.text("easting");
    address.text("northing");
    left.extend(address.rest());
    (found != Address::default()).then_some(found)
}

pub(crate) fn phones_of(of: &mut Part<'_>) -> Vec<String> {
    let lists = of.each("phones");
    let each = lists.iter().flat_map(|phones| phones.each("phone"));
    let numbers = each.map(|phone| if phone.has_children() { phone.text_of("phoneno") } else { phone.text() });
    numbers.filter(|number| !number.is_empty()).map(str::to_owned).collect()
}

/// A part of a key that comes from a record, in bounds.
pub(crate) fn key_part(text: &str) -> String {
    connector_kit::text::start(text, KEY_PART_CHARS_MAX)
}

/// A code's part of a key.
pub(crate) fn key_of(coded: &Option<Coded>) -> String {
    coded.as_ref().map_or_else(|| "-".to_owned(), |coded| key_part(&coded.code))
}
