//! A feed as CSV.

use connector_kit::csv_source::Table;
use connector_kit::{Place, Rejection, SourceFile};
use proto::quarantine::Reason;

use crate::fields::Field;
use crate::rows::Row;
use crate::say::Register;

/// Whether these are the names of columns of a feed: one of a date, and one of a mark.
pub(crate) fn is_header(columns: &[String]) -> bool {
    let has = |fields: &[Field]| columns.iter().any(|column| Field::named(column).is_some_and(|f| fields.contains(&f)));
    has(&[Field::On, Field::Day]) && has(&[Field::Code, Field::MorningCode, Field::AfternoonCode])
}

/// Reads the records of a file; what cannot be read is rejected.
pub(crate) fn read(file: SourceFile<'_>, register: &mut Register<'_>) {
    let name = file.name.clone();
    let mut table = match Table::open(file, &[]) {
        Ok(table) => table,
        Err(rejection) => {
            register.speaker.out.reject(*rejection);
            return;
        }
    };
    let mut columns: Vec<String> = table.columns().map(str::to_owned).collect();
    columns.sort_unstable();
    if !is_header(&columns) {
        let place = Place { file: name, line: 1, ..Place::default() };
        let message = "the header names no date, or no mark: export the marks with their column names".to_owned();
        register.speaker.out.reject(Rejection {
            reason: Reason::HeaderMissing,
            message,
            place,
            controller: None,
            raw: Vec::new(),
            scope_key: None,
            subject: None,
            digest: None,
        });
        return;
    }
    while let Some(row) = table.next_row() {
        register.speaker.out.record();
        let row = match row {
            Ok(row) => row,
            Err(rejection) => {
                register.speaker.out.reject(*rejection);
                continue;
            }
        };
        let mut found = Row { place: row.place(""), raw: row.raw().to_vec(), ..Row::default() };
        for column in &columns {
            found.take(column, row.get(column).unwrap_or_default());
        }
        register.take(found);
    }
}
