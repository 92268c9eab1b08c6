//! A lock on a file, given back when dropped.

use std::fs::File;

/// Given back by saying so, not by closing alone: a child process that is just being started holds the file open for a moment.
#[derive(Debug)]
pub(crate) struct HeldLock(pub(crate) File);

impl Drop for HeldLock {
    fn drop(&mut self) {
        // Closing it gives it back too.
        let _ = self.0.unlock();
    }
}
