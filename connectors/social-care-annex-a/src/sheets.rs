//! Workbooks and CSV files, read into the rows of lists.

use std::io::{BufRead, Cursor, Read as _};

use calamine::{DataRef, Reader as _, Xlsx, open_workbook_from_rs};
use connector_kit::csv_source::Table as Csv;
use connector_kit::file_name::{Hints, hints};
use connector_kit::{Output, Place, Rejection, SourceFile};
use proto::quarantine::Reason;

use crate::lists::Columns;

/// Largest workbook that is read, in bytes; one of a large council is a few megabytes.
const WORKBOOK_BYTES_MAX: u64 = 64 << 20;
/// How far down a header may stand.
const HEADER_ROWS_MAX: usize = 20;
/// Most columns of a sheet that are read.
const COLUMNS_MAX: usize = 200;

/// A list as one sheet or file has it.
pub(crate) struct Sheet {
    /// Its file's number within the submission.
    pub(crate) file: usize,
    pub(crate) columns: Columns,
    pub(crate) rows: Vec<Row>,
    /// Read to its end without damage.
    pub(crate) whole: bool,
}

/// A row of a list.
pub(crate) struct Row {
    pub(crate) line: u64,
    pub(crate) record: u64,
    pub(crate) byte_offset: u64,
    pub(crate) cells: Vec<String>,
    pub(crate) raw: Vec<u8>,
}

/// A file of the submission.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) hints: Hints,
    /// What could not be read of it, with the sheet that it was of.
    pub(crate) rejected: Vec<(Option<u8>, Rejection)>,
}

/// Reads every file.
pub(crate) fn read(files: Vec<SourceFile<'_>>, out: &mut dyn Output) -> (Vec<File>, Vec<Sheet>) {
    let (mut read, mut sheets) = (Vec::new(), Vec::new());
    for (number, file) in files.into_iter().enumerate() {
        let SourceFile { name, mut bytes } = file;
        let mut into = File { hints: hints(&name), name: name.clone(), rejected: Vec::new() };
        let mut start = Vec::new();
        let begun = bytes.by_ref().take(4).read_to_end(&mut start);
        let is_workbook = start.starts_with(b"PK\x03\x04");
        let bytes: Box<dyn BufRead + Send + '_> = Box::new(Cursor::new(start).chain(bytes));
        if begun.is_err() {
            into.refuse(Reason::FileUnreadable, "the file could not be read to its end: send it again");
        } else if is_workbook {
            read_workbook(number, bytes, &mut into, &mut sheets, out);
        } else {
            read_csv(number, SourceFile { name, bytes }, &mut into, &mut sheets, out);
        }
        read.push(into);
    }
    (read, sheets)
}

impl File {
    fn refuse(&mut self, reason: Reason, message: &str) {
        let rejection = Rejection {
            reason,
            message: message.to_owned(),
            place: Place { file: self.name.clone(), ..Place::default() },
            controller: None,
            raw: Vec::new(),
            scope_key: None,
            subject: None,
        };
        self.rejected.push((None, rejection));
    }
}

const NO_LIST: &str = "no header of it is of a list of Annex A: export each list with its column headings";

fn read_csv(number: usize, file: SourceFile<'_>, into: &mut File, sheets: &mut Vec<Sheet>, out: &mut dyn Output) {
    let mut csv = match Csv::open(file, &[]) {
        Ok(csv) => csv,
        Err(rejection) => {
            into.rejected.push((None, *rejection));
            return;
        }
    };
    let mut header: Vec<String> = csv.columns().map(str::to_owned).collect();
    header.sort();
    let Some(columns) = Columns::of_header(&header) else {
        into.refuse(Reason::HeaderMissing, NO_LIST);
        return;
    };
    let list = columns.list.number;
    let mut sheet = Sheet { file: number, columns, rows: Vec::new(), whole: false };
    while let Some(row) = csv.next_row() {
        out.record();
        match row {
            Ok(row) => {
                let place = row.place("");
                sheet.rows.push(Row {
                    line: place.line,
                    record: place.record,
                    byte_offset: place.byte_offset,
                    cells: header.iter().map(|column| row.get(column).unwrap_or_default().to_owned()).collect(),
                    raw: row.raw().to_vec(),
                });
            }
            Err(rejection) => into.rejected.push((Some(list), *rejection)),
        }
    }
    sheet.whole = csv.whole();
    sheets.push(sheet);
}

fn read_workbook(
    number: usize,
    bytes: Box<dyn BufRead + Send + '_>,
    into: &mut File,
    sheets: &mut Vec<Sheet>,
    out: &mut dyn Output,
) {
    let mut held = Vec::new();
    if bytes.take(WORKBOOK_BYTES_MAX + 1).read_to_end(&mut held).is_err() {
        return into.refuse(Reason::FileUnreadable, "the file could not be read to its end: send it again");
    }
    if held.len() as u64 > WORKBOOK_BYTES_MAX {
        return into.refuse(Reason::RecordTooLarge, "the workbook is larger than any real one: send each list as CSV");
    }
    let Ok(mut workbook) = open_workbook_from_rs::<Xlsx<_>, _>(Cursor::new(held)) else {
        return into.refuse(Reason::FileUnreadable, "the file is no workbook that can be read: save it again as .xlsx");
    };
    let before = sheets.len();
    for name in workbook.sheet_names() {
        // A sheet that cannot be read may have been any list.
        if read_sheet(number, &mut workbook, &name, sheets, out).is_none() {
            into.refuse(Reason::FileUnreadable, "a sheet of the workbook cannot be read: save it again as .xlsx");
        }
    }
    if sheets.len() == before && into.rejected.is_empty() {
        into.refuse(Reason::HeaderMissing, NO_LIST);
    }
}

/// Reads a sheet's rows, the list being known by the first row that is a header of one; a sheet without is no list.
fn read_sheet<R: std::io::Read + std::io::Seek>(
    number: usize,
    workbook: &mut Xlsx<R>,
    name: &str,
    sheets: &mut Vec<Sheet>,
    out: &mut dyn Output,
) -> Option<()> {
    let mut cells = workbook.worksheet_cells_reader(name).ok()?;
    let mut sheet: Option<Sheet> = None;
    let (mut row, mut at, mut seen) = (Vec::<String>::new(), None::<u32>, 0usize);
    loop {
        let cell = cells.next_cell().ok()?;
        let place = cell.as_ref().map(calamine::Cell::get_position);
        if at.is_some() && place.map(|(line, _)| line) != at {
            let done = std::mem::take(&mut row);
            seen += 1;
            match &mut sheet {
                Some(sheet) => take_row(sheet, done, at.unwrap_or_default(), out),
                None if seen <= HEADER_ROWS_MAX => {
                    sheet = Columns::of_header(&done).map(|columns| Sheet {
                        file: number,
                        columns,
                        rows: Vec::new(),
                        whole: false,
                    });
                }
                None => return Some(()),
            }
        }
        let (Some(cell), Some((line, column))) = (cell, place) else { break };
        at = Some(line);
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column < COLUMNS_MAX {
            row.resize(row.len().max(column + 1), String::new());
            if let Some(slot) = row.get_mut(column) {
                *slot = text_of(cell.get_value());
            }
        }
    }
    if let Some(mut sheet) = sheet {
        sheet.whole = true;
        sheets.push(sheet);
    }
    Some(())
}

fn take_row(sheet: &mut Sheet, cells: Vec<String>, line: u32, out: &mut dyn Output) {
    if cells.iter().all(|cell| cell.trim().is_empty()) {
        return;
    }
    out.record();
    let raw = cells.join(",").into_bytes();
    let record = sheet.rows.len() as u64 + 1;
    sheet.rows.push(Row { line: u64::from(line) + 1, record, byte_offset: 0, cells, raw });
}

/// A cell as a CSV export would have it.
fn text_of(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.trim().to_owned(),
        DataRef::SharedString(text) => text.trim().to_owned(),
        DataRef::Bool(flag) => flag.to_string(),
        DataRef::DateTime(at) => {
            let (year, month, day, ..) = at.to_ymd_hms_milli();
            format!("{day:02}/{month:02}/{year:04}")
        }
        // A formula that came to nothing.
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}
