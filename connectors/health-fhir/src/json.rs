//! JSON to elements, entry by entry.

use std::collections::HashSet;
use std::io::{self, Read};

use struson::reader::{JsonReader, JsonStreamReader, ReaderError, ReaderSettings, ValueType};

use crate::document::{Broken, Document, Entries, Part};
use crate::tape::{Taped, is_too_large};
use crate::tree::{DEPTH_MAX, ELEMENTS_MAX, Element, Flaw, settle};

/// Deeper than this the reader itself stops: what is between is passed over within its entry.
const NESTED_MAX: u32 = 1_000;

impl From<ReaderError> for Broken {
    fn from(error: ReaderError) -> Self {
        match error {
            ReaderError::IoError { error, .. } if is_too_large(&error) => Self::TooLarge,
            ReaderError::IoError { error, .. } if error.kind() == io::ErrorKind::UnexpectedEof => Self::CutShort,
            ReaderError::IoError { .. } => Self::Unread,
            ReaderError::MaxNestingDepthExceeded { .. } => Self::TooDeep,
            ReaderError::SyntaxError(error) if error.kind == struson::reader::SyntaxErrorKind::IncompleteDocument => {
                Self::CutShort
            }
            _ => Self::Syntax,
        }
    }
}

/// Reads one document: a resource, or a bundle whose entries are given as they come.
pub(crate) fn read<R: Read>(source: R, tape: &Taped, entries: &mut dyn Entries) -> Result<Document, Broken> {
    let settings = ReaderSettings {
        max_nesting_depth: Some(NESTED_MAX),
        restrict_number_values: false,
        track_path: false,
        ..ReaderSettings::default()
    };
    let mut reader = JsonStreamReader::new_custom(tape.reading(source), settings);
    if reader.peek()? != ValueType::Object {
        return Err(Broken::NotAResource);
    }
    let start = place(&reader);
    let line = tape.line(start);
    let mut whole = Building::default();
    let mut root = Element::new("resource");
    let mut seen = HashSet::new();
    let mut streamed = false;
    reader.begin_object()?;
    while reader.has_next()? {
        let name = reader.next_name_owned()?;
        if name == "entry" && root.kind() == "Bundle" && reader.peek()? == ValueType::Array && !seen.contains("entry") {
            streamed = true;
            stream(&mut reader, tape, &root, entries)?;
        } else {
            whole.member(&mut reader, &name, 1, &mut root.children)?;
        }
        if !seen.insert(name) {
            whole.flaw.get_or_insert(Flaw::NameTwice);
        }
    }
    reader.end_object()?;
    let end = place(&reader);
    settle(&mut root.children);
    let raw = if streamed { Vec::new() } else { tape.between(start, end) };
    let trailing = reader.consume_trailing_whitespace().is_err();
    Ok(Document { whole: Part { element: whole.done(root), raw, line, offset: start, odd: false }, trailing })
}

fn stream<R: Read>(
    reader: &mut JsonStreamReader<R>,
    tape: &Taped,
    head: &Element,
    entries: &mut dyn Entries,
) -> Result<(), Broken> {
    reader.begin_array()?;
    while reader.has_next()? {
        let kind = reader.peek()?;
        let start = place(reader);
        tape.cut(start);
        let line = tape.line(start);
        let mut building = Building::default();
        let element = match kind {
            ValueType::Object => Element { children: building.object(reader, 1)?, ..Element::new("entry") },
            _ => {
                reader.skip_value()?;
                building.flaw = Some(Flaw::ArrayInArray);
                Element::new("entry")
            }
        };
        let raw = tape.between(start, place(reader));
        entries.entry(head, Part { element: building.done(element), raw, line, offset: start, odd: false })?;
    }
    reader.end_array()?;
    Ok(())
}

fn place<R: Read>(reader: &JsonStreamReader<R>) -> u64 {
    reader.current_position(false).data_pos.unwrap_or_default()
}

#[derive(Default)]
struct Building {
    elements: usize,
    flaw: Option<Flaw>,
}

impl Building {
    fn done(self, element: Element) -> Result<Element, Flaw> {
        match self.flaw {
            None => Ok(element),
            Some(flaw) => Err(flaw),
        }
    }

    fn object<R: Read>(&mut self, reader: &mut JsonStreamReader<R>, depth: usize) -> Result<Vec<Element>, ReaderError> {
        let mut children = Vec::new();
        let mut seen: HashSet<Box<str>> = HashSet::new();
        reader.begin_object()?;
        while reader.has_next()? {
            let name: Box<str> = reader.next_name()?.into();
            self.member(reader, &name, depth, &mut children)?;
            if !seen.insert(name) {
                self.flaw.get_or_insert(Flaw::NameTwice);
            }
        }
        reader.end_object()?;
        settle(&mut children);
        Ok(children)
    }

    fn member<R: Read>(
        &mut self,
        reader: &mut JsonStreamReader<R>,
        name: &str,
        depth: usize,
        into: &mut Vec<Element>,
    ) -> Result<(), ReaderError> {
        // What the national examples say to their readers.
        if name == "fhir_comments" {
            return reader.skip_value();
        }
        if reader.peek()? != ValueType::Array {
            return self.value(reader, name, depth, into);
        }
        reader.begin_array()?;
        while reader.has_next()? {
            if reader.peek()? == ValueType::Array {
                self.flaw.get_or_insert(Flaw::ArrayInArray);
                reader.skip_value()?;
            } else {
                self.value(reader, name, depth, into)?;
            }
        }
        reader.end_array()
    }

    fn value<R: Read>(
        &mut self,
        reader: &mut JsonStreamReader<R>,
        name: &str,
        depth: usize,
        into: &mut Vec<Element>,
    ) -> Result<(), ReaderError> {
        self.elements += 1;
        let flaw = match () {
            () if self.elements > ELEMENTS_MAX => Some(Flaw::TooMany),
            () if depth >= DEPTH_MAX => Some(Flaw::TooDeep),
            () => None,
        };
        if flaw.is_some() {
            self.flaw = self.flaw.or(flaw);
            return reader.skip_value();
        }
        let mut element = Element::new(name);
        match reader.peek()? {
            ValueType::Object => {
                element.children = self.object(reader, depth + 1)?;
                if matches!(name, "resource" | "contained") && element.children.is_empty() {
                    return Ok(());
                }
            }
            ValueType::String => element.value = Some(reader.next_str()?.into()),
            ValueType::Number => element.value = Some(reader.next_number_as_str()?.into()),
            ValueType::Boolean => element.value = Some(if reader.next_bool()? { "true" } else { "false" }.into()),
            ValueType::Null => reader.next_null()?,
            ValueType::Array => reader.skip_value()?,
        }
        into.push(element);
        Ok(())
    }
}
