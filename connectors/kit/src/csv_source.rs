//! A table of rows under a header, as councils really export them.
//!
//! Columns are found by name, whatever their order and letter case, and further ones do no harm. A row with more or fewer
//! cells than the header is rejected with its line, and its neighbours are read. A quote that is never closed costs its own
//! line, not the rest of the file. A header without a comma may have its columns apart by semicolons, tabs or bars. How else
//! an export differs (an encoding, lines above the header) is said by a [`Dialect`].

mod pieces;
mod records;

use std::collections::{BTreeMap, HashMap};
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

/// A row that is no record, and was passed over: a total below the table, the header said again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Aside {
    /// Which row of the file, from 1.
    pub record: u64,
    /// Its line.
    pub line: u64,
}

/// Whether a row whose first filled cell is this one is no record.
type IsAside<'a> = Box<dyn Fn(&str) -> bool + Send + 'a>;

/// Whether these cells, in the header's order, are a row of the table.
type IsRow<'a> = Box<dyn Fn(&[&str]) -> bool + Send + 'a>;

/// A table being read.
pub struct Table<'a> {
    name: String,
    records: Records<Text<'a>>,
    columns: HashMap<String, usize>,
    /// The header's cells in their order, each with a name of its own; "" where it has none.
    names: Vec<String>,
    width: usize,
    record: Record,
    rows: u64,
    broken: bool,
    is_aside: Option<IsAside<'a>>,
    is_row: Option<IsRow<'a>>,
    /// So many of the records that follow are pieces of the row before.
    pieces: usize,
    aside: Vec<Aside>,
    /// Of columns that are filled from above, what stood there last; `None` below a row that could not be read.
    above: BTreeMap<usize, Option<String>>,
    /// What stands in a cell that says nothing.
    blanks: &'a [String],
}

/// What makes a row the header.
#[derive(Clone, Copy)]
enum Wanted<'w> {
    Columns(&'w [&'w str]),
    /// And what is said where no row is it.
    Known(&'w dyn Fn(&[String]) -> bool, &'w str),
}

/// One row, until the next is read.
#[derive(Clone, Copy)]
pub struct Row<'t> {
    name: &'t str,
    columns: &'t HashMap<String, usize>,
    names: &'t [String],
    above: &'t BTreeMap<usize, Option<String>>,
    blanks: &'t [String],
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
        Self::read_header(file, Wanted::Columns(required), None)
    }

    /// The same, of a table that is known by its header, which may stand below a title: the first of twenty rows of whose names,
    /// in lower case, `is_header` says so; `unknown` is what a file is refused with where none is. A row with fewer cells than the
    /// header has nothing in the others.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_where(
        file: SourceFile<'a>,
        is_header: impl Fn(&[String]) -> bool,
        unknown: &str,
    ) -> Result<Self, Box<Rejection>> {
        Self::read_header(file, Wanted::Known(&is_header, unknown), None)
    }

    /// The same, of a table that is written in this dialect.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_as(file: SourceFile<'a>, required: &[&str], dialect: Dialect) -> Result<Self, Box<Rejection>> {
        Self::read_header(file, Wanted::Columns(required), Some(dialect))
    }

    /// The same, of a table without a header, whose columns have these names.
    ///
    /// # Errors
    /// The rejection of the whole file: no text.
    pub fn open_named(file: SourceFile<'a>, names: &[String], dialect: Dialect) -> Result<Self, Box<Rejection>> {
        let SourceFile { name, bytes } = file;
        let text = open_text(&name, bytes, dialect.encoding)?;
        let names: Vec<String> = names.iter().map(|name| column_name(name)).collect();
        let columns = names.iter().cloned().zip(0..).collect();
        Ok(Self::of(name, Records::new(text, dialect), names, columns))
    }

    fn of(name: String, records: Records<Text<'a>>, names: Vec<String>, columns: HashMap<String, usize>) -> Self {
        Self {
            name,
            records,
            columns,
            width: names.len(),
            names,
            record: Record::default(),
            rows: 0,
            broken: false,
            is_aside: None,
            is_row: None,
            pieces: 0,
            aside: Vec::new(),
            above: BTreeMap::new(),
            blanks: &[],
        }
    }

    fn read_header(file: SourceFile<'a>, wanted: Wanted<'_>, stated: Option<Dialect>) -> Result<Self, Box<Rejection>> {
        let SourceFile { name, bytes } = file;
        let of_file = |reason, message: String, raw| Box::new(rejection(reason, message, at(&name, 0, 0, 0), raw));
        let mut text = open_text(&name, bytes, stated.and_then(|stated| stated.encoding))?;
        let dialect = stated.unwrap_or_else(|| Dialect {
            delimiter: text.fill_buf().map_or(b',', records::delimiter_of),
            header: if matches!(wanted, Wanted::Known(..)) { Header::Found } else { Header::Record(1) },
            short_rows: matches!(wanted, Wanted::Known(..)),
            ..Dialect::default()
        });
        let mut records = Records::new(text, dialect);
        let (mut header, mut first_raw, mut number) = (Record::default(), Vec::new(), 0);
        let (names, columns, missing) = loop {
            number += 1;
            let found = records.read(&mut header, None);
            let names = if matches!(found, Some(Ok(()))) { names_of(&header) } else { Vec::new() };
            let columns: HashMap<String, usize> = match found {
                Some(Ok(())) => names.iter().cloned().enumerate().map(|(at, name)| (name, at)).rev().collect(),
                Some(Err(Trouble::Unreadable)) => {
                    return Err(of_file(Reason::FileUnreadable, FILE_BREAKS_OFF.to_owned(), Vec::new()));
                }
                Some(Err(_)) | None => HashMap::new(),
            };
            if number == 1 {
                first_raw.clone_from(&header.raw);
            }
            let missing: Vec<&str> = match wanted {
                Wanted::Columns(required) => {
                    required.iter().copied().filter(|name| !columns.contains_key(*name)).collect()
                }
                Wanted::Known(is_header, _) if is_header(&names) => Vec::new(),
                Wanted::Known(_, unknown) => vec![unknown],
            };
            let is_it = match dialect.header {
                Header::Record(wanted) => number >= wanted,
                Header::Found => missing.is_empty() || number >= HEADER_ROWS_MAX,
            };
            if is_it || found.is_none() {
                break (names, columns, missing);
            }
        };
        if columns.is_empty() || !missing.is_empty() {
            let message = match wanted {
                Wanted::Known(_, unknown) => unknown.to_owned(),
                Wanted::Columns(_) => {
                    let what = if columns.is_empty() { "any column".to_owned() } else { missing.join(", ") };
                    format!("the header does not name {what}: export the table with its column names")
                }
            };
            return Err(of_file(Reason::HeaderMissing, message, first_raw));
        }
        Ok(Self::of(name, records, names, columns))
    }

    /// Passes over rows that are no records: those of whose first filled cell `is_aside` says so, whatever their number of
    /// cells, and those that only say the header again. [`Self::aside`] tells of them.
    #[must_use]
    pub fn passing_over(self, is_aside: impl Fn(&str) -> bool + Send + 'a) -> Self {
        Self { is_aside: Some(Box::new(is_aside)), ..self }
    }

    /// Takes a short row only where it is known to be one, by its trimmed cells, and refuses it with the lines behind it that are the
    /// rest of it: that are no rows by themselves, and with which it has the cells of one. A row of one filled cell is a total or a note,
    /// and is left to whoever reads the table.
    #[must_use]
    pub fn knowing_rows(self, is_row: impl Fn(&[&str]) -> bool + Send + 'a) -> Self {
        Self { is_row: Some(Box::new(is_row)), ..self }
    }

    /// What is wrong with the record just read, where it ends early.
    fn cut_short(&mut self) -> Option<Trouble> {
        if let Some(left) = self.pieces.checked_sub(1) {
            self.pieces = left;
            return Some(Trouble::Parted);
        }
        let cells = self.record.cells().len();
        let is_row = self.is_row.as_ref().filter(|_| cells < self.width)?;
        self.pieces = pieces::behind(&self.record, &mut self.records, self.width, is_row);
        let row = pieces::trimmed(&self.record);
        let is_one = row.iter().filter(|cell| !cell.is_empty()).count() == 1 || is_row(&row);
        match self.pieces {
            0 => (!is_one).then_some(Trouble::Ragged { cells }),
            _ => Some(Trouble::Parted),
        }
    }

    /// In these columns a blank cell means what stands above it, as merged cells are saved.
    #[must_use]
    pub fn filling_down(mut self, columns: &[String]) -> Self {
        let at = columns.iter().filter_map(|column| self.columns.get(column));
        self.above = at.map(|at| (*at, Some(String::new()))).collect();
        self
    }

    /// A cell that is one of these words, to the letter, is blank.
    #[must_use]
    pub fn reading_as_blank(self, blanks: &'a [String]) -> Self {
        Self { blanks, ..self }
    }

    /// Counts its rows on from this many, those of another sheet.
    #[must_use]
    pub fn numbered_from(self, rows: u64) -> Self {
        Self { rows, ..self }
    }

    /// The rows that were passed over since this was last asked.
    pub fn aside(&mut self) -> Vec<Aside> {
        std::mem::take(&mut self.aside)
    }

    fn is_aside(&self) -> bool {
        let Some(is_aside) = &self.is_aside else { return false };
        let first = self.record.cells().map(str::trim).find(|cell| !cell.is_empty());
        first.is_some_and(|first| is_aside(first) || self.says_header(first))
    }

    /// Whether the row, whose first filled cell this is, says the header again.
    fn says_header(&self, first: &str) -> bool {
        let name = self.names.iter().find(|name| !name.is_empty());
        let begins =
            |name: &String| name.chars().zip(first.chars()).next().is_some_and(|(a, b)| a == b.to_ascii_lowercase());
        // The first letter tells it of most rows.
        let may_be = name.is_some_and(|name| begins(name) && column_name(first) == *name);
        may_be
            && self.record.cells().len() == self.names.len()
            && self.record.cells().zip(&self.names).all(|(cell, name)| name.starts_with(&column_name(cell)))
    }

    /// The next row, or the rejection of one that cannot be read. Rows without a single filled cell are passed over.
    pub fn next_row(&mut self) -> Option<Result<Row<'_>, Box<Rejection>>> {
        loop {
            let read = self.records.read(&mut self.record, Some(self.width))?;
            if read.is_ok() && self.record.cells().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            self.rows += 1;
            // One that could not be taken apart is asked by the cells that it has.
            if self.is_aside() {
                self.aside.push(Aside { record: self.rows, line: self.record.line });
                continue;
            }
            let read = read.and_then(|()| self.cut_short().map_or(Ok(()), Err));
            let unknown = self.fill(read.is_ok());
            let offset = self.records.source().source_offset(self.record.offset).unwrap_or(0);
            let at = |field| Place { field, ..at(&self.name, self.record.line, self.rows, offset) };
            return Some(match (read, unknown) {
                (Ok(()), Some(column)) => {
                    let place = at(column);
                    let raw = std::mem::take(&mut self.record.raw);
                    Err(Box::new(rejection(Reason::RecordMalformed, NOTHING_ABOVE.to_owned(), place, raw)))
                }
                (Ok(()), None) => Ok(Row {
                    name: &self.name,
                    columns: &self.columns,
                    names: &self.names,
                    above: &self.above,
                    blanks: self.blanks,
                    record: &self.record,
                    number: self.rows,
                    offset,
                }),
                (Err(trouble), _) => {
                    self.broken = true;
                    let (reason, message) = told(trouble, self.width);
                    let place = at(String::new());
                    Err(Box::new(rejection(reason, message, place, std::mem::take(&mut self.record.raw))))
                }
            });
        }
    }

    /// Keeps what the row says for those below it, nothing of one that could not be read; and gives a column in which the row
    /// is blank and nobody knows what stands above it.
    fn fill(&mut self, is_read: bool) -> Option<String> {
        let mut unknown = None;
        for (at, above) in &mut self.above {
            match self.record.cell(*at).map(str::trim).filter(|cell| !is_blank(cell, self.blanks)) {
                _ if !is_read => *above = None,
                Some(cell) => cell.clone_into(above.get_or_insert_default()),
                None if above.is_none() => unknown = unknown.or(Some(*at)),
                None => {}
            }
        }
        self.names.get(unknown?).cloned()
    }

    /// Whether the header names this column, in lower case.
    pub fn has(&self, column: &str) -> bool {
        self.columns.contains_key(column)
    }

    /// The header's columns, in lower case and in no order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }

    /// The header's columns in lower case, in their order.
    pub fn names(&self) -> &[String] {
        &self.names
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
        let at = self.columns.get(column)?;
        let own = self.cell(*at);
        let cell = if is_blank(own, self.blanks) { self.above.get(at)?.as_deref()? } else { own };
        (!cell.is_empty()).then_some(cell)
    }

    /// The cell at this place of the header, trimmed.
    pub fn cell(&self, at: usize) -> &'t str {
        self.record.cell(at).unwrap_or_default().trim()
    }

    /// The names of its columns, in their order, with the cells that are not blank; "" of a cell under no name.
    pub fn filled(&self) -> impl Iterator<Item = (&'t str, &'t str)> + use<'t> {
        let row = *self;
        row.names.iter().enumerate().filter_map(move |(at, name)| {
            let cell = if name.is_empty() { Some(row.cell(at)) } else { row.get(name) };
            Some((name.as_str(), cell.filter(|cell| !cell.is_empty())?))
        })
    }

    /// Whether it has fewer cells than the header.
    pub fn is_short(&self) -> bool {
        self.record.cells().len() < self.names.len()
    }

    /// Whether something stands under a column that the header does not name.
    pub fn has_nameless(&self) -> bool {
        let nameless = self.names.iter().enumerate().filter(|(_, name)| name.is_empty());
        let mut cells = nameless.filter_map(|(at, _)| self.record.cell(at));
        cells.any(|cell| !cell.trim().is_empty())
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

fn is_blank(cell: &str, blanks: &[String]) -> bool {
    cell.is_empty() || blanks.iter().any(|blank| blank == cell)
}

/// The file as text, or the rejection of all of it.
fn open_text<'a>(
    name: &str,
    bytes: Box<dyn BufRead + Send + 'a>,
    encoding: Option<&'static encoding_rs::Encoding>,
) -> Result<Text<'a>, Box<Rejection>> {
    let refused = |reason, message: String| Box::new(rejection(reason, message, at(name, 0, 0, 0), Vec::new()));
    match TextReader::open_as(bytes, encoding) {
        Ok(Ok(text)) => Ok(text),
        Ok(Err(unsupported @ (Unsupported::Utf32 | Unsupported::Binary))) => {
            Err(refused(Reason::EncodingUnsupported, unsupported.to_string()))
        }
        Err(_) => Err(refused(Reason::FileUnreadable, FILE_BREAKS_OFF.to_owned())),
    }
}

const FILE_BREAKS_OFF: &str = "the file could not be read to its end: send it again";

const NOTHING_ABOVE: &str =
    "a blank cell of the row means what stands above it, and that row could not be read: put that row right";

fn told(trouble: Trouble, width: usize) -> (Reason, String) {
    match trouble {
        Trouble::Ragged { cells } if cells < width => (
            Reason::RecordMalformed,
            format!(
                "the row ends early, with {cells} cells of the header's {width}: look for a line end inside a cell, or a file that was cut \
                 here, and send it whole"
            ),
        ),
        Trouble::Ragged { cells } => (
            Reason::RecordMalformed,
            format!("the row has {cells} cells and the header {width}: look for a comma outside quotes"),
        ),
        Trouble::Parted => (
            Reason::RecordMalformed,
            "the line is a piece of a row that a line end in a cell parted: take the line end out of the cell, or put quotes around it"
                .to_owned(),
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
    Rejection { reason, message, place, controller: None, raw, scope_key: None, subject: None, digest: None }
}

/// A column's name as it is asked for: in lower case, any run of white space one space, as a name on two lines of a cell has.
pub fn column_name(cell: &str) -> String {
    let words: Vec<&str> = cell.trim_start_matches('\u{feff}').split_whitespace().collect();
    words.join(" ").to_lowercase()
}

/// The header's names. One that stands there before is told by its number: "date", "date (2)".
fn names_of(header: &Record) -> Vec<String> {
    let mut met: HashMap<String, u32> = HashMap::new();
    let of_cell = |cell: &str| {
        let name = column_name(cell);
        let times = met.entry(name.clone()).or_default();
        *times += 1;
        if *times == 1 || name.is_empty() { name } else { format!("{name} ({times})") }
    };
    header.cells().map(of_cell).collect()
}

#[cfg(test)]
mod tests;
