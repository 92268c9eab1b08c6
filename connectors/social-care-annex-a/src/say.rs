//! What is said of one subject, and where.

use std::collections::BTreeMap;

use connector_kit::file_name::Authority;
use connector_kit::reading::{Read, finding};
use connector_kit::{Draft, Output, Place, Rejection, dates, kept};
use proto::events::{Coded, Date, Event, Finding, FindingCode, Subject};
use proto::quarantine::Reason;

use crate::codes::{self, Values, is_blank};
use crate::rows::{Row, Sheet};
use crate::sheets::File;

/// What holds for a whole submission.
pub(crate) struct Of<'a> {
    pub(crate) authority: Authority,
    /// "2025-03".
    pub(crate) period: String,
    /// When the lists stood so.
    pub(crate) as_of_on: Date,
    pub(crate) files: &'a [File],
}

impl Of<'_> {
    pub(crate) fn scope_key(&self, table: &str) -> String {
        format!("{}/annex-a/{}/{table}", self.authority.as_str(), self.period)
    }
}

/// A row under its list's columns.
#[derive(Clone, Copy)]
pub(crate) struct At<'s> {
    pub(crate) sheet: &'s Sheet,
    pub(crate) row: &'s Row,
}

impl<'s> At<'s> {
    /// The cell of this column, "" where it is blank.
    pub(crate) fn get(self, name: &str) -> &'s str {
        let cell = self.sheet.columns.place(name).and_then(|place| self.row.cells.get(place));
        cell.map(|cell| cell.trim()).filter(|cell| !is_blank(cell)).unwrap_or_default()
    }

    pub(crate) fn text(self, name: &str) -> Option<String> {
        let text = self.get(name);
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Whether anything stands in it beside its id, and whose it is.
    pub(crate) fn says_something(&self) -> bool {
        let columns = &self.sheet.columns;
        let filled = |place: usize| self.row.cells.get(place).is_some_and(|cell| !is_blank(cell.trim()));
        let beside = |place: &usize| Some(*place) != columns.place("id") && Some(*place) != columns.authority;
        (0..self.row.cells.len()).filter(beside).any(filled)
    }

    /// Its columns of no event, with their headings.
    pub(crate) fn further(self) -> impl Iterator<Item = (&'s str, &'s str)> {
        self.sheet.columns.further.iter().filter_map(move |(heading, place)| {
            let cell = self.row.cells.get(*place)?.trim();
            (!is_blank(cell)).then_some((heading.as_str(), cell))
        })
    }
}

/// Reads cells, and gathers what is odd about them.
pub(crate) struct Reader<'s> {
    pub(crate) at: At<'s>,
    pub(crate) findings: Vec<Finding>,
    /// Cells that no event of the row says, with their headings: they are kept.
    pub(crate) left: Vec<(&'static str, &'s str)>,
}

impl<'s> Reader<'s> {
    pub(crate) fn of(at: At<'s>) -> Self {
        Self { at, findings: Vec::new(), left: Vec::new() }
    }

    pub(crate) fn date(&mut self, name: &str) -> Option<Date> {
        date(self.at.get(name), name).keep(&mut self.findings)
    }

    pub(crate) fn code(&mut self, values: &Values, name: &str) -> Option<Coded> {
        codes::read(values, self.at.get(name), name).keep(&mut self.findings)
    }

    pub(crate) fn required(&mut self, there: bool, name: &str) {
        if !there && self.at.get(name).is_empty() {
            self.findings.push(finding(FindingCode::FieldMissing, name));
        }
    }

    /// A value whose event is not said, since it has no day. One whose day cannot be read waits with its row.
    pub(crate) fn left_without(&mut self, dated: &str, (name, heading): (&str, &'static str)) {
        if self.at.get(dated).is_empty() {
            self.required(false, dated);
            self.left.push((heading, self.at.get(name)));
        }
    }

    /// A second date that is before the first.
    pub(crate) fn in_order(&mut self, first: Option<Date>, second: Option<Date>, name: &str) {
        let both = first.as_ref().and_then(dates::day).zip(second.as_ref().and_then(dates::day));
        if both.is_some_and(|(first, second)| second < first) {
            self.findings.push(finding(FindingCode::DatesOutOfOrder, name));
        }
    }

    pub(crate) fn count(&mut self, name: &str) -> Option<u32> {
        let read = connector_kit::reading::integer(self.at.get(name), name).keep(&mut self.findings)?;
        u32::try_from(read).ok()
    }
}

/// Says what becomes of one subject's rows.
pub(crate) struct Voice<'a> {
    pub(crate) of: &'a Of<'a>,
    pub(crate) subject: Subject,
    pub(crate) out: &'a mut dyn Output,
    pub(crate) used: BTreeMap<String, u32>,
}

impl Voice<'_> {
    /// A record's key, numbered from the second of one key on: rows come in order of what they say.
    pub(crate) fn key(&mut self, record: &str) -> String {
        let key = format!("{}/{record}", self.subject.value);
        let number = self.used.entry(key.clone()).and_modify(|number| *number += 1).or_insert(1);
        if *number == 1 { key } else { format!("{key}/{number}") }
    }

    pub(crate) fn say(
        &mut self,
        at: At<'_>,
        table: &'static str,
        (key, ordinal): (&str, u32),
        on: Date,
        findings: Vec<Finding>,
        event: impl Into<Event>,
    ) {
        self.out.draft(Draft {
            subject: self.subject.clone(),
            controller: self.of.authority.social_care(),
            scope_key: Some(self.of.scope_key(table)),
            table,
            record_key: key.to_owned(),
            ordinal,
            effective: dates::on(on),
            observed_at_us: None,
            version: None,
            findings,
            third_parties: Vec::new(),
            clears: Vec::new(),
            in_part: false,
            labels: Vec::new(),
            event: event.into(),
            place: self.place(at, ""),
        });
    }

    /// What of a row is of no event.
    pub(crate) fn keep<'c>(
        &mut self,
        at: At<'_>,
        key: &str,
        on: Date,
        columns: impl Iterator<Item = (&'c str, &'c str)>,
    ) {
        let list = at.sheet.columns.list.name;
        if let Some(event) = kept::columns(list, columns) {
            self.say(at, list, (&format!("{key}/kept"), 0), on, vec![finding(FindingCode::NotMapped, "")], event);
        }
    }

    pub(crate) fn cannot_place(&mut self, at: At<'_>, field: &str) {
        let message = format!(
            "a row of list {} has no date ({field}) that can be read, and cannot be placed: put it right and send the list \
             again",
            at.sheet.columns.list.number
        );
        self.without_date(at, field, message);
    }

    /// What a date would have said that is there and cannot be read is not gone because of that; the rest of the row is said.
    pub(crate) fn cannot_date(&mut self, at: At<'_>, field: &str) {
        let message = format!(
            "a row of list {} has a date ({field}) that cannot be read: the rest of it was taken, and nothing that stands of the \
             child in this list is taken back; put it right and send the list again",
            at.sheet.columns.list.number
        );
        self.without_date(at, field, message);
    }

    /// A row with nothing but its id: a total or a note below the list, or one that was never filled in.
    pub(crate) fn says_nothing(&mut self, at: At<'_>) {
        let message = format!(
            "nothing but the id stands in a row of list {}: take it out if it is a total or a note, else fill it in, and send the \
             list again",
            at.sheet.columns.list.number
        );
        self.reject(at, Reason::RecordMalformed, "id", message);
    }

    fn without_date(&mut self, at: At<'_>, field: &str, message: String) {
        self.reject(at, Reason::DateMissing, field, message);
    }

    fn reject(&mut self, at: At<'_>, reason: Reason, field: &str, message: String) {
        let list = at.sheet.columns.list;
        let rejection = Rejection {
            reason,
            message,
            place: self.place(at, field),
            controller: Some(self.of.authority.social_care()),
            raw: at.row.raw.clone(),
            scope_key: Some(self.of.scope_key(list.name)),
            subject: Some(self.subject.clone()),
            digest: None,
        };
        self.out.reject(rejection);
    }

    pub(crate) fn place(&self, at: At<'_>, field: &str) -> Place {
        place(self.of.files, at, field)
    }
}

pub(crate) fn place(files: &[File], at: At<'_>, field: &str) -> Place {
    Place {
        file: files.get(at.sheet.file).map(|file| file.name.clone()).unwrap_or_default(),
        line: at.row.line,
        record: at.row.record,
        byte_offset: at.row.byte_offset,
        field: field.to_owned(),
    }
}

/// A day however it was written; a spreadsheet's own number of a day where its format was lost, with a time behind it or not.
pub(crate) fn date(text: &str, field: &str) -> Read<Date> {
    let number = text
        .split_once('.')
        .filter(|(days, rest)| days.len() == 5 && days.bytes().chain(rest.bytes()).all(|byte| byte.is_ascii_digit()));
    dates::written(number.map_or(text, |(days, _)| days), field)
}
