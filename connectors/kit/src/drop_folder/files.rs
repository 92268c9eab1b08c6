//! Folders and renames, each failure with what was being done where.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::IntakeError;

pub(super) fn list(dir: &Path) -> Result<Vec<PathBuf>, IntakeError> {
    let listed = fs::read_dir(dir).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    listed.map_err(|source| failed("list", dir, source))
}

pub(super) fn make(dir: &Path) -> Result<(), IntakeError> {
    fs::create_dir_all(dir).map_err(|source| failed("make", dir, source))
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<(), IntakeError> {
    fs::rename(from, to).map_err(|source| failed("move", from, source))
}

pub(super) fn sync(dir: &Path) -> Result<(), IntakeError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(|source| failed("sync", dir, source))
}

pub(super) fn failed(doing: &'static str, path: &Path, source: io::Error) -> IntakeError {
    IntakeError::Io { doing, path: path.to_path_buf(), source }
}
