//! How anything is said of a child: with its subject, scope, key and place.

use connector_kit::reading::finding;
use connector_kit::{Draft, Output, Place, Rejection, Scope, dates};
use proto::events::{Date, Event, Finding, FindingCode, Scheme, Subject};
use proto::quarantine::Reason;

use crate::period::Period;
use crate::roll::{Person, Roll};
use crate::rows::{OfChild, Stood};
use crate::schools::{School, Schools};

/// Longest part of a record key that comes from a row.
const KEY_PART_CHARS_MAX: usize = 120;

/// What a row becomes, before it is anybody's.
pub(crate) struct Said {
    /// Of the same kind of record: for pairing corrected start dates.
    pub(crate) table: &'static str,
    /// The part of the natural key after the child.
    pub(crate) key: String,
    pub(crate) events: Vec<(When, Event)>,
    pub(crate) findings: Vec<Finding>,
}

/// The day that an event is placed at.
pub(crate) type When = Date;

/// Everything that drafts need, and where they go.
pub(crate) struct Speaker<'o> {
    pub(crate) period: Period,
    pub(crate) schools: Schools,
    pub(crate) roll: Roll,
    /// File names, by the numbers that rows carry.
    pub(crate) files: Vec<String>,
    pub(crate) out: &'o mut dyn Output,
}

impl Speaker<'_> {
    pub(crate) fn school(&self, person: &Person) -> Option<&School> {
        self.schools.get(person.school)
    }

    /// The child's subject.
    pub(crate) fn subject(&self, person: &Person) -> Subject {
        let issuer = self.school(person).map_or("", |school| school.issuer.as_str());
        Subject { scheme: Scheme::SchoolPupil.into(), issuer: issuer.to_owned(), value: person.known_by.clone() }
    }

    /// Opens this group's scope for every school that has a pupil.
    pub(crate) fn open(&mut self, group: &str) {
        for school in self.schools_with_pupils() {
            if let Some(stated) = self.schools.get(school) {
                let key = scope_key(&stated.issuer, self.period, group);
                self.out.scope(Scope { key, as_of_us: stated.as_of_us, sequence: stated.sequence });
            }
        }
    }

    /// Says of every school that this group was read whole.
    pub(crate) fn whole(&mut self, group: &str) {
        for school in self.schools_with_pupils() {
            if let Some(stated) = self.schools.get(school) {
                self.out.whole(&scope_key(&stated.issuer, self.period, group));
            }
        }
    }

    /// Drafts what a record of this group says.
    pub(crate) fn say(&mut self, person: u32, group: &str, row: &Stood, said: Said) {
        let Some(person) = self.roll.person(person) else { return };
        let Some(school) = self.schools.get(person.school) else { return };
        let subject = self.subject(person);
        let record_key = format!("{}/{}/{}", school.issuer, subject.value, said.key);
        let scope_key = scope_key(&school.issuer, self.period, group);
        for ((on, event), ordinal) in said.events.into_iter().zip(0..) {
            self.out.draft(Draft {
                subject: subject.clone(),
                controller: school.controller.clone(),
                scope_key: Some(scope_key.clone()),
                table: said.table,
                record_key: record_key.clone(),
                ordinal,
                effective: dates::on(on),
                observed_at_us: None,
                version: None,
                findings: said.findings.clone(),
                third_parties: Vec::new(),
                clears: Vec::new(),
                in_part: false,
                labels: Vec::new(),
                event,
                place: self.place(row),
            });
        }
    }

    /// Rejects a row of this group, of this child or at least this school.
    pub(crate) fn reject(&mut self, group: &str, person: Option<u32>, school: Option<u32>, rejection: Rejection) {
        let person = person.and_then(|person| self.roll.person(person));
        let school = person.map(|person| person.school).or(school).and_then(|school| self.schools.get(school));
        let rejection = Rejection {
            controller: school.map(|school| school.controller.clone()),
            scope_key: school.map(|school| scope_key(&school.issuer, self.period, group)),
            subject: person.map(|person| self.subject(person)),
            ..rejection
        };
        self.out.reject(rejection);
    }

    /// Tells of rows that were left out.
    pub(crate) fn too_many(&mut self, group: &str, of_child: &OfChild) {
        let Some((first, _)) = of_child.rows.first().filter(|_| of_child.left_out > 0) else { return };
        let message = "one pupil has more rows of a table than any pupil: some were not read, and nothing that stands of the pupil is \
                       taken back; look at the table, and export it again";
        let rejection = Rejection::of(Reason::RecordTooLarge, message, self.place(first), &[]);
        self.reject(group, Some(of_child.owner), None, rejection);
    }

    fn place(&self, row: &Stood) -> Place {
        let file = self.files.get(row.file as usize).cloned().unwrap_or_default();
        Place { file, line: row.line.into(), record: row.record.into(), byte_offset: 0, field: String::new() }
    }

    fn schools_with_pupils(&self) -> Vec<u32> {
        let mut schools: Vec<u32> = self.roll.persons.iter().map(|person| person.school).collect();
        schools.sort_unstable();
        schools.dedup();
        schools
    }
}

fn scope_key(issuer: &str, period: Period, group: &str) -> String {
    format!("{issuer}/school-census/{period}/{group}")
}

/// What two rows of one child and key are told apart by: nothing for the first, then `/2`, `/3`. Rows come in order of
/// content, so that the order of the file does not matter.
#[derive(Default)]
pub(crate) struct Ordinals {
    keys: Vec<(String, u32)>,
}

impl Ordinals {
    /// The key, made one of its own.
    pub(crate) fn tell_apart(&mut self, key: String) -> String {
        match self.keys.iter_mut().find(|(known, _)| *known == key) {
            Some((_, count)) => {
                *count += 1;
                format!("{key}/{count}")
            }
            None => {
                self.keys.push((key.clone(), 1));
                key
            }
        }
    }
}

/// A part of a key that comes from a row, in bounds.
pub(crate) fn key_part(text: &str) -> String {
    connector_kit::text::start(text, KEY_PART_CHARS_MAX)
}

/// Notes a date that cannot be right: before birth, or after the return was made.
pub(crate) fn plausible(
    date: &Date,
    field: &str,
    birth: Option<&Date>,
    latest: Option<&Date>,
    findings: &mut Vec<Finding>,
) {
    let early = birth.is_some_and(|birth| dates::rank(date) < dates::rank(birth));
    let late = latest.is_some_and(|latest| dates::rank(date) > dates::rank(latest));
    if early || late {
        findings.push(finding(FindingCode::DateImplausible, field));
    }
}

/// Notes an end before its start.
pub(crate) fn in_order(start: &Date, end: &Date, field: &str, findings: &mut Vec<Finding>) {
    if dates::rank(end) < dates::rank(start) {
        findings.push(finding(FindingCode::DatesOutOfOrder, field));
    }
}
