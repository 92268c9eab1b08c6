//! The files of a submission, read into rows.

use std::io::{BufRead, Read as _};

use connector_kit::csv_source::Table as Csv;
use connector_kit::file_name::{Authority, Hints, hints};
use connector_kit::{Output, Place, Rejection, SourceFile, dates};
use jiff::civil;
use proto::events::Date;
use proto::quarantine::Reason;

use crate::tables::{Table, aliases, canonical};
use crate::xml;

/// A column of no place, and its cell.
pub(crate) type Further = (Box<str>, Box<str>);

/// A row of the return, whichever way it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    pub(crate) table: Table,
    /// Its file's number within the submission.
    pub(crate) file: usize,
    pub(crate) place: RowPlace,
    /// By column of its table, "" where blank.
    pub(crate) cells: Vec<Box<str>>,
    /// Columns of no place, by name.
    pub(crate) further: Vec<Further>,
    /// What the row itself says of whose and of when it is.
    pub(crate) authority: Option<Authority>,
    pub(crate) year: Option<u16>,
    pub(crate) raw: Box<[u8]>,
}

/// Where a row stood in its file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct RowPlace {
    pub(crate) line: u64,
    pub(crate) record: u64,
    pub(crate) byte_offset: u64,
}

/// A file of the submission, once it was read.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) hints: Hints,
    /// The tables that it holds, read whole or not.
    pub(crate) tables: Vec<Table>,
    pub(crate) whole: bool,
    /// Some of it could not be read, and is not known to be of one child.
    pub(crate) rejected: Vec<Rejection>,
    pub(crate) odd_text: bool,
}

impl Row {
    /// The cell of this column, "" where it is blank.
    pub(crate) fn get(&self, column: &str) -> &str {
        self.table.place_of(column).and_then(|at| self.cells.get(at)).map_or("", |cell| cell)
    }

    pub(crate) fn child(&self) -> &str {
        self.get("child")
    }

    /// The order in which rows are read: by what they say, so that the order of a file means nothing.
    pub(crate) fn order(&self) -> (Table, &[Box<str>], &[Further]) {
        (self.table, &self.cells, &self.further)
    }
}

/// The years that `YEAR` is written as: 2025, 2024/25, 2024-25.
pub(crate) fn year_of(text: &str) -> Option<u16> {
    let plain = text.strip_suffix(".0").unwrap_or(text);
    hints(&format!("{plain}.")).year
}

/// Reads every file: its rows, and what became of it.
pub(crate) fn read(files: Vec<SourceFile<'_>>, out: &mut dyn Output) -> (Vec<File>, Vec<Row>) {
    let mut read = Vec::new();
    let mut rows = Vec::new();
    for (number, file) in files.into_iter().enumerate() {
        let name = file.name.clone();
        let mut into =
            File { hints: hints(&name), name, tables: Vec::new(), whole: false, rejected: Vec::new(), odd_text: false };
        match is_xml(file) {
            Ok((true, file)) => xml::read(number, file, &mut into, &mut rows, out),
            Ok((false, file)) => read_csv(number, file, &mut into, &mut rows, out),
            Err(rejection) => into.rejected.push(*rejection),
        }
        read.push(into);
    }
    (read, rows)
}

/// Whether the file begins as XML does, in whatever encoding.
fn is_xml(file: SourceFile<'_>) -> Result<(bool, SourceFile<'_>), Box<Rejection>> {
    let SourceFile { name, mut bytes } = file;
    let mut start = Vec::new();
    if bytes.by_ref().take(16).read_to_end(&mut start).is_err() {
        let message = "the file could not be read to its end: send it again".to_owned();
        return Err(Box::new(of_file(&name, Reason::FileUnreadable, message)));
    }
    let first =
        start.iter().find(|byte| !matches!(byte, 0 | 0xef | 0xbb | 0xbf | 0xfe | 0xff) && !byte.is_ascii_whitespace());
    let is_xml = first == Some(&b'<');
    let bytes: Box<dyn BufRead + Send + '_> = Box::new(std::io::Cursor::new(start).chain(bytes));
    Ok((is_xml, SourceFile { name, bytes }))
}

fn read_csv(number: usize, file: SourceFile<'_>, into: &mut File, rows: &mut Vec<Row>, out: &mut dyn Output) {
    let mut csv = match Csv::open(file, &[]) {
        Ok(csv) => csv,
        Err(rejection) => {
            into.rejected.push(*rejection);
            return;
        }
    };
    let Some(table) = Table::of_header(|column| csv.has(column)) else {
        let message =
            "the header is of no file of the return on children looked after: export the table with its column names";
        into.rejected.push(of_file(&into.name, Reason::HeaderMissing, message.to_owned()));
        return;
    };
    into.tables.push(table);
    let mut further: Vec<String> = csv.columns().filter(|column| !table.knows(column)).map(str::to_owned).collect();
    further.sort();
    while let Some(row) = csv.next_row() {
        out.record();
        let row = match row {
            Ok(row) => row,
            Err(rejection) => {
                into.rejected.push(*rejection);
                continue;
            }
        };
        let cell = |column: &str| row.get(column).or_else(|| aliases(column).find_map(|alias| row.get(alias)));
        let place = row.place("");
        rows.push(Row {
            table,
            file: number,
            place: RowPlace { line: place.line, record: place.record, byte_offset: place.byte_offset },
            cells: table.columns().iter().map(|column| cell(column).unwrap_or_default().into()).collect(),
            further: further
                .iter()
                .filter_map(|column| Some((column.as_str().into(), row.get(column)?.into())))
                .collect(),
            authority: row.get("la").or_else(|| row.get("lea")).and_then(Authority::parse),
            year: row.get("year").or_else(|| row.get("collection_year")).and_then(year_of),
            raw: row.raw().into(),
        });
    }
    into.whole = csv.whole();
    into.odd_text = csv.odd_text();
}

/// A rejection of a whole file.
pub(crate) fn of_file(name: &str, reason: Reason, message: String) -> Rejection {
    Rejection {
        reason,
        message,
        place: Place { file: name.to_owned(), ..Place::default() },
        controller: None,
        raw: Vec::new(),
        scope_key: None,
        subject: None,
    }
}

/// A row of the XML: its columns by the names that it has there.
pub(crate) fn row_of(table: Table, fields: &[(String, String)]) -> (Vec<Box<str>>, Vec<Further>) {
    let field = |column: &str| fields.iter().find(|(name, text)| canonical(name) == column && !text.is_empty());
    let cells = table.columns().iter().map(|column| field(column).map_or("", |(_, text)| text).into()).collect();
    let mut further: Vec<Further> = fields
        .iter()
        .filter(|(name, text)| !text.is_empty() && !table.knows(name))
        .map(|(name, text)| (name.as_str().into(), text.as_str().into()))
        .collect();
    further.sort();
    (cells, further)
}

/// Day first with slashes, as the return has it; ISO, as exports that went through a data frame have it.
pub(crate) fn date(text: &str, field: &str) -> connector_kit::reading::Read<Date> {
    if text.contains('/') { dates::dd_mm_yyyy(text, field) } else { dates::iso(text, field) }
}

/// A date to the day; `None` where the source gave less.
pub(crate) fn day(date: &Date) -> Option<civil::Date> {
    let (month, day) = (date.month?.try_into().ok()?, date.day?.try_into().ok()?);
    civil::Date::new(date.year.try_into().ok()?, month, day).ok()
}

/// A day as the contract has it.
pub(crate) fn date_on(on: civil::Date) -> Date {
    let part = |part: i8| Some(u32::from(part.unsigned_abs()));
    Date { year: on.year().into(), month: part(on.month()), day: part(on.day()), estimated: false }
}
