//! Records out of lines: what a quote holds together, and what to do when it never closes.

use std::collections::VecDeque;
use std::io::BufRead;

use csv_core::ReadRecordResult;

use super::{Dialect, RECORD_BYTES_MAX, RECORD_LINES_MAX};

/// A record's cells, and the record as it came. Reused from one to the next.
#[derive(Default)]
pub(super) struct Record {
    /// As it came, line ends included.
    pub(super) raw: Vec<u8>,
    /// The line on which it begins.
    pub(super) line: u64,
    /// Where it begins, in the decoded text.
    pub(super) offset: u64,
    cells: Vec<u8>,
    ends: Vec<usize>,
    filled: usize,
    count: usize,
}

/// Why a record could not be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trouble {
    /// Another number of cells than the header's.
    Ragged { cells: usize },
    /// A piece of a row.
    Parted,
    /// A quote that nothing closes.
    QuoteOpen,
    /// Larger than what is read.
    TooLarge,
    /// The source gave an error: nothing follows.
    Unreadable,
}

impl Record {
    pub(super) fn cell(&self, at: usize) -> Option<&str> {
        if at >= self.count {
            return None;
        }
        let from = if at == 0 { 0 } else { *self.ends.get(at - 1)? };
        std::str::from_utf8(self.cells.get(from..*self.ends.get(at)?)?).ok()
    }

    pub(super) fn cells(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        (0..self.count).map(|at| self.cell(at).unwrap_or_default())
    }

    fn begin(&mut self, line: u64, offset: u64) {
        (self.line, self.offset, self.filled, self.count) = (line, offset, 0, 0);
        self.raw.clear();
    }
}

/// A line as it came, its end included, and where it stood.
struct Line {
    bytes: Vec<u8>,
    number: u64,
    offset: u64,
    cut: bool,
}

/// Whether the source gave an error, and whether that has been said.
#[derive(PartialEq, Eq)]
enum Failure {
    None,
    Untold,
    Told,
}

pub(super) struct Records<R> {
    source: R,
    parser: csv_core::Reader,
    dialect: Dialect,
    /// Lines read ahead for a quote that did not close, to be read again.
    again: VecDeque<Line>,
    line: u64,
    offset: u64,
    failure: Failure,
    last_line_ended: bool,
}

impl<R: BufRead> Records<R> {
    pub(super) fn new(source: R, dialect: Dialect) -> Self {
        let parser = csv_core::ReaderBuilder::new().delimiter(dialect.delimiter).build();
        Self {
            source,
            parser,
            dialect,
            again: VecDeque::new(),
            line: 0,
            offset: 0,
            failure: Failure::None,
            last_line_ended: true,
        }
    }

    pub(super) fn source(&self) -> &R {
        &self.source
    }

    pub(super) fn ended_cleanly(&self) -> bool {
        self.failure == Failure::None && self.last_line_ended
    }

    /// Reads the next record that is not a blank line. With `width`, one of another number of cells is in trouble; a
    /// longer one is not when nothing stands in the cells beyond.
    pub(super) fn read(&mut self, record: &mut Record, width: Option<usize>) -> Option<Result<(), Trouble>> {
        loop {
            let first = match self.next_line()? {
                Ok(line) => line,
                Err(trouble) => return Some(Err(trouble)),
            };
            if first.bytes.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            record.begin(first.number, first.offset);
            if first.cut {
                record.raw.extend_from_slice(&first.bytes);
                return Some(Err(Trouble::TooLarge));
            }
            return Some(self.assemble(record, first, width));
        }
    }

    /// Feeds lines until the record is complete. In trouble only the first line is spent.
    fn assemble(&mut self, record: &mut Record, first: Line, width: Option<usize>) -> Result<(), Trouble> {
        let mut lines = vec![first];
        let (mut bytes, mut complete) = (0, false);
        self.parser.reset();
        while !complete {
            let Some(line) = lines.last() else { break };
            bytes += line.bytes.len();
            complete = self.feed(record, &line.bytes);
            if complete || lines.len() >= RECORD_LINES_MAX || bytes > RECORD_BYTES_MAX {
                break;
            }
            match self.next_line() {
                Some(Ok(line)) if !line.cut => lines.push(line),
                Some(Ok(line)) => {
                    self.again.push_front(line);
                    break;
                }
                end => {
                    if end.is_some() {
                        self.failure = Failure::Untold;
                    }
                    // A further line end completes a record that only lacked it, and not one inside a quote.
                    complete = self.feed(record, b"\n");
                    break;
                }
            }
        }
        let misquoted = !complete || lines.len() > 1 && !strictly_quoted(&lines, self.dialect.delimiter);
        // A short row at the end of a file may have been cut there.
        let short_rows = self.dialect.short_rows && self.last_line_ended;
        let trouble = if misquoted { Some(Trouble::QuoteOpen) } else { ragged(record, width, short_rows) };
        let keep = if trouble.is_some() { 1 } else { lines.len() };
        for line in lines.drain(keep..).rev() {
            self.again.push_front(line);
        }
        for line in &lines {
            record.raw.extend_from_slice(&line.bytes);
        }
        trouble.map_or(Ok(()), Err)
    }

    fn feed(&mut self, record: &mut Record, mut input: &[u8]) -> bool {
        loop {
            let (result, read, wrote, ended) = self.parser.read_record(
                input,
                record.cells.get_mut(record.filled..).unwrap_or_default(),
                record.ends.get_mut(record.count..).unwrap_or_default(),
            );
            input = input.get(read..).unwrap_or_default();
            record.filled += wrote;
            record.count += ended;
            match result {
                ReadRecordResult::OutputFull => record.cells.resize((record.cells.len() * 2).max(1024), 0),
                ReadRecordResult::OutputEndsFull => record.ends.resize((record.ends.len() * 2).max(64), 0),
                ReadRecordResult::InputEmpty => return false,
                ReadRecordResult::Record | ReadRecordResult::End => return true,
            }
        }
    }

    /// Has records read again that were looked at ahead of their turn, with what was found out about each.
    pub(super) fn put_back(&mut self, records: Vec<(Record, Result<(), Trouble>)>) {
        for (record, read) in records.into_iter().rev() {
            if read == Err(Trouble::Unreadable) {
                self.failure = Failure::Untold;
                continue;
            }
            let cut = record.raw.len() > RECORD_BYTES_MAX;
            self.again.push_front(Line { bytes: record.raw, number: record.line, offset: record.offset, cut });
        }
    }

    fn next_line(&mut self) -> Option<Result<Line, Trouble>> {
        if let Some(line) = self.again.pop_front() {
            return Some(Ok(line));
        }
        match self.failure {
            Failure::None => {}
            Failure::Untold => {
                self.failure = Failure::Told;
                return Some(Err(Trouble::Unreadable));
            }
            Failure::Told => return None,
        }
        let mut line = Line { bytes: Vec::new(), number: self.line + 1, offset: self.offset, cut: false };
        match self.fill(&mut line) {
            Err(_) => {
                self.failure = Failure::Told;
                Some(Err(Trouble::Unreadable))
            }
            Ok(false) if line.bytes.is_empty() => None,
            Ok(ended) => {
                self.line += 1;
                self.last_line_ended = ended;
                Some(Ok(line))
            }
        }
    }

    /// Reads to the end of the line, LF, CR or both; says whether there was one.
    fn fill(&mut self, line: &mut Line) -> std::io::Result<bool> {
        loop {
            let chunk = self.source.fill_buf()?;
            if chunk.is_empty() {
                return Ok(false);
            }
            let end = chunk.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let taken = end.map_or(chunk.len(), |at| at + 1);
            let is_cr = end.and_then(|at| chunk.get(at)) == Some(&b'\r');
            let room = (RECORD_BYTES_MAX + 1).saturating_sub(line.bytes.len()).min(taken);
            line.cut |= room < taken;
            line.bytes.extend_from_slice(chunk.get(..room).unwrap_or_default());
            self.source.consume(taken);
            self.offset += taken as u64;
            if is_cr && self.source.fill_buf()?.first() == Some(&b'\n') {
                self.source.consume(1);
                self.offset += 1;
                line.bytes.push(b'\n');
            }
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}

/// What stands between the columns of a header: a comma, unless there is none and something else does. A line with none of them
/// is a title above the header.
pub(super) fn delimiter_of(start: &[u8]) -> u8 {
    start.split(|byte| matches!(byte, b'\n' | b'\r')).find_map(delimiter_in).unwrap_or(b',')
}

fn delimiter_in(line: &[u8]) -> Option<u8> {
    const OTHERS: [u8; 3] = [b';', b'\t', b'|'];
    let mut quoted = false;
    let mut counts = [0u32; OTHERS.len()];
    for byte in line {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted => return Some(b','),
            _ if quoted => {}
            byte => {
                for (count, other) in counts.iter_mut().zip(OTHERS) {
                    *count += u32::from(*byte == other);
                }
            }
        }
    }
    let most = counts.into_iter().zip(OTHERS).max_by_key(|(count, _)| *count);
    most.filter(|(count, _)| *count > 0).map(|(_, other)| other)
}

/// Whether every quote that closes ends its cell. Where a record takes several lines and one does not, a stray quote has
/// most likely found its end in the quotes of a later row.
fn strictly_quoted(lines: &[Line], delimiter: u8) -> bool {
    #[derive(PartialEq, Eq)]
    enum At {
        CellStart,
        Plain,
        Quoted,
        Quote,
    }
    let mut at = At::CellStart;
    for byte in lines.iter().flat_map(|line| &line.bytes) {
        at = match (at, byte) {
            (At::CellStart, b'"') | (At::Quote, b'"') => At::Quoted,
            (At::Quoted, b'"') => At::Quote,
            (At::Quoted, _) => At::Quoted,
            (_, byte) if *byte == delimiter => At::CellStart,
            (At::Quote, b'\r' | b'\n') => At::Quote,
            (At::Quote, _) => return false,
            (At::CellStart | At::Plain, _) => At::Plain,
        };
    }
    at != At::Quoted
}

fn ragged(record: &mut Record, width: Option<usize>, short_rows: bool) -> Option<Trouble> {
    let width = width?;
    let beyond_is_blank = (width..record.count).all(|at| record.cell(at).is_some_and(|cell| cell.trim().is_empty()));
    if record.count < width && !short_rows || !beyond_is_blank {
        return Some(Trouble::Ragged { cells: record.count });
    }
    record.count = record.count.min(width);
    None
}
