//! Ofsted's Annex A: the lists of children that an inspection asks for, as a workbook of the reference date.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use crate::GenerateError;
use crate::calendar::{age, plus};
use crate::dice::{Dice, Part};
use crate::dirt::{System, describe};
use crate::life_course::care::Care;
use crate::life_course::education::number;
use crate::life_course::social_care::Involvement;
use crate::population::{AUTHORITY, Child, World};
use crate::truth::{Subject, Truth};

/// Most rows of one list: a workbook is held in memory until it is written.
const ROWS_MAX: usize = 20_000;

const ABOUT: [&str; 5] = ["Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age of Child (Years)"];

const LISTS: [(u8, &[&str]); 6] = [
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
    sheets: [Vec<Vec<Cell>>; 6],
    pub(crate) rows: u64,
}

impl Lists {
    pub(crate) fn new(folder: &Path, world: &World) -> Self {
        let today = world.settings.reference_date;
        let path = folder.join(format!("{AUTHORITY}_annex_a_{today}.xlsx"));
        Self { path, today, sheets: Default::default(), rows: 0 }
    }

    /// Adds a child's rows: lists look back over a year.
    pub(crate) fn child(
        &mut self,
        world: &World,
        child: &Child,
        involvement: &Involvement,
        care: Option<&Care>,
        truth: &mut Truth<'_>,
    ) {
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
        let mut add = |list: u8, cells: Vec<Cell>| {
            let at = LISTS.iter().position(|(number, _)| *number == list);
            if let Some(sheet) = at.and_then(|at| self.sheets.get_mut(at)).filter(|sheet| sheet.len() < ROWS_MAX) {
                sheet.push(about().into_iter().chain(cells).collect());
                self.rows += 1;
            }
        };
        for referral in &involvement.referrals {
            if recent(referral.on) {
                let nfa = if referral.no_further_action { "Yes" } else { "No" };
                let source = format!("{}: as recorded", referral.source);
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
        if ended.is_some_and(|(on, _)| on < since) {
            return;
        }
        truth.subjects.insert(Subject::council(child));
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

    pub(crate) fn finish(self) -> Result<(), GenerateError> {
        let mut workbook = Workbook::new();
        // The same seed gives the same bytes.
        let created = ExcelDateTime::from_ymd(2025, 1, 1)?;
        workbook
            .set_properties(&rust_xlsxwriter::DocProperties::new().set_creation_datetime(&created).set_comment(NOTICE));
        let format = Format::new().set_num_format("dd/mm/yyyy");
        for ((list, columns), rows) in LISTS.iter().zip(&self.sheets) {
            let sheet = workbook.add_worksheet().set_name(format!("List {list}"))?;
            sheet.write_string(0, 0, NOTICE)?;
            for (column, heading) in (0u16..).zip(ABOUT.iter().chain(columns.iter())) {
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
