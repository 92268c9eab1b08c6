//! The rows of a table, whether it came as a file of its own or was drawn from a message that has all tables of a school.

use std::collections::BTreeSet;

use connector_kit::csv_source::{self, Table as Csv};
use connector_kit::kept;
use connector_kit::reading::Read;
use connector_kit::room::Room;
use connector_kit::{Place, Rejection};
use proto::quarantine::Reason;

use crate::rows::HELD_BYTES_MAX;
use crate::submission::TOO_LARGE;

/// Where rows come from.
pub(crate) enum Source<'a> {
    /// A file of the export.
    Csv(Box<Csv<'a>>),
    /// What of a message belongs in the table.
    Drawn(Drawn),
}

/// One row, until the next is read.
#[derive(Clone, Copy)]
pub(crate) enum Row<'r> {
    Csv(csv_source::Row<'r>),
    Drawn(&'r DrawnRow, &'r str),
}

/// A table drawn from a message.
#[derive(Default)]
pub(crate) struct Drawn {
    file: String,
    columns: BTreeSet<String>,
    rows: Vec<DrawnRow>,
    read: usize,
    /// Nothing of the message was lost.
    whole: bool,
}

/// A row of it: the cells that say something, by column in lower case.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct DrawnRow {
    pub(crate) cells: Vec<(String, String)>,
    pub(crate) line: u64,
    pub(crate) record: u64,
}

impl Drawn {
    pub(crate) fn of(file: &str, rows: Vec<DrawnRow>, whole: bool) -> Self {
        let columns = rows.iter().flat_map(|row| row.cells.iter().map(|(name, _)| name.clone())).collect();
        Self { file: file.to_owned(), columns, rows, read: 0, whole }
    }

    /// Reads what of a file can be read, to look at it before it is translated. Rows that cannot be read are left out, and the
    /// table is then no whole one.
    pub(crate) fn of_csv(file: &str, csv: &mut Csv<'_>, mut reject: impl FnMut(Rejection)) -> Self {
        let columns: Vec<String> = csv.columns().map(str::to_owned).collect();
        let (mut rows, mut room, mut is_full) = (Vec::new(), Room::of(HELD_BYTES_MAX), false);
        while let Some(row) = csv.next_row() {
            match row {
                Ok(row) => {
                    let filled = |name: &String| Some((name.clone(), row.get(name)?.to_owned()));
                    let cells = columns.iter().filter_map(filled).collect();
                    let drawn = DrawnRow { cells, line: row.line(), record: row.place("").record };
                    is_full = !room.take(drawn.weight());
                    rows.push(drawn);
                    if is_full {
                        reject(row.reject(Reason::RecordTooLarge, "", TOO_LARGE));
                        break;
                    }
                }
                Err(rejection) => reject(*rejection),
            }
        }
        Self { columns: columns.into_iter().collect(), ..Self::of(file, rows, csv.whole() && !is_full) }
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|row| Row::Drawn(row, &self.file))
    }
}

impl DrawnRow {
    /// How many bytes it takes, about.
    pub(crate) fn weight(&self) -> usize {
        let cells = self.cells.iter().map(|(name, cell)| size_of::<(String, String)>() + name.len() + cell.len());
        size_of::<Self>() + cells.sum::<usize>()
    }

    fn get(&self, column: &str) -> Option<&str> {
        self.cells.iter().find(|(name, _)| name == column).map(|(_, cell)| cell.as_str())
    }
}

impl Source<'_> {
    pub(crate) fn next_row(&mut self) -> Option<Result<Row<'_>, Box<Rejection>>> {
        match self {
            Self::Csv(csv) => csv.next_row().map(|row| row.map(Row::Csv)),
            Self::Drawn(drawn) => {
                let row = drawn.rows.get(drawn.read)?;
                drawn.read += 1;
                Some(Ok(Row::Drawn(row, &drawn.file)))
            }
        }
    }

    pub(crate) fn columns(&self) -> Vec<String> {
        let mut columns: Vec<String> = match self {
            Self::Csv(csv) => csv.columns().map(str::to_owned).collect(),
            Self::Drawn(drawn) => drawn.columns.iter().cloned().collect(),
        };
        columns.sort_unstable();
        columns
    }

    /// Whether everything was read, once there are no more rows.
    pub(crate) fn whole(&self) -> bool {
        match self {
            Self::Csv(csv) => csv.whole(),
            Self::Drawn(drawn) => drawn.whole,
        }
    }
}

impl<'r> Row<'r> {
    /// The cell under this column, given in lower case; `None` when it is blank or not there.
    pub(crate) fn get(self, column: &str) -> Option<&'r str> {
        match self {
            Self::Csv(row) => row.get(column),
            Self::Drawn(row, _) => row.get(column),
        }
    }

    /// The cell as `read` reads it.
    pub(crate) fn read<T>(self, column: &str, read: impl FnOnce(&str, &str) -> Read<T>) -> Read<T> {
        self.get(column).map_or_else(Read::blank, |cell| read(cell, column))
    }

    pub(crate) fn line(self) -> u64 {
        match self {
            Self::Csv(row) => row.line(),
            Self::Drawn(row, _) => row.line,
        }
    }

    pub(crate) fn record(self) -> u64 {
        match self {
            Self::Csv(row) => row.place("").record,
            Self::Drawn(row, _) => row.record,
        }
    }

    /// A rejection of this row: `message` names fields and never values.
    pub(crate) fn reject(self, reason: Reason, column: &str, message: &str) -> Rejection {
        match self {
            Self::Csv(row) => row.reject(reason, column, message),
            Self::Drawn(row, file) => {
                let cells = row.cells.iter().map(|(name, cell)| (name.as_str(), cell.as_str()));
                let content = kept::columns("", cells).and_then(|kept| kept.content);
                Rejection {
                    reason,
                    message: message.to_owned(),
                    place: Place {
                        file: file.to_owned(),
                        line: row.line,
                        record: row.record,
                        byte_offset: 0,
                        field: column.to_owned(),
                    },
                    controller: None,
                    raw: content.unwrap_or_default().into_bytes(),
                    scope_key: None,
                    subject: None,
                    digest: None,
                }
            }
        }
    }
}
