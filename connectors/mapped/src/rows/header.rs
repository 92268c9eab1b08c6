//! What to say when no row of a file is the header that the mapping looks for.

use connector_kit::Rejection;
use connector_kit::SourceFile;
use connector_kit::csv_source::{Dialect, Header, Table, column_name};
use proto::quarantine::Reason;

use crate::plan::Mapping;

/// Rows that may be the header.
const ROWS: u64 = 20;

/// How alike a column's name must be to be what was meant.
const ALIKE: f64 = 0.84;

impl Mapping {
    /// The rejection of a file without its header, saying which row comes nearest and what it lacks. Names of columns only:
    /// those of the mapping, and of the file what is all but one of them in a row that has another.
    pub(super) fn no_header(&self, start: &[u8], rejection: Box<Rejection>) -> Box<Rejection> {
        if rejection.reason != Reason::HeaderMissing {
            return rejection;
        }
        let delimiters = if self.source.sniffs { &b",;\t|"[..] } else { &[self.source.dialect.delimiter] };
        let rows = match self.source.dialect.header {
            Header::Record(stated) => stated..=stated,
            Header::Found => 1..=ROWS,
        };
        let candidates = delimiters.iter().flat_map(|delimiter| rows.clone().map(move |row| (*delimiter, row)));
        let candidates = candidates.filter_map(|(delimiter, row)| {
            let columns = self.columns_of(start, delimiter, row)?;
            let has = self.required.iter().filter(|wanted| columns.contains(*wanted)).count();
            // Without one column exactly as the mapping has it the row may be a child's, and what it holds a name.
            let wanted = self.required.iter().filter(|_| has > 0);
            let near: Vec<(String, String)> = wanted.filter_map(|wanted| near(wanted, &columns)).collect();
            Some((has + near.len(), has, row, columns, near))
        });
        // Of those that come as near, the first.
        let best = candidates.reduce(|best, other| if best.0 >= other.0 { best } else { other });
        let required = self.required.iter().map(|column| format!("`{}`", self.written(column)));
        let required = required.collect::<Vec<_>>().join(", ");
        let message = match best {
            Some((score, has, row, columns, near)) if score > 0 => {
                let lacks = self.required.iter().filter(|wanted| !columns.contains(*wanted));
                let lacks: Vec<String> = lacks
                    .map(|wanted| match near.iter().find(|(of, _)| of == wanted) {
                        Some((_, near)) => format!("`{}` (it has `{near}`: is it that?)", self.written(wanted)),
                        None => format!("`{}`", self.written(wanted)),
                    })
                    .collect();
                format!(
                    "no row names the columns of the key and of the subject: row {row} comes nearest, with {has} of {}, and lacks \
                     {}. Write them in the mapping as the header does, or export them",
                    self.required.len(),
                    lacks.join(", ")
                )
            }
            _ => format!(
                "none of the first {ROWS} rows names {required}: export the table with its column names, or say which row they are \
                 (`source.header_row`) and what stands between the cells (`source.delimiter`)"
            ),
        };
        Box::new(Rejection { message, ..*rejection })
    }

    fn columns_of(&self, start: &[u8], delimiter: u8, row: u64) -> Option<Vec<String>> {
        let dialect = Dialect { delimiter, header: Header::Record(row), ..self.source.dialect };
        let file = SourceFile { name: String::new(), bytes: Box::new(start) };
        let table = Table::open_as(file, &[], dialect).ok()?;
        Some(table.columns().map(column_name).collect())
    }
}

/// What of these is all but the one wanted.
fn near(wanted: &str, columns: &[String]) -> Option<(String, String)> {
    let bare = |name: &str| name.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let alike = |column: &String| strsim::jaro_winkler(&bare(wanted), &bare(column));
    let nearest = columns.iter().filter(|column| *column != wanted).max_by(|a, b| alike(a).total_cmp(&alike(b)))?;
    (!columns.iter().any(|column| column == wanted) && alike(nearest) >= ALIKE)
        .then(|| (wanted.to_owned(), nearest.clone()))
}
