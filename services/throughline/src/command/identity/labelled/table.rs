//! A CSV file as people save them: with commas, semicolons, tabs or bars, in UTF-8 or not, with cells in quotation marks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use crate::output;

/// A file's lines.
pub(super) struct Table {
    pub(super) file: PathBuf,
    header: Vec<String>,
    /// By name, as it is written and in lower case.
    at: BTreeMap<String, usize>,
    /// Each with its line.
    pub(super) rows: Vec<(u64, csv::StringRecord)>,
}

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

impl Table {
    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        let bytes = std::fs::read(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
        Self::of(file, text(bytes)).with_context(|| format!("`{}`", file.display()))
    }

    fn of(file: &Path, text: String) -> anyhow::Result<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let header = text.lines().next().unwrap_or_default();
        let times = |delimiter: &u8| header.bytes().filter(|byte| byte == delimiter).count();
        // Of as many the first: a comma.
        let delimiter = DELIMITERS.into_iter().rev().max_by_key(times).unwrap_or(b',');
        let mut settings = csv::ReaderBuilder::new();
        settings.trim(csv::Trim::All).flexible(true).delimiter(delimiter);
        let mut reader = settings.from_reader(text.as_bytes());
        let header: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
        ensure!(header.len() > 1, "the first line must name the columns, parted by commas, semicolons, tabs or bars");
        let mut at = BTreeMap::new();
        for (place, name) in header.iter().enumerate() {
            at.entry(name.to_lowercase()).or_insert(place);
        }
        // As it is written comes before as it is meant.
        at.extend(header.iter().cloned().enumerate().rev().map(|(place, name)| (name, place)));
        let (mut rows, mut odd) = (Vec::new(), Vec::new());
        for row in reader.records() {
            let row = row?;
            let at = row.position();
            // Of `\r\n` the reader takes the second half for the next line's.
            let begins_late =
                at.is_some_and(|at| usize::try_from(at.byte()).is_ok_and(|at| text.as_bytes().get(at) == Some(&b'\n')));
            let line = at.map_or(0, csv::Position::line) + u64::from(begins_late);
            if row.len() != header.len() {
                odd.push(line);
            }
            rows.push((line, row));
        }
        if let Some(first) = odd.first() {
            output::note(&format!(
                "`{}`: {} row(s) have more or fewer cells than the header, line {first} first; a cell that is not there \
                 says nothing",
                file.display(),
                odd.len()
            ));
        }
        Ok(Self { file: file.to_owned(), header, at, rows })
    }

    fn place(&self, column: &str) -> Option<usize> {
        self.at.get(column).or_else(|| self.at.get(&column.to_lowercase())).copied()
    }

    pub(super) fn has(&self, column: &str) -> bool {
        self.place(column).is_some()
    }

    pub(super) fn columns(&self) -> Vec<String> {
        self.header.clone()
    }

    /// What a row says in a column; nothing where it has no such cell.
    pub(super) fn cell<'a>(&self, row: &'a csv::StringRecord, column: &str) -> &'a str {
        self.place(column).and_then(|at| row.get(at)).unwrap_or_default()
    }
}

/// A file that is not UTF-8 was saved by a system that writes Latin-1.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> anyhow::Result<Table> {
        Table::of(Path::new("people.csv"), text.to_owned())
    }

    #[test]
    fn a_file_is_read_as_people_save_them() {
        for text in [
            "Id,Given name, Dob\n7,\"Ann, Mary\", 2015-03-09\n",
            "\u{feff}Id;Given name;Dob\r\n7;Ann, Mary;2015-03-09\r\n",
            "Id\tGiven name\tDob\n7\t\"Ann, Mary\"\t2015-03-09\n",
            "Id|Given name|Dob\n7|Ann, Mary|2015-03-09|and more\n",
        ] {
            let table = table(text).unwrap();
            let (line, row) = &table.rows[0];
            let said = ["id", "given name", "DOB", "surname"].map(|column| table.cell(row, column));
            assert_eq!((*line, said), (2, ["7", "Ann, Mary", "2015-03-09", ""]), "{text}");
            assert!(table.has("dob") && !table.has("surname"));
        }
        assert!(table("name\nann\n").is_err());
        assert_eq!(super::text(vec![b'Z', 0xf6, b'e']), "Zöe");
    }
}
