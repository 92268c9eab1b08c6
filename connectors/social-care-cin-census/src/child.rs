//! A child of the return as typed values, read from the record's tree.
//!
//! What an element says is read here, with what is odd about each value by itself; what is odd about values together is in
//! [`crate::rules`]. Nothing is dropped: an element that has no place here, or whose value cannot be used, is kept whole.

use connector_kit::codes::CodeList;
use connector_kit::reading::Read;
use connector_kit::xml::Element;
use connector_kit::{dates, identifier, reading};
use jiff::civil;
use proto::events::{Coded, Date, Finding, FindingCode, Identifier, Scheme, identifier::Standing};

use crate::codes;
use crate::tag::{Tag, Tagged as _};

pub(crate) mod referral;

/// A child of the return.
#[derive(Debug)]
pub(crate) struct Child<'t> {
    pub(crate) element: Element<'t>,
    /// As the file has it.
    pub(crate) la_child_id: Option<Element<'t>>,
    pub(crate) identifiers: Vec<Identifier>,
    pub(crate) upn_unknown: Option<Coded>,
    pub(crate) birth_on: Option<Dated>,
    pub(crate) expected_birth_on: Option<Dated>,
    pub(crate) death_on: Option<Dated>,
    pub(crate) sex: Option<Coded>,
    pub(crate) ethnicity: Option<Coded>,
    pub(crate) disabilities: Vec<Coded>,
    /// The list of disabilities, where the record has one.
    pub(crate) disabilities_element: Option<Element<'t>>,
    pub(crate) disability_findings: Vec<Finding>,
    pub(crate) referrals: Vec<referral::Referral<'t>>,
    pub(crate) undated: Vec<Undated<'t>>,
    pub(crate) notes: Notes<'t>,
}

/// A date, and the day that it is where it is known to the day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Dated {
    pub(crate) date: Date,
    pub(crate) day: Option<civil::Date>,
}

/// What is not told, because the date that it goes by is missing or cannot be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Undated<'t> {
    pub(crate) element: Element<'t>,
    /// The date that it goes by.
    pub(crate) field: Tag,
    /// Of a part that cannot be placed the published rule. None where the part is told, and only what this date would say is not.
    pub(crate) rule: Option<&'static str>,
}

/// What reading a part leaves beside its values.
#[derive(Default, Debug)]
pub(crate) struct Notes<'t> {
    pub(crate) findings: Vec<Finding>,
    /// Elements that are kept whole.
    pub(crate) kept: Vec<Element<'t>>,
}

/// A field's element, when it is there and says something.
type Field<'t> = Option<Element<'t>>;

impl<'t> Notes<'t> {
    pub(crate) fn found(&mut self, code: FindingCode, field: Tag) {
        self.findings.push(reading::finding(code, field.name()));
    }

    pub(crate) fn broke(&mut self, code: FindingCode, field: Tag, rule: &str) {
        self.findings.push(reading::finding_of_rule(code, field.name(), rule));
    }

    /// An element that holds others: text of its own is stray.
    fn enter(&mut self, element: Element<'t>) -> impl Iterator<Item = Element<'t>> + use<'t> {
        if element.is_odd() || !element.text().is_empty() {
            self.found(FindingCode::TextOdd, element.tag());
        }
        element.children()
    }

    /// Puts an element into its field. A second one that says the same is told; one that says something else is kept.
    fn fill(&mut self, field: &mut Field<'t>, element: Element<'t>) {
        if element.has_children() {
            self.kept.push(element);
            return;
        }
        if element.is_odd() {
            self.found(FindingCode::TextOdd, element.tag());
        }
        match field {
            _ if element.text().is_empty() || dates::stands_for_no_day(element.text()) => {}
            None => *field = Some(element),
            Some(first) if first.text() == element.text() => self.found(FindingCode::RecordRepeated, element.tag()),
            Some(_) => {
                self.found(FindingCode::FieldsContradict, element.tag());
                self.kept.push(element);
            }
        }
    }

    fn date(&mut self, field: Field<'t>) -> Option<Dated> {
        let element = field?;
        // The census has it as XML does; who writes it otherwise is told.
        let iso = dates::iso(element.text(), element.known_as());
        let date = if iso.value.is_some() { iso } else { otherwise(element) }.keep(&mut self.findings);
        if date.is_none() {
            self.kept.push(element);
        }
        date.map(|date| Dated { date, day: dates::day(&date) })
    }

    /// A date that is an event of its own. What it said before is not gone because it cannot be read now.
    fn date_told(&mut self, field: Field<'t>, undated: &mut Vec<Undated<'t>>) -> Option<Dated> {
        let date = self.date(field);
        if let (None, Some(element)) = (date, field) {
            undated.push(Undated { element, field: element.tag(), rule: None });
        }
        date
    }

    fn code(&mut self, list: &CodeList, year: u16, field: Field<'t>) -> Option<Coded> {
        let element = field?;
        list.keep_leading(element.text(), year, element.known_as(), &mut self.findings)
    }

    /// The same; what is odd about the code breaks this rule.
    fn code_of_rule(&mut self, list: &CodeList, year: u16, field: Field<'t>, rule: &str) -> Option<Coded> {
        let element = field?;
        let read = list.read_leading(element.text(), year, element.known_as());
        self.findings.extend(read.finding.map(|finding| Finding { rule: Some(rule.to_owned()), ..finding }));
        read.value
    }

    /// True or false; `None` also where it cannot be told, which breaks this rule, and then it is kept.
    fn flag(&mut self, field: Field<'t>, rule: &str) -> Option<bool> {
        let element = field?;
        let flag = reading::boolean(element.text(), element.known_as()).value;
        if flag.is_none() {
            self.broke(FindingCode::ValueMalformed, element.tag(), rule);
            self.kept.push(element);
        }
        flag
    }
}

/// A date that is not written as the census writes it.
fn otherwise(element: Element<'_>) -> Read<Date> {
    let written = dates::written(element.text(), element.known_as());
    match written.value {
        Some(date) => Read::odd(date, FindingCode::ValueMalformed, element.known_as()),
        None => written,
    }
}

/// The elements of identity and characteristics.
#[derive(Default)]
struct Fields<'t> {
    la_child_id: Field<'t>,
    upn: Field<'t>,
    former_upn: Field<'t>,
    upn_unknown: Field<'t>,
    birth: Field<'t>,
    expected_birth: Field<'t>,
    death: Field<'t>,
    sex: Field<'t>,
    ethnicity: Field<'t>,
}

/// Reads a child of the census of this year.
pub(crate) fn read(element: Element<'_>, year: u16) -> Child<'_> {
    let mut notes = Notes::default();
    let mut fields = Fields::default();
    let mut disabilities = (None, Vec::new());
    let mut referrals = Vec::new();
    let mut undated = Vec::new();
    for part in notes.enter(element) {
        match part.tag() {
            Tag::ChildIdentifiers => read_identifiers(part, &mut fields, &mut notes),
            Tag::ChildCharacteristics => {
                for field in notes.enter(part) {
                    match field.tag() {
                        Tag::Ethnicity => notes.fill(&mut fields.ethnicity, field),
                        // A list that was left out around its items.
                        Tag::Disability if !field.text().is_empty() => {
                            notes.found(FindingCode::ValueMalformed, Tag::Disabilities);
                            disabilities.0 = disabilities.0.or(Some(field));
                            disabilities.1.push(field);
                        }
                        Tag::Disabilities => {
                            disabilities.0 = disabilities.0.or(Some(field));
                            read_disabilities(field, &mut disabilities.1, &mut notes);
                        }
                        _ => notes.kept.push(field),
                    }
                }
            }
            Tag::CinDetails => referrals.extend(referral::read(part, year, &mut undated)),
            _ => notes.kept.push(part),
        }
    }

    in_order(&mut referrals);
    let (disabilities_element, disability_fields) = disabilities;
    let mut disability_notes = Notes::default();
    let mut disabilities = Vec::new();
    for field in disability_fields {
        let listed = referral::listed(&codes::DISABILITY, field.text());
        if listed.is_empty() {
            disabilities.extend(disability_notes.code_of_rule(&codes::DISABILITY, year, Some(field), "cin/8540"));
            continue;
        }
        disability_notes.found(FindingCode::ValueMalformed, Tag::Disability);
        let findings = &mut disability_notes.findings;
        disabilities.extend(
            listed.into_iter().filter_map(|code| codes::DISABILITY.keep(code, year, field.known_as(), findings)),
        );
    }
    let (identifiers, upn_unknown) = claims(&fields, year, &mut notes);
    let birth_on = notes.date(fields.birth);
    let expected_birth_on = notes.date(fields.expected_birth);
    let death_on = notes.date(fields.death);
    let sex = notes.code_of_rule(&codes::SEX, year, fields.sex, "cin/4180");
    let ethnicity = notes.code_of_rule(&codes::ETHNICITY, year, fields.ethnicity, "cin/4220");
    Child {
        element,
        la_child_id: fields.la_child_id,
        identifiers,
        upn_unknown,
        birth_on,
        expected_birth_on,
        death_on,
        sex,
        ethnicity,
        disabilities,
        disabilities_element,
        disability_findings: disability_notes.findings,
        referrals,
        undated,
        notes,
    }
}

/// The LAchildIDs that a record states, broken or not: two that differ are two children run together.
pub(crate) fn la_child_ids<'t>(record: Element<'t>) -> impl Iterator<Item = &'t str> + use<'t> {
    let identifiers = record.children().filter(|part| part.tag() == Tag::ChildIdentifiers);
    let fields = identifiers.flat_map(|part| part.children()).filter(|field| field.tag() == Tag::LaChildId);
    fields.map(|field| field.text()).filter(|text| !text.is_empty())
}

/// Whether a record's groups of identifiers are of two: of one child there is one group, and two that say another birth or sex
/// are two children run together, whether or not both have their number.
pub(crate) fn are_of_two(record: Element<'_>) -> bool {
    let mut groups = record.children().filter(|part| part.tag() == Tag::ChildIdentifiers);
    let Some(first) = groups.next() else { return false };
    let said = |group: Element<'_>, tag: Tag| {
        let field = group.children().find(|field| field.tag() == tag && !field.text().is_empty());
        field.map(|field| field.text().to_owned())
    };
    groups.any(|other| {
        [Tag::PersonBirthDate, Tag::Sex, Tag::GenderCurrent]
            .into_iter()
            .any(|tag| said(first, tag).zip(said(other, tag)).is_some_and(|(one, other)| one != other))
    })
}

/// A part that goes by a date.
pub(crate) trait Part<'t> {
    fn element(&self) -> Element<'t>;
    fn on(&self) -> Date;
    fn notes(&mut self) -> &mut Notes<'t>;
}

/// Puts parts in order of their dates, and those of one date in order of what they say, so that the order of the file does
/// not number them. A part that stands twice counts once.
fn in_order<'t, P: Part<'t>>(parts: &mut Vec<P>) {
    if parts.len() < 2 {
        return;
    }
    let date = |part: &P| (part.on().year, part.on().month, part.on().day);
    parts.sort_by(|a, b| date(a).cmp(&date(b)).then_with(|| a.element().canonical().cmp(&b.element().canonical())));
    parts.dedup_by(|later, earlier| {
        let repeated = date(later) == date(earlier) && later.element().canonical() == earlier.element().canonical();
        if repeated {
            let tag = earlier.element().tag();
            earlier.notes().found(FindingCode::RecordRepeated, tag);
        }
        repeated
    });
}

fn read_identifiers<'t>(part: Element<'t>, fields: &mut Fields<'t>, notes: &mut Notes<'t>) {
    for field in notes.enter(part) {
        let slot = match field.tag() {
            Tag::LaChildId => &mut fields.la_child_id,
            Tag::Upn => &mut fields.upn,
            Tag::FormerUpn => &mut fields.former_upn,
            Tag::UpnUnknown => &mut fields.upn_unknown,
            Tag::PersonBirthDate => &mut fields.birth,
            Tag::ExpectedPersonBirthDate => &mut fields.expected_birth,
            Tag::PersonDeathDate => &mut fields.death,
            // One field under two names: a return gives the one of its year, or of the year before.
            Tag::Sex | Tag::GenderCurrent => &mut fields.sex,
            _ => {
                notes.kept.push(field);
                continue;
            }
        };
        notes.fill(slot, field);
    }
}

fn read_disabilities<'t>(part: Element<'t>, list: &mut Vec<Element<'t>>, notes: &mut Notes<'t>) {
    for field in notes.enter(part) {
        let mut slot = None;
        match field.tag() {
            Tag::Disability => notes.fill(&mut slot, field),
            _ => notes.kept.push(field),
        }
        list.extend(slot);
    }
}

/// The identifiers that the record states of its child, and why there is no UPN where it says so.
fn claims<'t>(fields: &Fields<'t>, year: u16, notes: &mut Notes<'t>) -> (Vec<Identifier>, Option<Coded>) {
    let mut identifiers = Vec::new();
    // The reason for which there is no number, where the number belongs.
    let stand_in = fields.upn.filter(|upn| upn.text().len() == 3 && upn.text().to_ascii_uppercase().starts_with("UN"));
    for (field, standing) in [(fields.upn, Standing::Current), (fields.former_upn, Standing::Former)] {
        let Some(element) = field else { continue };
        let (identifier, findings) = identifier::claim(Scheme::Upn, element.text(), standing, element.known_as());
        notes.findings.extend(findings);
        identifiers.extend(identifier);
    }
    let unknown = notes.code_of_rule(&codes::UPN_UNKNOWN, year, fields.upn_unknown.or(stand_in), "cin/8770Q");
    if let (Some(unknown), Some(upn)) =
        (&unknown, identifiers.first_mut().filter(|_| fields.upn.is_some() && stand_in.is_none()))
    {
        notes.found(FindingCode::FieldsContradict, Tag::UpnUnknown);
        // UN5: the sources disagree. A number that its own source doubts links nobody; the other codes are most often left
        // over from before the number was known.
        upn.usable &= unknown.code != "UN5";
    }
    (identifiers, unknown)
}
