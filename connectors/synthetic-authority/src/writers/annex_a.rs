//! Ofsted's Annex A: the lists of children that an inspection asks for, as a workbook of the reference date.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use crate::GenerateError;
use crate::calendar::{age, plus};
use crate::dice::{Dice, Part};
use crate::dirt::{Dirt, System, describe};
use crate::life_course::education::number;
use crate::life_course::services::figure;
use crate::life_course::social_care::Involvement;
use crate::population::{AUTHORITY, World};
use crate::truth::{Subject, Truth};
use crate::writers::extracts::Known;

/// Most rows of one list: a workbook is held in memory until it is written.
const ROWS_MAX: usize = 20_000;

const ABOUT: [&str; 5] = ["Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age of Child (Years)"];
/// The same as another authority words it.
const REWORDED: [(&str, &str); 9] = [
    ("Child Unique ID", "Person ID"),
    ("Gender", "Sex"),
    ("Date of Birth", "DOB"),
    ("Age of Child (Years)", "Age"),
    ("Date of Referral", "Referral Date"),
    ("Contact Source", "Source of contact"),
    ("Referral Source", "Source of Referral"),
    ("CIN Closure Date", "CIN End Date"),
    ("Latest Category of Abuse", "Current Category of Abuse"),
];
/// The lists of an adopter have nobody's birth.
const ADOPTER: [&str; 1] = ["Individual adopter identifier"];

fn about(list: u8) -> &'static [&'static str] {
    if list == 11 { &ADOPTER } else { &ABOUT }
}

const LISTS: [(u8, &[&str]); 11] = [
    (1, &["Date of Contact", "Contact Source"]),
    (2, &["Assessment start date", "Assessment completion date", "Organisation completing assessment"]),
    (
        3,
        &[
            "Date of Referral",
            "Referral Source",
            "Referral NFA?",
            "Number of Referrals in Last 12 Months",
            "Allocated Team",
            "Allocated Worker",
        ],
    ),
    (
        4,
        &[
            "Does the Child have a Disability",
            "Continuous Assessment Start Date",
            "Child Seen During Continuous Assessment",
            "Continuous Assessment Date of Authorisation",
            "Allocated Team",
            "Allocated Worker",
        ],
    ),
    (
        5,
        &[
            "Does the Child have a Disability",
            "Strategy discussion initiating Section 47 Enquiry Start Date",
            "Was an Initial Child Protection Conference deemed unnecessary?",
            "Date of Initial Child Protection Conference",
            "Did the Initial Child Protection Conference Result in a Child Protection Plan",
        ],
    ),
    (
        6,
        &[
            "Does the Child have a Disability",
            "CIN Start Date",
            "Primary Need Code",
            "CIN Closure Date",
            "Reason for Closure",
            "Case Status",
        ],
    ),
    (
        7,
        &[
            "Child Protection Plan Start Date",
            "Initial Category of Abuse",
            "Latest Category of Abuse",
            "Date of latest review conference",
            "Child Protection Plan End Date",
            "Number of Previous Child Protection Plans",
        ],
    ),
    (
        8,
        &[
            "Date Started to be Looked After",
            "Child's Category of Need",
            "Start date of current legal status",
            "Child's Legal Status",
            "Date of Latest Statutory Review",
            "Date Ceased to be Looked After",
            "Reason Ceased to be Looked After",
            "Start Date of Most Recent Placement",
            "Placement Type",
            "Placement Provider",
            "Placement postcode",
        ],
    ),
    (
        9,
        &[
            "Does the Child have a Disability",
            "Allocated Team",
            "Allocated Personal Advisor",
            "Eligibility Category",
            "Latest Pathway Plan Review Date",
            "LA in Touch",
            "Latest Date of Contact",
            "Type of Accommodation",
            "Suitability of Accommodation",
            "Activity Status",
        ],
    ),
    (
        10,
        &[
            "Does the Child have a Disability",
            "Date the Child Entered Care",
            "Date of Decision that Child Should be Placed for Adoption",
            "Date of Placement Order",
            "Date of Matching Child and Prospective Adopters",
            "Date Placed for Adoption",
            "Date of Adoption Order",
        ],
    ),
    (11, &["Family identifier", "Is the (prospective) adopter fostering for adoption?", "Date enquiry received"]),
];

/// A cell of a list.
enum Cell {
    Text(String),
    Day(Option<Date>),
}

fn text(value: impl Into<String>) -> Cell {
    Cell::Text(value.into())
}

/// The lists, until they are written.
pub(crate) struct Lists {
    path: PathBuf,
    today: Date,
    /// As tables of text, in words of another authority's.
    as_text: bool,
    sheets: [Vec<Vec<Cell>>; 11],
    pub(crate) rows: u64,
}

impl Lists {
    pub(crate) fn new(folder: &Path, world: &World) -> Self {
        let today = world.settings.reference_date;
        let path = folder.join(format!("{AUTHORITY}_annex_a_{today}.xlsx"));
        Self { path, today, as_text: false, sheets: Default::default(), rows: 0 }
    }

    /// The lists as they were half a year before, a file a list.
    pub(crate) fn as_text(folder: &Path, world: &World) -> Self {
        let today = plus(world.settings.reference_date, -182);
        let path = folder.join(format!("{AUTHORITY}_{today}_list"));
        Self { path, today, as_text: true, sheets: Default::default(), rows: 0 }
    }

    /// Adds a child's rows: lists look back over a year.
    pub(crate) fn child(
        &mut self,
        known: &Known<'_>,
        involvement: &Involvement,
        truth: &mut Truth<'_>,
        dirt: &mut Vec<Dirt>,
    ) {
        let Known { world, child, care, .. } = *known;
        let mut same = Dice::new(world.settings.seed, Part::SocialCare, number(child) | 1 << 40);
        let told = describe(world, child, System::SocialCare, &mut same, &mut Vec::new());
        let mut dice = Dice::new(world.settings.seed, Part::Care, number(child) | 1 << 41);
        let (today, since) = (self.today, plus(self.today, -365));
        if child.birth > today {
            return;
        }
        let gender = match (told.girl, dice.between(0, 2)) {
            (true, 0) => "Female",
            (true, _) => "b) Female",
            (false, 0) => "Male",
            (false, _) => "a) Male",
        };
        let about = || {
            let years = age(told.birth, today).to_string();
            [
                text(&child.la_id),
                text(gender),
                text(format!("a) {}", child.ethnicity.0)),
                Cell::Day(Some(told.birth)),
                text(years),
            ]
        };
        let recent = |on: Date| (since..=today).contains(&on);
        let past = |on: Date| Cell::Day(Some(on).filter(|on| *on <= today));
        let disabled = || text(if involvement.disabilities == ["NONE"] { "b) No" } else { "a) Yes" });
        truth.subjects.insert(Subject::council(child));
        let file = self.file(3);
        let mut add = |list: u8, cells: Vec<Cell>| {
            let at = LISTS.iter().position(|(number, _)| *number == list);
            if let Some(sheet) = at.and_then(|at| self.sheets.get_mut(at)).filter(|sheet| sheet.len() < ROWS_MAX) {
                let of_child = about().into_iter().filter(|_| list != 11);
                sheet.push(of_child.chain(cells).collect());
                self.rows += 1;
            }
        };
        if let Some(help) = known.services.early_help.as_ref() {
            if let Some((start, done)) = help.assessed.filter(|(start, _)| recent(*start)) {
                let done = Cell::Day(done.filter(|on| *on <= today));
                add(2, vec![Cell::Day(Some(start)), done, text("Invented Family Hub North")]);
            }
            if recent(help.contact) {
                add(1, vec![Cell::Day(Some(help.contact)), text("e) 2A: Schools")]);
            }
        }
        for referral in &involvement.referrals {
            if recent(referral.on) {
                let nfa = if referral.no_further_action { "Yes" } else { "No" };
                let source = format!("{}: as recorded", referral.source);
                // A source of no list.
                let odd = !child.demo && figure(child, 51, 12) == 0;
                let source = if odd { "A passing comet".to_owned() } else { source };
                if odd {
                    let (record, key, truth) = (Subject::council(child), child.la_id.clone(), child.truth.clone());
                    let (field, what, finding) = ("Referral Source", "unknown code", Some("CODE_UNKNOWN"));
                    dirt.push(Dirt { file: file.clone(), record, key, truth, field, what, finding, reason: None });
                }
                add(
                    3,
                    vec![
                        Cell::Day(Some(referral.on)),
                        text(source),
                        text(nfa),
                        text("0"),
                        text("Invented Team 1"),
                        text("#N/A"),
                    ],
                );
            }
            if let Some(one) = referral.assessment.as_ref().filter(|one| recent(one.start)) {
                add(
                    4,
                    vec![
                        disabled(),
                        Cell::Day(Some(one.start)),
                        text("Yes"),
                        past(one.authorised),
                        text("Invented Team 1"),
                        text("#N/A"),
                    ],
                );
            }
            if let Some(one) = referral.enquiry.as_ref().filter(|one| recent(one.start)) {
                let held = one.conference.filter(|on| *on <= today);
                let plan = if referral.protection.is_some() { "Yes" } else { "No" };
                let unnecessary = if one.conference.is_some() { "No" } else { "Yes" };
                let plan = if held.is_some() { plan } else { "" };
                add(5, vec![disabled(), Cell::Day(Some(one.start)), text(unnecessary), Cell::Day(held), text(plan)]);
            }
            let closed = referral.closed.filter(|(on, _)| *on <= today);
            if !referral.no_further_action && referral.on <= today && closed.is_none_or(|(on, _)| recent(on)) {
                let (on, why) = closed.map_or((None, ""), |(on, why)| (Some(on), why));
                let status = if closed.is_some() { "e) Closed episode" } else { "d) Open assessment" };
                add(
                    6,
                    vec![
                        disabled(),
                        Cell::Day(Some(referral.on)),
                        text(format!("{} - as recorded", referral.need)),
                        Cell::Day(on),
                        text(why),
                        text(status),
                    ],
                );
            }
            if let Some(plan) = referral.protection.as_ref().filter(|plan| plan.start <= today && plan.end >= since) {
                let review = plan.reviews.iter().rev().find(|on| **on <= today && **on < plan.end);
                add(
                    7,
                    vec![
                        Cell::Day(Some(plan.start)),
                        text(category(plan.initial)),
                        text(category(plan.latest)),
                        Cell::Day(review.copied()),
                        past(plan.end),
                        text(plan.previous.to_string()),
                    ],
                );
            }
        }
        let Some(care) = care else { return };
        let ended = care.ended().filter(|(on, _)| *on <= today);
        let Some(episode) = care.episodes.iter().rev().find(|episode| episode.from <= today) else { return };
        if let Some((decided, matched)) = care.adoption.filter(|(decided, _)| *decided <= today) {
            let family = format!("F{}", child.household);
            let started = care.started();
            let placed = care.episodes.iter().find(|one| one.place.starts_with('A')).map(|one| one.from);
            let adopted = ended.filter(|(_, why)| *why == "E11").map(|(on, _)| on);
            let past = |on: Option<Date>| Cell::Day(on.filter(|on| *on <= today));
            add(
                10,
                vec![
                    disabled(),
                    past(started),
                    Cell::Day(Some(decided)),
                    past(care.episodes.iter().find(|one| one.legal == "E1").map(|one| one.from)),
                    past(Some(matched)),
                    past(placed),
                    past(adopted),
                ],
            );
            let enquired = Cell::Day(Some(plus(decided, -200)));
            add(11, vec![text(format!("AD{}", child.household)), text(family), text("No"), enquired]);
        }
        if let Some((on, _)) = ended.filter(|(on, _)| *on < today && age(child.birth, *on) >= 15) {
            let contact = Cell::Day(Some(plus(on, 60).min(today)));
            add(
                9,
                vec![
                    disabled(),
                    text("Leavers Team"),
                    text("Invented Adviser"),
                    text("b) Former relevant child"),
                    Cell::Day(None),
                    text("a) Yes"),
                    contact,
                    text("U: With parents or relatives"),
                    text("a) Suitable"),
                    text("F2: Full time in education other than higher education"),
                ],
            );
        }
        if ended.is_some_and(|(on, _)| on < since) {
            return;
        }
        let legal_from = care.episodes.iter().find(|one| one.legal == episode.legal).map(|one| one.from);
        let placed = care.episodes.iter().rev().find(|one| one.from <= today && one.began != "L").map(|one| one.from);
        let review = care.reviews.iter().rev().find(|on| **on <= today).copied();
        let (on, why) = ended.map_or((None, ""), |(on, why)| (Some(on), why));
        add(
            8,
            vec![
                Cell::Day(care.started()),
                text(format!("{} - as recorded", care.need)),
                Cell::Day(legal_from),
                text(format!("{}: as recorded", episode.legal)),
                Cell::Day(review),
                Cell::Day(on),
                text(why),
                Cell::Day(placed),
                text(format!("f) {}: as recorded", episode.place)),
                text(format!("e) {} - as recorded", episode.provider)),
                text(&episode.postcode),
            ],
        );
    }

    /// The file that holds a list.
    fn file(&self, list: u8) -> String {
        let name = self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let name = if self.as_text { format!("{name}_{list}.csv") } else { name };
        format!("social-care-annex-a/{name}")
    }

    fn finish_as_text(&self) -> Result<(), GenerateError> {
        for ((list, columns), rows) in LISTS.iter().zip(&self.sheets) {
            let mut path = self.path.clone().into_os_string();
            path.push(format!("_{list}.csv"));
            let mut csv = csv::Writer::from_path(&path)?;
            let reworded = |heading: &&'static str| -> &'static str {
                REWORDED.iter().find(|(known, _)| known == heading).map_or(heading, |(_, other)| other)
            };
            csv.write_record(about(*list).iter().chain(columns.iter()).map(reworded).collect::<Vec<_>>())?;
            for row in rows {
                csv.write_record(row.iter().map(|cell| match cell {
                    Cell::Text(text) => text.clone(),
                    Cell::Day(on) => on.map(|on| on.strftime("%d/%m/%Y").to_string()).unwrap_or_default(),
                }))?;
            }
            csv.flush().map_err(|source| GenerateError::Csv(source.into()))?;
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<(), GenerateError> {
        if self.as_text {
            return self.finish_as_text();
        }
        let mut workbook = Workbook::new();
        // The same seed gives the same bytes.
        let created = ExcelDateTime::from_ymd(2025, 1, 1)?;
        workbook
            .set_properties(&rust_xlsxwriter::DocProperties::new().set_creation_datetime(&created).set_comment(NOTICE));
        let format = Format::new().set_num_format("dd/mm/yyyy");
        for ((list, columns), rows) in LISTS.iter().zip(&self.sheets) {
            let sheet = workbook.add_worksheet().set_name(format!("List {list}"))?;
            sheet.write_string(0, 0, NOTICE)?;
            for (column, heading) in (0u16..).zip(about(*list).iter().chain(columns.iter())) {
                sheet.write_string(2, column, *heading)?;
            }
            for (line, row) in (3u32..).zip(rows) {
                for (column, cell) in (0u16..).zip(row) {
                    match cell {
                        Cell::Text(text) if text.is_empty() => {}
                        Cell::Text(text) => {
                            sheet.write_string(line, column, text)?;
                        }
                        Cell::Day(None) => {}
                        Cell::Day(Some(on)) => {
                            let year = u16::try_from(on.year()).unwrap_or_default();
                            let day =
                                ExcelDateTime::from_ymd(year, on.month().unsigned_abs(), on.day().unsigned_abs())?;
                            sheet.write_datetime_with_format(line, column, &day, &format)?;
                        }
                    }
                }
            }
        }
        workbook.save(&self.path)?;
        Ok(())
    }
}

const NOTICE: &str = "Every record in this file is invented.";

fn category(code: &str) -> &'static str {
    match code {
        "NEG" => "a) Neglect",
        "PHY" => "Physical abuse",
        "SAB" => "c) Sexual Abuse",
        "EMO" => "Emotional abuse",
        _ => "e) Multiple",
    }
}
