//! XML to elements, entry by entry. No document type is acted on, and no entity known but the five of XML itself.

use std::io::{BufReader, Read};

use connector_kit::tape::{Taped, Taping, is_too_large};
use quick_xml::Reader;
use quick_xml::errors::Error;
use quick_xml::events::{BytesStart, Event};

use crate::document::{Broken, Document, Entries, Part, holds};
use crate::tree::{DEPTH_MAX, ELEMENTS_MAX, Element, Flaw, kind_of};

type Source<R> = Reader<BufReader<Taping<R>>>;

fn broken(error: &Error) -> Broken {
    match error {
        Error::Io(error) if is_too_large(error) => Broken::TooLarge,
        Error::Io(_) => Broken::Unread,
        _ => Broken::Syntax,
    }
}

/// Reads one document: a resource, or a bundle whose entries are given as they come.
pub(crate) fn read<R: Read>(source: R, tape: &Taped, entries: &mut dyn Entries) -> Result<Document, Broken> {
    let mut reader = Reader::from_reader(BufReader::new(tape.reading(source)));
    let mut buffer = Vec::new();
    let (root, start, is_empty) = loop {
        buffer.clear();
        let start = reader.buffer_position();
        match reader.read_event_into(&mut buffer).map_err(|error| broken(&error))? {
            Event::Start(tag) => break (Tag::of(&tag), start, false),
            Event::Empty(tag) => break (Tag::of(&tag), start, true),
            Event::Eof => return Err(Broken::NotAResource),
            Event::Text(text) if !text.trim().is_empty() => return Err(Broken::NotAResource),
            _ => {}
        }
    };
    let kind = kind_of(&root.name);
    if !kind.starts_with(|first: char| first.is_ascii_uppercase()) {
        return Err(Broken::NotAResource);
    }
    let line = tape.line(start);
    let mut building = Building { reader, buffer, elements: 0, flaw: None, odd: false };
    let mut whole = Element { children: vec![Element::of_value("resourceType", kind)], ..Element::new("resource") };
    let held = holds(kind);
    if !is_empty {
        building.children(&mut whole, &root.name, 1, &mut |building, head, tag, start, is_empty| {
            if held != Some(&tag.name) {
                return Ok(Some(tag));
            }
            tape.cut(start);
            let line = tape.line(start);
            let outer =
                (building.flaw.take(), std::mem::take(&mut building.odd), std::mem::take(&mut building.elements));
            let element = building.element(tag, 1, is_empty)?;
            let raw = tape.between(start, building.reader.buffer_position());
            let flaw = std::mem::replace(&mut building.flaw, outer.0);
            let odd = std::mem::replace(&mut building.odd, outer.1);
            building.elements = outer.2;
            entries.entry(head, Part { element: flaw.map_or(Ok(element), Err), raw, line, offset: start, odd })?;
            Ok(None)
        })?;
    }
    let raw = if held.is_some() { Vec::new() } else { tape.between(start, building.reader.buffer_position()) };
    let trailing = building.trailing();
    let element = building.flaw.map_or(Ok(whole), Err);
    Ok(Document { whole: Part { element, raw, line, offset: start, odd: building.odd }, trailing, is_list: false })
}

/// The resource of an entry, as it came.
pub(crate) fn resource_within(entry: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::from_reader(entry);
    let (mut buffer, mut open, mut is_resource) = (Vec::new(), 0_usize, false);
    loop {
        buffer.clear();
        let start = usize::try_from(reader.buffer_position()).ok()?;
        match reader.read_event_into(&mut buffer).ok()? {
            Event::Start(tag) if is_resource => {
                let end = tag.to_end().into_owned();
                reader.read_to_end_into(end.name(), &mut Vec::new()).ok()?;
                return entry.get(start..usize::try_from(reader.buffer_position()).ok()?);
            }
            Event::Start(tag) => {
                open += 1;
                is_resource = open == 2 && tag.local_name().as_ref() == "resource";
            }
            Event::End(_) => open = open.checked_sub(1)?,
            Event::Eof => return None,
            _ => {}
        }
    }
}

/// A start tag.
struct Tag {
    name: String,
    attributes: Vec<Element>,
    value: Option<Box<str>>,
    entity_unknown: bool,
}

impl Tag {
    fn of(tag: &BytesStart<'_>) -> Self {
        let name = tag.local_name();
        let mut read =
            Self { name: name.as_ref().to_owned(), attributes: Vec::new(), value: None, entity_unknown: false };
        for attribute in tag.attributes().with_checks(false).flatten() {
            let Ok(value) = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0) else {
                read.entity_unknown = true;
                continue;
            };
            match attribute.key.as_ref() {
                "value" => read.value = Some(value.into()),
                "id" => read.attributes.push(Element::of_value("id", &value)),
                "url" => read.attributes.push(Element::of_value("url", &value)),
                _ => {}
            }
        }
        read
    }
}

struct Building<R: Read> {
    reader: Source<R>,
    buffer: Vec<u8>,
    elements: usize,
    flaw: Option<Flaw>,
    odd: bool,
}

/// What a start tag is used for: nothing (it was taken), or an element of the tree.
type Take<'t, R> = dyn FnMut(&mut Building<R>, &Element, Tag, u64, bool) -> Result<Option<Tag>, Broken> + 't;

impl<R: Read> Building<R> {
    fn element(&mut self, tag: Tag, depth: usize, is_empty: bool) -> Result<Element, Broken> {
        self.elements += 1;
        if tag.entity_unknown {
            self.flaw.get_or_insert(Flaw::EntityUnknown);
        }
        let flaw = match () {
            () if self.elements > ELEMENTS_MAX => Some(Flaw::TooMany),
            () if depth >= DEPTH_MAX => Some(Flaw::TooDeep),
            () => None,
        };
        let mut element = Element { name: tag.name.as_str().into(), value: tag.value, children: tag.attributes };
        if flaw.is_some() {
            self.flaw = self.flaw.or(flaw);
            if !is_empty {
                self.skip(&tag.name, false)?;
            }
        } else if tag.name == "div" {
            if !is_empty {
                element.value = self.skip(&tag.name, true)?.map(Into::into);
            }
        } else if !is_empty {
            self.children(&mut element, &tag.name, depth + 1, &mut |_, _, tag, _, _| Ok(Some(tag)))?;
        }
        Ok(if matches!(&*element.name, "resource" | "contained") { element.into_resource() } else { element })
    }

    /// What stands up to the end tag.
    fn children(&mut self, of: &mut Element, name: &str, depth: usize, take: &mut Take<'_, R>) -> Result<(), Broken> {
        loop {
            self.buffer.clear();
            let start = self.reader.buffer_position();
            let (tag, is_empty) = match self.reader.read_event_into(&mut self.buffer).map_err(|error| broken(&error))? {
                Event::Start(tag) => (Tag::of(&tag), false),
                Event::Empty(tag) => (Tag::of(&tag), true),
                Event::End(tag) if tag.local_name().as_ref() == name => return Ok(()),
                Event::End(_) => return Err(Broken::Syntax),
                Event::Eof => return Err(Broken::CutShort),
                Event::Text(text) => {
                    self.odd |= !text.trim().is_empty();
                    continue;
                }
                Event::CData(_) => {
                    self.odd = true;
                    continue;
                }
                Event::GeneralRef(_) => {
                    self.flaw.get_or_insert(Flaw::EntityUnknown);
                    continue;
                }
                _ => continue,
            };
            if let Some(tag) = take(self, of, tag, start, is_empty)? {
                let child = self.element(tag, depth, is_empty)?;
                if !child.is_empty() {
                    of.children.push(child);
                }
            }
        }
    }

    /// Passes over what stands up to the end tag; with its text, for a narrative.
    fn skip(&mut self, name: &str, with_text: bool) -> Result<Option<String>, Broken> {
        let mut open = 1_usize;
        let mut text = String::new();
        while open > 0 {
            self.buffer.clear();
            match self.reader.read_event_into(&mut self.buffer).map_err(|error| broken(&error))? {
                Event::Start(tag) => open += usize::from(tag.local_name().as_ref() == name),
                Event::End(tag) => open -= usize::from(tag.local_name().as_ref() == name),
                Event::Eof => return Err(Broken::CutShort),
                Event::Text(part) if with_text => text.push_str(&part),
                _ => {}
            }
        }
        Ok(with_text.then_some(text))
    }

    fn trailing(&mut self) -> bool {
        loop {
            self.buffer.clear();
            match self.reader.read_event_into(&mut self.buffer) {
                Ok(Event::Eof) => return false,
                Ok(Event::Comment(_) | Event::PI(_)) => {}
                Ok(Event::Text(text)) if text.trim().is_empty() => {}
                _ => return true,
            }
        }
    }
}
