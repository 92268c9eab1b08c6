//! What is wrong with a file and not with a row of it: each is one item, of a scope of its own, so that the rows still count as
//! read whole.

use connector_kit::csv_source::Table;
use connector_kit::{Output, Place, Rejection};
use proto::quarantine::Reason;

use crate::plan::Mapping;

impl Mapping {
    /// Tells of columns that the mapping does not name, and of those that it names and the table does not have.
    pub(super) fn tell_of_columns(&self, table: &Table<'_>, out: &mut dyn Output) {
        let unknown = table.columns().filter(|column| !column.is_empty() && !self.known.contains_key(*column));
        let mut unknown: Vec<&str> = unknown.collect();
        unknown.sort_unstable();
        if !unknown.is_empty() {
            let message = format!(
                "the header has {} columns that the mapping names nowhere, and nothing of them is in any event: name them in the \
                 mapping, or list them under `source.ignore`",
                unknown.len()
            );
            // The names themselves are with the raw record: a header that was spoilt may hold a row.
            out.reject(self.of_file(Reason::ColumnsNotMapped, "header", message, unknown.join("\n")));
        }
        let optional =
            |column: &&String| !self.source.may_lack.contains(column) && !self.source.ignored.contains(column);
        let lacking = self.known.keys().filter(optional).filter(|column| !table.has(column));
        let lacking: Vec<String> = lacking.map(|column| format!("`{}`", self.written(column))).collect();
        if !lacking.is_empty() {
            let message = format!(
                "the table has no column {}, of which the mapping makes something: the rows were read without. Write the names as \
                 the header does, export the columns again, or list under `source.may_lack` what may be missing",
                lacking.join(", ")
            );
            out.reject(self.of_file(Reason::HeaderMissing, "header", message, lacking.join("\n")));
        }
    }

    /// Tells of cells that stand under no name.
    pub(super) fn tell_of_nameless(&self, rows: u64, out: &mut dyn Output) {
        if rows > 0 {
            let message = format!(
                "{rows} rows have something under a column that the header does not name, and nothing of it is in any event: name \
                 the column at the source"
            );
            out.reject(self.of_file(Reason::ColumnsNotMapped, "nameless", message, String::new()));
        }
    }

    /// Tells of sheets that have the columns too.
    pub(super) fn tell_of_sheets(&self, sheets: usize, out: &mut dyn Output) {
        if sheets > 0 {
            let message = format!(
                "{sheets} further sheets have the mapping's columns and were not read: name the one that is meant (`source.sheet`), or \
                 take all (`sheet = \"*\"`)"
            );
            out.reject(self.of_file(Reason::ColumnsNotMapped, "sheets", message, String::new()));
        }
    }

    /// Of the same columns there is one item, whatever the file is called.
    fn of_file(&self, reason: Reason, field: &str, message: String, raw: String) -> Rejection {
        Rejection {
            reason,
            message,
            place: Place { file: self.name.to_owned(), field: field.to_owned(), ..Default::default() },
            controller: self.controller.value.clone(),
            raw: raw.into_bytes(),
            scope_key: Some(format!("{}#header", self.scope)),
            subject: None,
            digest: None,
        }
    }
}

/// Of a file whose name says nothing of when it is.
pub(super) fn unnamed(file: &str) -> Rejection {
    Rejection {
        reason: Reason::FileUnreadable,
        message: "the file's name does not begin as the mapping's `delivery.as_of.file_name` says, so that nobody knows of when it is: \
                  name it so, and send it again"
            .to_owned(),
        place: Place { file: file.to_owned(), ..Default::default() },
        controller: None,
        raw: Vec::new(),
        scope_key: None,
        subject: None,
        digest: None,
    }
}
