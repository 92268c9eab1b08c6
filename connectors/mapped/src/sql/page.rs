//! A page of rows as a table of text, whatever database they come from.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::{SqlError, failed};

/// What is asked.
pub(super) struct Asked<'a> {
    pub(super) query: &'a str,
    pub(super) cursor: Option<&'a str>,
    /// The last cursor that was read.
    pub(super) last: Option<&'a str>,
    pub(super) rows_max: u32,
    pub(super) settle: Duration,
}

/// What was written.
pub(super) struct Written {
    pub(super) rows: u64,
    /// The last row's cursor; without a cursor, a digest of all.
    pub(super) state: String,
}

/// The query as a part of another.
pub(super) fn bare(query: &str) -> &str {
    query.trim().trim_end_matches(';').trim_end()
}

/// The file that is being written: one row is held at a time.
pub(super) struct Page {
    table: csv::Writer<File>,
    path: PathBuf,
    digest: Sha256,
    has_cursor: bool,
    written: Written,
}

impl Page {
    /// A new file with its header.
    pub(super) fn create<'n>(
        path: &Path,
        columns: impl Iterator<Item = &'n str>,
        asked: &Asked<'_>,
    ) -> Result<Self, SqlError> {
        let out = File::create(path).map_err(failed("write", path))?;
        let mut page = Self {
            table: csv::Writer::from_writer(out),
            path: path.to_path_buf(),
            digest: Sha256::new(),
            has_cursor: asked.cursor.is_some(),
            written: Written { rows: 0, state: asked.last.unwrap_or_default().to_owned() },
        };
        let header = page.table.write_record(columns);
        page.done(header)?;
        Ok(page)
    }

    /// The row's next cell.
    pub(super) fn cell(&mut self, text: &str) -> Result<(), SqlError> {
        self.digest.update(text.as_bytes());
        self.digest.update([0]);
        let written = self.table.write_field(text);
        self.done(written)
    }

    /// The row is whole. `cursor`: its own, where the query has one.
    pub(super) fn end_row(&mut self, cursor: Option<String>) -> Result<(), SqlError> {
        let written = self.table.write_record(None::<&[u8]>);
        self.done(written)?;
        if self.has_cursor {
            self.written.state = cursor.unwrap_or_default();
        }
        self.written.rows += 1;
        Ok(())
    }

    /// All rows are there, and durable.
    pub(super) fn finish(self) -> Result<Written, SqlError> {
        let Self { table, path, digest, has_cursor, mut written } = self;
        if !has_cursor {
            written.state = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        }
        let out = table.into_inner().map_err(|error| failed("write", &path)(error.into_error()))?;
        out.sync_all().map_err(failed("write", &path))?;
        Ok(written)
    }

    fn done(&self, written: csv::Result<()>) -> Result<(), SqlError> {
        written.map_err(|error| failed("write", &self.path)(error.into()))
    }
}
