//! A workbook's sheets as tables, one line of text for each row, so that a row's line is its row number.
//!
//! A workbook is an archive, and an archive may unpack to a thousand times its size: what it unpacks to is counted before
//! anything of it is read, and cells are taken one by one, so that a sheet that claims a million columns costs nothing.

use std::io::{BufRead, Cursor, Read as _};

use calamine::{DataRef, Reader as _, Xlsx};

use crate::rows::at_most;

/// Largest workbook that is read, packed and unpacked.
pub const WORKBOOK_BYTES_MAX: u64 = 64 << 20;
/// What it may unpack to.
pub const UNPACKED_BYTES_MAX: u64 = 256 << 20;
/// Columns and rows beyond these are no table.
const COLUMNS_MAX: u32 = 1_000;
const ROWS_MAX: u32 = 1_048_576;
const PARTS_MAX: usize = 10_000;

/// Why a workbook cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum WorkbookUnusable {
    /// No archive, or none of a workbook.
    #[error("the file is no workbook (.xlsx): save it as one, or as CSV with a mapping that says so")]
    NoWorkbook,
    /// Damaged inside.
    #[error("the workbook is damaged, or protected by a password: open it, save it anew, and send it again")]
    Unreadable,
    /// Beyond what is read.
    #[error("the workbook is larger than is read, packed or unpacked: export the table alone, as CSV")]
    TooLarge,
    /// No sheet of the name.
    #[error("the workbook has no sheet of the name that the mapping gives: look at `source.sheet`")]
    NoSuchSheet,
}

/// The sheet of this name, or every sheet in order.
pub(crate) fn sheets(
    bytes: Box<dyn BufRead + Send + '_>,
    named: Option<&str>,
) -> Result<Vec<Vec<u8>>, WorkbookUnusable> {
    use WorkbookUnusable as U;
    let bytes = at_most(bytes, WORKBOOK_BYTES_MAX).map_err(|_| U::Unreadable)?.ok_or(U::TooLarge)?;
    unpacks_within(&bytes, UNPACKED_BYTES_MAX)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes.as_slice())).map_err(|_| U::Unreadable)?;
    let names: Vec<String> = workbook.sheet_names();
    let wanted = |name: &&String| named.is_none_or(|named| named.trim().eq_ignore_ascii_case(name.trim()));
    let wanted: Vec<String> = names.iter().filter(wanted).cloned().collect();
    if wanted.is_empty() {
        return Err(U::NoSuchSheet);
    }
    wanted.iter().map(|name| sheet(&mut workbook, name)).collect()
}

/// Unpacks every part into nothing and counts, whatever the archive says of itself.
fn unpacks_within(bytes: &[u8], most: u64) -> Result<(), WorkbookUnusable> {
    use WorkbookUnusable as U;
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| U::NoWorkbook)?;
    if archive.len() > PARTS_MAX {
        return Err(U::TooLarge);
    }
    let mut left = most;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|_| U::Unreadable)?;
        let read = std::io::copy(&mut part.take(left + 1), &mut std::io::sink()).map_err(|_| U::Unreadable)?;
        left = left.checked_sub(read).ok_or(U::TooLarge)?;
    }
    Ok(())
}

fn sheet(workbook: &mut Xlsx<Cursor<&[u8]>>, name: &str) -> Result<Vec<u8>, WorkbookUnusable> {
    use WorkbookUnusable as U;
    let mut cells = workbook.worksheet_cells_reader(name).map_err(|_| U::Unreadable)?;
    let mut lines = Lines::default();
    while let Some(cell) = cells.next_cell().map_err(|_| U::Unreadable)? {
        let (row, column) = cell.get_position();
        let text = text_of(cell.get_value());
        if text.is_empty() {
            continue;
        }
        if column >= COLUMNS_MAX || row >= ROWS_MAX {
            return Err(U::TooLarge);
        }
        lines.put(row, column, &text).ok_or(U::TooLarge)?;
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
    /// `None` when the text grows beyond what is kept.
    fn put(&mut self, row: u32, column: u32, cell: &str) -> Option<()> {
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
        (self.text.len() as u64 <= UNPACKED_BYTES_MAX).then_some(())
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
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}
