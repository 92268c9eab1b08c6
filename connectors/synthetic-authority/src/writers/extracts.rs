//! Extracts of systems that have no connector of their own: tables, each shaped as a mapping that is shipped reads it, as they
//! stood on two days. The second tells what happened since, and puts some days right.

mod education;
mod health;
mod help;
mod neighbours;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::civil::Date;

use crate::GenerateError;
use crate::calendar::plus;
use crate::dice::{Dice, Part};
use crate::dirt::{Description, Dirt, System, address_on, describe};
use crate::life_course::care::Care;
use crate::life_course::education::{Schooling, number};
use crate::life_course::services::{Services, figure};
use crate::life_course::social_care::Involvement;
use crate::outcomes::Outcome;
use crate::population::{Address, Child, World};
use crate::truth::{Disagreement, Subject, Truth};
use crate::writers::folder_in;
use table::{Format, Table};

/// How a source writes a day.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Days {
    Iso,
    Slashed,
    /// `02-Jan-2026`.
    Named,
    IsoMidnight,
}

/// A way of making a record wrong: what stands in a column, and what a connector is to make of that.
struct Fault {
    what: &'static str,
    column: &'static str,
    value: &'static str,
    finding: Option<&'static str>,
    /// The event that is lost to quarantine, and the reason.
    loses: Option<(&'static str, &'static str)>,
    /// The event of whose rows it is, where it is of some.
    of: &'static str,
}

const fn odd(what: &'static str, column: &'static str, value: &'static str, finding: &'static str) -> Fault {
    Fault { what, column, value, finding: Some(finding), loses: None, of: "" }
}

/// The same where the day is a part of the record's key.
const fn no_key(column: &'static str, event: &'static str) -> Fault {
    Fault {
        what: "no day",
        column,
        value: "to be confirmed",
        finding: None,
        loses: Some((event, "RECORD_MALFORMED")),
        of: event,
    }
}

const fn no_day(column: &'static str, event: &'static str) -> Fault {
    Fault {
        what: "no day",
        column,
        value: "to be confirmed",
        finding: None,
        loses: Some((event, "DATE_MISSING")),
        of: event,
    }
}

impl Fault {
    /// A number is as wrong in every row of the child.
    fn is_of_the_child(&self) -> bool {
        self.what.starts_with("wrong check")
    }
}

/// A source: a folder of its connector's name, with a file of each day.
struct Source {
    connector: &'static str,
    system: System,
    format: Format,
    days: Days,
    /// Each file holds only what changed since the one before.
    changes: bool,
    file: fn(Date) -> String,
    /// A line that stands above the header.
    preamble: Option<&'static str>,
    columns: &'static [&'static str],
    /// The column of its own number of the child, what that is a number of, and by whom.
    whom: (&'static str, &'static str, &'static str),
    /// The column that tells a record from others.
    key: &'static str,
    /// The column by which its states are ordered, where each row has its own.
    version: Option<&'static str>,
    /// A child is described by a row in which one of these is filled.
    describes: &'static [&'static str],
    rows: fn(&Telling<'_>) -> Vec<Row>,
    faults: &'static [Fault],
}

const SOURCES: [Source; 18] = [
    education::EHC_SYSTEM,
    education::PARTICIPATION,
    health::CAMHS,
    health::CONTACTS,
    health::THERAPY,
    health::PORTAGE,
    help::ACCESS_NOTICES,
    help::EPISODES,
    help::MODULE,
    help::FAMILY_SUPPORT,
    help::TEAM,
    help::YOUNG_CARERS,
    neighbours::EQUIPMENT,
    neighbours::BUDGETS,
    neighbours::SHORT_BREAKS,
    neighbours::HOUSING,
    neighbours::POLICE,
    neighbours::YOUTH_JUSTICE,
];

/// Of so many children one has a row that is wrong.
const ONE_IN: usize = 8;
/// Of so many one has a day wrong in the first file that the second puts right.
const CORRECTED_ONE_IN: u64 = 20;

/// A child's lives, as the systems around them know them.
pub(crate) struct Known<'a> {
    pub(crate) world: &'a World,
    pub(crate) child: &'a Child,
    pub(crate) twin: Option<&'a Child>,
    pub(crate) schooling: &'a Schooling,
    pub(crate) services: &'a Services,
    pub(crate) involvement: Option<&'a Involvement>,
    pub(crate) care: Option<&'a Care>,
}

/// What a source has of a child on a day.
struct Telling<'a> {
    known: &'a Known<'a>,
    child: &'a Child,
    services: &'a Services,
    told: Description,
    as_of: Date,
    /// The first of the two days.
    first: bool,
    days: Days,
    source: u64,
}

/// A row, and the events that it is to become.
#[derive(Clone)]
struct Row {
    cells: Vec<String>,
    becomes: Vec<&'static str>,
    as_of: Date,
    days: Days,
}

impl Telling<'_> {
    fn row(&self) -> Row {
        Row { cells: Vec::new(), becomes: Vec::new(), as_of: self.as_of, days: self.days }
    }

    /// The same for the child and purpose, whatever the day.
    fn figure(&self, purpose: u64, below: u64) -> u64 {
        figure(self.child, self.source << 8 | purpose, below)
    }

    /// A day that some have wrong in the first file.
    fn corrected(&self, on: Date) -> Date {
        let wrong = self.first && !self.child.demo && self.figure(1, CORRECTED_ONE_IN) == 0;
        plus(on, -i32::from(wrong))
    }

    /// A number that a system has of most, and of some not.
    fn held(&self, number: &str) -> String {
        if self.child.demo || self.figure(2, 8) > 0 { number.to_owned() } else { String::new() }
    }

    fn surname(&self) -> &str {
        self.told.surname_on(self.as_of)
    }

    /// Where it has the child living: some still have the address before the last move.
    fn home(&self) -> &Address {
        address_on(self.child, self.as_of, self.told.stale_address)
    }

    fn postcode(&self) -> &str {
        self.told.postcode_of(self.home(), self.child)
    }

    fn number(&self) -> u64 {
        number(self.child)
    }
}

impl Row {
    fn text(mut self, value: impl Into<String>) -> Self {
        self.cells.push(value.into());
        self
    }

    fn gaps(mut self, count: usize) -> Self {
        self.cells.extend(std::iter::repeat_n(String::new(), count));
        self
    }

    /// A day, once it has come, and what the row then becomes by it ("" where nothing does).
    fn day(mut self, on: impl Into<Option<Date>>, event: &'static str) -> Self {
        let on = on.into().filter(|on| *on <= self.as_of);
        self.cells.push(on.map(|on| written(on, self.days)).unwrap_or_default());
        if on.is_some() && !event.is_empty() {
            self.becomes.push(event);
        }
        self
    }

    /// A day that may lie ahead.
    fn due(mut self, on: impl Into<Option<Date>>) -> Self {
        self.cells.push(on.into().map(|on| written(on, self.days)).unwrap_or_default());
        self
    }

    fn becomes(mut self, event: &'static str) -> Self {
        self.becomes.push(event);
        self
    }
}

fn written(on: Date, days: Days) -> String {
    match days {
        Days::Iso => on.to_string(),
        Days::Slashed => on.strftime("%d/%m/%Y").to_string(),
        Days::Named => on.strftime("%d-%b-%Y").to_string(),
        Days::IsoMidnight => format!("{on} 00:00:00"),
    }
}

/// All extracts, being written.
pub(crate) struct Extracts {
    sources: Vec<Files>,
}

/// How many children a source was asked of, and how many rows it has wrong.
#[derive(Default)]
struct Faulted {
    children: usize,
    faults: usize,
}

struct Files {
    source: &'static Source,
    told: Faulted,
    /// By day: the table, and what is to come of it.
    days: Vec<(Date, Table, Outcome)>,
}

impl Extracts {
    pub(crate) fn create(out: &Path, world: &World) -> Result<Self, GenerateError> {
        static ALL: [Source; 18] = SOURCES;
        let today = world.settings.reference_date;
        let mut sources = Vec::new();
        for source in &ALL {
            let folder = folder_in(out, source.connector)?;
            let mut days = Vec::new();
            for (submission, as_of) in (1..).zip([plus(today, -30), plus(today, -1)]) {
                let name = (source.file)(as_of);
                let table = Table::create(&folder.join(&name), source.format, source.preamble, source.columns)?;
                let mut outcome = Outcome::of(source.connector, submission, vec![name]);
                outcome.records = Some(0);
                days.push((as_of, table, outcome));
            }
            sources.push(Files { source, told: Faulted::default(), days });
        }
        Ok(Self { sources })
    }

    /// Writes what every source has of a child, and tells the truth of it.
    pub(crate) fn child(
        &mut self,
        known: &Known<'_>,
        truth: &mut Truth<'_>,
        dirt: &mut Vec<Dirt>,
    ) -> Result<(), GenerateError> {
        for (at, files) in (0..).zip(&mut self.sources) {
            files.child(at, known, truth, dirt)?;
        }
        Ok(())
    }

    /// Ends the files, and says what is to come of each.
    pub(crate) fn finish(self) -> Result<Vec<Outcome>, GenerateError> {
        let mut outcomes = Vec::new();
        for (_, table, outcome) in self.sources.into_iter().flat_map(|files| files.days) {
            table.finish()?;
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }
}

impl Files {
    fn child(
        &mut self,
        at: u64,
        known: &Known<'_>,
        truth: &mut Truth<'_>,
        dirt: &mut Vec<Dirt>,
    ) -> Result<(), GenerateError> {
        let (source, child) = (self.source, known.child);
        let mut disagreements: Vec<Disagreement> = Vec::new();
        let mut dice = Dice::new(known.world.settings.seed, Part::Services, number(child) | (at + 2) << 44);
        let told = describe(known.world, child, source.system, &mut dice, &mut disagreements);
        let mut telling = Telling {
            known,
            child,
            services: known.services,
            told,
            as_of: Date::MIN,
            first: true,
            days: source.days,
            source: at,
        };
        let (mut before, mut wronged): (Vec<Row>, bool) = (Vec::new(), false);
        for (day, (as_of, table, outcome)) in self.days.iter_mut().enumerate() {
            (telling.as_of, telling.first) = (*as_of, day == 0);
            let rows = if child.birth <= *as_of { (source.rows)(&telling) } else { Vec::new() };
            let mut described: BTreeSet<String> = BTreeSet::new();
            let is_known = |row: &&Row| source.changes && before.iter().any(|known| known.cells == row.cells);
            let fresh: Vec<&Row> = rows.iter().filter(|row| !is_known(row)).collect();
            // What is wrong in the first file is right in the second, where it comes again.
            let fault = if wronged { None } else { source.fault(&telling, &fresh, &mut self.told) };
            wronged |= fault.is_some();
            for (nth, row) in fresh.into_iter().enumerate() {
                let mut row = row.clone();
                if let Some((_, wrong)) = fault.filter(|(at, wrong)| *at == nth || wrong.is_of_the_child()) {
                    let told = source.spoil(wrong, &mut row, outcome, child);
                    dirt.extend(Some(told).filter(|_| fault.is_some_and(|(at, _)| at == nth)));
                }
                if !row.becomes.is_empty()
                    && source.describes.iter().any(|column| !source.cell(&row, column).is_empty())
                {
                    described.insert(source.version.map_or("", |column| source.cell(&row, column)).to_owned());
                }
                row.becomes.iter().for_each(|event| outcome.event(event));
                outcome.record();
                table.row(&row.cells)?;
                let (column, scheme, issuer) = source.whom;
                truth.subjects.insert(Subject::new(scheme, issuer, source.cell(&row, column)));
            }
            outcome.events("PersonDescribed", described.len() as u64);
            before = rows;
        }
        if !before.is_empty() {
            let has = |of: &[&str]| source.columns.iter().any(|column| of.contains(column));
            disagreements.retain(|one| match one.field {
                "address" => has(&PLACES),
                "birth" | "sex" => has(&BIRTHS),
                _ => has(&NAMES),
            });
            truth.disagreements.extend(disagreements);
        }
        Ok(())
    }
}

/// Columns that hold a surname, a birth and a place: what a table has no column for, it does not say otherwise.
const NAMES: [&str; 4] = ["Surname", "surname", "Last name", "Child surname"];
const BIRTHS: [&str; 6] = ["DOB", "born_on", "PersonBirthDate", "Date of birth", "Child DOB", "Born"];
const PLACES: [&str; 1] = ["Postcode"];

impl Source {
    fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| *known == column)
    }

    fn cell<'r>(&self, row: &'r Row, column: &str) -> &'r str {
        self.place(column).and_then(|place| row.cells.get(place)).map_or("", String::as_str)
    }

    /// Which of a child's rows is to be wrong, and how; of so many children one has such a row, and the kinds take turns.
    fn fault(&self, telling: &Telling<'_>, rows: &[&Row], told: &mut Faulted) -> Option<(usize, &'static Fault)> {
        if telling.child.demo || rows.is_empty() {
            return None;
        }
        told.children += 1;
        if told.children % ONE_IN != 1 {
            return None;
        }
        let faults: &'static [Fault] = self.faults;
        let turns = (0..faults.len()).filter_map(|turn| faults.get((told.faults + turn) % faults.len()));
        for fault in turns {
            let fits = |row: &&Row| {
                let of = fault.of.is_empty() || row.becomes.contains(&fault.of);
                of && !row.becomes.is_empty() && !self.cell(row, fault.column).is_empty()
            };
            if let Some(at) = rows.iter().position(fits) {
                told.faults += 1;
                return Some((at, fault));
            }
        }
        None
    }

    fn spoil(&self, fault: &Fault, row: &mut Row, outcome: &mut Outcome, child: &Child) -> Dirt {
        let key = self.cell(row, self.key).to_owned();
        let (column, scheme, issuer) = self.whom;
        let record = Subject::new(scheme, issuer, self.cell(row, column));
        if let Some(cell) = self.place(fault.column).and_then(|place| row.cells.get_mut(place)) {
            *cell = match fault.what {
                "wrong check digit" => crate::check::with_wrong_digit(cell),
                "wrong check letter" => crate::check::upn_with_wrong_letter(cell),
                _ => fault.value.to_owned(),
            };
        }
        if let Some((event, _)) = fault.loses {
            row.becomes.retain(|known| *known != event);
            outcome.quarantined += 1;
        }
        Dirt {
            file: format!("{}/{}", self.connector, outcome.files.first().map_or("", String::as_str)),
            record,
            key,
            truth: child.truth.clone(),
            field: fault.column,
            what: fault.what,
            finding: fault.finding,
            reason: fault.loses.map(|(_, reason)| reason),
        }
    }
}

/// By connector, the records and events of all its files; of a file whose records are not counted, one.
pub(crate) fn by_connector(outcomes: &[Outcome]) -> BTreeMap<&'static str, (u64, u64)> {
    let mut found: BTreeMap<&'static str, (u64, u64)> = BTreeMap::new();
    for outcome in outcomes {
        let (records, events) = found.entry(outcome.connector).or_default();
        *records += outcome.records.unwrap_or(outcome.files.len() as u64);
        *events += outcome.all_events();
    }
    found
}
