//! A table of rows under a header, as councils really export them.
//!
//! Columns are found by name, whatever their order and letter case, and further ones do no harm. A row with more or fewer
//! cells than the header is rejected with its line, and its neighbours are read. A quote that is never closed costs its own
//! line, not the rest of the file. How an export differs from that (another delimiter, an encoding, lines above the header)
//! is said by a [`Dialect`].

mod records;

use std::collections::HashMap;
use std::io::BufRead;

use proto::events::FindingCode;
use proto::quarantine::{Place, Reason};

use crate::connector::{Rejection, SourceFile};
use crate::reading::Read;
use crate::text::{TextReader, Unsupported};
use records::{Record, Records, Trouble};

/// Longest record that is read, in bytes.
pub const RECORD_BYTES_MAX: usize = 1 << 20;

/// Most lines that one record may take: quoted cells hold line ends.
pub const RECORD_LINES_MAX: usize = 200;

/// Among so many records from the top a header is looked for that stands below a title.
const HEADER_ROWS_MAX: u64 = 20;

/// How a table is written.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// Between two cells.
    pub delimiter: u8,
    /// Where it is known; else UTF-8 or UTF-16, as the bytes say.
    pub encoding: Option<&'static encoding_rs::Encoding>,
    /// Which record names the columns.
    pub header: Header,
    /// A row with fewer cells than the header has nothing in the others, as spreadsheets write them.
    pub short_rows: bool,
}

/// Which record of a table names its columns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Header {
    /// This one, counted from 1; blank lines are not counted.
    Record(u64),
    /// The first that names all the required ones.
    Found,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { delimiter: b',', encoding: None, header: Header::Record(1), short_rows: false }
    }
}

type Text<'a> = TextReader<Box<dyn BufRead + Send + 'a>>;

/// A table being read.
pub struct Table<'a> {
    name: String,
    records: Records<Text<'a>>,
    columns: HashMap<String, usize>,
    width: usize,
    record: Record,
    rows: u64,
    broken: bool,
}

/// One row, until the next is read.
#[derive(Clone, Copy)]
pub struct Row<'t> {
    name: &'t str,
    columns: &'t HashMap<String, usize>,
    record: &'t Record,
    number: u64,
    offset: u64,
}

impl<'a> Table<'a> {
    /// Reads the header. `required` names the columns without which a row says nothing, in lower case.
    ///
    /// # Errors
    /// The rejection of the whole file: no text, no rows at all, or a header without a required column.
    pub fn open(file: SourceFile<'a>, required: &[&str]) -> Result<Self, Box<Rejection>> {
        Self::open_as(file, required, Dialect::default())
    }

    /// The same, of a table that is written in this dialect.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_as(file: SourceFile<'a>, required: &[&str], dialect: Dialect) -> Result<Self, Box<Rejection>> {
        let SourceFile { name, bytes } = file;
        let of_file = |reason, message: String, raw| Box::new(rejection(reason, message, at(&name, 0, 0, 0), raw));
        let text = match TextReader::open_as(bytes, dialect.encoding) {
            Ok(Ok(text)) => text,
            Ok(Err(unsupported @ (Unsupported::Utf32 | Unsupported::Binary))) => {
                return Err(of_file(Reason::EncodingUnsupported, unsupported.to_string(), Vec::new()));
            }
            Err(_) => return Err(of_file(Reason::FileUnreadable, FILE_BREAKS_OFF.to_owned(), Vec::new())),
        };
        let mut records = Records::new(text, dialect);
        let (mut header, mut first_raw, mut number) = (Record::default(), Vec::new(), 0);
        let (columns, missing) = loop {
            number += 1;
            let found = records.read(&mut header, None);
            let columns: HashMap<String, usize> = match found {
                Some(Ok(())) => header.cells().enumerate().map(|(at, cell)| (column_name(cell), at)).rev().collect(),
                Some(Err(Trouble::Unreadable)) => {
                    return Err(of_file(Reason::FileUnreadable, FILE_BREAKS_OFF.to_owned(), Vec::new()));
                }
                Some(Err(_)) | None => HashMap::new(),
            };
            if number == 1 {
                first_raw.clone_from(&header.raw);
            }
            let missing: Vec<&str> = required.iter().copied().filter(|name| !columns.contains_key(*name)).collect();
            let is_it = match dialect.header {
                Header::Record(wanted) => number >= wanted,
                Header::Found => missing.is_empty() || number >= HEADER_ROWS_MAX,
            };
            if is_it || found.is_none() {
                break (columns, missing);
            }
        };
        if columns.is_empty() || !missing.is_empty() {
            let what = if columns.is_empty() { "any column".to_owned() } else { missing.join(", ") };
            let message = format!("the header does not name {what}: export the table with its column names");
            return Err(of_file(Reason::HeaderMissing, message, first_raw));
        }
        let width = header.cells().count();
        Ok(Self { name, records, columns, width, record: Record::default(), rows: 0, broken: false })
    }

    /// The next row, or the rejection of one that cannot be read. Rows without a single filled cell are passed over.
    pub fn next_row(&mut self) -> Option<Result<Row<'_>, Box<Rejection>>> {
        loop {
            let read = self.records.read(&mut self.record, Some(self.width))?;
            if read.is_ok() && self.record.cells().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            self.rows += 1;
            let offset = self.records.source().source_offset(self.record.offset).unwrap_or(0);
            return Some(match read {
                Ok(()) => Ok(Row {
                    name: &self.name,
                    columns: &self.columns,
                    record: &self.record,
                    number: self.rows,
                    offset,
                }),
                Err(trouble) => {
                    self.broken = true;
                    let (reason, message) = told(trouble, self.width);
                    let place = at(&self.name, self.record.line, self.rows, offset);
                    Err(Box::new(rejection(reason, message, place, std::mem::take(&mut self.record.raw))))
                }
            });
        }
    }

    /// Whether the header names this column, in lower case.
    pub fn has(&self, column: &str) -> bool {
        self.columns.contains_key(column)
    }

    /// The header's columns, in lower case and in no order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }

    /// Whether bytes have been met so far that are not of the file's encoding.
    pub fn odd_text(&self) -> bool {
        self.records.source().odd()
    }

    /// Whether everything up to the end was read, no row was broken, and the last line was ended: one that was not may have
    /// been cut, so that absence from the table says nothing. Only true once [`Self::next_row`] has given `None`.
    pub fn whole(&self) -> bool {
        !self.broken && self.records.ended_cleanly()
    }
}

impl<'t> Row<'t> {
    /// The cell under this column (in lower case), trimmed; `None` when it is blank or there is no such column.
    pub fn get(&self, column: &str) -> Option<&'t str> {
        let cell = self.record.cell(*self.columns.get(column)?)?.trim();
        (!cell.is_empty()).then_some(cell)
    }

    /// The cell under this column, as `read` reads it: `row.read("sessions", reading::integer)`.
    pub fn read<T>(&self, column: &str, read: impl FnOnce(&str, &str) -> Read<T>) -> Read<T> {
        self.get(column).map_or_else(Read::blank, |cell| read(cell, column))
    }

    /// The same for a cell that the collection requires: a blank one is a finding.
    pub fn required<T>(&self, column: &str, read: impl FnOnce(&str, &str) -> Read<T>) -> Read<T> {
        match self.get(column) {
            Some(cell) => read(cell, column),
            None => Read::unreadable(FindingCode::FieldMissing, column),
        }
    }

    /// The line on which it begins, the header's being 1 where nothing stands above it.
    pub fn line(&self) -> u64 {
        self.record.line
    }

    /// Where it stands; `column` is the field in question, or "".
    pub fn place(&self, column: &str) -> Place {
        Place { field: column.to_owned(), ..at(self.name, self.record.line, self.number, self.offset) }
    }

    /// As it came, line ends included.
    pub fn raw(&self) -> &'t [u8] {
        &self.record.raw
    }

    /// A rejection of this row: `message` names fields and never values.
    pub fn reject(&self, reason: Reason, column: &str, message: &str) -> Rejection {
        rejection(reason, message.to_owned(), self.place(column), self.raw().to_vec())
    }
}

const FILE_BREAKS_OFF: &str = "the file could not be read to its end: send it again";

fn told(trouble: Trouble, width: usize) -> (Reason, String) {
    match trouble {
        Trouble::Ragged { cells } => (
            Reason::RecordMalformed,
            format!("the row has {cells} cells and the header {width}: look for a comma outside quotes"),
        ),
        Trouble::QuoteOpen => {
            (Reason::RecordMalformed, "a quote on this line is never closed: close it or take it out".to_owned())
        }
        Trouble::TooLarge => (
            Reason::RecordTooLarge,
            format!("the row is larger than {RECORD_BYTES_MAX} bytes: look for a quote that is never closed"),
        ),
        Trouble::Unreadable => (Reason::FileUnreadable, FILE_BREAKS_OFF.to_owned()),
    }
}

fn at(name: &str, line: u64, record: u64, byte_offset: u64) -> Place {
    Place { file: name.to_owned(), line, record, byte_offset, field: String::new() }
}

fn rejection(reason: Reason, message: String, place: Place, raw: Vec<u8>) -> Rejection {
    Rejection { reason, message, place, controller: None, raw, scope_key: None, subject: None }
}

fn column_name(cell: &str) -> String {
    cell.trim().trim_start_matches('\u{feff}').to_lowercase()
}

#[cfg(test)]
mod tests;
