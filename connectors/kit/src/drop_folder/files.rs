//! Folders and renames, each failure with what was being done where.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::IntakeError;
use crate::run::name_of;

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

/// Moves all of these files; `false` when one of them has gone, and then some may have been moved.
pub(super) fn move_all(names: &[String], from: &Path, to: &Path) -> Result<bool, IntakeError> {
    for name in names {
        match rename(&from.join(name), &to.join(name)) {
            Err(IntakeError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(false),
            moved => moved?,
        }
    }
    Ok(true)
}

/// Moves every file of a folder back, and removes the folder.
pub(super) fn put_back(dir: &Path, home: &Path) -> Result<(), IntakeError> {
    for path in list(dir)? {
        rename(&path, &home.join(name_of(&path)))?;
    }
    fs::remove_dir(dir).map_err(|source| failed("remove", dir, source))
}

/// The first bytes of a file.
pub(super) fn start_of(path: &Path, bytes_max: usize) -> Result<Vec<u8>, IntakeError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(bytes_max as u64).read_to_end(&mut bytes));
    read.map_err(|source| failed("read", path, source))?;
    Ok(bytes)
}

pub(super) fn sync(dir: &Path) -> Result<(), IntakeError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(|source| failed("sync", dir, source))
}

pub(super) fn failed(doing: &'static str, path: &Path, source: io::Error) -> IntakeError {
    IntakeError::Io { doing, path: path.to_path_buf(), source }
}
