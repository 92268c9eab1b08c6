//! Workbooks and CSV files, read into the rows of lists.

use std::io::{BufRead, Cursor, Read as _};

use calamine::{DataRef, Reader as _, Xlsx, open_workbook_from_rs};
use connector_kit::csv_source::Table as Csv;
use connector_kit::file_name::{Hints, hints};
use connector_kit::room::Room;
use connector_kit::unpacked::{self, Unusable};
use connector_kit::{Output, Place, Rejection, SourceFile};
use proto::quarantine::Reason;

use crate::lists::Columns;

/// Largest workbook that is read, in bytes; one of a large council is a few megabytes.
const WORKBOOK_BYTES_MAX: u64 = 64 << 20;
/// And what it may unpack to: the texts that its cells share are held by whoever reads it.
const UNPACKED_BYTES_MAX: u64 = 256 << 20;
/// Most memory that the rows of one submission may take, about: those of a large council take some tens of megabytes.
const HELD_BYTES_MAX: usize = 512 << 20;
/// What a row, and what a cell, takes beside its text.
const ROW_BYTES: usize = 130;
const CELL_BYTES: usize = 40;
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
    read_within(files, Room::of(HELD_BYTES_MAX), out)
}

/// The same, with so much of it held at most.
fn read_within(files: Vec<SourceFile<'_>>, room: Room, out: &mut dyn Output) -> (Vec<File>, Vec<Sheet>) {
    let (mut read, mut sheets) = (Vec::new(), Sheets { read: Vec::new(), room });
    for (number, file) in files.into_iter().enumerate() {
        let SourceFile { name, mut bytes } = file;
        let mut into = File { hints: hints(&name), name: name.clone(), rejected: Vec::new() };
        let mut start = Vec::new();
        let begun = bytes.by_ref().take(4).read_to_end(&mut start);
        let is_workbook = start.starts_with(b"PK\x03\x04");
        // What Excel wrote before 2007, and what it writes behind a password.
        let is_old = start == [0xd0, 0xcf, 0x11, 0xe0];
        let bytes: Box<dyn BufRead + Send + '_> = Box::new(Cursor::new(start).chain(bytes));
        if begun.is_err() {
            into.refuse(Reason::FileUnreadable, "the file could not be read to its end: send it again");
        } else if is_old {
            into.refuse(
                Reason::FileUnreadable,
                "the file is an old or a protected workbook: save it as .xlsx, without a password",
            );
        } else if is_workbook {
            read_workbook(number, bytes, &mut into, &mut sheets, out);
        } else {
            read_csv(number, SourceFile { name, bytes }, &mut into, &mut sheets, out);
        }
        read.push(into);
    }
    (read, sheets.read)
}

/// The lists that were read, and how much more of them may be held.
struct Sheets {
    read: Vec<Sheet>,
    room: Room,
}

impl Sheets {
    /// Holds a row. False when there is no room for more.
    fn hold(&mut self, sheet: &mut Sheet, row: Row) -> bool {
        let texts = row.cells.iter().map(|cell| cell.len() + CELL_BYTES).sum::<usize>();
        sheet.rows.push(row);
        self.room.take(texts + sheet.rows.last().map_or(0, |row| row.raw.len()) + ROW_BYTES)
    }

    /// Why no more rows are read.
    fn too_large(&self) -> String {
        let most = self.room.megabytes();
        format!("the lists take more than {most} MB: no more of this one was read; send each list by itself")
    }
}

impl File {
    fn refuse(&mut self, reason: Reason, message: &str) {
        self.refuse_one(None, reason, message);
    }

    /// Refuses something of a list, or of what may be any of them.
    fn refuse_one(&mut self, list: Option<u8>, reason: Reason, message: &str) {
        let rejection = Rejection {
            reason,
            message: message.to_owned(),
            place: Place { file: self.name.clone(), ..Place::default() },
            controller: None,
            raw: Vec::new(),
            scope_key: None,
            subject: None,
            digest: None,
        };
        self.rejected.push((list, rejection));
    }
}

/// In place of a list's number: none of those that were read.
pub(crate) const NONE_OF_THESE: u8 = 0;

/// A sheet that may be read, or be none of these lists.
enum Seen {
    Read,
    /// Children stand in it all the same.
    OfChildren,
    /// There was no room for all of its rows.
    TooMuch,
}

const OF_CHILDREN: &str = "a sheet of the workbook has children in it and the header of no list of Annex A: give it the list's \
                           column headings, or leave it out, and send the workbook again";
const NO_LIST: &str = "no header of it is of a list of Annex A: export each list with its column headings";

fn read_csv(number: usize, file: SourceFile<'_>, into: &mut File, sheets: &mut Sheets, out: &mut dyn Output) {
    let mut csv = match Csv::open_where(file, |names| Columns::of_header(names).is_some()) {
        Ok(csv) => csv,
        Err(mut rejection) => {
            if rejection.reason == Reason::HeaderMissing {
                NO_LIST.clone_into(&mut rejection.message);
            }
            into.rejected.push((None, *rejection));
            return;
        }
    };
    // In order of their names, so that the order of a file's columns means nothing.
    let mut order: Vec<(String, usize)> = csv.names().iter().cloned().zip(0..).collect();
    order.sort();
    let header: Vec<&str> = order.iter().map(|(name, _)| name.as_str()).collect();
    let Some(columns) = Columns::of_header(&header) else { return };
    let list = columns.list.number;
    let mut sheet = Sheet { file: number, columns, rows: Vec::new(), whole: false };
    while let Some(row) = csv.next_row() {
        out.record();
        match row {
            Ok(row) => {
                let place = row.place("");
                let row = Row {
                    line: place.line,
                    record: place.record,
                    byte_offset: place.byte_offset,
                    cells: order.iter().map(|(_, at)| row.cell(*at).to_owned()).collect(),
                    raw: row.raw().to_vec(),
                };
                if !sheets.hold(&mut sheet, row) {
                    into.refuse(Reason::RecordTooLarge, &sheets.too_large());
                    return sheets.read.push(sheet);
                }
            }
            Err(rejection) => into.rejected.push((Some(list), *rejection)),
        }
    }
    sheet.whole = csv.whole();
    sheets.read.push(sheet);
}

fn read_workbook(
    number: usize,
    bytes: Box<dyn BufRead + Send + '_>,
    into: &mut File,
    sheets: &mut Sheets,
    out: &mut dyn Output,
) {
    let mut held = Vec::new();
    if bytes.take(WORKBOOK_BYTES_MAX + 1).read_to_end(&mut held).is_err() {
        return into.refuse(Reason::FileUnreadable, "the file could not be read to its end: send it again");
    }
    if held.len() as u64 > WORKBOOK_BYTES_MAX || unpacked::within(&held, UNPACKED_BYTES_MAX) == Err(Unusable::TooLarge)
    {
        return into.refuse(Reason::RecordTooLarge, "the workbook is larger than any real one: send each list as CSV");
    }
    let Ok(mut workbook) = open_workbook_from_rs::<Xlsx<_>, _>(Cursor::new(held)) else {
        return into.refuse(Reason::FileUnreadable, "the file is no workbook that can be read: save it again as .xlsx");
    };
    let before = sheets.read.len();
    for name in workbook.sheet_names() {
        // A sheet that cannot be read may have been any list.
        match read_sheet(number, &mut workbook, &name, sheets, out) {
            Some(Seen::Read) => {}
            Some(Seen::TooMuch) => into.refuse(Reason::RecordTooLarge, &sheets.too_large()),
            Some(Seen::OfChildren) => into.refuse_one(Some(NONE_OF_THESE), Reason::HeaderMissing, OF_CHILDREN),
            None => {
                into.refuse(Reason::FileUnreadable, "a sheet of the workbook cannot be read: save it again as .xlsx")
            }
        }
    }
    if sheets.read.len() == before && into.rejected.is_empty() {
        into.refuse(Reason::HeaderMissing, NO_LIST);
    }
}

/// Reads a sheet's rows, the list being known by the first row that is a header of one; a sheet without is no list.
fn read_sheet<R: std::io::Read + std::io::Seek>(
    number: usize,
    workbook: &mut Xlsx<R>,
    name: &str,
    sheets: &mut Sheets,
    out: &mut dyn Output,
) -> Option<Seen> {
    // Of cells merged over several rows only the first has what they say.
    let merged = workbook.merge_cells_by_sheet_name(name).unwrap_or_default();
    let down = merged.into_iter().filter(|cells| cells.end.0 > cells.start.0);
    let mut above: Vec<Above> =
        down.map(|cells| Above { first: cells.start, last_row: cells.end.0, says: String::new() }).collect();
    let mut cells = workbook.worksheet_cells_reader(name).ok()?;
    let (mut sheet, mut of_children) = (None::<Sheet>, false);
    let (mut row, mut at, mut seen) = (Vec::<String>::new(), None::<u32>, 0usize);
    loop {
        let cell = cells.next_cell().ok()?;
        let place = cell.as_ref().map(calamine::Cell::get_position);
        if let Some(line) = at.filter(|line| place.map(|(line, _)| line) != Some(*line)) {
            let mut done = std::mem::take(&mut row);
            seen += 1;
            match &mut sheet {
                Some(list) => {
                    above.iter_mut().for_each(|above| above.fill(line, &mut done));
                    if !take_row(sheets, list, done, line, out) {
                        sheets.read.extend(sheet);
                        return Some(Seen::TooMuch);
                    }
                }
                None if seen <= HEADER_ROWS_MAX => {
                    of_children |= Columns::are_of_children(&done);
                    sheet = Columns::of_header(&done).map(|columns| Sheet {
                        file: number,
                        columns,
                        rows: Vec::new(),
                        whole: false,
                    });
                }
                None => break,
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
    match sheet {
        Some(mut sheet) => {
            sheet.whole = true;
            sheets.read.push(sheet);
        }
        None if of_children => return Some(Seen::OfChildren),
        None => {}
    }
    Some(Seen::Read)
}

/// Cells merged over several rows.
struct Above {
    first: (u32, u32),
    last_row: u32,
    says: String,
}

impl Above {
    /// Keeps what its first cell says, and puts it where the others are blank.
    fn fill(&mut self, line: u32, row: &mut Vec<String>) {
        let column = usize::try_from(self.first.1).unwrap_or(usize::MAX);
        if line == self.first.0 {
            self.says = row.get(column).cloned().unwrap_or_default();
        } else if (self.first.0..=self.last_row).contains(&line) && column < COLUMNS_MAX {
            row.resize(row.len().max(column + 1), String::new());
            row.get_mut(column).into_iter().filter(|cell| cell.is_empty()).for_each(|cell| cell.clone_from(&self.says));
        }
    }
}

/// False when there is no room for more.
fn take_row(sheets: &mut Sheets, sheet: &mut Sheet, cells: Vec<String>, line: u32, out: &mut dyn Output) -> bool {
    if cells.iter().all(|cell| cell.trim().is_empty()) {
        return true;
    }
    out.record();
    let raw = cells.join(",").into_bytes();
    let record = sheet.rows.len() as u64 + 1;
    sheets.hold(sheet, Row { line: u64::from(line) + 1, record, byte_offset: 0, cells, raw })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_rows_are_held_than_there_is_room_for() {
        let text = "Child ID,Date of Contact,Contact Source\n".to_owned() + &"910001,03/02/2025,Police\n".repeat(5);
        let row = 910_001.to_string().len() + "03/02/2025".len() + "Police".len() + 3 * CELL_BYTES + 25 + ROW_BYTES;
        let held = |rows: usize| {
            let bytes: Box<dyn BufRead + Send> = Box::new(text.as_bytes());
            let files = vec![SourceFile { name: "878_2025-03-04.csv".to_owned(), bytes }];
            let (files, sheets) = read_within(files, Room::of(rows * row), &mut connector_kit::Collected::default());
            let reasons: Vec<Reason> = files.iter().flat_map(|file| &file.rejected).map(|(_, r)| r.reason).collect();
            (sheets.iter().map(|sheet| sheet.rows.len()).sum::<usize>(), sheets[0].whole, reasons)
        };
        assert_eq!(held(5), (5, true, vec![]));
        assert_eq!(held(2), (3, false, vec![Reason::RecordTooLarge]));
    }
}
