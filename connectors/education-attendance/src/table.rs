//! A feed as CSV.

use std::cell::Cell;

use connector_kit::csv_source::Table;
use connector_kit::{SourceFile, dates};
use proto::quarantine::Reason;

use crate::fields::Field;
use crate::rows::Row;
use crate::say::Register;

/// Whether these are the names of columns of a feed: one of a date, and one of a mark.
pub(crate) fn is_header(columns: &[String]) -> bool {
    let has = |fields: &[Field]| columns.iter().any(|column| Field::named(column).is_some_and(|f| fields.contains(&f)));
    has(&[Field::On, Field::Day]) && has(&[Field::Code, Field::MorningCode, Field::AfternoonCode])
}

const NO_HEADER: &str = "no row of the first twenty names a date (Date) and a mark (Mark; or AM and PM): export the marks with their \
                         column names";

const GRID: &str = "the columns are dates, a pupil a row: export the marks as a list, with a row for each pupil and day (Date, AM, PM) \
                    or for each pupil and session (Date, Session, Mark)";

const SHORT: &str =
    "the row has fewer cells than the header: export it whole, with an empty cell where there is no mark";

/// Whether the columns are days or their sessions (`Mon 06/01/2025 AM`), as a page for people has them. Two days alone are from when
/// to when a title says that a report is.
fn is_grid(columns: &[String]) -> bool {
    let is_day = |text: &str| dates::written(text, "").value.is_some();
    let of_session = |column: &&String| {
        let day = column.strip_suffix(" am").or_else(|| column.strip_suffix(" pm"));
        day.is_some_and(is_day)
    };
    columns.iter().filter(of_session).count() > 1 || columns.iter().filter(|column| is_day(column)).count() > 2
}

/// Reads the records of a file; what cannot be read is rejected.
pub(crate) fn read(file: SourceFile<'_>, register: &mut Register<'_>) {
    let grid = Cell::new(false);
    let is_marks = |columns: &[String]| {
        grid.set(grid.get() || is_grid(columns));
        is_header(columns)
    };
    let mut table = match Table::open_where(file, is_marks, NO_HEADER) {
        Ok(table) => table,
        Err(mut rejection) => {
            if grid.get() {
                GRID.clone_into(&mut rejection.message);
            }
            register.speaker.out.reject(*rejection);
            return;
        }
    };
    let mut columns: Vec<String> = table.columns().map(str::to_owned).collect();
    columns.sort_unstable();
    while let Some(row) = table.next_row() {
        register.speaker.out.record();
        let row = match row {
            Ok(row) => row,
            Err(rejection) => {
                register.speaker.out.reject(*rejection);
                continue;
            }
        };
        // A session of which the cell is missing is not one without a mark, which would take the mark back.
        if row.is_short() {
            register.speaker.out.reject(row.reject(Reason::RecordMalformed, "", SHORT));
            continue;
        }
        let mut found = Row { place: row.place(""), raw: row.raw().to_vec(), ..Row::default() };
        for column in &columns {
            found.take(column, row.get(column).unwrap_or_default());
        }
        register.take(found);
    }
}
