//! The rows of a source, whatever it is: a spreadsheet's sheet is read as the table that it would be saved as.

use std::io::{BufRead, Cursor, Read as _};

use connector_kit::csv_source::Table;
use connector_kit::{Place, Rejection, SourceFile};
use proto::quarantine::Reason;

use crate::file::Format;
use crate::plan::Mapping;
use crate::workbook;

impl Mapping {
    /// Opens the table of a file, its header found.
    pub(crate) fn table<'a>(&self, file: SourceFile<'a>) -> Result<Table<'a>, Box<Rejection>> {
        let required: Vec<&str> = self.required.iter().map(String::as_str).collect();
        match self.source.format {
            Format::Csv | Format::Sql => Table::open_as(file, &required, self.source.dialect),
            Format::Xlsx => {
                let SourceFile { name, bytes } = file;
                let sheets = match workbook::sheets(bytes, self.source.sheet.as_deref()) {
                    Ok(sheets) => sheets,
                    Err(error) => return Err(Box::new(refused(&name, &error))),
                };
                let mut last = refused(&name, &workbook::WorkbookUnusable::NoSuchSheet);
                for sheet in sheets {
                    let bytes: Box<dyn BufRead + Send> = Box::new(Cursor::new(sheet));
                    match Table::open_as(SourceFile { name: name.clone(), bytes }, &required, self.source.dialect) {
                        Ok(table) => return Ok(table),
                        Err(rejection) => last = *rejection,
                    }
                }
                Err(Box::new(last))
            }
        }
    }
}

fn refused(name: &str, error: &workbook::WorkbookUnusable) -> Rejection {
    Rejection {
        reason: error.reason(),
        message: error.to_string(),
        place: Place { file: name.to_owned(), ..Place::default() },
        controller: None,
        raw: Vec::new(),
        scope_key: None,
        subject: None,
    }
}

/// Up to so many bytes of a file; `None` when there are more.
pub(crate) fn at_most(mut bytes: Box<dyn BufRead + Send + '_>, most: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut read = Vec::new();
    bytes.by_ref().take(most + 1).read_to_end(&mut read)?;
    Ok((read.len() as u64 <= most).then_some(read))
}

/// What a workbook's problem is to whoever drops the file.
impl workbook::WorkbookUnusable {
    pub(crate) fn reason(&self) -> Reason {
        match self {
            Self::NoSuchSheet => Reason::HeaderMissing,
            Self::TooLarge => Reason::RecordTooLarge,
            Self::NoWorkbook | Self::Unreadable => Reason::FileUnreadable,
        }
    }
}
