//! What stands above a row: the names of its columns, read from the file that it came in.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};

use proto::quarantine::Item;

use super::Workplace;
use crate::csv_source::column_name;

/// As far as a header is looked for.
const HEAD_BYTES_MAX: u64 = 64 << 10;
const HEAD_LINES_MAX: usize = 20;

impl Workplace {
    /// The line that names the columns of an item that is a row of a text table, as long as its file is kept here: the first line
    /// of the file that has as many cells as the row and that the connector takes as a header. Nothing else stands in its place: in
    /// a table without a header that would be the row of another child.
    pub fn header_of(&self, item: &Item) -> Option<String> {
        let place = item.place.as_ref().filter(|place| place.record > 0)?;
        let row = std::str::from_utf8(&item.raw).ok()?;
        let delimiter = delimiter_of(row)?;
        let file = File::open(self.files_of(item)?.join(&place.file)).ok()?;
        let lines = BufReader::new(file.take(HEAD_BYTES_MAX)).lines().take(HEAD_LINES_MAX);
        let width = cells(row, delimiter)?.len();
        let header = lines.map_while(Result::ok).find(|line| {
            let columns = cells(line, delimiter).filter(|columns| columns.len() == width);
            columns.is_some_and(|columns| self.connector.is_header(&columns))
        })?;
        // The row itself, where no line stands above it.
        (header.trim_end() != row.trim_end()).then(|| header.trim_start_matches('\u{feff}').to_owned())
    }
}

/// By which a line falls into most cells; `None` of what is no line of a table.
fn delimiter_of(row: &str) -> Option<u8> {
    let row = row.trim_end_matches(['\r', '\n']);
    let single = !row.contains(['\r', '\n']) && !row.starts_with(['<', '{', '[']);
    let by_each = [b',', b';', b'\t', b'|'].into_iter().filter_map(|by| Some((cells(row, by)?.len(), by)));
    let (most, delimiter) = by_each.max_by_key(|(cells, _)| *cells)?;
    (single && most > 1).then_some(delimiter)
}

/// Cells of the first record, as names of columns.
fn cells(line: &str, delimiter: u8) -> Option<Vec<String>> {
    let line = format!("{}\n", line.trim_end());
    let (mut text, mut ends) = (vec![0; line.len()], vec![0; line.len() + 1]);
    let mut reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
    let (read, _, _, cells) = reader.read_record(line.as_bytes(), &mut text, &mut ends);
    if read != csv_core::ReadRecordResult::Record {
        return None;
    }
    let mut begin = 0;
    let names = ends.iter().take(cells).map(|end| {
        let cell = text.get(begin..*end).unwrap_or_default();
        begin = *end;
        column_name(&String::from_utf8_lossy(cell))
    });
    Some(names.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_known_by_its_cells_and_what_is_no_row_by_its_shape() {
        for (row, delimiter) in [
            ("P1,,V2,OT,16.11.2025\r\n", Some(b',')),
            ("P1;\"a;b\";V2\n", Some(b';')),
            ("P1\tV2", Some(b'\t')),
            ("alone\n", None),
            ("<child,of=\"xml\"/>", None),
            ("{\"a\":1,\"b\":2}", None),
            ("MSH|^~\\&|A\rPID|1,2\n", None),
            ("one,two\nthree,four\n", None),
            ("", None),
        ] {
            assert_eq!(delimiter_of(row), delimiter, "{row:?}");
        }
        let names = cells("\u{feff}P1,,V2,\"OT,  Twice\",16.11.2025\r\n", b',').unwrap();
        assert_eq!(names, ["p1", "", "v2", "ot, twice", "16.11.2025"]);
    }
}
