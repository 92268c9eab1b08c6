//! Reading what is acknowledged: one partition by offset, or the whole journal in its own order.

use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;

use super::index::Location;
use super::record::Fixed;
use super::segment::{Cursor, SEGMENT_HEADER_BYTES, Segment, Stop};
use super::{Shared, io_error};
use crate::log::{LogError, READ_BYTES, StoredRecord};
use crate::position::{Offset, Partition, Position, Topic};

/// Neighbours in a partition that stand no farther apart than this are read in one piece.
const GAP_BYTES_MAX: u64 = 8 << 10;
/// One read never asks for more than this beyond its last record.
const WINDOW_BYTES_MAX: u64 = 1 << 20;
/// Records that a read makes room for before it knows how large they are.
const ROOM_FIRST: usize = 1_024;

/// Up to `records_max` records of a partition, or [`READ_BYTES`], each checked again.
pub(super) fn partition(
    shared: &Shared,
    topic: Topic,
    partition: Partition,
    from: Offset,
    records_max: usize,
) -> Result<Vec<StoredRecord>, LogError> {
    let state = shared.read();
    let from_index = usize::try_from(from).unwrap_or(usize::MAX);
    let locations: Vec<Location> = state.index.of(topic, partition).from(from_index).take(records_max).collect();
    let segments = state.segments.clone();
    drop(state);
    let mut records = Vec::with_capacity(locations.len().min(ROOM_FIRST));
    let mut read = 0;
    let mut rest = locations.as_slice();
    while let Some(first) = rest.first() {
        let near = near(rest);
        let (window, after) = rest.split_at_checked(near).unwrap_or((rest, &[]));
        let segment = segment_of(&segments, *first)?;
        let mut bytes = Window::read(&segment, window)?;
        for location in window {
            let position = Position { topic, partition, offset: from + records.len() as Offset };
            let record = bytes.record(position, *location)?;
            read += record.value.len();
            records.push(record);
            if read >= READ_BYTES {
                return Ok(records);
            }
        }
        rest = after;
    }
    Ok(records)
}

/// How many of these records are read in one piece.
fn near(locations: &[Location]) -> usize {
    let Some(first) = locations.first() else { return 0 };
    let close = locations.iter().zip(locations.iter().skip(1)).take_while(|(before, after)| {
        before.segment() == after.segment()
            && after.byte() - before.byte() <= GAP_BYTES_MAX
            && after.byte() - first.byte() <= WINDOW_BYTES_MAX
    });
    1 + close.count()
}

/// Part of a segment in memory, read on where its last record turns out longer.
struct Window<'a> {
    segment: &'a Segment,
    at: u64,
    bytes: Vec<u8>,
}

impl<'a> Window<'a> {
    fn read(segment: &'a Segment, locations: &[Location]) -> Result<Self, LogError> {
        let first = locations.first().map_or(0, |l| l.byte());
        let last = locations.last().map_or(0, |l| l.byte());
        let mut window = Self { segment, at: first, bytes: Vec::new() };
        window.fill(last - first + 1024)?;
        Ok(window)
    }

    /// As many bytes as are acknowledged, up to these.
    fn fill(&mut self, bytes: u64) -> Result<(), LogError> {
        use std::os::unix::fs::FileExt as _;
        let bytes = bytes.min(self.segment.readable().saturating_sub(self.at));
        self.bytes.resize(usize::try_from(bytes).unwrap_or(0), 0);
        self.segment.file.read_exact_at(&mut self.bytes, self.at).map_err(io_error("read a file of the journal"))
    }

    fn record(&mut self, position: Position, location: Location) -> Result<StoredRecord, LogError> {
        use super::record::{Flaw, HEADER_BYTES, parse};
        let at = location.byte();
        let start = usize::try_from(at - self.at).unwrap_or(usize::MAX);
        let mut parsed = parse(self.bytes.get(start..).unwrap_or_default());
        if let Err(Flaw::Short { needed }) = parsed {
            self.fill(at - self.at + needed as u64)?;
            parsed = parse(self.bytes.get(start..).unwrap_or_default());
        }
        let fixed = parsed.map_err(|flaw| damaged(position, self.segment, at, flaw.what()))?;
        if fixed.position != position {
            return Err(damaged(position, self.segment, at, "another record stands here"));
        }
        let value = self.bytes.get(start + HEADER_BYTES..start + fixed.record_bytes()).unwrap_or_default();
        Ok(stored(&fixed, Bytes::copy_from_slice(value)))
    }
}

/// Every acknowledged record from the given offsets on, in the order of the journal.
pub(super) fn scan(
    shared: &Shared,
    from: impl Fn(Topic, Partition) -> Offset,
    mut take: impl FnMut(StoredRecord) -> ControlFlow<()>,
) -> Result<(), LogError> {
    let state = shared.read();
    let mut start: Option<Location> = None;
    let mut end: Option<Location> = None;
    for topic in Topic::ALL {
        for partition in Partition::all() {
            let locations = state.index.of(topic, partition);
            let wanted = usize::try_from(from(topic, partition)).unwrap_or(usize::MAX);
            if let Some(first) = locations.from(wanted).next() {
                start = Some(start.map_or(first, |start| start.min(first)));
                end = end.max(locations.last());
            }
        }
    }
    let segments = state.segments.clone();
    drop(state);
    let (Some(start), Some(end)) = (start, end) else { return Ok(()) };
    for number in start.segment()..=end.segment() {
        let segment = segment_of(&segments, Location::new(number, 0))?;
        let from_byte = if number == start.segment() { start.byte() } else { SEGMENT_HEADER_BYTES as u64 };
        let mut cursor = Cursor::new(&segment, from_byte, segment.readable());
        loop {
            let at = cursor.position();
            if number == end.segment() && at > end.byte() {
                break;
            }
            let (fixed, value) = match cursor.next() {
                Ok(Some(record)) => record,
                Ok(None) => break,
                Err(Stop::Io(source)) => return Err(io_error("read a file of the journal")(source)),
                Err(Stop::Flaw(flaw)) => {
                    return Err(LogError::Damaged { place: segment.place(at), what: flaw.what().to_owned() });
                }
            };
            let wanted = fixed.position.offset >= from(fixed.position.topic, fixed.position.partition);
            if wanted && take(stored(&fixed, value)).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn stored(fixed: &Fixed, value: Bytes) -> StoredRecord {
    StoredRecord { position: fixed.position, published_at_us: fixed.published_at_us, key: fixed.key, value }
}

fn segment_of(segments: &[Arc<Segment>], location: Location) -> Result<Arc<Segment>, LogError> {
    let number = location.segment();
    let found = (number as usize).checked_sub(1).and_then(|at| segments.get(at));
    found.map(Arc::clone).ok_or_else(|| LogError::Damaged {
        place: super::segment::file_name(number),
        what: "this file of the journal is gone".to_owned(),
    })
}

fn damaged(position: Position, segment: &Segment, at: u64, what: &str) -> LogError {
    LogError::Damaged { place: format!("{position}, {}", segment.place(at)), what: what.to_owned() }
}
