//! The files of a submission, read into rows.

use std::io::{self, BufRead, Read as _};

use connector_kit::csv_source::Table as Csv;
use connector_kit::file_name::{Hints, hints};
use connector_kit::reading::is_null;
use connector_kit::room::Refusals;
use connector_kit::{Output, Place, Rejection, SourceFile, dates};
use proto::events::Date;
use proto::quarantine::Reason;

use crate::held::{Layout, RowPlace, Rows};
use crate::tables::{Table, canonical, plain};
use crate::xml;

/// A file of the submission, once it was read.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) hints: Hints,
    /// The tables that it holds, read whole or not.
    pub(crate) tables: Vec<Table>,
    pub(crate) whole: bool,
    /// Some of it could not be read, and is not known to be of one child.
    pub(crate) rejected: Refusals,
    pub(crate) odd_text: bool,
}

/// Reads every file: its rows are gathered.
///
/// # Errors
/// When the disk does not take them.
pub(crate) fn read(files: Vec<SourceFile<'_>>, rows: &mut Rows, out: &mut dyn Output) -> io::Result<Vec<File>> {
    let mut read = Vec::new();
    for (number, file) in files.into_iter().enumerate() {
        let name = file.name.clone();
        let mut into = File {
            hints: hints(&name),
            name,
            tables: Vec::new(),
            whole: false,
            rejected: Refusals::default(),
            odd_text: false,
        };
        match is_xml(file) {
            Ok((true, file)) => xml::read(number, file, &mut into, rows, out)?,
            Ok((false, file)) => read_csv(number, file, &mut into, rows, out)?,
            Err(rejection) => into.rejected.file((), *rejection),
        }
        read.push(into);
    }
    Ok(read)
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

/// Whether these are the names of columns of a table of the return.
pub(crate) fn is_header(names: &[String]) -> bool {
    table_of(names).is_some()
}

const NO_TABLE: &str =
    "the header is of no file of the return on children looked after: export the table with its column names";

fn table_of(names: &[String]) -> Option<Table> {
    Table::of_header(&names.iter().map(|name| plain(name)).collect::<Vec<_>>())
}

fn read_csv(
    number: usize,
    file: SourceFile<'_>,
    into: &mut File,
    rows: &mut Rows,
    out: &mut dyn Output,
) -> io::Result<()> {
    let mut csv = match Csv::open_where(file, is_header, NO_TABLE) {
        Ok(csv) => csv,
        Err(rejection) => {
            into.rejected.file((), *rejection);
            return Ok(());
        }
    };
    let Some(table) = table_of(csv.names()) else { return Ok(()) };
    into.tables.push(table);
    let names: Vec<String> = csv.names().iter().map(|name| plain(name)).collect();
    let tells = telling(table, &names);
    csv = csv.knowing_rows(move |cells| is_row(&tells, cells));
    let width = names.len();
    let layout = rows.layout(Layout::of(table, number, names));
    while let Some(row) = csv.next_row() {
        out.record();
        let row = match row {
            Ok(row) => row,
            Err(rejection) => {
                if !into.rejected.row((), *rejection) {
                    return Ok(());
                }
                continue;
            }
        };
        let place = row.place("");
        let place = RowPlace { line: place.line, record: place.record, byte_offset: place.byte_offset };
        let cells = (0..width).map(|at| if is_none(row.cell(at)) { "" } else { row.cell(at) });
        if !rows.push(into, layout, place, cells, std::iter::empty())? {
            return Ok(());
        }
    }
    into.whole = csv.whole();
    into.odd_text = csv.odd_text();
    Ok(())
}

/// Where the columns stand by which a row that ends early is known to be one: its days, its sex.
fn telling(table: Table, names: &[String]) -> Vec<usize> {
    let tells = |name: &str| table.is_day(canonical(name)) || canonical(name) == "sex";
    names.iter().enumerate().filter_map(|(at, name)| tells(name).then_some(at)).collect()
}

fn is_row(tells: &[usize], cells: &[&str]) -> bool {
    tells.iter().filter_map(|at| cells.get(*at)).any(|cell| is_sex(cell) || date(cell, "").value.is_some())
}

fn is_sex(cell: &str) -> bool {
    matches!(cell.to_ascii_uppercase().as_str(), "M" | "F" | "U" | "1" | "2" | "9" | "MALE" | "FEMALE")
}

/// What exports write where there is nothing, a day or a code.
pub(crate) fn is_none(cell: &str) -> bool {
    is_null(cell) || dates::stands_for_no_day(cell) || matches!(cell.trim(), "-" | "--" | "." | "N/A" | "n/a")
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
        digest: None,
    }
}

/// A row of the XML: its columns in the table's own order, and by name those that have no place there.
pub(crate) fn cells_of(
    table: Table,
    fields: &[(String, String)],
) -> (impl Iterator<Item = &str>, impl Iterator<Item = (&str, &str)>) {
    let cell = move |column: &str| {
        let mut named = fields.iter().filter(move |(name, text)| canonical(name) == column && !text.is_empty());
        named.next().map_or("", |(_, text)| text.as_str())
    };
    let further =
        fields.iter().filter(move |(name, text)| !text.is_empty() && table.place_of(canonical(name)).is_none());
    (table.columns().iter().map(move |column| cell(column)), further.map(|(name, text)| (name.as_str(), text.as_str())))
}

/// Day first with slashes, as the return has it, and as exports have it that went through something else.
pub(crate) fn date(text: &str, field: &str) -> connector_kit::reading::Read<Date> {
    dates::written(text, field)
}
