//! The return as XML: `EXPSSDA903` with a `CHILD` for each child, who has a `HEADER` and `EPISODE`s.
//!
//! A part of a child is known by the fields that it holds, as a file is by its header; what the header itself says of
//! care leavers, adopters and asylum is of those tables. One child is read at a time, and nothing is resolved but characters.

use std::io::{self, BufRead};

use connector_kit::xml::{Element, Records, Shape, Start, Step, Whole};
use connector_kit::{Output, Place, Rejection, SourceFile};
use proto::quarantine::Reason;

use crate::held::{Layout, RowPlace, Rows};
use crate::reading::{File, cells_of, is_none, of_file};
use crate::tables::{Table, canonical, is_of_the_return};

const SHAPE: Shape = Shape { roots: &["expssda903", "ssda903"], holders: &["children"], records: &["child"] };

/// Where the rows of an XML file go.
struct Into<'a> {
    number: usize,
    rows: &'a mut Rows,
    /// By table, its layout, once it is used.
    layouts: Vec<(Table, u32)>,
}

/// Reads a file's rows.
///
/// # Errors
/// When the disk does not take them.
pub(crate) fn read(
    number: usize,
    file: SourceFile<'_>,
    into: &mut File,
    rows: &mut Rows,
    out: &mut dyn Output,
) -> io::Result<()> {
    into.tables = Table::ALL.to_vec();
    let mut records = match Records::open(file.bytes, SHAPE) {
        Ok(records) => records,
        Err(broken) => {
            into.rejected.file((), of_file(&into.name, broken.reason(), broken.to_string()));
            return Ok(());
        }
    };
    let mut to = Into { number, rows, layouts: Vec::new() };
    let mut record = 0;
    loop {
        let (whole, at) = match records.step() {
            Ok(Step::Ended) => {
                into.whole = true;
                return Ok(());
            }
            Ok(Step::StrayText) => {
                into.odd_text = true;
                continue;
            }
            Ok(Step::Section(whole) | Step::Record(whole)) => (whole, records.began()),
            Err(broken) => {
                let message = broken.told("nothing from here on was read; send the whole file again");
                let place = place(&into.name, record, records.here());
                into.rejected.file((), Rejection { place, ..of_file(&into.name, broken.reason(), message) });
                return Ok(());
            }
        };
        record += 1;
        out.record();
        let child = records.record().filter(|element| whole == Whole::Yes && element.key() == "child");
        into.odd_text |= records.replaced() || child.is_some_and(|child| child.is_odd());
        match child {
            Some(child) if child.each("header").nth(1).is_some() => {
                let rejection = refused(&records, &into.name, record, Reason::RecordMalformed, TWO_HEADERS);
                if !into.rejected.row((), rejection) {
                    return Ok(());
                }
            }
            Some(child) => to.child(into, child, RowPlace { line: at.line, record, byte_offset: at.offset })?,
            None => {
                if !into.rejected.row((), unread(&records, &into.name, record, whole)) {
                    return Ok(());
                }
            }
        }
    }
}

/// Two children run together, most likely: nobody knows whose the episodes are.
const TWO_HEADERS: &str = "a CHILD holds more than one HEADER: it was not read, since nobody knows whose its parts are; give each child a \
                           CHILD with one HEADER, and send the return again";

/// What stands where children do and is none that can be read.
fn unread<R: BufRead>(records: &Records<R>, name: &str, record: u64, whole: Whole) -> Rejection {
    let (reason, message) = match whole {
        Whole::TooLarge => (
            Reason::RecordTooLarge,
            "a child longer or deeper than any real one: it was not read; see whether an end tag before it is missing, and send \
             the return again",
        ),
        Whole::Unpaired => (
            Reason::RecordMalformed,
            "the tags of a child do not pair: it was not read; put right the one that is missing or misspelt, and send the return \
             again",
        ),
        Whole::Yes => (
            Reason::RecordMalformed,
            "something that is no child stands among the children: it was not read; take it out, and send the return again",
        ),
    };
    refused(records, name, record, reason, message)
}

fn refused<R: BufRead>(records: &Records<R>, name: &str, record: u64, reason: Reason, message: &str) -> Rejection {
    let place = place(name, record, records.began());
    Rejection { place, raw: records.raw().to_vec(), ..of_file(name, reason, message.to_owned()) }
}

fn place(name: &str, record: u64, at: Start) -> Place {
    Place { file: name.to_owned(), record, line: at.line, byte_offset: at.offset, ..Place::default() }
}

impl Into<'_> {
    /// No part has a column of whose it is: none is refused.
    fn add(&mut self, file: &mut File, table: Table, place: RowPlace, fields: &[(String, String)]) -> io::Result<()> {
        let known = self.layouts.iter().find(|(of, _)| *of == table).map(|(_, layout)| *layout);
        let layout = known.unwrap_or_else(|| {
            let names = table.columns().iter().map(|column| (*column).to_owned()).collect();
            let layout = self.rows.layout(Layout::of(table, self.number, names));
            self.layouts.push((table, layout));
            layout
        });
        let (cells, further) = cells_of(table, fields);
        self.rows.push(file, layout, place, cells, further).map(|_| ())
    }

    /// A child's rows.
    fn child(&mut self, file: &mut File, child: Element<'_>, place: RowPlace) -> io::Result<()> {
        let header = child.each("header").next();
        let own = fields(header.unwrap_or(child));
        let of_child: Vec<(String, String)> = own.iter().filter(|(name, _)| is_of_child(name)).cloned().collect();
        // The header holds fields of other tables beside its own.
        let mut header_fields = own.clone();
        for table in [Table::Oc3, Table::Ad1, Table::Uasc] {
            let told: Vec<(String, String)> = own
                .iter()
                .filter(|(name, text)| !text.is_empty() && table.place_of(canonical(name)).is_some())
                .cloned()
                .collect();
            let is_asylum = own.iter().any(|(name, text)| name == "uasc" && text == "1");
            header_fields.retain(|(name, _)| {
                Table::Header.place_of(canonical(name)).is_some()
                    || table.place_of(canonical(name)).is_none() && name != "uasc"
            });
            if told.iter().any(|(name, _)| !is_of_child(name)) || table == Table::Uasc && is_asylum {
                self.add(file, table, place, &told)?;
            }
        }
        let nested: Vec<Element<'_>> =
            header.into_iter().flat_map(|header| header.children()).chain(child.children()).collect();
        for part in nested.into_iter().filter(|part| part.key() != "header" && part.has_children()) {
            let own = fields(part);
            let mut all = own.clone();
            all.extend(of_child.iter().filter(|(name, _)| !own.iter().any(|(known, _)| known == name)).cloned());
            let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
            match Table::of_header(&names) {
                Some(table) => {
                    all.retain(|(name, _)| !matches!(name.as_str(), "sex" | "dob") || table.place_of(name).is_some());
                    self.add(file, table, place, &all)?;
                }
                // Not a part that the return has: it stays with the child.
                None => {
                    header_fields.extend(own.into_iter().map(|(name, text)| (format!("{}.{name}", part.key()), text)))
                }
            }
        }
        header_fields.retain(|(name, _)| !is_of_the_return(name));
        self.add(file, Table::Header, place, &header_fields)
    }
}

fn is_of_child(name: &str) -> bool {
    matches!(canonical(name), "child" | "dob" | "sex")
}

/// The fields of a part, by name.
fn fields(part: Element<'_>) -> Vec<(String, String)> {
    let leaves = part.children().filter(|field| !field.has_children() && !is_none(field.text()));
    leaves.map(|field| (field.key().to_owned(), field.text().to_owned())).collect()
}
