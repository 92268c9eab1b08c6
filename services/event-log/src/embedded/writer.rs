//! The one writer: a thread that takes what waits, writes it in one piece, syncs it, moves the mark, and only then says
//! so. Many appends share two syncs.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, oneshot};

use super::disk::{self, Disk};
use super::index::{Location, PerPartition};
use super::mark::{Mark, MarkFile};
use super::record;
use super::segment::{self, SEGMENT_HEADER_BYTES, Segment, SegmentHeader};
use super::{Options, Shared};
use crate::growth::Growth;
use crate::log::{Appended, LogError, Record};
use crate::position::{Offset, Position};

/// One `append`, and whom to tell.
pub(super) struct Request {
    pub(super) records: Vec<Record>,
    pub(super) reply: oneshot::Sender<Result<Appended, LogError>>,
}

pub(super) struct Writer {
    pub(super) dir: PathBuf,
    pub(super) options: Options,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) shared: Arc<Shared>,
    pub(super) growth: Growth,
    pub(super) mark_file: MarkFile,
    pub(super) current: Arc<Segment>,
    /// Where the next record goes.
    pub(super) mark: Mark,
    pub(super) ends: PerPartition<Offset>,
    pub(super) published_at_us: i64,
    /// Why nothing more is accepted.
    pub(super) stopped: Option<String>,
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.growth.end();
    }
}

/// Bytes for one segment.
struct Piece {
    segment: u32,
    at: u64,
    bytes: Vec<u8>,
}

/// A group of appends, laid out.
struct Group {
    pieces: Vec<Piece>,
    placed: Vec<(Position, Location)>,
    ends: PerPartition<Offset>,
    published_at_us: i64,
}

enum Failure {
    /// No room: what was written is taken back.
    Full,
    /// The disk's state is no longer known.
    Fatal(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if disk::is_full(&error) { Self::Full } else { Self::Fatal(error) }
    }
}

impl Writer {
    /// Until every sender is gone and all that waited is written.
    pub(super) fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        while let Some(first) = requests.blocking_recv() {
            let mut bytes = request_bytes(&first);
            let mut group = vec![first];
            while bytes < self.options.group_bytes_max
                && let Ok(next) = requests.try_recv()
            {
                bytes += request_bytes(&next);
                group.push(next);
            }
            self.commit(group, bytes);
        }
    }

    fn commit(&mut self, requests: Vec<Request>, bytes: usize) {
        if let Some(why) = &self.stopped {
            for request in requests {
                let _caller_gone = request.reply.send(Err(LogError::Stopped(why.clone())));
            }
            return;
        }
        let group = self.lay_out(&requests, bytes);
        match self.write(&group) {
            Ok(()) => self.publish(requests, &group),
            Err(failure) => {
                let error: Box<dyn Fn() -> LogError> = match self.take_back(failure) {
                    None => Box::new(|| LogError::Full(self.dir.clone())),
                    Some(why) => {
                        tracing::error!(reason = why, "the log stopped: its disk failed");
                        self.stopped = Some(why.clone());
                        Box::new(move || LogError::Stopped(why.clone()))
                    }
                };
                for request in requests {
                    let _caller_gone = request.reply.send(Err(error()));
                }
            }
        }
    }

    /// Gives each record its offset and its place.
    fn lay_out(&self, requests: &[Request], bytes: usize) -> Group {
        let published_at_us = now_us().max(self.published_at_us);
        let mut ends = self.ends;
        let mut placed = Vec::new();
        let mut piece = Piece { segment: self.mark.segment, at: self.mark.byte, bytes: Vec::with_capacity(bytes) };
        let mut pieces = Vec::new();
        for record in requests.iter().flat_map(|request| &request.records) {
            let needed = (record::HEADER_BYTES + record.value.len()) as u64;
            let at = piece.at + piece.bytes.len() as u64;
            if at > SEGMENT_HEADER_BYTES as u64 && at + needed > self.options.segment_bytes_max {
                let next = Piece { segment: piece.segment + 1, at: SEGMENT_HEADER_BYTES as u64, bytes: Vec::new() };
                pieces.push(std::mem::replace(&mut piece, next));
            }
            let (topic, partition) = (record.topic, record.partition);
            let offset = ends.replace(topic, partition, |end| end + 1);
            let at = piece.at + piece.bytes.len() as u64;
            placed.push((Position { topic, partition, offset }, Location::new(piece.segment, at as u32)));
            record::encode(record, offset, published_at_us, &mut piece.bytes);
        }
        pieces.push(piece);
        pieces.retain(|piece| !piece.bytes.is_empty());
        Group { pieces, placed, ends, published_at_us }
    }

    /// Data, sync, mark, sync. On an error the journal's tail may hold any part of the group.
    fn write(&mut self, group: &Group) -> Result<(), Failure> {
        if group.placed.is_empty() {
            return Ok(());
        }
        let mut current = Arc::clone(&self.current);
        let mut mark = self.mark;
        let mut opened = Vec::new();
        for piece in &group.pieces {
            if piece.segment != mark.segment {
                self.sync(&current)?;
                let header = SegmentHeader { log_id: mark.log_id, number: piece.segment, before_bytes: mark.byte };
                current = Arc::new(Segment::create(&self.dir, header, &*self.disk)?);
                opened.push(Arc::clone(&current));
            }
            self.disk.write_all_at(&current.file, &piece.bytes, piece.at)?;
            mark.segment = piece.segment;
            mark.byte = piece.at + piece.bytes.len() as u64;
        }
        self.sync(&current)?;
        mark.records += group.placed.len() as u64;
        mark.generation += 1;
        self.mark_file.write(&mark, &*self.disk).map_err(Failure::Fatal)?;
        for piece in &group.pieces {
            let written = std::iter::once(&self.current).chain(&opened).find(|s| s.number == piece.segment);
            if let Some(segment) = written {
                segment.set_readable(piece.at + piece.bytes.len() as u64);
            }
        }
        self.mark = mark;
        self.current = current;
        self.shared.write().segments.extend(opened);
        Ok(())
    }

    /// A failed sync says nothing of what is on the disk, so it is never tried again.
    fn sync(&self, segment: &Segment) -> Result<(), Failure> {
        self.disk.sync(&segment.file).map_err(Failure::Fatal)
    }

    /// Cuts the journal back to what is acknowledged. Gives the reason when it cannot be trusted any more.
    fn take_back(&self, failure: Failure) -> Option<String> {
        if let Failure::Fatal(error) = failure {
            return Some(error.to_string());
        }
        let cut = || -> io::Result<()> {
            for number in segment::numbers(&self.dir)?.into_iter().filter(|n| *n > self.mark.segment).rev() {
                fs::remove_file(self.dir.join(segment::file_name(number)))?;
            }
            self.current.file.set_len(self.mark.byte)
        };
        cut().err().map(|error| error.to_string())
    }

    /// Makes the group readable and tells its callers.
    fn publish(&mut self, requests: Vec<Request>, group: &Group) {
        self.ends = group.ends;
        self.published_at_us = group.published_at_us;
        let mut shared = self.shared.write();
        for (position, location) in &group.placed {
            shared.index.push(position.topic, position.partition, *location);
        }
        drop(shared);
        self.growth.grew(group.placed.iter().map(|(position, _)| position.topic));
        let mut placed = group.placed.iter().map(|(position, _)| *position);
        for request in requests {
            let positions = placed.by_ref().take(request.records.len()).collect();
            let appended = Appended { positions, published_at_us: group.published_at_us };
            let _caller_gone = request.reply.send(Ok(appended));
        }
    }
}

fn request_bytes(request: &Request) -> usize {
    request.records.iter().map(|record| record::HEADER_BYTES + record.value.len()).sum()
}

fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
