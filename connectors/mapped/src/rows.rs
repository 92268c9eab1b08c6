//! The rows of a source, whatever it is: a spreadsheet's sheet is read as the table that it would be saved as.

mod header;

use std::io::{BufRead, Cursor, Read as _};

use connector_kit::csv_source::{Dialect, Row, Table};
use connector_kit::text::TextReader;
use connector_kit::workbook::{self, Sheet, WorkbookUnusable};
use connector_kit::{Place, Rejection, SourceFile};
use proto::quarantine::Reason;

use crate::file::Format;
use crate::fixed::Lines;
use crate::plan::Mapping;

/// How much of a file is looked at to tell what stands between its cells: its first twenty rows, most often.
const START_BYTES: u64 = 64 << 10;

/// The tables of a file, and what it holds that is not read.
pub(crate) struct Tables<'a> {
    /// Each with its header found.
    pub(crate) tables: Vec<Table<'a>>,
    /// How many more sheets have the columns.
    pub(crate) sheets_left: usize,
}

impl Mapping {
    /// Opens the tables of a file: one, but where the mapping takes several sheets of a workbook.
    pub(crate) fn tables<'a>(&'a self, file: SourceFile<'a>) -> Result<Tables<'a>, Box<Rejection>> {
        let tables = match self.source.format {
            Format::Csv => vec![self.text_table(file, self.source.sniffs)?],
            Format::Sql => vec![self.text_table(file, false)?],
            Format::Xlsx => return self.sheets(file),
        };
        Ok(Tables { tables, sheets_left: 0 })
    }

    fn text_table<'a>(&'a self, file: SourceFile<'a>, sniffs: bool) -> Result<Table<'a>, Box<Rejection>> {
        if !self.source.columns.is_empty() {
            return self.headless(file);
        }
        let SourceFile { name, mut bytes } = file;
        let mut start = Vec::new();
        if bytes.by_ref().take(START_BYTES).read_to_end(&mut start).is_err() {
            start.clear();
        }
        let stated = self.source.dialect;
        let delimiters = if sniffs { &b",;\t|"[..] } else { &[] };
        let others = delimiters.iter().map(|delimiter| Dialect { delimiter: *delimiter, ..stated });
        let found = others.into_iter().find(|dialect| self.open(&name, Box::new(start.as_slice()), *dialect).is_ok());
        let told = start.clone();
        let whole: Box<dyn BufRead + Send + 'a> = Box::new(Cursor::new(start).chain(bytes));
        self.open(&name, whole, found.unwrap_or(stated)).map_err(|rejection| self.no_header(&told, rejection))
    }

    /// A table without a header; of columns at fixed places, as it would be saved with something between them.
    fn headless<'a>(&'a self, file: SourceFile<'a>) -> Result<Table<'a>, Box<Rejection>> {
        let SourceFile { name, bytes } = file;
        let (columns, mut dialect) = (&self.source.columns, self.source.dialect);
        if self.source.widths.is_empty() {
            return Ok(self.its_rows(Table::open_named(SourceFile { name, bytes }, columns, dialect)?));
        }
        let text = match TextReader::open_as(bytes, dialect.encoding) {
            Ok(Ok(text)) => text,
            Ok(Err(unsupported)) => return Err(unread(&name, Reason::EncodingUnsupported, &unsupported.to_string())),
            Err(_) => {
                return Err(unread(
                    &name,
                    Reason::FileUnreadable,
                    "the file could not be read to its end: send it again",
                ));
            }
        };
        dialect.encoding = None;
        let bytes = Box::new(Lines::of(text, &self.source.widths));
        Ok(self.its_rows(Table::open_named(SourceFile { name, bytes }, columns, dialect)?))
    }

    fn open<'a>(
        &'a self,
        name: &str,
        bytes: Box<dyn BufRead + Send + 'a>,
        dialect: Dialect,
    ) -> Result<Table<'a>, Box<Rejection>> {
        let required: Vec<&str> = self.required.iter().map(String::as_str).collect();
        Ok(self.its_rows(Table::open_as(SourceFile { name: name.to_owned(), bytes }, &required, dialect)?))
    }

    /// The table with what the mapping says of its rows.
    fn its_rows<'a>(&'a self, table: Table<'a>) -> Table<'a> {
        let beginnings = &self.source.pass_over;
        let is_aside = |first: &str| {
            let like = |first: &str| beginnings.iter().any(|beginning| is_like(first, beginning));
            !beginnings.is_empty() && like(&first.to_lowercase())
        };
        table.reading_as_blank(&self.source.blanks).filling_down(&self.source.fill_down).passing_over(is_aside)
    }

    fn sheets<'a>(&'a self, file: SourceFile<'a>) -> Result<Tables<'a>, Box<Rejection>> {
        let SourceFile { name, bytes } = file;
        let unusable = |error: WorkbookUnusable| Box::new(refused(&name, &error));
        let bytes = workbook::bytes(bytes).map_err(unusable)?;
        // What an older system calls a workbook is often the text of a table.
        if workbook::is_text(&bytes) {
            let bytes = Box::new(Cursor::new(bytes));
            let table = self.text_table(SourceFile { name: name.clone(), bytes }, true);
            return Ok(Tables { tables: vec![table?], sheets_left: 0 });
        }
        let named = self.source.sheet.as_deref();
        let sheets = workbook::sheets(&bytes, is_wanted(named)).map_err(unusable)?;
        let (mut tables, mut sheets_left, mut rows) = (Vec::new(), 0, 0);
        let mut refused = refused(&name, &WorkbookUnusable::NoSuchSheet);
        let takes_all = named.is_some_and(|named| named.contains('*'));
        for (_, sheet) in sheets {
            let lines = sheet.iter().filter(|byte| **byte == b'\n').count() as u64;
            let told = sheet.get(..sheet.len().min(START_BYTES as usize)).unwrap_or_default().to_vec();
            match self.open(&name, Box::new(Cursor::new(sheet)), self.source.dialect) {
                Ok(_) if !tables.is_empty() && !takes_all => sheets_left += 1,
                // A row is told from those of other sheets by its number.
                Ok(table) => tables.push(table.numbered_from(rows)),
                Err(rejection) if told.iter().any(|byte| !byte.is_ascii_whitespace()) => {
                    refused = *self.no_header(&told, rejection);
                }
                Err(_) => {}
            }
            rows += lines;
        }
        if tables.is_empty() { Err(Box::new(refused)) } else { Ok(Tables { tables, sheets_left }) }
    }
}

fn unread(name: &str, reason: Reason, message: &str) -> Box<Rejection> {
    Box::new(Rejection::of(reason, message, Place { file: name.to_owned(), ..Place::default() }, &[]))
}

fn refused(name: &str, error: &WorkbookUnusable) -> Rejection {
    *unread(name, error.reason(), &error.to_string())
}

/// The sheets of this name, in which `*` stands for anything; or every one that is not hidden.
fn is_wanted(named: Option<&str>) -> impl Fn(&Sheet) -> bool {
    let named = named.map(|named| named.trim().to_lowercase());
    move |sheet| match &named {
        // One that is named is meant, hidden or not.
        Some(named) if !named.contains('*') => sheet.name.trim().to_lowercase() == *named,
        Some(pattern) => workbook::is_shown(sheet) && is_like(sheet.name.trim().to_lowercase().as_str(), pattern),
        None => workbook::is_shown(sheet),
    }
}

/// What a spreadsheet writes where it could not work a cell out.
const ERRORS: [&str; 8] = ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#GETTING_DATA"];

/// Whether the cell is one that the spreadsheet could not work out. It is nobody's number, and no name.
pub(crate) fn is_error(cell: &str) -> bool {
    cell.starts_with('#') && ERRORS.contains(&cell)
}

/// The cell under this column, where it says anything.
pub(crate) fn cell<'r>(row: &Row<'r>, column: &str) -> Option<&'r str> {
    row.get(column).filter(|cell| !is_error(cell))
}

/// A text and a pattern in which `*` stands for anything.
pub(crate) fn is_like(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let parts: Vec<&str> = parts.collect();
    for (at, part) in parts.iter().enumerate() {
        if at + 1 == parts.len() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(found) => rest = rest.get(found + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}
