//! What the two rolls say of a child: who they are, where they are enrolled, their SEN provision, whether they are a young
//! carer, and what of it has no place in the catalogue yet.

use std::collections::HashMap;

use connector_kit::identifier::{Verdict, uln, upn};
use connector_kit::reading::{self, finding, finding_of_rule};
use connector_kit::{codes as kit_codes, dates, identifier};
use proto::events::identifier::Standing;
use proto::events::person_name::Use;
use proto::events::{
    Address, Date, EarlyYearsPlaceRecorded, EnrolmentEnded, EnrolmentStarted, Event, Finding, FindingCode, Identifier,
    IdentifierSuperseded, PersonDescribed, PersonName, Scheme, SenProvisionChanged, YoungCarerIdentified,
};

use crate::children::{self, in_care_reported};
use crate::codes;
use crate::kept;
use crate::roll::{CELLS_MAPPED, Person, Roll, Spell};
use crate::rows::{OfChild, Stood, cells, cells_after};
use crate::rules;
use crate::say::{Ordinals, Said, Speaker, plausible};

/// The columns of an address, as a row holds them: the lines, then the postcode and the property number.
pub(crate) const ADDRESS_COLUMNS: [&str; 14] = [
    "saon",
    "paon",
    "street",
    "locality",
    "town",
    "administrativearea",
    "posttown",
    "addressline1",
    "addressline2",
    "addressline3",
    "addressline4",
    "addressline5",
    "postcode",
    "uniquepropertyreferencenumber",
];

/// The group of what the two rolls say.
pub(crate) const PUPILS: &str = "pupils";

/// The group of the address tables.
pub(crate) const ADDRESSES: &str = "addresses";

/// Which identifiers two pupils of one school claim.
struct Claims(HashMap<(u32, i32, String), Option<u32>>);

impl Claims {
    fn of(roll: &Roll) -> Self {
        let mut claims = HashMap::new();
        for (person, number) in roll.persons.iter().zip(0u32..) {
            for at in &person.spells {
                for (scheme, text, standing, field) in stated(&roll.spell(*at)) {
                    let (claim, _) = identifier::claim(scheme, text, standing, field);
                    let Some(subject) = claim.and_then(|claim| claim.subject) else { continue };
                    claims
                        .entry((person.school, subject.scheme, subject.value))
                        .and_modify(|by: &mut Option<u32>| *by = by.filter(|by| *by == number))
                        .or_insert(Some(number));
                }
            }
        }
        Self(claims)
    }

    fn is_shared(&self, school: u32, identifier: &Identifier) -> bool {
        let subject = identifier.subject.as_ref();
        let key = subject.map(|subject| (school, subject.scheme, subject.value.clone()));
        key.is_some_and(|key| self.0.get(&key).is_some_and(Option::is_none))
    }
}

fn stated<'r>(spell: &Spell<'r>) -> [(Scheme, &'r str, Standing, &'static str); 3] {
    [
        (Scheme::Upn, spell.upn, Standing::Current, "upn"),
        (Scheme::Upn, spell.former_upn, Standing::Former, "formerupn"),
        (Scheme::Uln, spell.uln, Standing::Current, "uniquelearnernumber"),
    ]
}

/// Drafts everything that the rolls say. `unmapped` names, for each file, the columns of no place.
pub(crate) fn say(speaker: &mut Speaker<'_>, unmapped: &HashMap<u32, Vec<String>>) {
    let claims = Claims::of(&speaker.roll);
    let count = u32::try_from(speaker.roll.persons.len()).unwrap_or(u32::MAX);
    for at in 0..count {
        for (row, said) in of_person(speaker, at, &claims, unmapped) {
            speaker.say(at, PUPILS, &row, said);
        }
    }
}

/// Drafts where children live. A description by itself: a return without its address tables, or one with fewer of them,
/// takes no address away.
pub(crate) fn say_addresses(speaker: &mut Speaker<'_>, homes: &OfChild, unmapped: &HashMap<u32, Vec<String>>) {
    let (Some((first, _)), Some(person)) = (homes.rows.first(), speaker.roll.person(homes.owner)) else { return };
    let addresses = homes.rows.iter().map(|(_, text)| address(text)).collect();
    let mut event = PersonDescribed { addresses, ..Default::default() };
    event.addresses.dedup();
    let on = reference_on(speaker, person);
    let said = Said {
        table: "addresses",
        key: "addresses".to_owned(),
        events: vec![(on, event.into())],
        findings: Vec::new(),
    };
    speaker.say(homes.owner, ADDRESSES, first, said);
    let mut ordinals = Ordinals::default();
    for (row, text) in &homes.rows {
        let names = unmapped.get(&row.file).into_iter().flatten().map(String::as_str);
        let rest = names.zip(cells_after(text, ADDRESS_COLUMNS.len()));
        if let Some(mut kept) = kept::said(ADDRESSES, format!("addresses/{}/kept", speaker.period), on, rest) {
            kept.key = ordinals.tell_apart(kept.key);
            speaker.say(homes.owner, ADDRESSES, row, kept);
        }
    }
}

fn of_person(
    speaker: &Speaker<'_>,
    at: u32,
    claims: &Claims,
    unmapped: &HashMap<u32, Vec<String>>,
) -> Vec<(Stood, Said)> {
    let roll = &speaker.roll;
    let Some(person) = roll.person(at) else { return Vec::new() };
    let Some((first, _)) = person.spells.first().and_then(|at| roll.held(*at)) else { return Vec::new() };
    let described = described(speaker, person, claims);
    let birth = match described.events.first() {
        Some((_, Event { kind: Some(proto::events::event::Kind::PersonDescribed(person)) })) => person.birth_on,
        _ => None,
    };
    let replaced = replaced(speaker, person, &described);
    let mut said = vec![(*first, described)];
    said.extend(replaced.into_iter().map(|replaced| (*first, replaced)));
    said.extend(ethnicity(speaker, person).map(|ethnicity| (*first, ethnicity)));
    let mut ordinals = Ordinals::default();
    for spell_at in person.spells.iter().rev() {
        let Some((row, text)) = roll.held(*spell_at) else { continue };
        let spell = Spell::of(text);
        if let Some(enrolment) = enrolment(speaker, person, &spell, birth.as_ref(), &mut ordinals) {
            said.push((*row, enrolment));
        }
        let names = unmapped.get(&row.file).map_or(&[][..], Vec::as_slice);
        let rest = names.iter().map(String::as_str).zip(cells_after(text, CELLS_MAPPED));
        let (early, rest): (Vec<_>, Vec<_>) = rest.partition(|(name, _)| !spell.left && EARLY_YEARS.contains(name));
        let place = early_years(speaker, person, &early).map(|mut place| {
            place.key = ordinals.tell_apart(place.key);
            (*row, place)
        });
        said.extend(place);
        said.extend(in_care(speaker, person, &rest).map(|mut reported| {
            reported.key = ordinals.tell_apart(reported.key);
            (*row, reported)
        }));
        let rest = rest
            .into_iter()
            .filter(|(name, cell)| !IN_CARE.contains(name) || *name == children::IN_CARE && !children::is_told(cell));
        let table = if spell.left { "pupilnolongeronroll" } else { "pupilonroll" };
        let key = ordinals.tell_apart(format!("{table}/{}", speaker.period));
        if let Some(kept) = kept::said(table, key, reference_on(speaker, person), rest) {
            said.push((*row, kept));
        }
    }
    if let Some(current) = person.spells.first() {
        let spell = roll.spell(*current);
        said.extend(provision(speaker, person, &spell).map(|provision| (*first, provision)));
        said.extend(young_carer(speaker, person, &spell).map(|carer| (*first, carer)));
    }
    said
}

/// The day of the return that a child is in.
pub(crate) fn reference_on(speaker: &Speaker<'_>, person: &Person) -> Date {
    speaker.school(person).map_or_else(|| speaker.period.census_day(), |school| school.reference_on)
}

fn described(speaker: &Speaker<'_>, person: &Person, claims: &Claims) -> Said {
    let (roll, year) = (&speaker.roll, speaker.period.year);
    let spells: Vec<Spell<'_>> = person.spells.iter().map(|at| roll.spell(*at)).collect();
    let mut findings = Vec::new();
    // The current enrolment's row speaks; an earlier one fills only what it leaves blank.
    let first = |of: fn(&Spell<'_>) -> bool| spells.iter().find(|spell| of(spell)).or(spells.first());
    let mut event = PersonDescribed::default();
    if let Some(spell) = first(|spell| !spell.surname.is_empty()) {
        event.names = names(spell);
        for (field, value) in [("surname", spell.surname), ("forename", spell.forename)] {
            if value.is_empty() {
                findings.push(finding(FindingCode::FieldMissing, field));
            }
        }
    }
    if let Some(spell) = first(|spell| !spell.birth.is_empty()) {
        match dates::written(spell.birth, "dob").keep(&mut findings) {
            Some(birth) => {
                let latest = speaker.school(person).and_then(|school| school.latest_on);
                plausible(&birth, "dob", None, latest.as_ref(), &mut findings);
                event.birth_on = Some(birth);
            }
            None if spell.birth.is_empty() => findings.push(finding(FindingCode::FieldMissing, "dob")),
            None => {}
        }
    }
    if let Some(spell) = first(|spell| !spell.sex.is_empty()) {
        event.sex = codes::SEX.keep(spell.sex, year, "sex", &mut findings);
    }
    if let Some(spell) = first(|spell| !spell.language.is_empty()) {
        event.first_language = kit_codes::unlisted(spell.language, &format!("school-census.language/{year}"));
    }
    event.identifiers = identifiers(person, &spells, claims, &mut findings);
    if person.name_shared {
        findings.push(finding(FindingCode::IdentifierShared, "surname"));
    }
    if person.repeated {
        findings.push(finding(FindingCode::RecordRepeated, ""));
    }
    let on = reference_on(speaker, person);
    Said { table: "person", key: "person".to_owned(), events: vec![(on, event.into())], findings }
}

/// A temporary number that the pupil had before is the same pupil's at this school: it was given until the permanent one was
/// known. A permanent former number is another school's, or a slip, and replaces nothing.
fn replaced(speaker: &Speaker<'_>, person: &Person, described: &Said) -> Vec<Said> {
    let Some(school) = speaker.school(person) else { return Vec::new() };
    let stated = described.events.iter().filter_map(|(on, event)| match &event.kind {
        Some(proto::events::event::Kind::PersonDescribed(described)) => Some((on, &described.identifiers)),
        _ => None,
    });
    let former = stated.flat_map(|(on, identifiers)| identifiers.iter().map(move |identifier| (on, identifier)));
    let replaced = former.filter_map(|(on, identifier)| {
        let number = identifier.subject.as_ref()?;
        let temporary = number.value.ends_with(|c: char| c.is_ascii_alphabetic());
        let gave_way = identifier.usable && identifier.standing() == Standing::Former && number.scheme() == Scheme::Upn;
        let by_number = upn::check(&person.known_by).verdict == Verdict::Valid && number.value != person.known_by;
        if !gave_way || !temporary || !by_number {
            return None;
        }
        let gone = identifier::subject(Scheme::SchoolPupil, &school.issuer, &number.value);
        let event = IdentifierSuperseded { superseded: Some(gone), ..Default::default() };
        Some(Said {
            table: "identifier",
            key: format!("supersedes/{}", number.value),
            events: vec![(*on, event.into())],
            findings: Vec::new(),
        })
    });
    replaced.collect()
}

/// Only the spring census has it: a description by itself, so that the other two do not empty it.
fn ethnicity(speaker: &Speaker<'_>, person: &Person) -> Option<Said> {
    let roll = &speaker.roll;
    let mut findings = Vec::new();
    let stated = person.spells.iter().map(|at| roll.spell(*at).ethnicity).find(|stated| !stated.is_empty())?;
    let ethnicity = codes::ETHNICITY.keep(stated, speaker.period.year, "ethnicity", &mut findings);
    let event = PersonDescribed { ethnicity, ..Default::default() };
    let on = reference_on(speaker, person);
    Some(Said { table: "ethnicity", key: "ethnicity".to_owned(), events: vec![(on, event.into())], findings })
}

fn names(spell: &Spell<'_>) -> Vec<PersonName> {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let mut names = Vec::new();
    if !(spell.surname.is_empty() && spell.forename.is_empty() && spell.middle_names.is_empty()) {
        names.push(PersonName {
            family: text(spell.surname),
            given: text(spell.forename),
            middle: text(spell.middle_names),
            r#use: Use::Usual.into(),
            ..Default::default()
        });
    }
    for (surname, of_use) in [(spell.preferred_surname, Use::Preferred), (spell.former_surname, Use::Former)] {
        if !surname.is_empty() && surname != spell.surname {
            names.push(PersonName { family: text(surname), r#use: of_use.into(), ..Default::default() });
        }
    }
    names
}

fn identifiers(person: &Person, spells: &[Spell<'_>], claims: &Claims, findings: &mut Vec<Finding>) -> Vec<Identifier> {
    let mut identifiers: Vec<Identifier> = Vec::new();
    for (scheme, text, standing, field) in spells.iter().flat_map(stated) {
        let (claim, odd) = identifier::claim(scheme, text, standing, field);
        let Some(mut claim) = claim else { continue };
        if identifiers.iter().any(|known| known.subject == claim.subject) {
            continue;
        }
        findings.extend(odd);
        if claim.usable && claims.is_shared(person.school, &claim) || (person.number_shared && field == "upn") {
            claim.usable = false;
            let rule = if scheme == Scheme::Uln { uln::SHARED_RULE } else { upn::SHARED_RULE };
            findings.push(finding_of_rule(FindingCode::IdentifierShared, field, rule));
        }
        identifiers.push(claim);
    }
    if spells.iter().all(|spell| spell.upn.is_empty()) {
        findings.push(finding_of_rule(FindingCode::FieldMissing, "upn", upn::MISSING_RULE));
    }
    identifiers
}

fn address(text: &str) -> Address {
    let cells: [&str; ADDRESS_COLUMNS.len()] = cells(text);
    let [lines @ .., postcode, property] = cells;
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Address {
        lines: lines.iter().filter_map(|line| some(line)).collect(),
        postcode: some(postcode),
        // A data frame writes a number with a fraction.
        uprn: some(property.strip_suffix(".0").unwrap_or(property)),
        from: None,
        to: None,
        r#use: None,
    }
}

fn enrolment(
    speaker: &Speaker<'_>,
    person: &Person,
    spell: &Spell<'_>,
    birth: Option<&Date>,
    ordinals: &mut Ordinals,
) -> Option<Said> {
    let school = speaker.school(person)?;
    let year = speaker.period.year;
    let mut findings = Vec::new();
    let entry = dates::written(spell.entry, "entrydate").keep(&mut findings)?;
    match !spell.left && dates::rank(&entry) > dates::rank(&school.reference_on) {
        true => findings.push(finding_of_rule(FindingCode::DateImplausible, "entrydate", rules::ENTRY)),
        false => plausible(&entry, "entrydate", birth, school.latest_on.as_ref(), &mut findings),
    }
    let started = EnrolmentStarted {
        school: Some(school.controller.clone()),
        entry_on: Some(entry),
        status: codes::ENROL_STATUS.keep(spell.status, year, "enrolstatus", &mut findings),
        year_group: codes::YEAR_GROUP.keep(spell.year_group, year, "ncyearactual", &mut findings),
        part_time: reading::boolean(spell.part_time, "parttime").keep(&mut findings),
        boarder: codes::BOARDER.keep(spell.boarder, year, "boarder", &mut findings),
    };
    let mut events = vec![(entry, started.into())];
    if spell.left && spell.leaving.is_empty() {
        findings.push(finding_of_rule(FindingCode::FieldMissing, "leavingdate", rules::LEAVING));
    }
    if let Some(leaving) = dates::written(spell.leaving, "leavingdate").keep(&mut findings) {
        if dates::rank(&leaving) < dates::rank(&entry) {
            findings.push(finding_of_rule(FindingCode::DatesOutOfOrder, "leavingdate", rules::LEAVING));
        }
        if dates::rank(&leaving) > dates::rank(&school.reference_on) {
            findings.push(finding_of_rule(FindingCode::DateImplausible, "leavingdate", rules::LEAVING));
        }
        let ended =
            EnrolmentEnded { school: Some(school.controller.clone()), leaving_on: Some(leaving), ..Default::default() };
        events.push((leaving, ended.into()));
    }
    if person.repeated {
        findings.push(finding(FindingCode::RecordRepeated, ""));
    }
    let key = ordinals.tell_apart(format!("enrolment/{}", dates::key(&entry)));
    Some(Said { table: "enrolment", key, events, findings })
}

fn provision(speaker: &Speaker<'_>, person: &Person, spell: &Spell<'_>) -> Option<Said> {
    let mut findings = Vec::new();
    let event = SenProvisionChanged {
        provision: codes::SEN_PROVISION.keep(spell.sen_provision, speaker.period.year, "senprovision", &mut findings),
        in_sen_unit: reading::boolean(spell.sen_unit, "senunitindicator").keep(&mut findings),
        in_resourced_provision: reading::boolean(spell.resourced, "resourcedprovisionindicator").keep(&mut findings),
    };
    let says =
        event.provision.is_some() || event.in_sen_unit == Some(true) || event.in_resourced_provision == Some(true);
    let key = format!("sen-provision/{}", speaker.period);
    let events = vec![(reference_on(speaker, person), event.into())];
    says.then_some(Said { table: "sen-provision", key, events, findings })
}

/// Whether the child was looked after, as schools returned it for some years.
const IN_CARE: [&str; 2] = [children::IN_CARE, "careauthority"];

fn in_care(speaker: &Speaker<'_>, person: &Person, cells: &[(&str, &str)]) -> Option<Said> {
    let [care, authority] = IN_CARE.map(|name| cell(cells, name));
    let (mut findings, on) = (Vec::new(), reference_on(speaker, person));
    let reported = in_care_reported(care, authority, on, &mut findings)?;
    let key = format!("in-care/{}", speaker.period);
    Some(Said { table: "in-care", key, events: vec![(on, reported.into())], findings })
}

/// The cell of this name, where there is one.
fn cell<'r>(cells: &[(&str, &'r str)], name: &str) -> &'r str {
    cells.iter().find(|(known, _)| *known == name).map_or("", |(_, cell)| *cell)
}

/// What a pupil's row says of an early years place.
const EARLY_YEARS: [&str; 8] = [
    "fundedhours",
    "extendedhours",
    "hoursatsetting",
    "eyppr",
    "eyppbf",
    "dafindicator",
    "eligibilitycode",
    "thirtyhourcode",
];

/// An early years place, where the row says more of it than that there is none: schools fill the columns for older pupils with
/// noughts.
fn early_years(speaker: &Speaker<'_>, person: &Person, cells: &[(&str, &str)]) -> Option<Said> {
    let mut findings = Vec::new();
    let text = |name: &str| cell(cells, name);
    let mut hours = |name: &str| {
        let said = text(name);
        let hours = said.parse::<f64>().ok().filter(|hours| hours.is_finite() && *hours >= 0.0);
        if hours.is_none() && !said.is_empty() {
            findings.push(finding(FindingCode::ValueMalformed, name));
        }
        hours.filter(|hours| *hours > 0.0)
    };
    let (funded_hours, extended_hours, hours_at_setting) =
        (hours("fundedhours"), hours("extendedhours"), hours("hoursatsetting"));
    let pupil_premium = reading::boolean(text("eyppr"), "eyppr").keep(&mut findings);
    let year = speaker.period.year;
    let event = EarlyYearsPlaceRecorded {
        funded_hours,
        extended_hours,
        hours_at_setting,
        pupil_premium,
        pupil_premium_basis: codes::PREMIUM_BASIS.keep(text("eyppbf"), year, "eyppbf", &mut findings),
        disability_access_fund: reading::boolean(text("dafindicator"), "dafindicator").keep(&mut findings),
        eligibility_code: ["eligibilitycode", "thirtyhourcode"]
            .into_iter()
            .map(|name| text(name).trim_end_matches(".0"))
            .find(|code| !code.is_empty() && *code != "0")
            .map(str::to_owned),
    };
    let says = event.funded_hours.is_some()
        || event.extended_hours.is_some()
        || event.hours_at_setting.is_some()
        || event.pupil_premium == Some(true)
        || event.pupil_premium_basis.is_some()
        || event.disability_access_fund == Some(true)
        || event.eligibility_code.is_some()
        || !findings.is_empty();
    let (key, on) = (format!("early-years/{}", speaker.period), reference_on(speaker, person));
    says.then(|| Said { table: "early-years", key, events: vec![(on, event.into())], findings })
}

/// A child who is said not to be a young carer is not identified as one: N gives nothing.
fn young_carer(speaker: &Speaker<'_>, person: &Person, spell: &Spell<'_>) -> Option<Said> {
    let mut findings = Vec::new();
    let by = codes::YOUNG_CARER.keep(spell.young_carer, speaker.period.year, "youngcarer", &mut findings)?;
    if by.code == "N" {
        return None;
    }
    let event = YoungCarerIdentified { identified_by: Some(by) };
    let key = format!("young-carer/{}", speaker.period);
    Some(Said { table: "young-carer", key, events: vec![(reference_on(speaker, person), event.into())], findings })
}
