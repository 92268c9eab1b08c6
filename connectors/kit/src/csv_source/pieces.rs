//! A row that a line end in a cell parted, of a table whose rows may end early: its pieces are short too, and would be read as a row
//! without its last cells and as rows of somebody else.

use super::records::{Record, Records};
use super::{IsRow, Text};

/// Looks at what follows a short record: how many records behind it are the rest of it. That is so where none of them is a row by
/// itself, and all together have the cells of one row. What was looked at is read again.
pub(super) fn behind(first: &Record, records: &mut Records<Text<'_>>, width: usize, is_row: &IsRow<'_>) -> usize {
    let (mut cells, mut seen) = (first.cells().len(), Vec::new());
    let mut of_one = 0;
    while cells < width {
        let mut next = Record::default();
        let Some(read) = records.read(&mut next, Some(width)) else { break };
        let is_piece = read.is_ok() && next.cells().len() < width && !is_row(&trimmed(&next));
        // The cell in which the line ended is one.
        cells += next.cells().len().saturating_sub(1);
        seen.push((next, read));
        if !is_piece {
            break;
        }
        if cells == width {
            of_one = seen.len();
        }
    }
    records.put_back(seen);
    of_one
}

/// The cells of a record, as rows give them.
pub(super) fn trimmed(record: &Record) -> Vec<&str> {
    record.cells().map(str::trim).collect()
}
