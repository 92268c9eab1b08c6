//! What is said of one child, and where.

use connector_kit::codes::CodeList;
use connector_kit::file_name::Authority;
use connector_kit::reading::{boolean, finding};
use connector_kit::{Draft, Output, Place, Rejection, dates};
use jiff::civil;
use proto::events::{Coded, Date, Event, Finding, FindingCode, SourceRecordKept, Subject};
use proto::quarantine::Reason;
use serde_json::{Map, Value};

use crate::child::text_of;

/// Codes are those of the present year, whatever it is.
const PRESENT: u16 = 2026;

/// A block of the data, as it is being read.
pub(crate) struct Block<'v> {
    pub(crate) fields: &'v Map<String, Value>,
    pub(crate) findings: Vec<Finding>,
    /// Names of the fields that were read.
    read: Vec<&'static str>,
}

impl<'v> Block<'v> {
    pub(crate) fn of(fields: &'v Map<String, Value>) -> Self {
        Self { fields, findings: Vec::new(), read: vec!["purge"] }
    }

    /// Whether the source takes the block back.
    pub(crate) fn is_purged(&self) -> bool {
        self.fields.get("purge").is_some_and(|purge| boolean(&text_of(purge), "purge").value == Some(true))
    }

    /// Fields of which nothing becomes anything.
    pub(crate) fn skip(&mut self, names: &[&'static str]) {
        self.read.extend(names);
    }

    /// The text of a field, "" where there is none.
    pub(crate) fn text(&mut self, name: &'static str) -> String {
        self.read.push(name);
        self.fields.get(name).map(text_of).unwrap_or_default()
    }

    pub(crate) fn filled(&mut self, name: &'static str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    pub(crate) fn date(&mut self, name: &'static str) -> Option<Date> {
        let text = self.text(name);
        dates::iso(&text, name).keep(&mut self.findings)
    }

    pub(crate) fn code(&mut self, list: &CodeList, name: &'static str) -> Option<Coded> {
        let text = self.text(name);
        list.keep(&text, PRESENT, name, &mut self.findings)
    }

    pub(crate) fn codes(&mut self, list: &CodeList, name: &'static str) -> Vec<Coded> {
        self.read.push(name);
        let stated = self.fields.get(name).and_then(Value::as_array).into_iter().flatten();
        let mut codes: Vec<Coded> =
            stated.filter_map(|code| list.keep(&text_of(code), PRESENT, name, &mut self.findings)).collect();
        // Their order means nothing.
        codes.sort_by(|a, b| a.code.cmp(&b.code));
        codes.dedup_by(|a, b| a.code == b.code);
        codes
    }

    pub(crate) fn flag(&mut self, name: &'static str) -> Option<bool> {
        let text = self.text(name);
        boolean(&text, name).keep(&mut self.findings)
    }

    pub(crate) fn number(&mut self, name: &'static str) -> Option<u32> {
        let text = self.text(name);
        let number = connector_kit::reading::integer(&text, name).keep(&mut self.findings)?;
        let usable = u32::try_from(number).ok();
        if usable.is_none() {
            self.findings.push(finding(FindingCode::ValueMalformed, name));
        }
        usable
    }

    /// The blocks of an array, or the one block where there is one.
    pub(crate) fn blocks(&mut self, name: &'static str) -> Vec<&'v Map<String, Value>> {
        self.read.push(name);
        match self.fields.get(name) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_object).collect(),
            Some(Value::Object(only)) => vec![only],
            _ => Vec::new(),
        }
    }

    /// Whether all of it could be read: what could not be is not gone.
    pub(crate) fn is_sound(&self) -> bool {
        let unread = [FindingCode::DateUnreadable, FindingCode::DateImplausible, FindingCode::ValueMalformed];
        !self.findings.iter().any(|finding| unread.contains(&finding.code()))
    }

    /// A second date that is before the first.
    pub(crate) fn in_order(&mut self, first: Option<Date>, second: Option<Date>, name: &str) {
        let both = first.as_ref().and_then(day).zip(second.as_ref().and_then(day));
        if both.is_some_and(|(first, second)| second < first) {
            self.findings.push(finding(FindingCode::DatesOutOfOrder, name));
        }
    }

    /// Fields that no event has a place for.
    fn further(&self) -> Map<String, Value> {
        let unread = self.fields.iter().filter(|(name, value)| !self.read.contains(&name.as_str()) && !value.is_null());
        unread.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// Says what becomes of one child.
pub(crate) struct Voice<'a> {
    pub(crate) authority: Authority,
    pub(crate) subject: Subject,
    pub(crate) scope_key: String,
    pub(crate) place: Place,
    pub(crate) raw: &'a str,
    pub(crate) odd_text: bool,
    /// Something of it could not be taken.
    pub(crate) rejected: bool,
    pub(crate) out: &'a mut dyn Output,
}

impl Voice<'_> {
    /// The key of a thing of this child.
    pub(crate) fn key(&self, thing: &str) -> String {
        format!("{}/{thing}", self.subject.value)
    }

    /// A thing that has parts: all of them are told, or it is only named.
    pub(crate) fn part(&mut self, key: &str, told: bool) {
        self.out.part(&self.scope_key, key, told);
    }

    pub(crate) fn say(
        &mut self,
        table: &'static str,
        (key, ordinal): (&str, u32),
        on: Date,
        mut findings: Vec<Finding>,
        event: impl Into<Event>,
    ) {
        if self.odd_text {
            findings.push(finding(FindingCode::TextOdd, ""));
        }
        self.out.draft(Draft {
            subject: self.subject.clone(),
            controller: self.authority.social_care(),
            scope_key: Some(self.scope_key.clone()),
            table,
            record_key: key.to_owned(),
            ordinal,
            effective: dates::on(on),
            observed_at_us: None,
            version: None,
            findings,
            third_parties: Vec::new(),
            clears: Vec::new(),
            event: event.into(),
            place: self.place.clone(),
        });
    }

    /// What of a block is of no event, as it came.
    pub(crate) fn keep(&mut self, table: &'static str, key: &str, on: Date, block: &Block<'_>) {
        let further = block.further();
        if !further.is_empty() {
            self.keep_whole(table, &format!("{key}/kept"), on, &Value::Object(further));
        }
    }

    /// A block that has no place at all.
    pub(crate) fn keep_whole(&mut self, table: &'static str, key: &str, on: Date, value: &Value) {
        let event = SourceRecordKept {
            record_type: Some(table.to_owned()),
            media_type: Some("application/json".to_owned()),
            content: Some(value.to_string()),
        };
        self.say(table, (key, 0), on, vec![finding(FindingCode::NotMapped, "")], event);
    }

    /// A block that cannot be placed, or has no id.
    pub(crate) fn reject(&mut self, reason: Reason, table: &str, field: &str) {
        let what = match reason {
            Reason::DateMissing => format!("{table} has no {field} that can be read, and cannot be placed"),
            _ => format!("{table} has no {field}, and could not be told from another"),
        };
        self.rejected = true;
        let rejection = Rejection {
            reason,
            message: format!("{what}: put it right and send the child again; the rest was taken"),
            place: Place { field: field.to_owned(), ..self.place.clone() },
            controller: Some(self.authority.social_care()),
            raw: self.raw.as_bytes().to_vec(),
            scope_key: Some(self.scope_key.clone()),
            subject: Some(self.subject.clone()),
        };
        self.out.reject(rejection);
    }
}

pub(crate) fn day(date: &Date) -> Option<civil::Date> {
    let (month, day) = (date.month?.try_into().ok()?, date.day?.try_into().ok()?);
    civil::Date::new(date.year.try_into().ok()?, month, day).ok()
}
