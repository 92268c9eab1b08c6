//! A feed as JSON: a list of records, records under what they belong to, or a record a line.

use std::io::Read as _;

use connector_kit::text;
use connector_kit::{Output, Place, Rejection, SourceFile};
use proto::quarantine::Reason;
use serde_json::Value;

use crate::fields::Field;
use crate::rows::{Row, Rows};

/// Longest file that is read: two hundred schools' eight days are a tenth of it.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// Deepest list of records in another.
const DEPTH_MAX: usize = 16;

/// Reads the records of a file; what cannot be read is rejected.
pub(crate) fn read(file: SourceFile<'_>, out: &mut dyn Output) -> Rows {
    let mut rows = Rows::default();
    let SourceFile { name, bytes } = file;
    let mut content = Vec::new();
    let told = match bytes.take(FILE_BYTES_MAX + 1).read_to_end(&mut content) {
        Err(_) => Some((Reason::FileUnreadable, "the file could not be read to its end: send it again".to_owned())),
        Ok(read) if read as u64 > FILE_BYTES_MAX => Some((
            Reason::RecordTooLarge,
            format!("the file is larger than {FILE_BYTES_MAX} bytes: send a school's marks in a file of their own"),
        )),
        Ok(_) => None,
    };
    let of_file = |reason, message: String| rejection(&name, reason, message, 0, Vec::new());
    if let Some((reason, message)) = told {
        out.reject(of_file(reason, message));
        return rows;
    }
    let decoded = match text::decode(&content) {
        Ok(decoded) => decoded.text,
        Err(unsupported) => {
            out.reject(of_file(Reason::EncodingUnsupported, unsupported.to_string()));
            return rows;
        }
    };
    let decoded = decoded.trim();
    if let Ok(document) = serde_json::from_str::<Value>(decoded) {
        let place = Place { file: name.clone(), ..Place::default() };
        let count = rows.rows.len();
        under(&document, &Row { place, ..Row::default() }, &mut rows, 0);
        for (row, number) in rows.rows.iter_mut().skip(count).zip(1..) {
            row.place.record = number;
            out.record();
        }
        if rows.rows.is_empty() {
            out.reject(of_file(Reason::HeaderMissing, NO_RECORDS.to_owned()));
        }
        return rows;
    }
    for (line, number) in decoded.lines().zip(1..) {
        if line.trim().is_empty() {
            continue;
        }
        out.record();
        let place = Place { file: name.clone(), line: number, record: number, ..Place::default() };
        match serde_json::from_str::<Value>(line) {
            Ok(record) if record.is_object() => under(&record, &Row { place, ..Row::default() }, &mut rows, 0),
            _ => {
                let message = "the line, or the file, is no JSON: send the file again whole".to_owned();
                out.reject(rejection(&name, Reason::RecordMalformed, message, number, line.as_bytes().to_vec()));
            }
        }
    }
    if decoded.is_empty() {
        out.reject(of_file(Reason::FileUnreadable, "the file is empty".to_owned()));
    }
    rows
}

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
    }
}
