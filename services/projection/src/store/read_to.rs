//! How far a partition of the log has been read, and what the last record of it was: an offset alone does not tell a log from
//! an older copy of it that has gone on since.

use event_log::{Offset, StoredRecord};

const BYTES: usize = 8 + 16;

/// How far a partition has been read.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ReadTo {
    /// The next offset to read.
    pub next: Offset,
    /// The first half of the ledger's leaf hash of the record before it; zeros before the first.
    pub last: [u8; 16],
}

impl ReadTo {
    /// Read up to this record, and with it.
    pub fn with(record: &StoredRecord) -> Self {
        let offset = record.position.offset;
        let published_at_us = record.published_at_us;
        let leaf = ledger::Leaf { offset, published_at_us, key: &record.key, value: &record.value };
        let hash = leaf.hash();
        Self { next: offset + 1, last: hash.first_chunk().copied().unwrap_or_default() }
    }

    /// The value of an offset's row.
    pub fn to_bytes(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        let (next, last) = bytes.split_at_mut(8);
        next.copy_from_slice(&self.next.to_be_bytes());
        last.copy_from_slice(&self.last);
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (next, last) = bytes.split_first_chunk()?;
        Some(Self { next: Offset::from_be_bytes(*next), last: last.try_into().ok()? })
    }
}
