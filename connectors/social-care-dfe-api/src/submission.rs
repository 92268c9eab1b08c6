//! One file, child by child.

use std::collections::HashSet;
use std::io::Read as _;

use connector_kit::file_name::{Authority, hints};
use connector_kit::{Draft, Output, Place, Rejection, Scope, SourceFile, dates, identifier, text};
use proto::events::{Date, Scheme, Subject};
use proto::quarantine::Reason;
use proto::sharing::FeedConfirmed;
use serde_json::Value;

use crate::child;
use crate::say::Voice;

/// Largest file that is read; one of a whole council is some tens of megabytes.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// Largest child; real ones are a few kilobytes.
const CHILD_BYTES_MAX: usize = 1 << 20;

/// Translates a file.
pub(crate) fn translate(given: Option<Authority>, file: SourceFile<'_>, out: &mut dyn Output) {
    let SourceFile { name, bytes } = file;
    let refuse = |out: &mut dyn Output, reason, message: String| {
        let place = Place { file: name.clone(), ..Place::default() };
        out.reject(Rejection {
            reason,
            message,
            place,
            controller: None,
            raw: Vec::new(),
            scope_key: None,
            subject: None,
        });
    };
    let mut held = Vec::new();
    if bytes.take(FILE_BYTES_MAX + 1).read_to_end(&mut held).is_err() {
        return refuse(out, Reason::FileUnreadable, "the file could not be read to its end: send it again".to_owned());
    }
    if held.len() as u64 > FILE_BYTES_MAX {
        let message = "the file is larger than any real one: send the children in several".to_owned();
        return refuse(out, Reason::RecordTooLarge, message);
    }
    let decoded = match text::decode(&held) {
        Ok(decoded) => decoded,
        Err(unsupported) => return refuse(out, Reason::EncodingUnsupported, unsupported.to_string()),
    };
    let Some(authority) = hints(&name).authority.or(given) else {
        let message = "nothing says whose children these are: put the authority's three digits into the file's name \
                       (878_2025-11-22.json), or name its social care alone in the connector's controllers";
        return refuse(out, Reason::SubjectMissing, message.to_owned());
    };
    drop(held);
    let on = hints(&name).on;
    let mut reading = Reading {
        authority,
        file: &name,
        text: &decoded.text,
        ids: HashSet::new(),
        record: 0,
        refused: false,
        is_list: false,
        out,
    };
    reading.children(decoded.odd);
    if let Some(on) = on.filter(|_| reading.is_list && !reading.refused) {
        reading.confirm(on);
    }
}

/// A child as it came, and where it begins in the text.
#[derive(Clone, Copy)]
struct Raw<'t> {
    text: &'t str,
    offset: usize,
}

struct Reading<'a> {
    authority: Authority,
    file: &'a str,
    text: &'a str,
    /// Children so far: one that stands twice contradicts itself.
    ids: HashSet<String>,
    record: u64,
    /// Something could not be taken.
    refused: bool,
    /// The file holds a list of children, and not one by itself.
    is_list: bool,
    out: &'a mut dyn Output,
}

impl Reading<'_> {
    /// Reads children one after another: those of an array, or each by itself, on lines of their own or not.
    fn children(&mut self, odd_text: bool) {
        let text = self.text;
        let mut at = text.len() - text.trim_start_matches(is_space).len();
        let in_array = text.get(at..).is_some_and(|rest| rest.starts_with('['));
        at += usize::from(in_array);
        self.is_list = in_array;
        loop {
            let rest = text.get(at..).unwrap_or_default();
            let next = rest.trim_start_matches(|c: char| is_space(c) || in_array && c == ',');
            at += rest.len() - next.len();
            if in_array && next.starts_with(']') {
                let beyond = next.get(1..).unwrap_or_default();
                if !beyond.trim_matches(is_space).is_empty() {
                    self.break_off(at + 1, "something stands behind the children: it was not read");
                }
                return;
            }
            if next.is_empty() && !in_array && self.record > 0 {
                return;
            }
            let mut values = serde_json::Deserializer::from_str(next).into_iter::<Value>();
            let Some(Ok(value)) = values.next() else {
                let message =
                    "the file is not json, or breaks off: nothing from here on was read; send the whole file again";
                return self.break_off(at, message);
            };
            let read = values.byte_offset();
            self.value(value, Raw { text: next.get(..read).unwrap_or_default(), offset: at }, odd_text);
            at += read;
        }
    }

    fn value(&mut self, value: Value, raw: Raw<'_>, odd_text: bool) {
        match value {
            Value::Object(mut fields) if !fields.contains_key("la_child_id") && fields.contains_key("children") => {
                match fields.remove("children") {
                    Some(Value::Array(children)) => {
                        self.is_list = true;
                        for child in children {
                            let text = child.to_string();
                            self.child(child, Raw { text: &text, offset: raw.offset }, odd_text);
                        }
                    }
                    _ => {
                        self.record += 1;
                        self.out.record();
                        self.refuse(raw, Reason::RecordMalformed, "children is no array: nothing was read", "children");
                    }
                }
            }
            child => self.child(child, raw, odd_text),
        }
    }

    /// Nothing from this place on is read.
    fn break_off(&mut self, at: usize, message: &str) {
        let rest = self.text.get(at..).unwrap_or_default();
        self.refused = true;
        self.out.reject(Rejection {
            reason: Reason::FileUnreadable,
            message: message.to_owned(),
            place: self.at(at, ""),
            controller: Some(self.authority.social_care()),
            raw: rest.bytes().take(CHILD_BYTES_MAX).collect(),
            scope_key: None,
            subject: None,
        });
    }

    fn child(&mut self, child: Value, raw: Raw<'_>, odd_text: bool) {
        self.record += 1;
        self.out.record();
        if raw.text.len() > CHILD_BYTES_MAX {
            return self.refuse(raw, Reason::RecordTooLarge, "a child larger than any real one: it was not read", "");
        }
        let Value::Object(fields) = child else {
            return self.refuse(raw, Reason::RecordMalformed, "a child is no object: it was not read", "");
        };
        let id = fields.get("la_child_id").map(child::text_of).unwrap_or_default();
        let subject = identifier::subject(Scheme::LaChildId, self.authority.as_str(), &id);
        if subject.value.is_empty() {
            let message = "a child has no la_child_id: give it one and send it again";
            return self.refuse(raw, Reason::SubjectMissing, message, "la_child_id");
        }
        if !self.ids.insert(subject.value.clone()) {
            let message = "another child of this file has the same la_child_id: the first was taken, this one was not";
            return self.refuse(raw, Reason::RecordMalformed, message, "la_child_id");
        }
        let scope_key = format!("{}/csc/{}", self.authority.as_str(), subject.value);
        self.out.scope(Scope { key: scope_key.clone(), as_of_us: None, sequence: 0 });
        let place = self.at(raw.offset, "");
        let mut voice = Voice {
            authority: self.authority,
            subject,
            scope_key,
            place,
            raw: raw.text,
            odd_text,
            rejected: false,
            out: &mut *self.out,
        };
        child::say(&mut voice, &fields);
        self.refused |= voice.rejected;
    }

    fn refuse(&mut self, raw: Raw<'_>, reason: Reason, message: &str, field: &str) {
        self.refused = true;
        let rejection = Rejection {
            reason,
            message: message.to_owned(),
            place: self.at(raw.offset, field),
            controller: Some(self.authority.social_care()),
            raw: raw.text.bytes().take(CHILD_BYTES_MAX).collect(),
            scope_key: None,
            subject: None,
        };
        self.out.reject(rejection);
    }

    /// Says of the feed that it was read whole: what it said before still stands. An empty list says no more than that.
    fn confirm(&mut self, on: Date) {
        let Some(at_us) = dates::start_of_day_us(&on) else { return };
        let controller = self.authority.social_care();
        let key = format!("{}/csc/feed", self.authority.as_str());
        // A day that is still to come is refused with its scope.
        self.out.scope(Scope { key: key.clone(), as_of_us: Some(at_us), sequence: 0 });
        let subject = Subject {
            scheme: Scheme::Organisation.into(),
            issuer: "throughline".to_owned(),
            value: controller.clone(),
        };
        let confirmed = FeedConfirmed {
            organisation: Some(controller.clone()),
            source: Some(crate::NAME.to_owned()),
            confirmed_at: Some(dates::timestamp(at_us)),
        };
        self.out.draft(Draft {
            subject,
            controller,
            scope_key: Some(key),
            table: "feed",
            record_key: "feed".to_owned(),
            ordinal: 0,
            effective: dates::on(on),
            observed_at_us: None,
            version: None,
            findings: Vec::new(),
            third_parties: Vec::new(),
            clears: Vec::new(),
            event: confirmed.into(),
            place: self.at(0, ""),
        });
    }

    /// Where a child stands.
    fn at(&self, offset: usize, field: &str) -> Place {
        Place {
            file: self.file.to_owned(),
            line: 0,
            record: self.record,
            byte_offset: offset as u64,
            field: field.to_owned(),
        }
    }
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}
