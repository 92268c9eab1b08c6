//! Telling the lives as each system would, in its own format.

mod alone;
pub(crate) mod annex_a;
pub(crate) mod bad_files;
pub(crate) mod census;
pub(crate) mod child_health;
pub(crate) mod children_data;
pub(crate) mod children_data_changes;
pub(crate) mod cin;
pub(crate) mod education;
pub(crate) mod extracts;
pub(crate) mod facts;
pub(crate) mod fhir_messages;
pub(crate) mod fhir_records;
pub(crate) mod hl7;
pub(crate) mod looked_after;
pub(crate) mod partial_transfers;
pub(crate) mod sen2_export;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::GenerateError;

/// A folder of `out`, made where it is not there.
pub(crate) fn folder_in(out: &Path, name: &str) -> Result<PathBuf, GenerateError> {
    let path = out.join(name);
    fs::create_dir_all(&path).map_err(|source| GenerateError::Io { path: path.clone(), source })?;
    Ok(path)
}

/// A file being written, whose errors say which file.
pub(crate) struct Output {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Output {
    pub(crate) fn create(path: &Path) -> Result<Self, GenerateError> {
        let file = File::create(path).map_err(|source| GenerateError::Io { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), file: BufWriter::with_capacity(1 << 16, file) })
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), GenerateError> {
        self.file.write_all(bytes).map_err(|source| GenerateError::Io { path: self.path.clone(), source })
    }

    /// One JSON value as a line.
    pub(crate) fn line(&mut self, value: &impl serde::Serialize) -> Result<(), GenerateError> {
        let mut line = serde_json::to_vec(value).map_err(GenerateError::Json)?;
        line.push(b'\n');
        self.put(&line)
    }

    pub(crate) fn finish(mut self) -> Result<(), GenerateError> {
        self.file.flush().map_err(|source| GenerateError::Io { path: self.path.clone(), source })
    }
}
