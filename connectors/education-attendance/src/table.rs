//! A feed as CSV.

use connector_kit::csv_source::Table;
use connector_kit::{Output, Place, Rejection, SourceFile};
use proto::quarantine::Reason;

use crate::fields::Field;
use crate::rows::{Row, Rows};

/// Reads the records of a file; what cannot be read is rejected.
pub(crate) fn read(file: SourceFile<'_>, out: &mut dyn Output) -> Rows {
    let mut read = Rows::default();
    let name = file.name.clone();
    let mut table = match Table::open(file, &[]) {
        Ok(table) => table,
        Err(rejection) => {
            out.reject(*rejection);
            return read;
        }
    };
    let mut columns: Vec<String> = table.columns().map(str::to_owned).collect();
    columns.sort_unstable();
    let has = |fields: &[Field]| columns.iter().any(|column| Field::named(column).is_some_and(|f| fields.contains(&f)));
    if !has(&[Field::On]) || !has(&[Field::Code, Field::MorningCode, Field::AfternoonCode]) {
        let place = Place { file: name, line: 1, ..Place::default() };
        let message = "the header names no date, or no mark: export the marks with their column names".to_owned();
        out.reject(Rejection {
            reason: Reason::HeaderMissing,
            message,
            place,
            controller: None,
            raw: Vec::new(),
            scope_key: None,
            subject: None,
        });
        return read;
    }
    while let Some(row) = table.next_row() {
        out.record();
        let row = match row {
            Ok(row) => row,
            Err(rejection) => {
                out.reject(*rejection);
                continue;
            }
        };
        let mut found = Row { place: row.place(""), raw: row.raw().to_vec(), ..Row::default() };
        for column in &columns {
            found.take(column, row.get(column).unwrap_or_default());
        }
        if read.made.is_empty() {
            read.made = found.get(Field::Made).to_owned();
        }
        read.rows.push(found);
    }
    read
}
