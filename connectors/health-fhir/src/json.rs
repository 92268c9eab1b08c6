//! JSON to elements, entry by entry.

use std::collections::HashSet;
use std::io::{self, Read};

use connector_kit::tape::{Taped, is_too_large};
use struson::reader::{JsonReader, JsonStreamReader, ReaderError, ReaderSettings, ValueType};

use crate::document::{Broken, Document, Entries, Part, holds};
use crate::saying::fnv_1a;
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

/// Reads one document: a resource; a bundle, or another that holds resources, whose entries are given as they come; or a list of
/// resources, given so too.
pub(crate) fn read<R: Read>(source: R, tape: &Taped, entries: &mut dyn Entries) -> Result<Document, Broken> {
    let mut reader = JsonStreamReader::new_custom(tape.reading(source), settings());
    let is_list = match reader.peek()? {
        ValueType::Object => false,
        ValueType::Array => true,
        _ => return Err(Broken::NotAResource),
    };
    let start = place(&reader);
    let line = tape.line(start);
    let mut whole = Building::default();
    let mut root = Element::new("resource");
    let mut seen = Names::default();
    let mut streamed = false;
    if is_list {
        stream(&mut reader, tape, Held::List, (&mut whole, &mut root), entries)?;
        let trailing = reader.consume_trailing_whitespace().is_err();
        let whole = Part { element: whole.done(root), raw: Vec::new(), line, offset: start, odd: false };
        return Ok(Document { whole, trailing, is_list });
    }
    reader.begin_object()?;
    while reader.has_next()? {
        let name: Box<str> = reader.next_name()?.into();
        let is_new = seen.insert(&name);
        if !is_new {
            whole.flaw.get_or_insert(Flaw::NameTwice);
        }
        let held = match root.kind() {
            "" => (&*name == "entry").then_some(Held::PerhapsEntries),
            kind => (holds(kind) == Some(&name)).then_some(Held::Entries),
        };
        if let Some(held) = held.filter(|_| is_new)
            && matches!(reader.peek()?, ValueType::Array | ValueType::Object)
        {
            streamed = stream(&mut reader, tape, held, (&mut whole, &mut root), entries)?;
        } else {
            whole.member(&mut reader, name, 1, &mut root.children)?;
        }
    }
    reader.end_object()?;
    let end = place(&reader);
    settle(&mut root.children);
    let raw = if streamed { Vec::new() } else { tape.between(start, end) };
    let trailing = reader.consume_trailing_whitespace().is_err();
    Ok(Document { whole: Part { element: whole.done(root), raw, line, offset: start, odd: false }, trailing, is_list })
}

fn settings() -> ReaderSettings {
    ReaderSettings {
        max_nesting_depth: Some(NESTED_MAX),
        restrict_number_values: false,
        track_path: false,
        ..ReaderSettings::default()
    }
}

/// The resource of an entry, as it came.
pub(crate) fn resource_within(entry: &[u8]) -> Option<&[u8]> {
    let mut reader = JsonStreamReader::new_custom(entry, settings());
    reader.begin_object().ok()?;
    while reader.has_next().ok()? {
        let is_it = reader.next_name().ok()? == "resource";
        reader.peek().ok()?;
        let start = usize::try_from(place(&reader)).ok()?;
        reader.skip_value().ok()?;
        if is_it {
            return entry.get(start..usize::try_from(place(&reader)).ok()?);
        }
    }
    None
}

/// What stands where entries may.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    Entries,
    /// The document has not said yet what it is.
    PerhapsEntries,
    /// The document itself: resources without a bundle around them.
    List,
}

/// Gives the entries of a bundle as they come. Where the document has not said yet what it is, what its first entry holds says whether
/// it is one; of another the entries are members as any. Whether they were given.
fn stream<R: Read>(
    reader: &mut JsonStreamReader<R>,
    tape: &Taped,
    held: Held,
    (whole, head): (&mut Building, &mut Element),
    entries: &mut dyn Entries,
) -> Result<bool, Broken> {
    let mut is_bundle = (held != Held::PerhapsEntries).then_some(true);
    // One that stands where several may.
    let mut only = reader.peek()? == ValueType::Object;
    let is_array = !only;
    let mut is_first = true;
    if is_array {
        reader.begin_array()?;
    }
    while if is_array { reader.has_next()? } else { std::mem::take(&mut only) } {
        if is_bundle == Some(false) {
            whole.value(reader, "entry".into(), 1, &mut head.children)?;
            continue;
        }
        let kind = reader.peek()?;
        let start = place(reader);
        if is_bundle == Some(true) {
            tape.cut(start);
        }
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
        // Rows of something else are no resources, and are not refused one by one.
        if std::mem::take(&mut is_first) && held == Held::List && element.kind().is_empty() {
            return Err(Broken::NotAResource);
        }
        if is_bundle.is_none() {
            let of_bundle = |name: &&str| element.get(name).is_some();
            is_bundle = Some(["resource", "request", "response", "resourceType"].iter().any(of_bundle));
            if is_bundle == Some(false) {
                whole.flaw = whole.flaw.or(building.flaw);
                head.children.push(element);
                continue;
            }
            head.children.push(Element::of_value("resourceType", "Bundle"));
        }
        let raw = tape.between(start, place(reader));
        entries.entry(head, Part { element: building.done(element), raw, line, offset: start, odd: false })?;
    }
    if is_array {
        reader.end_array()?;
    }
    Ok(is_bundle == Some(true))
}

fn place<R: Read>(reader: &JsonStreamReader<R>) -> u64 {
    reader.current_position(false).data_pos.unwrap_or_default()
}

/// Names that an object has had, as hashes: most objects have few, and none is asked for its names again.
#[derive(Default)]
struct Names {
    few: Vec<u64>,
    many: HashSet<u64>,
}

/// Up to so many are looked through one by one.
const FEW: usize = 32;

impl Names {
    /// Whether it was not there before.
    fn insert(&mut self, name: &str) -> bool {
        let name = fnv_1a(name.as_bytes());
        if self.few.contains(&name) {
            return false;
        }
        if self.few.len() < FEW {
            self.few.push(name);
            return true;
        }
        self.many.insert(name)
    }
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
        let mut seen = Names::default();
        reader.begin_object()?;
        while reader.has_next()? {
            let name: Box<str> = reader.next_name()?.into();
            if !seen.insert(&name) {
                self.flaw.get_or_insert(Flaw::NameTwice);
            }
            self.member(reader, name, depth, &mut children)?;
        }
        reader.end_object()?;
        settle(&mut children);
        Ok(children)
    }

    fn member<R: Read>(
        &mut self,
        reader: &mut JsonStreamReader<R>,
        name: Box<str>,
        depth: usize,
        into: &mut Vec<Element>,
    ) -> Result<(), ReaderError> {
        // What the national examples say to their readers.
        if &*name == "fhir_comments" {
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
                self.value(reader, name.clone(), depth, into)?;
            }
        }
        reader.end_array()
    }

    fn value<R: Read>(
        &mut self,
        reader: &mut JsonStreamReader<R>,
        name: Box<str>,
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
        let mut element = Element { name, ..Element::default() };
        match reader.peek()? {
            ValueType::Object => {
                element.children = self.object(reader, depth + 1)?;
                if matches!(&*element.name, "resource" | "contained") && element.children.is_empty() {
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
