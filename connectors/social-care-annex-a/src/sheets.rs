//! Workbooks and CSV files, read into the rows of lists.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{self, BufRead, Cursor, Read as _};

use calamine::{DataRef, Reader as _, Xlsx, open_workbook_from_rs};
use connector_kit::csv_source::Table as Csv;
use connector_kit::room::Refusals;
use connector_kit::unpacked::{self, Unusable};
use connector_kit::{Output, Place, Rejection, SourceFile};
use proto::quarantine::Reason;

use crate::lists::{ADOPTERS, Columns};
use crate::rows::{Row, Rows, Sheet};
use crate::say::date;

/// Largest workbook that is read, in bytes; one of a large council is a few megabytes.
const WORKBOOK_BYTES_MAX: u64 = 64 << 20;
/// And what it may unpack to: the texts that its cells share are held by whoever reads it.
const UNPACKED_BYTES_MAX: u64 = 256 << 20;
/// Most text of one row of a sheet, in bytes, as of one of a table.
const ROW_BYTES_MAX: usize = 1 << 20;
/// How far down a header may stand.
const HEADER_ROWS_MAX: usize = 20;
/// Most columns of a sheet that are read.
const COLUMNS_MAX: usize = 200;

/// A file of the submission.
pub(crate) struct File {
    pub(crate) name: String,
    /// What could not be read of it, with the sheet that it was of.
    pub(crate) rejected: Refusals<Option<u8>>,
}

/// Reads every file: its rows are gathered by whom they are about.
///
/// # Errors
/// When the disk does not take the rows.
pub(crate) fn read(files: Vec<SourceFile<'_>>, rows: &mut Rows, out: &mut dyn Output) -> io::Result<Vec<File>> {
    let mut read = Vec::new();
    for (number, file) in files.into_iter().enumerate() {
        let SourceFile { name, mut bytes } = file;
        let mut into = File { name: name.clone(), rejected: Refusals::default() };
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
            read_workbook(number, bytes, &mut into, rows, out)?;
        } else {
            read_csv(number, SourceFile { name, bytes }, &mut into, rows, out)?;
        }
        read.push(into);
    }
    Ok(read)
}

impl File {
    fn refuse(&mut self, reason: Reason, message: &str) {
        self.refuse_one(None, reason, message);
    }

    /// Refuses something of a list, or of what may be any of them.
    fn refuse_one(&mut self, list: Option<u8>, reason: Reason, message: &str) {
        let place = Place { file: self.name.clone(), ..Place::default() };
        self.rejected.file(list, Rejection::of(reason, message, place, &[]));
    }
}

/// In place of a list's number: none of those that were read.
pub(crate) const NONE_OF_THESE: u8 = 0;

/// Of the rows that may have been a header, how near the nearest was to a list, and to which.
type Nearest = Option<(usize, String)>;

/// What is wrong, and of which list's header the nearest row lacks what.
fn with_nearest(message: &str, nearest: Nearest) -> String {
    nearest.map_or_else(|| message.to_owned(), |(_, lacks)| format!("{message}; {lacks}"))
}

/// A sheet that may be read, or be none of these lists.
enum Seen {
    List,
    NoList(Nearest),
    /// Children stand in it all the same.
    OfChildren(Nearest),
    Unreadable,
}

const OF_CHILDREN: &str = "a sheet of the workbook has children in it and the header of no list of Annex A: give it the list's \
                           column headings, or leave it out, and send the workbook again";
const NO_LIST: &str = "no header of it is of a list of Annex A: export each list with its column headings";

fn read_csv(
    number: usize,
    file: SourceFile<'_>,
    into: &mut File,
    rows: &mut Rows,
    out: &mut dyn Output,
) -> io::Result<()> {
    let nearest = RefCell::new(Nearest::None);
    let is_header = |names: &[String]| {
        let is_header = Columns::of_header(names).is_some();
        if !is_header {
            let near = Columns::nearest(names).max(nearest.take());
            nearest.replace(near);
        }
        is_header
    };
    let opened = Csv::open_where(file, is_header, NO_LIST);
    let mut csv = match opened {
        Ok(csv) => csv,
        Err(mut rejection) => {
            if rejection.reason == Reason::HeaderMissing {
                rejection.message = with_nearest(&rejection.message, nearest.take());
            }
            into.rejected.file(None, *rejection);
            return Ok(());
        }
    };
    // In order of their names, so that the order of a file's columns means nothing.
    let mut order: Vec<(String, usize)> = csv.names().iter().cloned().zip(0..).collect();
    order.sort();
    let header: Vec<&str> = order.iter().map(|(name, _)| name.as_str()).collect();
    let Some(columns) = Columns::of_header(&header) else { return Ok(()) };
    // Of adopters no column is known but their id. Another list may begin below.
    let any = columns.list.number == ADOPTERS;
    let dated: Vec<usize> = columns.dated().filter_map(|place| order.get(place)).map(|(_, at)| *at).collect();
    let is_row = move |cells: &[&str]| {
        let mut days = dated.iter().filter_map(|at| cells.get(*at));
        any || days.any(|cell| date(cell, "").value.is_some()) || Columns::of_header(cells).is_some()
    };
    csv = csv.knowing_rows(is_row);
    let mut lists = vec![List::begin(number, columns, rows)];
    while let Some(row) = csv.next_row() {
        let Some(list) = lists.last() else { break };
        match row {
            Ok(row) => {
                let cells: Vec<String> = order.iter().map(|(_, at)| row.cell(*at).to_owned()).collect();
                if let Some(columns) = below(&cells) {
                    lists.push(List::begin(number, columns, rows));
                    continue;
                }
                out.record();
                let place = row.place("");
                let row = Row {
                    sheet: list.sheet,
                    line: place.line,
                    record: place.record,
                    byte_offset: place.byte_offset,
                    cells,
                    raw: row.raw().to_vec(),
                };
                if !rows.push(into, row)? {
                    return Ok(());
                }
            }
            Err(rejection) => {
                out.record();
                if !into.rejected.row(Some(list.number), *rejection) {
                    return Ok(());
                }
            }
        }
    }
    if csv.whole() {
        lists.iter().for_each(|list| rows.is_whole(list.sheet));
    }
    Ok(())
}

fn read_workbook(
    number: usize,
    bytes: Box<dyn BufRead + Send + '_>,
    into: &mut File,
    rows: &mut Rows,
    out: &mut dyn Output,
) -> io::Result<()> {
    let mut workbook = match opened(bytes) {
        Ok(workbook) => workbook,
        Err((reason, message)) => {
            into.refuse(reason, message);
            return Ok(());
        }
    };
    let (mut lists, mut nearest) = (0, Nearest::None);
    for name in workbook.sheet_names() {
        // A sheet that cannot be read may have been any list.
        match read_sheet((number, &mut *into), &mut workbook, &name, rows, out)? {
            Seen::List => lists += 1,
            Seen::NoList(near) => nearest = nearest.max(near),
            Seen::OfChildren(near) => {
                into.refuse_one(Some(NONE_OF_THESE), Reason::HeaderMissing, &with_nearest(OF_CHILDREN, near));
            }
            Seen::Unreadable => {
                into.refuse(Reason::FileUnreadable, "a sheet of the workbook cannot be read: save it again as .xlsx");
            }
        }
    }
    if lists == 0 && into.rejected.is_empty() {
        into.refuse(Reason::HeaderMissing, &with_nearest(NO_LIST, nearest));
    }
    Ok(())
}

/// A workbook to be read, or why it is not.
fn opened(bytes: Box<dyn BufRead + Send + '_>) -> Result<Xlsx<Cursor<Vec<u8>>>, (Reason, &'static str)> {
    let mut held = Vec::new();
    if bytes.take(WORKBOOK_BYTES_MAX + 1).read_to_end(&mut held).is_err() {
        return Err((Reason::FileUnreadable, "the file could not be read to its end: send it again"));
    }
    let is_too_large = held.len() as u64 > WORKBOOK_BYTES_MAX;
    if is_too_large || unpacked::within(&held, UNPACKED_BYTES_MAX) == Err(Unusable::TooLarge) {
        return Err((Reason::RecordTooLarge, "the workbook is larger than any real one: send each list as CSV"));
    }
    let unreadable = "the file is no workbook that can be read: save it again as .xlsx";
    unpacked::readable(|| open_workbook_from_rs(Cursor::new(held))).ok_or((Reason::FileUnreadable, unreadable))
}

/// Reads a sheet's rows, the list being known by the first row that is a header of one; a sheet without is no list.
fn read_sheet<R: io::Read + io::Seek>(
    (number, into): (usize, &mut File),
    workbook: &mut Xlsx<R>,
    name: &str,
    rows: &mut Rows,
    out: &mut dyn Output,
) -> io::Result<Seen> {
    // Of cells merged over several rows only the first has what they say.
    let merged = unpacked::readable(|| workbook.merge_cells_by_sheet_name(name)).unwrap_or_default();
    let down = merged.into_iter().filter(|cells| cells.end.0 > cells.start.0);
    let mut above: Vec<Above> =
        down.map(|cells| Above { first: cells.start, last_row: cells.end.0, says: String::new() }).collect();
    let Some(mut cells) = unpacked::readable(move || workbook.worksheet_cells_reader(name)) else {
        return Ok(Seen::Unreadable);
    };
    let (mut list, mut of_children, mut nearest) = (None::<List>, false, Nearest::None);
    let (mut row, mut at, mut seen) = (Vec::<String>::new(), None::<u32>, 0usize);
    loop {
        let Some(cell) = unpacked::readable(|| cells.next_cell()) else { return Ok(Seen::Unreadable) };
        let place = cell.as_ref().map(calamine::Cell::get_position);
        if let Some(line) = at.filter(|line| place.map(|(line, _)| line) != Some(*line)) {
            let mut done = std::mem::take(&mut row);
            seen += 1;
            match &mut list {
                Some(list) => {
                    above.iter_mut().for_each(|above| above.fill(line, &mut done));
                    if !list.take(done, line, rows, (&mut *into, &mut *out))? {
                        return Ok(Seen::List);
                    }
                }
                None if seen <= HEADER_ROWS_MAX => {
                    of_children |= Columns::are_of_children(&done);
                    nearest = nearest.max(Columns::nearest(&done));
                    list = Columns::of_header(&done).map(|columns| List::begin(number, columns, rows));
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
    Ok(match list {
        Some(list) => {
            rows.is_whole(list.sheet);
            Seen::List
        }
        None if of_children => Seen::OfChildren(nearest),
        None => Seen::NoList(nearest),
    })
}

/// The columns of another list that begins with this row, below the rows of the one before: a header has no day and no number.
fn below(cells: &[String]) -> Option<Columns> {
    let has_number = cells.iter().any(|cell| cell.trim().starts_with(|c: char| c.is_ascii_digit()));
    Columns::of_header(cells).filter(|_| !has_number)
}

/// A list, while its rows are read.
struct List {
    file: usize,
    number: u8,
    sheet: u32,
    records: u64,
}

impl List {
    fn begin(file: usize, columns: Columns, rows: &mut Rows) -> Self {
        let number = columns.list.number;
        Self {
            file,
            number,
            sheet: rows.begin(Sheet { file, columns, whole: false, authorities: BTreeSet::new() }),
            records: 0,
        }
    }

    /// Takes a row, with which another list may begin. False when so much was refused that the rest is not read.
    fn take(
        &mut self,
        cells: Vec<String>,
        line: u32,
        rows: &mut Rows,
        (into, out): (&mut File, &mut dyn Output),
    ) -> io::Result<bool> {
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(true);
        }
        if let Some(columns) = below(&cells) {
            rows.is_whole(self.sheet);
            *self = Self::begin(self.file, columns, rows);
            return Ok(true);
        }
        out.record();
        self.records += 1;
        let (line, record) = (u64::from(line) + 1, self.records);
        // Cells may share one text: a small sheet says as much as it likes.
        if cells.iter().map(String::len).sum::<usize>() > ROW_BYTES_MAX {
            let place = Place { file: into.name.clone(), line, record, ..Place::default() };
            let rejection = Rejection::of(Reason::RecordTooLarge, ROW_TOO_LARGE, place, &[]);
            return Ok(into.rejected.row(Some(self.number), rejection));
        }
        let raw = cells.join(",").into_bytes();
        rows.push(into, Row { sheet: self.sheet, line, record, byte_offset: 0, cells, raw })
    }
}

const ROW_TOO_LARGE: &str =
    "a row of the sheet holds more text than any real one: take the documents out of it, and send the list again";

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
