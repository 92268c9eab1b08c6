//! What is said of one child, and where.

use connector_kit::codes::CodeList;
use connector_kit::file_name::Authority;
use connector_kit::reading::{Read, boolean, finding};
use connector_kit::{Draft, Output, Place, Rejection, dates};
use proto::events::{Coded, Date, Event, Finding, FindingCode, SourceRecordKept, Subject};
use proto::quarantine::Reason;
use serde_json::{Map, Value};

use crate::child::{part_of_key, text_of};

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

    /// Fields that were read and that no event says: they are kept.
    pub(crate) fn leave(&mut self, names: &[&str]) {
        self.read.retain(|name| !names.contains(name));
    }

    /// The text of a field, "" where there is none. A field that is no text is told, and kept with what has no place.
    pub(crate) fn text(&mut self, name: &'static str) -> String {
        match self.fields.get(name) {
            Some(Value::Array(_) | Value::Object(_)) => {
                self.findings.push(finding(FindingCode::ValueMalformed, name));
                String::new()
            }
            value => {
                self.read.push(name);
                value.map(text_of).unwrap_or_default()
            }
        }
    }

    pub(crate) fn filled(&mut self, name: &'static str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    pub(crate) fn date(&mut self, name: &'static str) -> Option<Date> {
        let text = self.text(name);
        if dates::stands_for_no_day(&text) {
            return None;
        }
        let iso = dates::iso(&text, name);
        let read = if iso.value.is_some() { iso } else { written(&text, name) };
        read.keep(&mut self.findings)
    }

    pub(crate) fn code(&mut self, list: &CodeList, name: &'static str) -> Option<Coded> {
        let text = self.text(name);
        list.keep_leading(&text, PRESENT, name, &mut self.findings)
    }

    pub(crate) fn codes(&mut self, list: &CodeList, name: &'static str) -> Vec<Coded> {
        self.read.push(name);
        // A list as a column of a database holds it: JSON as text.
        let unpacked = self.fields.get(name).and_then(Value::as_str).filter(|text| text.trim_start().starts_with('['));
        let unpacked = unpacked.and_then(|text| serde_json::from_str::<Value>(text).ok());
        let stated: Vec<String> = match unpacked.as_ref().or(self.fields.get(name)) {
            Some(Value::Array(codes)) => {
                // What is no text is told, and kept with all of the list.
                if codes.iter().any(|code| code.is_array() || code.is_object()) {
                    self.findings.push(finding(FindingCode::ValueMalformed, name));
                    self.read.pop();
                }
                codes.iter().map(text_of).collect()
            }
            // A list as one text.
            Some(Value::String(codes)) => codes.split([',', ';', ' ']).map(str::to_owned).collect(),
            Some(Value::Null) | None => Vec::new(),
            Some(_) => {
                self.findings.push(finding(FindingCode::ValueMalformed, name));
                self.read.pop();
                Vec::new()
            }
        };
        let mut codes: Vec<Coded> =
            stated.iter().filter_map(|code| list.keep(code, PRESENT, name, &mut self.findings)).collect();
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

    /// The blocks of an array, or the one block where there is one. Whether all that stands there is a block beside them.
    fn blocks(&mut self, name: &'static str) -> (Vec<&'v Map<String, Value>>, bool) {
        self.read.push(name);
        match self.fields.get(name) {
            Some(Value::Array(items)) => {
                let all = items.iter().all(|item| item.is_object() || item.is_null());
                (items.iter().filter_map(Value::as_object).collect(), all)
            }
            Some(Value::Object(only)) => (vec![only], true),
            Some(Value::Null) | None => (Vec::new(), true),
            Some(_) => (Vec::new(), false),
        }
    }

    /// Whether all of it could be read: what could not be is not gone.
    pub(crate) fn is_sound(&self) -> bool {
        let unread = [FindingCode::DateUnreadable, FindingCode::DateImplausible, FindingCode::ValueMalformed];
        !self.findings.iter().any(|finding| unread.contains(&finding.code()))
    }

    /// A second date that is before the first.
    pub(crate) fn in_order(&mut self, first: Option<Date>, second: Option<Date>, name: &str) {
        let both = first.as_ref().and_then(dates::day).zip(second.as_ref().and_then(dates::day));
        if both.is_some_and(|(first, second)| second < first) {
            self.findings.push(finding(FindingCode::DatesOutOfOrder, name));
        }
    }

    /// Whether some fields have no place.
    pub(crate) fn has_further(&self) -> bool {
        !self.further().is_empty()
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
    /// The thing that was last named and not told: what is said under its own key is only some of it.
    pub(crate) untold: Option<String>,
    pub(crate) out: &'a mut dyn Output,
}

impl Voice<'_> {
    /// The key of a thing of this child.
    pub(crate) fn key(&self, thing: &str) -> String {
        format!("{}/{thing}", self.subject.value)
    }

    /// The blocks of this name; what stands there and is none is given to quarantine.
    pub(crate) fn blocks<'v>(&mut self, block: &mut Block<'v>, name: &'static str) -> Vec<&'v Map<String, Value>> {
        self.list(block, name).0
    }

    /// The same, and whether the list is there and all of it could be read: only then is what it leaves out gone.
    pub(crate) fn list<'v>(
        &mut self,
        block: &mut Block<'v>,
        name: &'static str,
    ) -> (Vec<&'v Map<String, Value>>, bool) {
        let (blocks, all) = block.blocks(name);
        if !all {
            self.reject(Reason::RecordMalformed, name, "");
        }
        (blocks, all && block.fields.get(name).is_some_and(|list| !list.is_null()))
    }

    /// A thing that has parts: all of them are told, or it is only named.
    pub(crate) fn part(&mut self, key: &str, told: bool) {
        self.untold = (!told).then(|| key.to_owned());
        self.out.part(&self.scope_key, &self.subject, key, told);
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
            in_part: self.untold.as_deref() == Some(key),
            labels: Vec::new(),
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

    /// The same of a block that holds only what changed, each field by itself: another field that changes later stands beside it.
    pub(crate) fn keep_each(&mut self, table: &'static str, key: &str, on: Date, block: &Block<'_>) {
        for (name, value) in block.further() {
            let key = format!("{key}/changed/{}", part_of_key(&name));
            self.keep_whole(table, &key, on, &Value::Object([(name, value)].into_iter().collect()));
        }
    }

    /// A block that has no place at all.
    pub(crate) fn keep_whole(&mut self, table: &'static str, key: &str, on: Date, value: &Value) {
        let event = SourceRecordKept {
            record_type: Some(table.to_owned()),
            media_type: Some("application/json".to_owned()),
            content: Some(plain(value).to_string()),
        };
        self.say(table, (key, 0), on, vec![finding(FindingCode::NotMapped, "")], event);
    }

    /// A block that cannot be placed, or has no id.
    pub(crate) fn reject(&mut self, reason: Reason, table: &str, field: &str) {
        let what = match reason {
            // Most of these are blocks of which only what changed was sent.
            Reason::DateMissing => format!(
                "{table} has no {field} that can be read, and cannot be placed: if it is a partial block send the block whole, \
                 else put the date right,"
            ),
            _ if field.is_empty() => format!("{table} holds something that is no object: put it right"),
            _ => format!("{table} has no {field}, and could not be told from another: put it right"),
        };
        self.rejected = true;
        let rejection = Rejection {
            reason,
            message: format!("{what} and send the child again; the rest was taken"),
            place: Place { field: field.to_owned(), ..self.place.clone() },
            controller: Some(self.authority.social_care()),
            raw: self.raw.as_bytes().to_vec(),
            scope_key: Some(self.scope_key.clone()),
            subject: Some(self.subject.clone()),
            digest: None,
        };
        self.out.reject(rejection);
    }
}

/// The same value without what is null, its fields in order of their names: a system may leave them out, and turn them round.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut filled: Vec<_> = fields.iter().filter(|(_, value)| !value.is_null()).collect();
            filled.sort_by_key(|(name, _)| *name);
            filled.into_iter().map(|(name, value)| (name.clone(), plain(value))).collect()
        }
        Value::Array(items) => items.iter().filter(|item| !item.is_null()).map(plain).collect(),
        other => other.clone(),
    }
}

/// A date that is not written as the data have it.
fn written(text: &str, field: &str) -> Read<Date> {
    let read = dates::written(text, field);
    match read.value {
        Some(date) => Read::odd(date, FindingCode::ValueMalformed, field),
        None => read,
    }
}
