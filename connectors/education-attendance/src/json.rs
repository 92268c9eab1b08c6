//! A feed as JSON: a list of records, records under what they belong to, or a record a line.

use std::io::{BufRead, Read as _};

use connector_kit::text::TextReader;
use connector_kit::{Place, Rejection, SourceFile};
use proto::quarantine::Reason;
use serde_json::Value;

use crate::fields::Field;
use crate::rows::Row;
use crate::say::Register;

/// Longest document that is read, since it is held: two hundred schools' eight days are less.
const DOCUMENT_BYTES_MAX: usize = 64 << 20;
/// Longest line, where each is a record.
const LINE_BYTES_MAX: usize = 1 << 20;
/// How often over, for the length of a document, what stands around records is repeated for each: a school and a pupil around a
/// mark are some ten times as long as the mark.
const REPEATED_TIMES_MAX: usize = 64;
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
        Ok(value) => whole(&name, &value, document.len(), register),
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
                Ok(record) if record.is_object() => {
                    walk(&record, place, text.len(), Numbered::Lines, register);
                }
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

fn whole(name: &str, document: &Value, length: usize, register: &mut Register<'_>) {
    let place = Place { file: name.to_owned(), ..Place::default() };
    let records = walk(document, place, length, Numbered::Records, register);
    if records == 0 {
        register.speaker.out.reject(rejection(name, Reason::HeaderMissing, NO_RECORDS.to_owned(), 0, Vec::new()));
    }
}

/// Gives the register the records under a value, and how many they were.
fn walk(value: &Value, place: Place, length: usize, numbered: Numbered, register: &mut Register<'_>) -> u64 {
    let around = Row { place, ..Row::default() };
    let mut walk =
        Walk { register, numbered, records: 0, room: length.saturating_mul(REPEATED_TIMES_MAX), too_large: false };
    walk.under(value, &around, 0);
    walk.records
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
const NO_RECORD: &str = "a list of records holds something that is no record: it was not read; send the file again";
const TOO_DEEP: &str = "a list stands deeper in others than any real one: it was not read";
const TOO_MUCH_AROUND: &str = "each record has so much standing around it that it cannot all be repeated: nothing from here on was \
                               read; send a school's marks in a file of their own, or a record a line";
const NO_RECORDS: &str = "the file holds no records: a list of objects with a pupil, a date and a mark";

/// What numbers a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbered {
    /// Each is counted.
    Records,
    /// The line that it stands in, which is counted.
    Lines,
}

/// Takes the records under a value: the innermost objects, each with all that those around it say.
struct Walk<'r, 'o> {
    register: &'r mut Register<'o>,
    numbered: Numbered,
    records: u64,
    /// How many bytes of what stands around records may still be repeated.
    room: usize,
    too_large: bool,
}

impl Walk<'_, '_> {
    fn under(&mut self, value: &Value, around: &Row, depth: usize) {
        match value {
            _ if self.too_large => {}
            Value::Null => {}
            Value::Array(_) if depth >= DEPTH_MAX => self.refuse(around, value, Reason::RecordTooLarge, TOO_DEEP),
            Value::Array(list) => list.iter().for_each(|value| self.under(value, around, depth + 1)),
            Value::Object(_) => self.object(value, around, depth),
            _ => self.refuse(around, value, Reason::RecordMalformed, NO_RECORD),
        }
    }

    fn object(&mut self, value: &Value, around: &Row, depth: usize) {
        let repeated: usize = around.said.values().map(String::len).sum();
        let Some(room) = self.room.checked_sub(repeated) else {
            self.too_large = true;
            return self.refuse(around, &Value::Null, Reason::RecordTooLarge, TOO_MUCH_AROUND);
        };
        self.room = room;
        let mut row = Row { said: around.said.clone(), place: around.place.clone(), ..Row::default() };
        let mut lists = Vec::new();
        // What stands further in says more of the record than what stands around it.
        let mut own = Row::default();
        flatten(value, "", &mut own, &mut lists, depth);
        row.said.extend(own.said);
        self.register.made(row.get(Field::Made));
        if !lists.is_empty() {
            return lists.into_iter().for_each(|list| self.under(list, &row, depth + 1));
        }
        row.rest = own.rest;
        row.raw = value.to_string().into_bytes();
        self.count(&mut row.place);
        self.register.take(row);
    }

    fn refuse(&mut self, around: &Row, value: &Value, reason: Reason, message: &str) {
        let mut place = around.place.clone();
        self.count(&mut place);
        let raw = Some(value).filter(|value| !value.is_null()).map(|value| value.to_string().into_bytes());
        let raw = raw.filter(|raw| raw.len() <= LINE_BYTES_MAX).unwrap_or_default();
        let refused = rejection(&place.file, reason, message.to_owned(), place.line, raw);
        self.register.speaker.out.reject(Rejection { place, ..refused });
    }

    fn count(&mut self, place: &mut Place) {
        self.records += 1;
        if self.numbered == Numbered::Records {
            place.record = self.records;
            self.register.speaker.out.record();
        }
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
