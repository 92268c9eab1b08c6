//! A feed as JSON: a list of records, records under what they belong to, or a record a line.

use std::io::{BufRead, Read as _};

use connector_kit::text::TextReader;
use connector_kit::{Place, Rejection, SourceFile};
use proto::quarantine::Reason;
use serde_json::Value;

use crate::fields::Field;
use crate::rows::{Row, Rows};
use crate::say::Register;

/// Longest document that is read, since it is held: two hundred schools' eight days are less.
const DOCUMENT_BYTES_MAX: usize = 64 << 20;
/// Longest line, where each is a record.
const LINE_BYTES_MAX: usize = 1 << 20;
/// Deepest list of records in another.
const DEPTH_MAX: usize = 16;

/// Reads the records of a file; what cannot be read is rejected. A record a line is read line by line; anything else is one
/// document, and held.
pub(crate) fn read(file: SourceFile<'_>, register: &mut Register<'_>) {
    let SourceFile { name, bytes } = file;
    let of_file = |reason, message: String| rejection(&name, reason, message, 0, Vec::new());
    let mut text = match TextReader::open(bytes) {
        Ok(Ok(text)) => text,
        Ok(Err(unsupported)) => {
            register.speaker.out.reject(of_file(Reason::EncodingUnsupported, unsupported.to_string()));
            return;
        }
        Err(_) => {
            register.speaker.out.reject(of_file(Reason::FileUnreadable, UNREAD.to_owned()));
            return;
        }
    };
    let mut lines = Lines { text: &mut text, number: 0 };
    let mut first = String::new();
    let begun = loop {
        match lines.next(&mut first, DOCUMENT_BYTES_MAX) {
            Ok(true) if first.trim().is_empty() => {}
            Ok(any) => break any,
            Err(unread) => {
                register.speaker.out.reject(of_file(unread.reason(), unread.to_string()));
                return;
            }
        }
    };
    if !begun {
        register.speaker.out.reject(of_file(Reason::FileUnreadable, "the file is empty".to_owned()));
        return;
    }
    if serde_json::from_str::<Value>(first.trim()).is_ok_and(|value| is_record(&value)) {
        by_line(&name, &mut lines, first, register);
        return;
    }
    let mut document = first;
    let mut line = String::new();
    loop {
        match lines.next(&mut line, DOCUMENT_BYTES_MAX.saturating_sub(document.len())) {
            Ok(true) => document.push_str(&line),
            Ok(false) => break,
            Err(unread) => {
                register.speaker.out.reject(of_file(unread.reason(), unread.to_string()));
                return;
            }
        }
    }
    match serde_json::from_str::<Value>(document.trim()) {
        Ok(value) => whole(&name, &value, register),
        Err(error) => {
            // The document is told of once, where it breaks, and not line by line.
            let message = "the file is no JSON from this line on, or breaks off: send it again whole".to_owned();
            let line = u64::try_from(error.line()).unwrap_or(0);
            let raw = document.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
            register.speaker.out.record();
            register.speaker.out.reject(rejection(
                &name,
                Reason::RecordMalformed,
                message,
                line,
                raw.as_bytes().to_vec(),
            ));
        }
    }
}

/// Whether a first line is a record by itself: an object without a list of others in it.
fn is_record(value: &Value) -> bool {
    value.as_object().is_some_and(|fields| {
        !fields.values().any(|value| value.as_array().is_some_and(|list| list.iter().any(Value::is_object)))
    })
}

fn by_line(name: &str, lines: &mut Lines<'_, impl BufRead>, first: String, register: &mut Register<'_>) {
    let mut line = first;
    loop {
        let text = line.trim();
        if !text.is_empty() {
            register.speaker.out.record();
            let place = Place { file: name.to_owned(), line: lines.number, record: lines.number, ..Place::default() };
            match serde_json::from_str::<Value>(text) {
                Ok(record) if record.is_object() => give(&record, place, register),
                _ => {
                    let message = "the line is no JSON: send the file again whole".to_owned();
                    let raw = text.as_bytes().to_vec();
                    register.speaker.out.reject(rejection(name, Reason::RecordMalformed, message, lines.number, raw));
                }
            }
        }
        match lines.next(&mut line, LINE_BYTES_MAX) {
            Ok(true) => {}
            Ok(false) => return,
            Err(unread) => {
                let message = unread.to_string();
                register.speaker.out.reject(rejection(name, unread.reason(), message, lines.number, Vec::new()));
                return;
            }
        }
    }
}

fn whole(name: &str, document: &Value, register: &mut Register<'_>) {
    let mut rows = Rows::default();
    under(
        document,
        &Row { place: Place { file: name.to_owned(), ..Place::default() }, ..Row::default() },
        &mut rows,
        0,
    );
    if rows.rows.is_empty() {
        register.speaker.out.reject(rejection(name, Reason::HeaderMissing, NO_RECORDS.to_owned(), 0, Vec::new()));
    }
    register.made(&rows.made);
    for (mut row, number) in rows.rows.into_iter().zip(1..) {
        row.place.record = number;
        register.speaker.out.record();
        register.take(row);
    }
}

fn give(record: &Value, place: Place, register: &mut Register<'_>) {
    let mut rows = Rows::default();
    under(record, &Row { place, ..Row::default() }, &mut rows, 0);
    register.made(&rows.made);
    rows.rows.into_iter().for_each(|row| register.take(row));
}

/// The lines of a text, each in bounds.
struct Lines<'t, R> {
    text: &'t mut R,
    number: u64,
}

/// Why a line could not be read.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum Unread {
    #[error("the file could not be read to its end: send it again")]
    Broken,
    #[error(
        "one document, or one line, is larger than is read: send a school's marks in a file of their own, or a record a line"
    )]
    TooLarge,
}

impl Unread {
    fn reason(self) -> Reason {
        match self {
            Self::Broken => Reason::FileUnreadable,
            Self::TooLarge => Reason::RecordTooLarge,
        }
    }
}

impl<R: BufRead> Lines<'_, R> {
    /// The next line with its end, in place of the last. False at the end of the text.
    fn next(&mut self, line: &mut String, bytes_max: usize) -> Result<bool, Unread> {
        line.clear();
        self.number += 1;
        let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
        let read = (&mut *self.text).take(limit).read_line(line).map_err(|_| Unread::Broken)?;
        if read > bytes_max { Err(Unread::TooLarge) } else { Ok(read > 0) }
    }
}

const UNREAD: &str = "the file could not be read to its end: send it again";
const NO_RECORDS: &str = "the file holds no records: a list of objects with a pupil, a date and a mark";

/// Collects the records under a value: the innermost objects, each with all that those around it say.
fn under(value: &Value, around: &Row, into: &mut Rows, depth: usize) {
    match value {
        Value::Array(list) if depth < DEPTH_MAX => list.iter().for_each(|value| under(value, around, into, depth + 1)),
        Value::Object(_) => {
            let mut row = Row { said: around.said.clone(), place: around.place.clone(), ..Row::default() };
            let mut lists = Vec::new();
            // What stands further in says more of the record than what stands around it.
            let mut own = Row::default();
            flatten(value, "", &mut own, &mut lists, depth);
            row.said.extend(own.said);
            row.rest = own.rest;
            if into.made.is_empty() {
                into.made = row.get(Field::Made).to_owned();
            }
            if lists.is_empty() {
                row.raw = value.to_string().into_bytes();
                row.rest.extend(around.rest.iter().cloned());
                into.rows.push(row);
            } else {
                row.rest.clear();
                lists.into_iter().for_each(|list| under(list, &row, into, depth + 1));
            }
        }
        _ => {}
    }
}

/// Takes an object's own values, and those of objects in it under both their names; lists of objects are left for later.
fn flatten<'v>(value: &'v Value, before: &str, row: &mut Row, lists: &mut Vec<&'v Value>, depth: usize) {
    let Value::Object(fields) = value else { return };
    for (name, value) in fields {
        let path = if name == "data" { before.to_owned() } else { format!("{before}{name}") };
        match value {
            Value::Array(list) if list.iter().any(Value::is_object) => lists.push(value),
            Value::Array(list) => row.take(&path, &list.iter().map(plain).collect::<Vec<_>>().join(" ")),
            Value::Object(_) if depth < DEPTH_MAX => flatten(value, &format!("{path}_"), row, lists, depth + 1),
            value => row.take(&path, &plain(value)),
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn rejection(name: &str, reason: Reason, message: String, line: u64, raw: Vec<u8>) -> Rejection {
    Rejection {
        reason,
        message,
        place: Place { file: name.to_owned(), line, record: line, ..Place::default() },
        controller: None,
        raw,
        scope_key: None,
        subject: None,
        digest: None,
    }
}
