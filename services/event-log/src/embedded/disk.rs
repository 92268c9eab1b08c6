//! What the journal asks of the disk: the calls that can fail on a bad day, behind a trait so that a test can have one.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// Writes and syncs. The default is the real disk.
pub trait Disk: Send + Sync + 'static {
    /// Writes all of `bytes` at this byte of the file. On an error any part of them may have been written.
    ///
    /// # Errors
    /// As the system says.
    fn write_all_at(&self, file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
        file.write_all_at(bytes, at)
    }

    /// Has the file's bytes and length on stable storage.
    ///
    /// # Errors
    /// As the system says. What was written since the last sync may be gone whatever a later sync says.
    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }
}

/// The real disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {}

/// No room, by the disk's size, a quota or a limit on files: an operator can make room, so it is not the end.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}
