//! One file, child by child: no more of it is held than one child, and the ids of those before.

use std::collections::HashSet;
use std::io::{self, BufRead};

use connector_kit::file_name::{Authority, hints};
use connector_kit::text::{self, TextReader};
use connector_kit::{Draft, Output, Place, Rejection, Scope, SourceFile, dates, identifier};
use proto::events::{Date, Scheme, Subject};
use proto::quarantine::Reason;
use proto::sharing::FeedConfirmed;
use serde_json::Value;

use crate::child;
use crate::pieces::{Piece, Pieces};
use crate::say::Voice;

/// Largest child; real ones are a few kilobytes.
const CHILD_BYTES_MAX: usize = 1 << 20;

/// Translates a file.
pub(crate) fn translate(given: Option<Authority>, file: SourceFile<'_>, out: &mut dyn Output) {
    let SourceFile { name, bytes } = file;
    let hints = hints(&name);
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
            digest: None,
        });
    };
    let bytes = match plain(bytes) {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(unsupported)) => return refuse(out, Reason::EncodingUnsupported, unsupported.to_string()),
        Err(_) => return refuse(out, Reason::FileUnreadable, UNREAD.to_owned()),
    };
    let mut pieces = Pieces::new(bytes, CHILD_BYTES_MAX);
    let first = pieces.next();
    let authority = match pieces.la_code() {
        Some(stated) => Authority::parse(stated).filter(|own| hints.authority.is_none_or(|named| named == *own)),
        None => hints.authority.or(given),
    };
    let Some(authority) = authority else {
        let message = match pieces.la_code() {
            Some(_) => OF_ANOTHER,
            None => OF_NOBODY,
        };
        return refuse(out, Reason::SubjectMissing, message.to_owned());
    };
    let mut reading =
        Reading { authority, file: &name, ids: HashSet::new(), record: 0, refused: false, is_list: false, out };
    reading.children(first, pieces);
    if let Some(on) = hints.on.filter(|_| reading.is_list && !reading.refused) {
        reading.confirm(on);
    }
}

const OF_NOBODY: &str = "nothing says whose children these are: put the authority's three digits into the file's name \
                         (878_2025-11-22.json), or name its social care alone in the connector's controllers";
const OF_ANOTHER: &str = "la_code is no authority's three digits, or not those in the file's name: nothing was read; put right \
                          which of them is wrong, and send the file again";
const NO_TEXT: &str = "a child is no text: it was not read; export it as UTF-8, and send the child again";
const TOO_LARGE: &str = "a child larger than any real one: it was not read; see whether something stands in it over and over, \
                         or a document, and send the child again without that";
const NO_JSON: &str = "a child is not json: it was not read; put right where its braces, quotes and commas do not fit, and send \
                       the child again";
const NO_OBJECT: &str = "a child is no object: it was not read; send each child as an object with its la_child_id";
const UNREAD: &str = "the file could not be read to its end: send it again";

/// A file whose every byte below 128 is a character of its own: what is UTF-16 is decoded.
fn plain<'a>(
    mut bytes: Box<dyn BufRead + Send + 'a>,
) -> std::io::Result<Result<Box<dyn BufRead + 'a>, text::Unsupported>> {
    let start = bytes.fill_buf()?;
    let is_wide = start.iter().take(4).any(|byte| matches!(byte, 0 | 0xfe | 0xff));
    if !is_wide {
        return Ok(Ok(bytes));
    }
    Ok(TextReader::open(bytes)?.map(|text| -> Box<dyn BufRead + 'a> { Box::new(text) }))
}

/// A child as it came, and where it begins in the file.
#[derive(Clone, Copy)]
struct Raw<'t> {
    text: &'t str,
    offset: u64,
}

struct Reading<'a> {
    authority: Authority,
    file: &'a str,
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
    /// Reads children one after another.
    fn children<R: BufRead>(&mut self, first: io::Result<Piece>, mut pieces: Pieces<R>) {
        let mut piece = first;
        loop {
            self.is_list = pieces.is_list();
            match piece {
                Ok(Piece::End) => return,
                Ok(Piece::Child { bytes, offset, overran }) => self.piece(&bytes, offset, overran),
                Ok(Piece::Broken { message, offset, bytes }) => return self.break_off(offset, message, bytes),
                Err(_) => return self.break_off(0, UNREAD, Vec::new()),
            }
            piece = pieces.next();
        }
    }

    fn piece(&mut self, bytes: &[u8], offset: u64, overran: bool) {
        self.record += 1;
        self.out.record();
        let decoded = match text::decode(bytes) {
            Ok(decoded) => decoded,
            Err(_) => {
                let raw = Raw { text: "", offset };
                return self.refuse(raw, Reason::RecordMalformed, NO_TEXT, "");
            }
        };
        let raw = Raw { text: &decoded.text, offset };
        if overran {
            return self.refuse(raw, Reason::RecordTooLarge, TOO_LARGE, "");
        }
        match serde_json::from_str(&decoded.text) {
            Ok(child) => self.child(child, raw, decoded.odd),
            Err(_) => self.refuse(raw, Reason::RecordMalformed, NO_JSON, ""),
        }
    }

    /// Nothing from this place on is read.
    fn break_off(&mut self, offset: u64, message: &str, bytes: Vec<u8>) {
        self.refused = true;
        self.out.reject(Rejection {
            reason: Reason::FileUnreadable,
            message: message.to_owned(),
            place: self.at(offset, ""),
            controller: Some(self.authority.social_care()),
            raw: bytes,
            scope_key: None,
            subject: None,
            digest: None,
        });
    }

    fn child(&mut self, child: Value, raw: Raw<'_>, odd_text: bool) {
        let Value::Object(fields) = child else {
            return self.refuse(raw, Reason::RecordMalformed, NO_OBJECT, "");
        };
        if !fields.contains_key("la_child_id") && fields.contains_key("children") {
            let message = "children is no array: nothing of it was read; send a list of children, and the file again";
            return self.refuse(raw, Reason::RecordMalformed, message, "children");
        }
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
            untold: None,
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
            digest: None,
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
            in_part: false,
            labels: Vec::new(),
            event: confirmed.into(),
            place: self.at(0, ""),
        });
    }

    /// Where a child stands.
    fn at(&self, offset: u64, field: &str) -> Place {
        Place { file: self.file.to_owned(), line: 0, record: self.record, byte_offset: offset, field: field.to_owned() }
    }
}
