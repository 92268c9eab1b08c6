//! Records become marks.

mod beside;
mod pupils;
mod speaker;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use connector_kit::attendance;
use connector_kit::file_name::{self, Authority};
use connector_kit::reading::Read;
use connector_kit::{Output, Place, Rejection, Scope, dates, identifier};
use proto::events::{Date, Finding, Scheme, Subject};
use proto::quarantine::Reason;

use crate::around::{Around, Known};
use crate::fields::Field;
use crate::rows::{Early, Row};
use pupils::Pupils;
pub(crate) use speaker::Speaker;

/// One of a day's two.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Session {
    Morning,
    Afternoon,
}

/// What a record says of one session.
struct Mark<'r> {
    row: &'r Row,
    session: Session,
    code: &'r str,
    /// When it was last changed, microseconds since 1970.
    changed_at_us: Option<i64>,
    findings: Vec<Finding>,
}

/// Whose mark, and of which session.
type Key = (String, (i32, u32, u32), Session, String);

/// So many records are held at once, to tell which of two of one session counts. A larger file is said as it is read; two records
/// that stand further apart and disagree are both told of when the file is compared with what stands.
const HELD_ROWS_MAX: usize = 50_000;
/// And so many bytes of them, about.
const HELD_BYTES_MAX: usize = 64 << 20;
/// Of so many sets of names it is remembered that they were told of.
const TOLD_MAX: usize = 100;

/// A file's records, on their way to what they say.
pub(crate) struct Register<'o> {
    name: String,
    /// The school that the file's name says.
    of_name: Option<String>,
    /// When the file says that it was made; and what of it says so, where something further out may still say otherwise.
    made: String,
    made_within: String,
    held: Vec<Row>,
    /// What objects around records say that has no place, and where their records stand among all.
    beside: Vec<(Range<u64>, Row)>,
    held_bytes: usize,
    /// How many records were said.
    settled: u64,
    pupils: Pupils,
    known: Known,
    /// Names of what has no place and is nobody's, that were told of.
    told: BTreeSet<String>,
    pub(crate) speaker: Speaker<'o>,
}

impl<'o> Register<'o> {
    pub(crate) fn of(name: &str, out: &'o mut dyn Output) -> Self {
        let pupils = Pupils::new(out);
        let speaker = Speaker { opened: BTreeSet::new(), out };
        Self {
            name: name.to_owned(),
            of_name: school_in(name),
            made: String::new(),
            made_within: String::new(),
            held: Vec::new(),
            beside: Vec::new(),
            held_bytes: 0,
            settled: 0,
            pupils,
            known: Known::default(),
            told: BTreeSet::new(),
            speaker,
        }
    }

    /// Takes a record, and says those that are held when they are many.
    pub(crate) fn take(&mut self, row: Row) {
        self.hold(row);
        if self.is_full() {
            self.settle();
        }
    }

    /// Takes a record that stands in others: what they say is still to come.
    pub(crate) fn hold(&mut self, mut row: Row) {
        row.settle_preferred();
        self.held_bytes += row.weight();
        self.held.push(row);
    }

    /// Takes what an object around records says of them all, of which this is the first.
    pub(crate) fn hold_around(&mut self, first: u64, row: Row) {
        self.held_bytes += row.weight();
        if !row.rest.is_empty() {
            self.beside.push((first..self.taken(), row));
        }
    }

    /// How many records were taken.
    pub(crate) fn taken(&self) -> u64 {
        self.settled + self.held.len() as u64
    }

    /// How many of them were said.
    pub(crate) fn settled(&self) -> u64 {
        self.settled
    }

    /// Whether no more is to be held.
    pub(crate) fn is_full(&self) -> bool {
        self.held.len() >= HELD_ROWS_MAX || self.held_bytes >= HELD_BYTES_MAX
    }

    /// Says what is held.
    fn settle(&mut self) {
        self.settle_until(u64::MAX);
    }

    /// Says what is still held, and as of when all of it stands: a file may say that at its very end.
    pub(crate) fn end(mut self) {
        self.settle();
        if let Err(error) = self.pupils.tell(&mut self.speaker) {
            return self.speaker.out.broke_off(error);
        }
        let made = if self.made.is_empty() { &self.made_within } else { &self.made };
        let as_of_us = as_of(&self.name, made);
        for key in self.speaker.opened {
            self.speaker.out.scope(Scope { key, as_of_us, sequence: 0 });
        }
    }

    /// Says of what is held what stands before this record.
    pub(crate) fn settle_until(&mut self, record: u64) {
        let waits = usize::try_from(record.saturating_sub(self.settled)).unwrap_or(usize::MAX).min(self.held.len());
        let waiting = self.held.split_off(waits);
        let mut rows = std::mem::replace(&mut self.held, waiting);
        let (beside, waiting) = std::mem::take(&mut self.beside)
            .into_iter()
            .partition(|(records, _): &(Range<u64>, _)| records.start < record);
        self.beside = waiting;
        let first = self.settled;
        self.settled += rows.len() as u64;
        self.held_bytes = self.held.iter().chain(self.beside.iter().map(|(_, row)| row)).map(Row::weight).sum();
        self.made(&rows);
        rows.iter_mut().for_each(Row::settle_day);
        rows.iter_mut().for_each(Row::settle_name);
        let of_name = self.of_name.as_deref();
        settle(&rows, of_name, &mut self.pupils, &mut self.speaker);
        let (mut around, mut nobodys) = (Vec::new(), Vec::new());
        let beside: Vec<(Range<u64>, Row)> = beside;
        for (records, mut row) in beside {
            row.settle_name();
            let at = |record: u64| usize::try_from(record.saturating_sub(first)).unwrap_or(usize::MAX).min(rows.len());
            let of_it = rows.get(at(records.start)..at(records.end)).unwrap_or_default();
            match Around::of(&row, of_name, of_it) {
                Some(of_pupil) => around.push(of_pupil),
                None => nobodys.push(row),
            }
        }
        self.known.tell_apart(around).into_iter().for_each(|around| self.speaker.around(around));
        nobodys.iter().for_each(|row| self.tell_of(row));
    }

    /// When the file says that it was made; the first that says so counts.
    pub(crate) fn made(&mut self, rows: &[Row]) {
        for row in rows {
            if !self.made.is_empty() {
                return;
            }
            let said = row.outermost(Field::Made);
            let may_change = row.may_be_said_further_out(Field::Made);
            let known = if may_change { &mut self.made_within } else { &mut self.made };
            if known.is_empty() {
                said.clone_into(known);
            }
        }
    }

    /// Tells of values around records that have no place and are no one pupil's: once of the same names.
    fn tell_of(&mut self, row: &Row) {
        let names: BTreeSet<&str> = row.rest.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.into_iter().collect::<Vec<_>>().join("\n");
        if self.told.len() < TOLD_MAX && !self.told.insert(names.clone()) {
            return;
        }
        let message = "something stands around the records that is read nowhere, and nothing of it is in any event: the records \
                       were read; what it is called is with the item";
        // Of the same names there is one item, whatever the file is called.
        let place = Place { file: crate::NAME.to_owned(), field: "around".to_owned(), ..Place::default() };
        let scope_key = Some("attendance#around".to_owned());
        let rejection = Rejection::of(Reason::ColumnsNotMapped, message, place, names.as_bytes());
        self.speaker.out.reject(Rejection { scope_key, ..rejection });
    }
}

/// Says the marks of records and who the pupils are.
fn settle(rows: &[Row], of_name: Option<&str>, pupils: &mut Pupils, speaker: &mut Speaker<'_>) {
    let mut marks: BTreeMap<Key, Vec<Mark<'_>>> = BTreeMap::new();
    for row in rows {
        match placed(row, of_name) {
            Ok((school, pupil, on, of_row)) => {
                pupils.take(&school, &pupil.value, row);
                for mark in of_row {
                    let key = (school.clone(), dates::rank(&on), mark.session, pupil.value.clone());
                    // Nearly every session has one.
                    marks.entry(key).or_insert_with(|| Vec::with_capacity(1)).push(mark);
                }
            }
            Err(Unfit { reason, field, message, school, subject }) => {
                let controller = school.map(|school| format!("school-{school}"));
                let place = Place { field: field.to_owned(), ..row.place.clone() };
                let (message, raw) = (message.to_owned(), row.raw.clone());
                speaker.out.reject(Rejection {
                    reason,
                    message,
                    place,
                    controller,
                    raw,
                    scope_key: None,
                    subject,
                    digest: None,
                });
            }
        }
    }
    for (key, mut of_session) in marks {
        // The last change counts; of what was changed at one time, whatever says the same.
        of_session.sort_by(|a, b| (b.changed_at_us, a.code).cmp(&(a.changed_at_us, b.code)));
        let Some(latest) = of_session.first() else { continue };
        let mut at_once = of_session.iter().filter(|other| other.changed_at_us == latest.changed_at_us);
        if at_once.any(|other| other.code != latest.code) {
            of_session.iter().for_each(|mark| speaker.contradicted(&key, mark.row));
        } else {
            speaker.mark(&key, of_session);
        }
    }
}

/// When the file stood so: as it says itself, or the day in its name.
fn as_of(name: &str, made: &str) -> Option<i64> {
    let stated = dates::written_at(made, "").value.or_else(|| {
        let day = any_date(made, "").value?;
        dates::start_of_day_us(&day)
    });
    stated.or_else(|| dates::start_of_day_us(&file_name::hints(name).on?))
}

/// Whose register the row is of. The file's name says so only where nothing around the row may still do so.
pub(crate) fn register_of(row: &Row, of_name: Option<&str>) -> Result<String, Option<Early>> {
    let around =
        [Field::School, Field::Authority, Field::Establishment].into_iter().find_map(|field| row.unheard(field));
    let of_name = of_name.filter(|_| around.is_none()).map(str::to_owned);
    school(row).or(of_name).ok_or(around)
}

/// Seven digits by themselves in a file's name.
fn school_in(name: &str) -> Option<String> {
    let parts = name.split(|c: char| !c.is_ascii_digit());
    parts.filter(|part| part.len() == 7).find(|part| !part.starts_with('0')).map(str::to_owned)
}

/// Why a record cannot be placed.
struct Unfit {
    reason: Reason,
    field: &'static str,
    message: &'static str,
    school: Option<String>,
    subject: Option<Subject>,
}

type Placed<'r> = (String, Subject, Date, Vec<Mark<'r>>);

fn placed<'r>(row: &'r Row, of_name: Option<&str>) -> Result<Placed<'r>, Unfit> {
    // What may still be said is not missing.
    let unfit = |unheard: Option<Early>, reason, field, message| {
        let (reason, message) = unheard.map_or((reason, message), |early| (early.reason(), early.message()));
        Unfit { reason, field, message, school: None, subject: None }
    };
    let school = register_of(row, of_name).map_err(|unheard| {
        let message = "neither the record nor the file's name says whose register it is: give the school's authority and \
                       establishment number, seven digits, in a column LAESTAB or in the file's name (8784001_marks.csv); a URN is \
                       another number, and does not say it";
        unfit(unheard, Reason::SubjectMissing, "laestab", message)
    })?;
    let pupil = pupil(row, &school).ok_or_else(|| {
        let message = "the record has neither a UPN nor a name and a birth date: give one, and send the file again";
        let unheard = row.unheard(Field::Upn);
        Unfit { school: Some(school.clone()), ..unfit(unheard, Reason::SubjectMissing, "upn", message) }
    })?;
    let lost = |by: Field, reason, field, message| Unfit {
        school: Some(school.clone()),
        subject: Some(pupil.clone()),
        ..unfit(row.unheard(by), reason, field, message)
    };
    let mut findings = Vec::new();
    let on = any_date(row.get(Field::On), "date").keep(&mut findings).filter(|date| date.day.is_some());
    let on = on.ok_or_else(|| {
        lost(
            Field::On,
            Reason::DateMissing,
            "date",
            "the record has no date that can be read: put it right and send the file again",
        )
    })?;
    let changed_at_us = dates::written_at(row.get(Field::Changed), "").value;
    let mark = |session, code: &'r str| Mark { row, session, code, changed_at_us, findings: findings.clone() };
    let by_session = [(Session::Morning, Field::MorningCode), (Session::Afternoon, Field::AfternoonCode)];
    let mut marks: Vec<Mark<'r>> = by_session
        .into_iter()
        .filter(|(_, field)| row.says(*field))
        .map(|(session, field)| mark(session, row.get(field)))
        .collect();
    if marks.is_empty() {
        let session =
            session_of(row).map_err(|message| lost(Field::Session, Reason::RecordMalformed, "session", message))?;
        if !row.says(Field::Code) {
            let message =
                "the record has no mark, under any name that is known: it says nothing, not even that there is none";
            return Err(lost(Field::Code, Reason::RecordMalformed, "code", message));
        }
        marks.push(mark(session, row.get(Field::Code)));
    }
    Ok((school, pupil, on, marks))
}

fn school(row: &Row) -> Option<String> {
    let is_number = |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    // A spreadsheet writes a number with a fraction, and a person with a slash.
    let plain = |field| row.get(field).trim_end_matches(".0").replace(['/', ' ', '-'], "");
    let whole = plain(Field::School);
    if is_number(&whole, 7) {
        return Some(whole);
    }
    let (authority, establishment) = (Authority::parse(&plain(Field::Authority))?, plain(Field::Establishment));
    match establishment.as_str() {
        four if is_number(four, 4) => Some(format!("{}{four}", authority.as_str())),
        seven if is_number(seven, 7) => Some(seven.to_owned()),
        _ => None,
    }
}

pub(crate) fn pupil(row: &Row, school: &str) -> Option<Subject> {
    let checked = identifier::upn::check(row.get(Field::Upn));
    let stands_in = checked.verdict == identifier::Verdict::Placeholder;
    let known_by = match checked.normalised.is_empty() || stands_in {
        false => checked.normalised,
        true => {
            let known = |field| row.get_in_place_of(Field::Upn, field);
            let born = any_date(known(Field::Birth), "").value?;
            let (surname, forename) = (known(Field::Surname), known(Field::Forename));
            // By a surname and a birth date alone, twins would be one child.
            let named = !surname.is_empty() && !forename.is_empty();
            named.then(|| format!("{}/{}/{}", surname.to_uppercase(), forename.to_uppercase(), dates::key(&born)))?
        }
    };
    Some(identifier::subject(Scheme::SchoolPupil, school, &known_by)).filter(|subject| !subject.value.is_empty())
}

/// Which session a row with one mark is of. What is called a period is a lesson unless it says the session in words: the second
/// lesson's mark is not the afternoon's, and rows that were read before cannot be taken back when a third comes.
fn session_of(row: &Row) -> Result<Session, &'static str> {
    let (named, period) = (row.get(Field::Session), row.get_in_place_of(Field::Session, Field::Period));
    let in_words = session(period).filter(|_| !period.contains(|c: char| c.is_ascii_digit()));
    match (session(named), in_words) {
        (_, None) if !period.is_empty() => Err(
            "the record is of a lesson, and not of the morning or the afternoon (one row a lesson): export the session marks, AM and PM",
        ),
        (Some(named), Some(in_words)) if named != in_words => {
            Err("the record says both the morning and the afternoon: put it right and send the file again")
        }
        (None, Some(in_words)) if named.is_empty() => Ok(in_words),
        (Some(named), _) => Ok(named),
        (None, _) => Err("the record does not say whether it is of the morning or the afternoon"),
    }
}

fn session(text: &str) -> Option<Session> {
    match text.trim().to_ascii_uppercase().as_str() {
        "AM" | "A" | "1" | "1.0" | "MORNING" | "AM SESSION" | "SESSION 1" | "S1" | "AM REG" | "AM REGISTRATION" => {
            Some(Session::Morning)
        }
        "PM" | "P" | "2" | "2.0" | "AFTERNOON" | "PM SESSION" | "SESSION 2" | "S2" | "PM REG" | "PM REGISTRATION" => {
            Some(Session::Afternoon)
        }
        _ => None,
    }
}

/// A day in any of the forms that feeds have: ISO with or without a time, day first with slashes, without separators.
pub(crate) fn any_date(text: &str, field: &str) -> Read<Date> {
    let text = text.trim();
    let is_compact = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_compact { dates::hl7_date(text, field) } else { dates::written(text, field) }
}

/// The day of a row, where all of it can be read.
pub(crate) fn whole_day(row: &Row) -> Option<Date> {
    any_date(row.get(Field::On), "").value.filter(|date| date.day.is_some())
}

fn date_of((year, month, day): (i32, u32, u32)) -> Date {
    Date { year, month: Some(month), day: Some(day), estimated: false }
}

/// Where what a record says and has no day of its own is placed.
fn began(row: &Row) -> Date {
    any_date(row.get(Field::On), "").value.map_or(date_of((1990, 9, 1)), |on| school_year_of(&on))
}

/// The first day of a day's school year.
pub(crate) fn school_year_of(on: &Date) -> Date {
    date_of((i32::from(attendance::school_year(on).max(1990)), 9, 1))
}

fn scope_key(school: &str, on: &Date, session: Session) -> String {
    format!("{school}/attendance/{}/{}", dates::key(on), session.word())
}

impl Session {
    fn word(self) -> &'static str {
        match self {
            Self::Morning => "am",
            Self::Afternoon => "pm",
        }
    }
}
