//! A workbook's sheets as tables, one line of text for each row, so that a row's line is its row number.
//!
//! What a workbook unpacks to is counted before anything of it is read, and cells are taken one by one, so that a sheet that claims
//! a million columns costs nothing.

use std::io::{BufRead, Cursor, Read as _};

pub use calamine::Sheet;
use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx};
use proto::quarantine::Reason;

use crate::text;
use crate::unpacked::{self, Unusable};

/// Largest workbook that is read, packed and unpacked.
pub const WORKBOOK_BYTES_MAX: u64 = 64 << 20;
/// What it may unpack to.
pub const UNPACKED_BYTES_MAX: u64 = 256 << 20;
/// Columns and rows beyond these are no table.
const COLUMNS_MAX: u32 = 1_000;
const ROWS_MAX: u32 = 1_048_576;

/// Why a workbook cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WorkbookUnusable {
    /// No archive, or none of a workbook.
    #[error("the file is no workbook (.xlsx): save it as one, or as CSV")]
    NoWorkbook,
    /// A web page under the name of a workbook, as reporting tools write them.
    #[error(
        "the file is a web page or XML under the name of a workbook: open it, save it as .xlsx or CSV, or let the report give CSV"
    )]
    Page,
    /// A workbook of before 2007.
    #[error(
        "the file is a workbook of before 2007 (.xls), which is not read: let the source give .xlsx or CSV, or turn it into one on \
         the way (`soffice --headless --convert-to xlsx FILE` does it unattended)"
    )]
    Old,
    /// Its content is encrypted.
    #[error("the workbook is protected by a password: let the source give it without, and send it again")]
    Locked,
    /// Damaged inside.
    #[error("the workbook is damaged, or protected by a password: open it, save it anew, and send it again")]
    Unreadable,
    /// Beyond what is read.
    #[error("the workbook is larger than is read, packed or unpacked: export the tables alone, as CSV")]
    TooLarge,
    /// No sheet of the name.
    #[error(
        "the workbook has no sheet of the name that is asked for (in a mapping, `source.sheet`), or none that is not hidden and has anything on it"
    )]
    NoSuchSheet,
}

impl WorkbookUnusable {
    /// What it is to whoever drops the file.
    #[must_use]
    pub fn reason(self) -> Reason {
        match self {
            Self::NoSuchSheet => Reason::HeaderMissing,
            Self::TooLarge => Reason::RecordTooLarge,
            Self::NoWorkbook | Self::Unreadable | Self::Page | Self::Old | Self::Locked => Reason::FileUnreadable,
        }
    }
}

impl From<Unusable> for WorkbookUnusable {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::NoArchive => Self::NoWorkbook,
            Unusable::Damaged => Self::Unreadable,
            Unusable::TooLarge => Self::TooLarge,
        }
    }
}

/// The whole of a file, within what is read.
///
/// # Errors
/// When it is larger, or plainly no workbook that can be read.
pub fn bytes(file: Box<dyn BufRead + Send + '_>) -> Result<Vec<u8>, WorkbookUnusable> {
    use WorkbookUnusable as U;
    let mut bytes = Vec::new();
    file.take(WORKBOOK_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|_| U::Unreadable)?;
    if bytes.len() as u64 > WORKBOOK_BYTES_MAX {
        return Err(U::TooLarge);
    }
    let start = bytes.trim_ascii_start();
    if start.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        // Both are the same kind of container, and only the newer ones hold this by name.
        let locked: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        return Err(if bytes.windows(locked.len()).any(|part| part == locked) { U::Locked } else { U::Old });
    }
    let marked = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let is_page = marked.starts_with(b"<") || marked.get(..5).is_some_and(|word| word.eq_ignore_ascii_case(b"MIME-"));
    if is_page { Err(U::Page) } else { Ok(bytes) }
}

/// Whether it is the text of a table, whatever it is called.
pub fn is_text(bytes: &[u8]) -> bool {
    !bytes.starts_with(b"PK") && text::decode(bytes).is_ok_and(|decoded| decoded.text.contains(['\t', ',', ';', '|']))
}

/// The sheets that are wanted, in order: what each is called, and its text.
///
/// # Errors
/// When the workbook cannot be read, or none of its sheets is wanted.
pub fn sheets(bytes: &[u8], wanted: impl Fn(&Sheet) -> bool) -> Result<Vec<(String, Vec<u8>)>, WorkbookUnusable> {
    unpacked::within(bytes, UNPACKED_BYTES_MAX)?;
    sheets_within(bytes, wanted, UNPACKED_BYTES_MAX)
}

/// The same, of so much text in all: a text that an archive holds once may stand in any number of cells.
fn sheets_within(
    bytes: &[u8],
    wanted: impl Fn(&Sheet) -> bool,
    most: u64,
) -> Result<Vec<(String, Vec<u8>)>, WorkbookUnusable> {
    use WorkbookUnusable as U;
    let mut workbook: Xlsx<_> = unpacked::readable(|| Xlsx::new(Cursor::new(bytes))).ok_or(U::Unreadable)?;
    let wanted = workbook.sheets_metadata().iter().filter(|sheet| wanted(sheet));
    let wanted: Vec<String> = wanted.map(|sheet| sheet.name.clone()).collect();
    if wanted.is_empty() {
        return Err(U::NoSuchSheet);
    }
    let mut left = most;
    let mut sheets = Vec::with_capacity(wanted.len());
    for name in wanted {
        let text = sheet(&mut workbook, &name, left)?;
        left = left.saturating_sub(text.len() as u64);
        sheets.push((name, text));
    }
    Ok(sheets)
}

/// Whether a sheet is of cells, and not hidden.
pub fn is_shown(sheet: &Sheet) -> bool {
    sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible
}

fn sheet(workbook: &mut Xlsx<Cursor<&[u8]>>, name: &str, most: u64) -> Result<Vec<u8>, WorkbookUnusable> {
    use WorkbookUnusable as U;
    let mut cells = unpacked::readable(move || workbook.worksheet_cells_reader(name)).ok_or(U::Unreadable)?;
    let mut lines = Lines::default();
    while let Some(cell) = unpacked::readable(|| cells.next_cell()).ok_or(U::Unreadable)? {
        let (row, column) = cell.get_position();
        let text = text_of(cell.get_value());
        if text.is_empty() {
            continue;
        }
        if column >= COLUMNS_MAX || row >= ROWS_MAX {
            return Err(U::TooLarge);
        }
        lines.put(row, column, &text);
        if lines.text.len() as u64 > most {
            return Err(U::TooLarge);
        }
    }
    Ok(lines.finish())
}

/// Writes cells as they come, row after row.
#[derive(Default)]
struct Lines {
    text: Vec<u8>,
    row: u32,
    column: u32,
}

impl Lines {
    fn put(&mut self, row: u32, column: u32, cell: &str) {
        while self.row < row {
            self.end();
        }
        while self.column < column {
            self.text.push(b',');
            self.column += 1;
        }
        self.text.push(b'"');
        for byte in cell.bytes() {
            match byte {
                b'"' => self.text.extend_from_slice(b"\"\""),
                // A line of the table is a row of the sheet.
                b'\r' | b'\n' => self.text.push(b' '),
                byte => self.text.push(byte),
            }
        }
        self.text.push(b'"');
    }

    fn end(&mut self) {
        self.text.push(b'\n');
        self.row += 1;
        self.column = 0;
    }

    fn finish(mut self) -> Vec<u8> {
        self.end();
        self.text
    }
}

/// A cell as text: days and times as ISO writes them, whole numbers without a fraction.
fn text_of(cell: &DataRef<'_>) -> String {
    match cell {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.trim().to_owned(),
        DataRef::SharedString(text) => text.trim().to_owned(),
        DataRef::Bool(flag) => flag.to_string(),
        DataRef::DateTime(at) => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            if hour == 0 && minute == 0 && second == 0 {
                format!("{year:04}-{month:02}-{day:02}")
            } else {
                format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
            }
        }
        // As the sheet shows it, `#N/A`: what could not be worked out is not the same as nothing.
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use rust_xlsxwriter::Workbook;

    use super::*;

    #[test]
    fn all_sheets_together_are_bounded() {
        let (mut book, text) = (Workbook::new(), "x".repeat(1_000));
        for _ in 0..3 {
            book.add_worksheet().write(0, 0, &text).unwrap();
        }
        let bytes = book.save_to_buffer().unwrap();
        assert_eq!(sheets_within(&bytes, is_shown, 3_100).map(|sheets| sheets.len()), Ok(3));
        assert_eq!(sheets_within(&bytes, is_shown, 2_900), Err(WorkbookUnusable::TooLarge));
    }
}
