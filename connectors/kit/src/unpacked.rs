//! What an archive unpacks to, counted before anything of it is read.
//!
//! A workbook is an archive, and an archive may unpack to a thousand times its size, whatever it says of itself: so every part of
//! it is unpacked into nothing first.

use std::io::{self, Cursor, Read as _, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use zip::ZipArchive;

/// Parts beyond these are no workbook's.
const PARTS_MAX: usize = 10_000;

/// Why an archive is not read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unusable {
    /// It is none.
    #[error("the file is no archive, and so no workbook (.xlsx)")]
    NoArchive,
    /// A part cannot be unpacked to its end; all together are not too large.
    #[error("a part of the file cannot be unpacked: it is damaged, or protected by a password")]
    Damaged,
    /// It unpacks to more than is read, or has more parts.
    #[error("the file unpacks to more than is read")]
    TooLarge,
}

/// Whether all parts of an archive together unpack to so many bytes at most.
///
/// # Errors
/// When they do not, or it is no archive that can be read.
pub fn within(archive: &[u8], bytes_max: u64) -> Result<(), Unusable> {
    let mut archive = ZipArchive::new(Cursor::new(archive)).map_err(|_| Unusable::NoArchive)?;
    if archive.len() > PARTS_MAX {
        return Err(Unusable::TooLarge);
    }
    let (mut counted, mut is_damaged) = (Counted(0), false);
    for at in 0..archive.len() {
        let left = (bytes_max + 1).saturating_sub(counted.0);
        // What stands behind a part that breaks is counted too: whoever reads the archive may pass over that one.
        is_damaged |= archive.by_index(at).map_or(true, |part| io::copy(&mut part.take(left), &mut counted).is_err());
        if counted.0 > bytes_max {
            return Err(Unusable::TooLarge);
        }
    }
    if is_damaged { Err(Unusable::Damaged) } else { Ok(()) }
}

/// What a library reads of an archive's parts, or nothing where they are damaged. It may panic over one that somebody made for it, such
/// as a cell in a row of eleven digits: that archive is damaged too, and the files beside it are read all the same.
pub fn readable<T, E>(read: impl FnOnce() -> Result<T, E>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(read)).ok()?.ok()
}

/// Holds nothing of what is written.
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    #[test]
    fn all_parts_together_are_counted_as_they_are_and_not_as_they_say() {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for name in ["a", "b"] {
            archive.start_file(name, SimpleFileOptions::default()).unwrap();
            archive.write_all(&[0; 500_000]).unwrap();
        }
        let archive = archive.finish().unwrap().into_inner();
        assert!(archive.len() < 5_000, "{}", archive.len());
        assert_eq!(within(&archive, 1_000_000), Ok(()));
        assert_eq!(within(&archive, 999_999), Err(Unusable::TooLarge));
        // It says that its parts are of one byte.
        let says = 500_000u32.to_le_bytes();
        let mut liar = archive.clone();
        while let Some(at) = liar.windows(4).position(|bytes| bytes == says) {
            liar[at..at + 4].copy_from_slice(&1u32.to_le_bytes());
        }
        assert_ne!(liar, archive);
        assert_ne!(within(&liar, 999_999), Ok(()));
        // The first part is damaged, and the second is as large as before.
        let mut damaged = archive.clone();
        damaged[100] ^= 0xff;
        assert_eq!(within(&damaged, 1_000_000), Err(Unusable::Damaged));
        assert_eq!(within(&damaged, 400_000), Err(Unusable::TooLarge));
        assert_eq!(within(b"PK\x03\x04 and no more", 9), Err(Unusable::NoArchive));
    }
}
