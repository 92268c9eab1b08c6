//! The high-water mark: how far the journal was acknowledged. Two slots, written in turn and each synced, so that a write
//! that breaks off leaves the mark before it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use bytes::{Buf as _, BufMut as _};

use super::disk::Disk;
use super::segment::sync_dir;

pub(super) const FILE_NAME: &str = "mark";
const MAGIC: &[u8; 8] = b"TLMARK01";
/// Apart by more than a disk writes at once.
const SLOT_BYTES: u64 = 4096;

/// How far the journal was acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Mark {
    pub(super) log_id: [u8; 16],
    /// Raised by each write; its parity is the slot.
    pub(super) generation: u64,
    pub(super) segment: u32,
    /// Every byte of that segment before this one is acknowledged.
    pub(super) byte: u64,
    /// Records of the whole journal up to there.
    pub(super) records: u64,
}

/// What the mark's file said.
pub(super) struct Read {
    pub(super) mark: Mark,
    /// False when one slot did not hold: a write broke off, or the file is damaged.
    pub(super) both_held: bool,
}

impl Mark {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(56);
        bytes.put_slice(MAGIC);
        bytes.put_slice(&self.log_id);
        bytes.put_u64_le(self.generation);
        bytes.put_u32_le(self.segment);
        bytes.put_u64_le(self.byte);
        bytes.put_u64_le(self.records);
        let crc = crc32c::crc32c(&bytes);
        bytes.put_u32_le(crc);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(MAGIC)?;
        let log_id = *rest.first_chunk()?;
        rest.advance(16);
        let mark = Self {
            log_id,
            generation: rest.try_get_u64_le().ok()?,
            segment: rest.try_get_u32_le().ok()?,
            byte: rest.try_get_u64_le().ok()?,
            records: rest.try_get_u64_le().ok()?,
        };
        (mark.encode() == bytes).then_some(mark)
    }
}

/// The mark's file, open for writing.
#[derive(Debug)]
pub(super) struct MarkFile(File);

impl MarkFile {
    /// Makes the file with both slots holding, and its folder entry, durable.
    pub(super) fn create(dir: &Path, first: Mark) -> io::Result<Self> {
        let beside = dir.join("mark.new");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true).mode(0o600);
        let file = options.open(&beside)?;
        file.set_len(2 * SLOT_BYTES)?;
        for generation in [first.generation, first.generation + 1] {
            let mark = Mark { generation, ..first };
            file.write_all_at(&mark.encode(), slot(generation))?;
        }
        file.sync_all()?;
        std::fs::rename(&beside, dir.join(FILE_NAME))?;
        sync_dir(dir)?;
        Ok(Self(file))
    }

    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        OpenOptions::new().read(true).write(true).open(dir.join(FILE_NAME)).map(Self)
    }

    pub(super) fn write(&self, mark: &Mark, disk: &dyn Disk) -> io::Result<()> {
        disk.write_all_at(&self.0, &mark.encode(), slot(mark.generation))?;
        disk.sync(&self.0)
    }
}

/// The newest mark. `None` when neither slot holds.
pub(super) fn read(dir: &Path) -> io::Result<Option<Read>> {
    let file = File::open(dir.join(FILE_NAME))?;
    let read_slot = |parity| {
        let mut bytes = [0; 56];
        let read = file.read_exact_at(&mut bytes, slot(parity)).ok();
        read.and_then(|()| Mark::decode(&bytes)).filter(|mark| mark.generation % 2 == parity)
    };
    Ok(match (read_slot(0), read_slot(1)) {
        (Some(a), Some(b)) => Some(Read { mark: if a.generation > b.generation { a } else { b }, both_held: true }),
        (Some(mark), None) | (None, Some(mark)) => Some(Read { mark, both_held: false }),
        (None, None) => None,
    })
}

fn slot(generation: u64) -> u64 {
    generation % 2 * SLOT_BYTES
}
