//! A feed as JSON: a list of records, records under what they belong to, or a record a line.

use std::io::{BufRead, Cursor, Read as _};

use connector_kit::text::TextReader;
use connector_kit::{Place, Rejection, SourceFile};
use proto::quarantine::Reason;
use serde_json::Value;

use crate::say::Register;
use crate::walk::{Numbered, RECORD_BYTES_MAX, Stop, Walk};

/// Reads the records of a file; what cannot be read is rejected. A record a line is read line by line, so that a line that is
/// broken costs itself and no other; anything else as one document after another.
pub(crate) fn read(file: SourceFile<'_>, register: &mut Register<'_>) {
    let SourceFile { name, bytes } = file;
    let place = Place { file: name, ..Place::default() };
    let of_file = |reason, message: &str| Rejection::of(reason, message, place.clone(), &[]);
    let text = match TextReader::open(bytes) {
        Ok(Ok(text)) => text,
        Ok(Err(unsupported)) => {
            let refused = of_file(Reason::EncodingUnsupported, &unsupported.to_string());
            return register.speaker.out.reject(refused);
        }
        Err(_) => return register.speaker.out.reject(of_file(Reason::FileUnreadable, &Stop::Unread.to_string())),
    };
    let mut lines = Lines { text, number: 0 };
    let (mut before, mut first) = (Vec::new(), Vec::new());
    let is_line = loop {
        match lines.next(&mut first) {
            Ok(true) if first.trim_ascii().is_empty() && before.len() < RECORD_BYTES_MAX => before.append(&mut first),
            Ok(true) => break is_record(&first),
            Ok(false) => return register.speaker.out.reject(of_file(Reason::FileUnreadable, "the file is empty")),
            Err(Stop::TooLarge) => break false,
            Err(stop) => return register.speaker.out.reject(of_file(stop.reason(), &stop.to_string())),
        }
    };
    if is_line {
        return by_line(&place, &mut lines, first, register);
    }
    before.append(&mut first);
    let document = Cursor::new(before).chain(lines.text);
    let walk = Walk::new(register, place.clone(), Numbered::Records);
    if walk.read(document, &Stop::Syntax.to_string()) == 0 {
        register.speaker.out.reject(of_file(Reason::HeaderMissing, NO_RECORDS));
    }
}

const NO_RECORDS: &str = "the file holds no records: a list of objects with a pupil, a date and a mark";
const NO_JSON: &str = "the line is no JSON: send the file again whole";

/// Whether a first line is a record by itself: an object without a list of others in it.
fn is_record(line: &[u8]) -> bool {
    let Ok(Value::Object(fields)) = serde_json::from_slice(line) else { return false };
    !fields.values().any(|value| value.as_array().is_some_and(|list| list.iter().any(Value::is_object)))
}

fn by_line(place: &Place, lines: &mut Lines<impl BufRead>, first: Vec<u8>, register: &mut Register<'_>) {
    let mut line = first;
    loop {
        let place = Place { line: lines.number, record: lines.number, ..place.clone() };
        let text = line.trim_ascii();
        if text.starts_with(b"{") {
            register.speaker.out.record();
            Walk::new(register, place.clone(), Numbered::Lines).read(text, NO_JSON);
        } else if !text.is_empty() {
            register.speaker.out.record();
            register.speaker.out.reject(Rejection::of(Reason::RecordMalformed, NO_JSON, place.clone(), text));
        }
        match lines.next(&mut line) {
            Ok(true) => {}
            Ok(false) => return,
            Err(stop) => {
                let place = Place { line: lines.number, record: lines.number, ..place };
                return register.speaker.out.reject(Rejection::of(stop.reason(), &stop.to_string(), place, &[]));
            }
        }
    }
}

/// The lines of a text, each in bounds.
struct Lines<R> {
    text: R,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// The next line with its end, in place of the last; of one that is too long, its beginning. False at the end of the text.
    fn next(&mut self, line: &mut Vec<u8>) -> Result<bool, Stop> {
        line.clear();
        self.number += 1;
        let read = (&mut self.text).take(RECORD_BYTES_MAX as u64 + 1).read_until(b'\n', line);
        let read = read.map_err(|_| Stop::Unread)?;
        if read > RECORD_BYTES_MAX { Err(Stop::TooLarge) } else { Ok(read > 0) }
    }
}
