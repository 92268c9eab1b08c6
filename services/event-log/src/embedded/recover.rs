//! Opening: every byte of the journal is read and held against the mark. What was acknowledged must be whole; what comes
//! after it may be torn, and is cut at the first flaw.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::index::{Index, Location, PerPartition};
use super::mark::{self, Mark, MarkFile};
use super::record::{self, Fixed, Flaw};
use super::segment::{self, Cursor, SEGMENT_HEADER_BYTES, Segment, SegmentHeader, Stop};
use super::{disk::Disk, io_error};
use crate::log::LogError;

/// The journal as it was found.
pub(super) struct Recovered {
    pub(super) index: Index,
    /// Segment n is at n - 1.
    pub(super) segments: Vec<Arc<Segment>>,
    /// The end of the last whole record, its generation the last one written.
    pub(super) mark: Mark,
    pub(super) published_at_us: i64,
    /// `None` when open for reading only.
    pub(super) mark_file: Option<MarkFile>,
}

/// Begins a log in a folder that has none.
pub(super) fn create(dir: &Path, disk: &dyn Disk) -> Result<(), LogError> {
    let mut log_id = [0; 16];
    rand::fill(&mut log_id);
    Segment::create(dir, SegmentHeader { log_id, number: 1, before_bytes: 0 }, disk)
        .map_err(io_error("begin the journal"))?;
    let mark = Mark { log_id, generation: 0, segment: 1, byte: SEGMENT_HEADER_BYTES as u64, records: 0 };
    MarkFile::create(dir, mark).map(|_| ()).map_err(io_error("write the high-water mark"))
}

/// Whether the folder holds no log, or one whose making broke off before it took a record.
pub(super) fn is_empty(dir: &Path) -> Result<bool, LogError> {
    if dir.join(mark::FILE_NAME).exists() {
        return Ok(false);
    }
    let numbers = segment::numbers(dir).map_err(io_error("list its folder"))?;
    let header_only = |number: &u32| {
        fs::metadata(dir.join(segment::file_name(*number))).is_ok_and(|m| m.len() <= SEGMENT_HEADER_BYTES as u64)
    };
    Ok(numbers.is_empty() || (numbers.as_slice() == [1] && numbers.iter().all(header_only)))
}

/// Reads and checks the whole journal.
pub(super) fn recover(dir: &Path, disk: &dyn Disk, writable: bool) -> Result<Recovered, LogError> {
    let marks = match mark::read(dir) {
        Ok(Some(marks)) => marks,
        Ok(None) => return Err(damaged(mark::FILE_NAME.to_owned(), "neither slot of the high-water mark holds")),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(damaged(mark::FILE_NAME.to_owned(), "the high-water mark is gone"));
        }
        Err(e) => return Err(io_error("read the high-water mark")(e)),
    };
    let numbers = segment::numbers(dir).map_err(io_error("list its folder"))?;
    let last = numbers.last().copied().unwrap_or(0).max(marks.mark.segment);
    let mut reading = Reading::new(marks.mark);
    let mut cut = None;
    for number in 1..=last {
        if let Some(at) = reading.segment(dir, number, writable)? {
            cut = Some(at);
            break;
        }
    }
    if reading.records_at_mark != marks.mark.records {
        return Err(damaged(
            mark::FILE_NAME.to_owned(),
            "the journal does not hold as many records as were acknowledged",
        ));
    }
    if cut.is_some() && !marks.both_held {
        // A mark is written once its records are synced: a crash tears the one or the other, never both.
        return Err(damaged(
            mark::FILE_NAME.to_owned(),
            "one slot of the high-water mark does not hold, and the journal is torn",
        ));
    }
    let mark_file = writable.then(|| MarkFile::open(dir)).transpose().map_err(io_error("open the high-water mark"))?;
    if let Some(mark_file) = &mark_file {
        reading.settle(dir, disk, cut, last, mark_file)?;
    }
    Ok(Recovered {
        index: reading.index,
        segments: reading.segments,
        mark: reading.end,
        published_at_us: reading.published_at_us,
        mark_file,
    })
}

struct Reading {
    mark: Mark,
    index: Index,
    segments: Vec<Arc<Segment>>,
    /// The end of the last whole record.
    end: Mark,
    records_at_mark: u64,
    published_at_us: i64,
    published: PerPartition<i64>,
}

/// Where a torn tail begins.
#[derive(Clone, Copy)]
struct Cut {
    segment: u32,
    byte: u64,
}

impl Reading {
    fn new(mark: Mark) -> Self {
        Self {
            mark,
            index: Index::default(),
            segments: Vec::new(),
            end: Mark { segment: 1, byte: SEGMENT_HEADER_BYTES as u64, records: 0, ..mark },
            records_at_mark: 0,
            published_at_us: 0,
            published: PerPartition::default(),
        }
    }

    /// Reads one segment to its end, or to where its torn tail begins.
    fn segment(&mut self, dir: &Path, number: u32, writable: bool) -> Result<Option<Cut>, LogError> {
        let acknowledged = number <= self.mark.segment;
        let segment = match Segment::open(dir, number, writable) {
            Ok(segment) => segment,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && acknowledged => {
                return Err(damaged(segment::file_name(number), "this file of the journal is gone"));
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Some(Cut { segment: number, byte: 0 })),
            Err(e) => return Err(io_error("open a file of the journal")(e)),
        };
        let length = segment.file.metadata().map_err(io_error("measure a file of the journal"))?.len();
        if let Some(what) = self.header_flaw(&segment)? {
            return if acknowledged {
                Err(damaged(segment.place(0), what))
            } else {
                Ok(Some(Cut { segment: number, byte: 0 }))
            };
        }
        let segment = Arc::new(segment);
        self.segments.push(Arc::clone(&segment));
        self.end = Mark { segment: number, byte: SEGMENT_HEADER_BYTES as u64, ..self.end };
        let cut = self.records(&segment, length)?;
        segment.set_readable(self.end.byte);
        if number == self.mark.segment && self.end.byte < self.mark.byte {
            return Err(damaged(segment.place(self.end.byte), "the journal ends below its high-water mark"));
        }
        Ok(cut)
    }

    fn header_flaw(&self, segment: &Segment) -> Result<Option<&'static str>, LogError> {
        let header = segment.header().map_err(io_error("read a file of the journal"))?;
        let before_bytes = if segment.number == 1 { 0 } else { self.end.byte };
        Ok(match header {
            None => Some("the file's header does not hold"),
            Some(header) if header.number != segment.number => Some("the file's header is another file's"),
            Some(header) if header.log_id != self.mark.log_id => Some("the file belongs to another log"),
            Some(header) if header.before_bytes != before_bytes => {
                Some("the file before it is not as long as when it was closed")
            }
            Some(_) => None,
        })
    }

    fn records(&mut self, segment: &Segment, length: u64) -> Result<Option<Cut>, LogError> {
        let mut cursor = Cursor::new(segment, SEGMENT_HEADER_BYTES as u64, length);
        loop {
            let at = cursor.position();
            let acknowledged =
                segment.number < self.mark.segment || (segment.number == self.mark.segment && at < self.mark.byte);
            let flaw = match cursor.next() {
                Ok(None) => return Ok(None),
                Ok(Some((fixed, _))) => match self.take(segment.number, at, &fixed) {
                    None if acknowledged && segment.number == self.mark.segment && self.end.byte > self.mark.byte => {
                        return Err(damaged(segment.place(at), "no record ends where the high-water mark stands"));
                    }
                    None => {
                        self.records_at_mark += u64::from(acknowledged);
                        continue;
                    }
                    Some(flaw) => (flaw, Some(fixed.position)),
                },
                Err(Stop::Flaw(flaw)) => (flaw, self.believable(cursor.rest())),
                Err(Stop::Io(source)) => return Err(io_error("read a file of the journal")(source)),
            };
            if !acknowledged {
                return Ok(Some(Cut { segment: segment.number, byte: at }));
            }
            let place = match flaw.1 {
                Some(position) => format!("{position}, {}", segment.place(at)),
                None => segment.place(at),
            };
            return Err(damaged(place, flaw.0.what()));
        }
    }

    /// Takes in a whole record, unless it is not the one that follows.
    fn take(&mut self, segment: u32, at: u64, fixed: &Fixed) -> Option<Flaw> {
        let (topic, partition) = (fixed.position.topic, fixed.position.partition);
        if fixed.position.offset != self.index.end(topic, partition) {
            return Some(Flaw::Offset);
        }
        let before = self.published.replace(topic, partition, |_| fixed.published_at_us);
        if before > fixed.published_at_us {
            return Some(Flaw::Time);
        }
        self.index.push(topic, partition, Location::new(segment, at as u32));
        self.published_at_us = self.published_at_us.max(fixed.published_at_us);
        self.end.byte = at + fixed.record_bytes() as u64;
        self.end.records += 1;
        None
    }

    /// The position that a flawed record states, where it is the one that would follow.
    fn believable(&self, bytes: &[u8]) -> Option<crate::Position> {
        record::claimed_position(bytes).filter(|p| p.offset == self.index.end(p.topic, p.partition))
    }

    /// Cuts the torn tail, has what is left on stable storage, and moves the mark to its end.
    fn settle(
        &mut self,
        dir: &Path,
        disk: &dyn Disk,
        cut: Option<Cut>,
        last: u32,
        mark_file: &MarkFile,
    ) -> Result<(), LogError> {
        if let Some(cut) = cut {
            tracing::warn!(file = segment::file_name(cut.segment), byte = cut.byte, "cut the journal's torn tail");
            let beyond = if cut.byte == 0 { cut.segment } else { cut.segment + 1 };
            for number in (beyond..=last).rev() {
                match fs::remove_file(dir.join(segment::file_name(number))) {
                    Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                        return Err(io_error("cut the journal's torn tail")(e));
                    }
                    _ => {}
                }
            }
            if let Some(segment) = self.segments.last().filter(|s| s.number == cut.segment) {
                segment.file.set_len(cut.byte).map_err(io_error("cut the journal's torn tail"))?;
            }
            segment::sync_dir(dir).map_err(io_error("sync its folder"))?;
        }
        if let Some(segment) = self.segments.last() {
            disk.sync(&segment.file).map_err(io_error("sync the journal"))?;
        }
        // Twice, so that both slots hold.
        for _ in 0..2 {
            self.end.generation += 1;
            mark_file.write(&self.end, disk).map_err(io_error("write the high-water mark"))?;
        }
        Ok(())
    }
}

fn damaged(place: String, what: &str) -> LogError {
    LogError::Damaged { place, what: what.to_owned() }
}
