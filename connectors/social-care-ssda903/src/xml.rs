//! The return as XML: `EXPSSDA903` with a `CHILD` for each child, who has a `HEADER` and `EPISODE`s.
//!
//! A part of a child is known by the fields that it holds, as a file is by its header; what the header itself says of
//! care leavers and of asylum is of those tables. One child is read at a time, and nothing is resolved but characters.

use std::io::BufRead;

use connector_kit::text::TextReader;
use connector_kit::{Output, Place, Rejection, SourceFile};
use proto::quarantine::Reason;
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::reading::{File, Row, RowPlace, of_file, row_of};
use crate::tables::{Table, canonical};

/// Most text of one child; real ones are some tens of kilobytes.
const CHILD_BYTES_MAX: usize = 1 << 20;
/// Deepest element; the return has five levels.
const DEPTH_MAX: usize = 16;

/// An element of a child: a field where it holds text, a part where it holds fields.
#[derive(Default, Debug)]
struct Element {
    name: String,
    text: String,
    parts: Vec<Element>,
}

enum Stop {
    End,
    Broken(&'static str),
}

/// Reads a file's rows.
pub(crate) fn read(number: usize, file: SourceFile<'_>, into: &mut File, rows: &mut Vec<Row>, out: &mut dyn Output) {
    let text = match TextReader::open(file.bytes) {
        Ok(Ok(text)) => text,
        Ok(Err(unsupported)) => {
            into.rejected.push(of_file(&into.name, Reason::EncodingUnsupported, unsupported.to_string()));
            return;
        }
        Err(_) => {
            let message = "the file could not be read to its end: send it again".to_owned();
            into.rejected.push(of_file(&into.name, Reason::FileUnreadable, message));
            return;
        }
    };
    let mut reader = Reader::from_reader(text);
    reader.config_mut().check_end_names = true;
    let mut record = 0;
    let mut buffer = Vec::new();
    let (mut depth, mut rooted) = (0usize, false);
    let stop = loop {
        buffer.clear();
        let offset = reader.buffer_position();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(start)) => {
                let name = start.local_name().as_ref().to_ascii_lowercase();
                match (depth, name.as_str()) {
                    (0, root) if root.ends_with("ssda903") => (depth, rooted) = (1, true),
                    (0, _) => {
                        break Stop::Broken("the root element is not that of the return on children looked after");
                    }
                    (_, "child") => {
                        record += 1;
                        out.record();
                        match child(&mut reader, name) {
                            Ok(child) => {
                                let place = RowPlace { line: 0, record, byte_offset: offset };
                                rows_of(&child, number, place, rows);
                            }
                            Err(broken) => {
                                break Stop::Broken(broken);
                            }
                        }
                    }
                    _ => depth += 1,
                }
            }
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::Text(text)) if depth > 0 && !text.trim_ascii().is_empty() => {
                into.odd_text = true;
            }
            Ok(Event::Eof) if rooted && depth == 0 => break Stop::End,
            Ok(Event::Eof) => break Stop::Broken("the file breaks off before its end"),
            Ok(_) => {}
            Err(_) => break Stop::Broken("the xml breaks here"),
        }
    };
    into.odd_text |= reader.get_ref().odd();
    into.tables = Table::ALL.to_vec();
    match stop {
        Stop::End => into.whole = true,
        Stop::Broken(what) => into.rejected.push(Rejection {
            place: Place { file: into.name.clone(), record, byte_offset: reader.buffer_position(), ..Place::default() },
            ..of_file(
                &into.name,
                Reason::FileUnreadable,
                format!("{what}: nothing from here on was read; send the whole file again"),
            )
        }),
    }
}

/// Reads a child to its end.
fn child<R: BufRead>(reader: &mut Reader<R>, name: String) -> Result<Element, &'static str> {
    let mut open = vec![Element { name, ..Element::default() }];
    let mut buffer = Vec::new();
    let began = reader.buffer_position();
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer).map_err(|_| "the xml breaks here")?;
        if reader.buffer_position().saturating_sub(began) > CHILD_BYTES_MAX as u64 || open.len() > DEPTH_MAX {
            return Err("a child longer or deeper than any real one");
        }
        match event {
            Event::Start(start) => {
                open.push(Element { name: start.local_name().as_ref().to_ascii_lowercase(), ..Element::default() });
            }
            Event::Empty(empty) => {
                let element = Element { name: empty.local_name().as_ref().to_ascii_lowercase(), ..Element::default() };
                if let Some(parent) = open.last_mut() {
                    parent.parts.push(element);
                }
            }
            Event::Text(text) => push(&mut open, &text),
            Event::CData(text) => push(&mut open, &text),
            Event::GeneralRef(reference) => {
                if let Ok(Some(character)) = reference.resolve_char_ref() {
                    push(&mut open, character.encode_utf8(&mut [0; 4]));
                } else if let Some(text) = quick_xml::escape::resolve_predefined_entity(&reference) {
                    push(&mut open, text);
                }
            }
            Event::End(_) => {
                let Some(done) = open.pop() else { return Err("the tags do not pair") };
                match open.last_mut() {
                    Some(parent) => parent.parts.push(done),
                    None => return Ok(done),
                }
            }
            Event::Eof => return Err("the file breaks off within a child"),
            _ => {}
        }
    }
}

fn push(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// A child's rows.
fn rows_of(child: &Element, file: usize, place: RowPlace, rows: &mut Vec<Row>) {
    let header = child.parts.iter().find(|part| part.name == "header");
    let own = fields(header.unwrap_or(child));
    let of_child: Vec<(String, String)> =
        own.iter().filter(|(name, _)| matches!(canonical(name), "child" | "dob" | "sex")).cloned().collect();
    let mut add = |table: Table, fields: &[(String, String)]| {
        let (cells, further) = row_of(table, fields);
        let raw = written(fields).into_bytes().into();
        rows.push(Row { table, file, place, cells, further, authority: None, year: None, raw });
    };
    // The header holds fields of other tables beside its own.
    let of = |table: Table| {
        let own = own.iter().filter(|(name, text)| !text.is_empty() && table.place_of(canonical(name)).is_some());
        own.cloned().collect::<Vec<_>>()
    };
    let mut header_fields = own.clone();
    for table in [Table::Oc3, Table::Uasc] {
        let told = of(table);
        let is_asylum = own.iter().any(|(name, text)| name == "uasc" && text == "1");
        header_fields.retain(|(name, _)| {
            Table::Header.knows(name) || table.place_of(canonical(name)).is_none() && name != "uasc"
        });
        if told.iter().any(|(name, _)| !matches!(canonical(name), "child" | "dob" | "sex"))
            || table == Table::Uasc && is_asylum
        {
            add(table, &told);
        }
    }
    let nested = header.into_iter().flat_map(|header| &header.parts).chain(&child.parts);
    for part in nested.filter(|part| part.name != "header" && !part.parts.is_empty()) {
        let own = fields(part);
        let mut all = own.clone();
        all.extend(of_child.iter().filter(|(name, _)| !own.iter().any(|(known, _)| known == name)).cloned());
        match Table::of_header(|column| all.iter().any(|(name, _)| name == column)) {
            Some(table) => {
                all.retain(|(name, _)| !matches!(name.as_str(), "sex" | "dob") || table.place_of(name).is_some());
                add(table, &all);
            }
            // Not a part that the return has: it stays with the child.
            None => {
                header_fields.extend(own.iter().map(|(name, text)| (format!("{}.{name}", part.name), text.clone())))
            }
        }
    }
    add(Table::Header, &header_fields);
}

/// The fields of a part, by name.
fn fields(part: &Element) -> Vec<(String, String)> {
    let leaves = part.parts.iter().filter(|field| field.parts.is_empty());
    leaves.map(|field| (field.name.clone(), field.text.trim().to_owned())).collect()
}

fn written(fields: &[(String, String)]) -> String {
    fields.iter().map(|(name, text)| format!("{}={text}\n", name.to_ascii_uppercase())).collect()
}
