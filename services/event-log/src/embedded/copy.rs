//! A copy of a journal that may be in use: what was acknowledged at one moment, and nothing else.
//!
//! The mark is read first. Whatever it says is acknowledged is on the disk by then, and never changes again; so what is
//! copied afterwards up to the mark is whole, however fast the log grows meanwhile. The copy's own mark is written last:
//! a copy that broke off does not open.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::io_error;
use super::mark::{self, MarkFile};
use super::segment;
use crate::log::LogError;

/// Copies the log in `from`, open in another process or not, into the new folder `to`. Gives the number of records.
/// Folders and files are for their owner only, and are on stable storage when this returns.
///
/// What it copies is not checked: open the copy with [`super::EmbeddedLog::open_read_only`] to have every byte read.
///
/// # Errors
/// [`LogError::Damaged`] when the journal is shorter than its mark; [`LogError::Io`] also when `to` exists.
pub fn copy(from: &Path, to: &Path) -> Result<u64, LogError> {
    let damaged = |place: String, what: &str| LogError::Damaged { place, what: what.to_owned() };
    let mark = match mark::read(from) {
        Ok(Some(read)) => read.mark,
        Ok(None) => return Err(damaged(mark::FILE_NAME.to_owned(), "neither slot of the high-water mark holds")),
        Err(e) => return Err(io_error("read the high-water mark")(e)),
    };
    DirBuilder::new().mode(0o700).create(to).map_err(io_error("make the copy's folder"))?;
    for number in 1..=mark.segment {
        let name = segment::file_name(number);
        let bytes = (number == mark.segment).then_some(mark.byte);
        let copied = copy_file(&from.join(&name), &to.join(&name), bytes).map_err(io_error("copy the journal"))?;
        if bytes.is_some_and(|bytes| copied != bytes) {
            return Err(damaged(name, "the journal ends below its high-water mark"));
        }
    }
    MarkFile::create(to, mark).map_err(io_error("write the copy's high-water mark"))?;
    Ok(mark.records)
}

/// Copies a file, or its first bytes, to a new one.
fn copy_file(from: &Path, to: &Path, bytes: Option<u64>) -> io::Result<u64> {
    let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    let copied = io::copy(&mut File::open(from)?.take(bytes.unwrap_or(u64::MAX)), &mut new)?;
    new.sync_all()?;
    Ok(copied)
}
