//! What is said of one child, and where.

use std::collections::BTreeMap;

use connector_kit::file_name::Authority;
use connector_kit::reading::{Read, finding, finding_of_rule};
use connector_kit::{Draft, Output, Place, Rejection, dates, kept};
use jiff::civil;
use proto::events::{Coded, Date, Event, Finding, FindingCode, Subject};
use proto::quarantine::Reason;

use connector_kit::codes::CodeList;

use crate::held::Row;
use crate::reading::date;
use crate::tables::Table;

/// A year of the collection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Year {
    /// That of its last day.
    pub(crate) number: u16,
    /// 1 April.
    pub(crate) first: civil::Date,
    /// 31 March.
    pub(crate) last: civil::Date,
}

impl Year {
    pub(crate) fn of(number: u16) -> Self {
        let year = i16::try_from(number).unwrap_or(i16::MAX);
        let on = |year, month, day| civil::Date::new(year, month, day).unwrap_or(civil::Date::MAX);
        Self { number, first: on(year.saturating_sub(1), 4, 1), last: on(year, 3, 31) }
    }

    /// The year that a day lies in.
    pub(crate) fn with(on: civil::Date) -> u16 {
        let year = u16::try_from(on.year()).unwrap_or_default();
        if on.month() > 3 { year + 1 } else { year }
    }
}

/// The key of the scope that a table of a return states everything of.
pub(crate) fn scope_key(authority: Authority, year: u16, table: Table) -> String {
    format!("{}/ssda903/{year}/{}", authority.as_str(), table.name())
}

/// Findings of one record, as they are met.
#[derive(Clone, Default, Debug)]
pub(crate) struct Findings(pub(crate) Vec<Finding>);

impl Findings {
    /// `field` as the return writes it: "DECOM". `rule` is its number.
    pub(crate) fn broke(&mut self, code: FindingCode, field: &str, rule: &str) {
        self.0.push(finding_of_rule(code, field, &format!("ssda903/{rule}")));
    }

    fn keep<T>(&mut self, read: Read<T>, rule: &str) -> Option<T> {
        self.0.extend(read.finding.map(|finding| Finding { rule: Some(format!("ssda903/{rule}")), ..finding }));
        read.value
    }

    /// A date; one that cannot be read breaks this rule.
    pub(crate) fn date(&mut self, row: &Row<'_>, column: &str, rule: &str) -> Option<Date> {
        let read = date(row.get(column), &column.to_ascii_uppercase());
        self.keep(read, rule)
    }

    /// The same, where it is known to the day.
    pub(crate) fn day(&mut self, row: &Row<'_>, column: &str, rule: &str) -> Option<(Date, civil::Date)> {
        let date = self.date(row, column, rule)?;
        Some((date, dates::day(&date)?))
    }

    /// A code; one that is not of the year's list breaks this rule.
    pub(crate) fn code(
        &mut self,
        list: &CodeList,
        year: Year,
        row: &Row<'_>,
        column: &str,
        rule: &str,
    ) -> Option<Coded> {
        let (cell, field) = (row.get(column), column.to_ascii_uppercase());
        let read = list.read_leading(cell, year.number, &field);
        self.keep(read, rule)
    }

    /// 0 or 1, in the spellings of spreadsheets.
    pub(crate) fn flag(&mut self, row: &Row<'_>, column: &str, rule: &str) -> Option<bool> {
        let read = connector_kit::reading::boolean(row.get(column), &column.to_ascii_uppercase());
        self.keep(read, rule)
    }

    /// A number from 0 up.
    pub(crate) fn count(&mut self, row: &Row<'_>, column: &str, rule: &str) -> Option<u32> {
        let read = connector_kit::reading::integer(row.get(column), &column.to_ascii_uppercase());
        let number = self.keep(read, rule)?;
        let usable = u32::try_from(number).ok();
        if usable.is_none() {
            self.broke(FindingCode::ValueMalformed, &column.to_ascii_uppercase(), rule);
        }
        usable
    }
}

/// Says what becomes of one child's rows.
pub(crate) struct Voice<'a> {
    pub(crate) authority: Authority,
    pub(crate) subject: Subject,
    pub(crate) files: &'a [String],
    pub(crate) out: &'a mut dyn Output,
    /// How often each key was used, by year.
    used: BTreeMap<(u16, String), u32>,
}

impl<'a> Voice<'a> {
    pub(crate) fn new(authority: Authority, subject: Subject, files: &'a [String], out: &'a mut dyn Output) -> Self {
        Self { authority, subject, files, out, used: BTreeMap::new() }
    }

    /// A record's key: the child, what kind of record, and what it goes by. From the second of one key in a year on it is
    /// numbered: rows come in order of what they say.
    pub(crate) fn key(&mut self, year: Year, record: &str) -> String {
        let key = format!("{}/{record}", self.subject.value);
        let number = self.used.entry((year.number, key.clone())).and_modify(|number| *number += 1).or_insert(1);
        if *number == 1 { key } else { format!("{key}/{number}") }
    }

    /// One event of a record.
    pub(crate) fn say(
        &mut self,
        (row, year): (&Row<'_>, Year),
        (key, ordinal): (&str, u32),
        on: Date,
        findings: Vec<Finding>,
        event: impl Into<Event>,
    ) {
        self.out.draft(Draft {
            subject: self.subject.clone(),
            controller: self.authority.social_care(),
            scope_key: Some(scope_key(self.authority, year.number, row.table)),
            table: row.table.name(),
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
            place: self.place(row, ""),
        });
    }

    /// Columns of a row that have no place.
    pub(crate) fn keep(&mut self, at: (&Row<'_>, Year), key: &str, on: Date) {
        self.keep_with(at, key, on, None);
    }

    /// The same, with one of its own that no event says.
    pub(crate) fn keep_with(
        &mut self,
        (row, year): (&Row<'_>, Year),
        key: &str,
        on: Date,
        unsaid: Option<(&str, &str)>,
    ) {
        let further = unsaid.into_iter().chain(row.further.iter().copied());
        if let Some(event) = kept::columns(row.table.name(), further) {
            let findings = vec![finding(FindingCode::NotMapped, "")];
            self.say((row, year), (&format!("{key}/kept"), 0), on, findings, event);
        }
    }

    /// A row that is told in no other way.
    pub(crate) fn keep_row(&mut self, (row, year): (&Row<'_>, Year), key: &str, on: Date, findings: Findings) {
        if let Some(event) = kept::columns(row.table.name(), row.columns()) {
            self.say((row, year), (&format!("{key}/kept"), 0), on, findings.0, event);
        }
    }

    /// A row that cannot be placed.
    pub(crate) fn cannot_place(&mut self, (row, year): (&Row<'_>, Year), column: &str, rule: &str) {
        let field = column.to_ascii_uppercase();
        let message = format!(
            "{} has no {field} that can be read (ssda903/{rule}), and cannot be placed: put the date right and send the \
             return again",
            row.table.name()
        );
        self.without_date((row, year), field, message);
    }

    /// What a date would have said that is there and cannot be read is not gone because of that; the rest of the row is said.
    pub(crate) fn cannot_date(&mut self, (row, year): (&Row<'_>, Year), column: &str, rule: &str) {
        let field = column.to_ascii_uppercase();
        let message = format!(
            "{} has a {field} that cannot be read (ssda903/{rule}): the rest of it was taken, and nothing that stands of the child \
             in this table is taken back; put the date right and send the return again",
            row.table.name()
        );
        self.without_date((row, year), field, message);
    }

    /// A row with nothing but its child: a total or a note below the table, or one that was never filled in.
    pub(crate) fn says_nothing(&mut self, at: (&Row<'_>, Year)) {
        let message = "nothing but CHILD stands in the row: take it out if it is a total or a note, else fill it in, and send the \
                       return again";
        self.reject(at, Reason::RecordMalformed, "CHILD".to_owned(), message.to_owned());
    }

    fn without_date(&mut self, at: (&Row<'_>, Year), field: String, message: String) {
        self.reject(at, Reason::DateMissing, field, message);
    }

    fn reject(&mut self, (row, year): (&Row<'_>, Year), reason: Reason, field: String, message: String) {
        let rejection = Rejection {
            reason,
            message,
            place: self.place(row, &field),
            controller: Some(self.authority.social_care()),
            raw: row.line(),
            scope_key: Some(scope_key(self.authority, year.number, row.table)),
            subject: Some(self.subject.clone()),
            digest: None,
        };
        self.out.reject(rejection);
    }

    fn place(&self, row: &Row<'_>, field: &str) -> Place {
        Place {
            file: self.files.get(row.file).cloned().unwrap_or_default(),
            line: row.place.line,
            record: row.place.record,
            byte_offset: row.place.byte_offset,
            field: field.to_owned(),
        }
    }
}
