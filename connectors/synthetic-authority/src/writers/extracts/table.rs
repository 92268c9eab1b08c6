//! A table being written, as text or as a workbook.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use rust_xlsxwriter::{ExcelDateTime, Format as Cell, Workbook};

use crate::GenerateError;
use crate::writers::Output;

/// How a table is written.
#[derive(Clone, Copy)]
pub(super) enum Format {
    /// Text, cells apart by this.
    Text(u8),
    /// The same in Windows-1252.
    Windows(u8),
    /// Text, and beside it the same rows as statements of SQL for a table of this name.
    AndSql(u8, &'static str),
    /// A workbook, whose table is on a sheet of this name.
    Workbook(&'static str),
}

/// Most rows of a workbook: it is held in memory until it is written.
const ROWS_MAX: usize = 20_000;
const NOTICE: &str = "Every record in this file is invented.";

pub(super) enum Table {
    Text { delimiter: u8, output: Output, windows: bool, sql: Option<(Output, String)> },
    Workbook { path: PathBuf, sheet: &'static str, columns: &'static [&'static str], rows: Vec<Vec<String>> },
}

impl Table {
    pub(super) fn create(
        path: &Path,
        format: Format,
        preamble: Option<&str>,
        columns: &'static [&'static str],
    ) -> Result<Self, GenerateError> {
        let (delimiter, windows, table) = match format {
            Format::Workbook(sheet) => {
                return Ok(Self::Workbook { path: path.to_owned(), sheet, columns, rows: Vec::new() });
            }
            Format::Text(delimiter) => (delimiter, false, None),
            Format::Windows(delimiter) => (delimiter, true, None),
            Format::AndSql(delimiter, table) => (delimiter, false, Some(table)),
        };
        let mut output = Output::create(path)?;
        if let Some(preamble) = preamble {
            let rest = String::from(char::from(delimiter)).repeat(columns.len() - 1);
            output.put(format!("{preamble}{rest}\n").as_bytes())?;
        }
        let mut sql = None;
        if let Some(table) = table {
            let mut statements = Output::create(&path.with_extension("sql"))?;
            let named: Vec<String> = columns.iter().map(|column| format!("{column} text")).collect();
            let made = format!("-- {NOTICE}\ncreate table if not exists {table} ({});\n", named.join(", "));
            statements.put(made.as_bytes())?;
            sql = Some((statements, format!("insert into {table} ({}) values ", columns.join(", "))));
        }
        let mut table = Self::Text { delimiter, output, windows, sql: None };
        table.row(&columns.iter().map(|column| (*column).to_owned()).collect::<Vec<_>>())?;
        if let Self::Text { sql: of_table, .. } = &mut table {
            *of_table = sql;
        }
        Ok(table)
    }

    pub(super) fn row(&mut self, cells: &[String]) -> Result<(), GenerateError> {
        match self {
            Self::Workbook { rows, .. } if rows.len() < ROWS_MAX => rows.push(cells.to_vec()),
            Self::Workbook { .. } => {}
            Self::Text { delimiter, output, windows, sql } => {
                let mut csv = csv::WriterBuilder::new().delimiter(*delimiter).from_writer(Vec::new());
                csv.write_record(cells)?;
                let line = csv.into_inner().map_err(|error| GenerateError::Csv(error.into_error().into()))?;
                match windows {
                    true => output.put(&windows_1252(&String::from_utf8_lossy(&line)))?,
                    false => output.put(&line)?,
                }
                if let Some((statements, insert)) = sql {
                    let quoted = cells.iter().map(|cell| match cell.as_str() {
                        "" => "null".to_owned(),
                        cell => format!("'{}'", cell.replace('\'', "''")),
                    });
                    let values: Vec<String> = quoted.collect();
                    statements.put(format!("{insert}({});\n", values.join(", ")).as_bytes())?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<(), GenerateError> {
        match self {
            Self::Text { output, sql, .. } => {
                if let Some((statements, _)) = sql {
                    statements.finish()?;
                }
                output.finish()
            }
            Self::Workbook { path, sheet, columns, rows } => {
                let mut workbook = Workbook::new();
                // The same seed gives the same bytes.
                let created = ExcelDateTime::from_ymd(2025, 1, 1)?;
                let about = rust_xlsxwriter::DocProperties::new().set_creation_datetime(&created).set_comment(NOTICE);
                workbook.set_properties(&about);
                let shape = Cell::new().set_num_format("dd/mm/yyyy");
                workbook.add_worksheet().set_name("About")?.write_string(0, 0, NOTICE)?;
                let sheet = workbook.add_worksheet().set_name(sheet)?;
                for (column, heading) in (0_u16..).zip(columns) {
                    sheet.write_string(0, column, *heading)?;
                }
                for (line, row) in (1_u32..).zip(&rows) {
                    for (column, cell) in (0_u16..).zip(row).filter(|(_, cell)| !cell.is_empty()) {
                        // A day is a day of the spreadsheet, and not its text.
                        match cell.parse::<Date>() {
                            Ok(on) => {
                                let year = u16::try_from(on.year()).unwrap_or_default();
                                let (month, day) = (on.month().unsigned_abs(), on.day().unsigned_abs());
                                let day = ExcelDateTime::from_ymd(year, month, day)?;
                                sheet.write_datetime_with_format(line, column, &day, &shape)?;
                            }
                            Err(_) => {
                                sheet.write_string(line, column, cell)?;
                            }
                        }
                    }
                }
                workbook.save(&path)?;
                Ok(())
            }
        }
    }
}

/// The letters of Western Europe, whose numbers are the same there; any other is a question mark.
fn windows_1252(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?')).collect()
}
