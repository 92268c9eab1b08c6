//! The journal's files: `journal-000001.log` and on, each begun with a header that says which it is and how long the one
//! before it was when it was closed.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Buf as _, BufMut as _, Bytes};

use super::disk::Disk;
use super::record::{self, Fixed, Flaw};

pub(super) const SEGMENT_HEADER_BYTES: usize = 48;
const MAGIC: &[u8; 8] = b"TLJOURN1";
/// Read at a time: large enough that the disk streams, small enough that a kept value pins little.
const CHUNK_BYTES: usize = 1 << 20;

/// One file of the journal.
#[derive(Debug)]
pub(super) struct Segment {
    /// Counted from 1.
    pub(super) number: u32,
    pub(super) file: File,
    /// Bytes from the start that are acknowledged, and so may be read.
    readable: AtomicU64,
}

/// What a segment's header says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct SegmentHeader {
    pub(super) log_id: [u8; 16],
    pub(super) number: u32,
    /// Bytes of the segment before it; 0 for the first.
    pub(super) before_bytes: u64,
}

impl SegmentHeader {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SEGMENT_HEADER_BYTES);
        bytes.put_slice(MAGIC);
        bytes.put_slice(&self.log_id);
        bytes.put_u32_le(self.number);
        bytes.put_u64_le(self.before_bytes);
        bytes.put_u64_le(0);
        let crc = crc32c::crc32c(&bytes);
        bytes.put_u32_le(crc);
        bytes
    }

    /// `None` when it is not whole and as written.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(MAGIC)?;
        let log_id = *rest.first_chunk()?;
        rest.advance(16);
        let header = Self { log_id, number: rest.try_get_u32_le().ok()?, before_bytes: rest.try_get_u64_le().ok()? };
        (header.encode() == bytes).then_some(header)
    }
}

impl Segment {
    /// Makes the file, header and folder entry durable.
    pub(super) fn create(dir: &Path, header: SegmentHeader, disk: &dyn Disk) -> io::Result<Self> {
        let path = dir.join(file_name(header.number));
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
        disk.write_all_at(&file, &header.encode(), 0)?;
        disk.sync(&file)?;
        sync_dir(dir)?;
        Ok(Self { number: header.number, file, readable: AtomicU64::new(SEGMENT_HEADER_BYTES as u64) })
    }

    pub(super) fn open(dir: &Path, number: u32, writable: bool) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(writable).open(dir.join(file_name(number)))?;
        Ok(Self { number, file, readable: AtomicU64::new(SEGMENT_HEADER_BYTES as u64) })
    }

    pub(super) fn header(&self) -> io::Result<Option<SegmentHeader>> {
        let mut bytes = [0; SEGMENT_HEADER_BYTES];
        match self.file.read_exact_at(&mut bytes, 0) {
            Ok(()) => Ok(SegmentHeader::decode(&bytes)),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(e) => Err(e),
        }
    }

    pub(super) fn readable(&self) -> u64 {
        self.readable.load(Ordering::Acquire)
    }

    pub(super) fn set_readable(&self, end: u64) {
        self.readable.store(end, Ordering::Release);
    }

    /// "journal-000001.log byte 48": where a person will look.
    pub(super) fn place(&self, at: u64) -> String {
        format!("{} byte {at}", file_name(self.number))
    }
}

pub(super) fn file_name(number: u32) -> String {
    format!("journal-{number:06}.log")
}

/// The numbers of the segments in this folder, ascending.
pub(super) fn numbers(dir: &Path) -> io::Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|n| n.strip_prefix("journal-")).and_then(|n| n.strip_suffix(".log"));
        found.extend(number.and_then(|n| n.parse::<u32>().ok()));
    }
    found.sort_unstable();
    Ok(found)
}

pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Reads the records of a segment one after another, in large pieces that the values are slices of.
pub(super) struct Cursor<'a> {
    segment: &'a Segment,
    /// Where to stop.
    end: u64,
    chunk: Bytes,
    chunk_at: u64,
    at: usize,
}

/// Why a cursor stopped before its end.
#[derive(Debug)]
pub(super) enum Stop {
    Flaw(Flaw),
    Io(io::Error),
}

impl<'a> Cursor<'a> {
    /// From the record that begins at byte `from`, up to `end`.
    pub(super) fn new(segment: &'a Segment, from: u64, end: u64) -> Self {
        Self { segment, end, chunk: Bytes::new(), chunk_at: from, at: 0 }
    }

    /// The byte at which the next record begins.
    pub(super) fn position(&self) -> u64 {
        self.chunk_at + self.at as u64
    }

    /// What is left of the piece in memory: the bytes of the record that was found flawed.
    pub(super) fn rest(&self) -> &[u8] {
        self.chunk.get(self.at..).unwrap_or_default()
    }

    /// The next record and its value; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(Fixed, Bytes)>, Stop> {
        let position = self.position();
        if position >= self.end {
            return Ok(None);
        }
        let fixed = match record::parse(self.rest()) {
            Err(Flaw::Short { needed }) => {
                self.fill(position, needed).map_err(Stop::Io)?;
                record::parse(self.rest()).or_else(|flaw| match flaw {
                    // The header came, and says that there is more.
                    Flaw::Short { needed } => {
                        self.fill(position, needed).map_err(Stop::Io)?;
                        record::parse(self.rest()).map_err(Stop::Flaw)
                    }
                    flaw => Err(Stop::Flaw(flaw)),
                })?
            }
            parsed => parsed.map_err(Stop::Flaw)?,
        };
        let value = self.chunk.slice(self.at + record::HEADER_BYTES..self.at + fixed.record_bytes());
        self.at += fixed.record_bytes();
        Ok(Some((fixed, value)))
    }

    fn fill(&mut self, from: u64, needed: usize) -> io::Result<()> {
        let left = usize::try_from(self.end.saturating_sub(from)).unwrap_or(usize::MAX);
        let mut chunk = vec![0; CHUNK_BYTES.max(needed).min(left)];
        self.segment.file.read_exact_at(&mut chunk, from)?;
        self.chunk = chunk.into();
        self.chunk_at = from;
        self.at = 0;
        Ok(())
    }
}
