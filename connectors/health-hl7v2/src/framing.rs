//! Where one message ends and the next begins: files of one message or many, batches, and MLLP frames written to a file.

use std::collections::VecDeque;
use std::io::{self, BufRead};

use crate::er7::{blanks_before, is_name};

/// Most bytes of one message. What is longer is rejected, and reading goes on at the next message.
pub(crate) const MESSAGE_BYTES_MAX: usize = 4 << 20;

/// How much of a message that is too large goes to quarantine with its rejection.
const TOO_LARGE_KEPT_BYTES: usize = 4 << 10;

/// Starts an MLLP frame.
const START_BLOCK: u8 = 0x0b;
/// Ends one; a carriage return follows.
const END_BLOCK: u8 = 0x1c;

/// What engines that write no MLLP put around a message.
const START_OF_TEXT: u8 = 0x02;
const END_OF_TEXT: u8 = 0x03;

/// A stretch of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Piece {
    pub(crate) kind: PieceKind,
    /// Without framing bytes. Of a piece that is too large, its first bytes only.
    pub(crate) bytes: Vec<u8>,
    /// Where it starts in the file.
    pub(crate) byte_offset: u64,
    /// On which line, counted from 1.
    pub(crate) line: u64,
    /// A line end or an end block stands at its end.
    pub(crate) ended: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PieceKind {
    /// From an MSH segment to the next.
    Message,
    /// FHS, BHS, BTS or FTS.
    Batch,
    /// Text that belongs to no message.
    Stray,
    /// More than [`MESSAGE_BYTES_MAX`].
    TooLarge,
    /// A frame that never ended.
    CutShort,
}

/// Reads a file piece by piece, holding one at a time.
pub(crate) struct Pieces<'a> {
    input: &'a mut (dyn BufRead + Send + 'a),
    ready: VecDeque<Piece>,
    held: Vec<u8>,
    /// Where what is held starts.
    held_from: u64,
    held_line: u64,
    /// Where reading stands.
    at: u64,
    line: u64,
    /// What was read last: whether a line feed belongs to a carriage return, and whether a line goes on.
    last: LineEnd,
    in_frame: bool,
    /// The message began with a start of text: an end of text ends it wherever it stands.
    in_text: bool,
    /// The rest of a piece that is too large.
    dropping: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LineEnd {
    Return,
    Feed,
    Block,
    File,
    /// The line is longer than a message may be; its rest comes next.
    GoesOn,
}

impl<'a> Pieces<'a> {
    pub(crate) fn new(input: &'a mut (dyn BufRead + Send + 'a)) -> Self {
        Self {
            input,
            ready: VecDeque::new(),
            held: Vec::new(),
            held_from: 0,
            held_line: 1,
            at: 0,
            line: 1,
            last: LineEnd::Feed,
            in_frame: false,
            in_text: false,
            dropping: false,
        }
    }

    /// Whether the file starts as UTF-16 or UTF-32 does, which HL7 v2 files may not be. A UTF-8 byte order mark is read
    /// over.
    pub(crate) fn starts_wide(&mut self) -> io::Result<bool> {
        let start = self.input.fill_buf()?;
        if start.starts_with(b"\xef\xbb\xbf") {
            self.input.consume(3);
            self.at = 3;
            return Ok(false);
        }
        Ok(matches!(start, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [_, 0, ..] | [0, _, ..]))
    }

    /// The next piece that holds anything; `None` at the end of the file.
    pub(crate) fn next(&mut self) -> io::Result<Option<Piece>> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Ok(Some(piece));
            }
            if self.last == LineEnd::File {
                return Ok(None);
            }
            self.step()?;
        }
    }

    fn step(&mut self) -> io::Result<()> {
        let goes_on = self.last == LineEnd::GoesOn;
        if self.dropping {
            self.held.clear();
        }
        let (from, position, line) = (self.held.len(), self.at, self.line);
        let end = self.append_line()?;
        let text = self.held.get(from..).unwrap_or_default();
        let starts_frame = text.first() == Some(&START_BLOCK);
        let text = text.get(usize::from(starts_frame)..).unwrap_or_default();
        let marks = text.iter().take_while(|b| matches!(**b, START_OF_TEXT | END_OF_TEXT)).count();
        let blanks = marks + blanks_before(text.get(marks..).unwrap_or_default());
        let is_marks = marks > 0 && text.get(marks..).is_some_and(|rest| rest.trim_ascii().is_empty());
        let text = text.get(blanks..).unwrap_or_default();
        let begins = starts_message(text) || starts_batch(text);
        if !goes_on && (starts_frame || begins) {
            // What stands before a frame's message is a part of the frame; before a message it is nothing.
            let before = usize::from(starts_frame) + if begins { blanks } else { 0 };
            let next = self.held.split_off(from + before);
            self.held.truncate(from);
            self.close(starts_frame && self.in_frame, true);
            self.in_frame |= starts_frame;
            self.held = next;
            self.held_from = position + before as u64;
            self.held_line = line;
        }
        // What stands around a message is no line of it.
        if is_marks && !goes_on {
            self.held.truncate(from);
        }
        if self.held.len() > MESSAGE_BYTES_MAX && !self.dropping {
            self.held.truncate(TOO_LARGE_KEPT_BYTES);
            self.put(PieceKind::TooLarge, false);
            self.dropping = true;
        }
        match end {
            LineEnd::Block => {
                self.close(false, true);
                (self.in_frame, self.in_text) = (false, false);
            }
            LineEnd::File => {
                let ended = matches!(self.held.last(), Some(b'\r' | b'\n'));
                self.close(self.in_frame, ended);
            }
            LineEnd::Return | LineEnd::Feed | LineEnd::GoesOn => {}
        }
        self.last = end;
        Ok(())
    }

    /// Reads to the end of the line, or as far as a message may go, onto what is held.
    fn append_line(&mut self) -> io::Result<LineEnd> {
        let from = self.held.len();
        let mut begins = self.last != LineEnd::GoesOn;
        loop {
            let room = (MESSAGE_BYTES_MAX + 1).saturating_sub(self.held.len() - from);
            if room == 0 {
                return Ok(LineEnd::GoesOn);
            }
            let buffer = match self.input.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if buffer.is_empty() {
                return Ok(LineEnd::File);
            }
            let buffer = buffer.get(..room).unwrap_or(buffer);
            let mut in_text = self.in_text;
            let found = buffer.iter().position(|b| {
                in_text |= begins && *b == START_OF_TEXT;
                begins &= matches!(*b, START_BLOCK | START_OF_TEXT | END_OF_TEXT) || b.is_ascii_whitespace();
                matches!(*b, b'\r' | b'\n' | END_BLOCK) || in_text && *b == END_OF_TEXT
            });
            self.in_text = in_text;
            let (taken, end) = match found.and_then(|at| Some((at, buffer.get(at)?))) {
                None => (buffer.len(), None),
                Some((at, b'\r')) => (at + 1, Some(LineEnd::Return)),
                Some((at, b'\n')) => (at + 1, Some(LineEnd::Feed)),
                Some((at, _)) => (at + 1, Some(LineEnd::Block)),
            };
            let kept = if end == Some(LineEnd::Block) { taken - 1 } else { taken };
            self.held.extend_from_slice(buffer.get(..kept).unwrap_or_default());
            self.input.consume(taken);
            self.at += taken as u64;
            if let Some(end) = end {
                let of_the_return = end == LineEnd::Feed && self.last == LineEnd::Return && self.held.len() == from + 1;
                if end != LineEnd::Block && !of_the_return {
                    self.line += 1;
                }
                return Ok(end);
            }
        }
    }

    /// Hands out what is held, if it is anything, and starts anew where reading stands.
    fn close(&mut self, cut_short: bool, ended: bool) {
        let is_blank = |b: &u8| b.is_ascii_whitespace() || matches!(*b, END_OF_FILE_MARK | START_OF_TEXT | END_OF_TEXT);
        let nothing = self.held.iter().all(is_blank);
        let kind = if self.dropping || (nothing && !cut_short) {
            None
        } else if cut_short {
            Some(PieceKind::CutShort)
        } else if starts_message(&self.held) {
            Some(PieceKind::Message)
        } else if starts_batch(&self.held) {
            Some(PieceKind::Batch)
        } else {
            Some(PieceKind::Stray)
        };
        match kind {
            Some(kind) => self.put(kind, ended),
            None => self.held.clear(),
        }
        self.dropping = false;
        self.held_from = self.at;
        self.held_line = self.line;
    }

    fn put(&mut self, kind: PieceKind, ended: bool) {
        let bytes = std::mem::take(&mut self.held);
        self.ready.push_back(Piece { kind, bytes, byte_offset: self.held_from, line: self.held_line, ended });
    }
}

/// What old editors leave at the end of a file.
const END_OF_FILE_MARK: u8 = 0x1a;

pub(crate) fn starts_message(line: &[u8]) -> bool {
    let named = line.get(..3).is_some_and(|name| is_name(name) && name.eq_ignore_ascii_case(b"MSH"));
    named && line.get(3).is_some_and(u8::is_ascii_punctuation)
}

fn starts_batch(line: &[u8]) -> bool {
    let batches = [b"FHS", b"BHS", b"BTS", b"FTS"];
    let is = |name: &[u8]| is_name(name) && batches.iter().any(|batch| name.eq_ignore_ascii_case(*batch));
    line.get(..3).is_some_and(is)
        && line.get(3).is_none_or(|after| after.is_ascii_punctuation() || after.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(file: &[u8]) -> Vec<Piece> {
        let mut input = file;
        let mut pieces = Pieces::new(&mut input);
        assert!(!pieces.starts_wide().unwrap());
        std::iter::from_fn(|| pieces.next().unwrap()).collect()
    }

    fn told(file: &[u8]) -> Vec<(PieceKind, String, u64, u64)> {
        let told = |p: Piece| (p.kind, String::from_utf8(p.bytes).unwrap(), p.byte_offset, p.line);
        pieces(file).into_iter().map(told).collect()
    }

    fn piece(kind: PieceKind, text: &str, byte_offset: u64, line: u64) -> (PieceKind, String, u64, u64) {
        (kind, text.to_owned(), byte_offset, line)
    }

    fn kinds(file: &[u8]) -> Vec<PieceKind> {
        pieces(file).iter().map(|p| p.kind).collect()
    }

    use PieceKind::{Batch, CutShort, Message, Stray, TooLarge};

    #[test]
    fn messages_end_where_the_next_begins() {
        let file = b"MSH|1\rPID|1\rMSH|2\nPID|2\n\r\nMSH|3\r\nPID|3";
        let expected = [
            piece(Message, "MSH|1\rPID|1\r", 0, 1),
            piece(Message, "MSH|2\nPID|2\n\r\n", 12, 3),
            piece(Message, "MSH|3\r\nPID|3", 26, 6),
        ];
        assert_eq!(told(file), expected);
        assert_eq!(pieces(file).iter().map(|p| p.ended).collect::<Vec<_>>(), [true, true, false]);
    }

    #[test]
    fn frames_and_batches_and_strays_are_told_apart() {
        let file = b"note\nFHS|^~\\&\rBHS|^~\\&\rMSH|1\rBTS|1\rFTS|1\r";
        assert_eq!(kinds(file), [Stray, Batch, Batch, Message, Batch, Batch]);
        let framed = b"\x0bMSH|1\rPID|1\r\x1c\r\x0bMSH|2\r\x1c\r\n\x1a";
        assert_eq!(told(framed), [piece(Message, "MSH|1\rPID|1\r", 1, 1), piece(Message, "MSH|2\r", 16, 4)]);
    }

    #[test]
    fn marks_of_text_are_no_part_of_a_message() {
        let expected = [piece(Message, "MSH|1\rPID|1\r", 1, 1), piece(Message, "MSH|2\r", 15, 3)];
        for end in ["\x03", "\x03\r", ""] {
            let file = format!("\x02MSH|1\rPID|1\r\x03\x02MSH|2\r{end}");
            assert_eq!(told(file.as_bytes()), expected, "{end:?}");
            assert!(pieces(file.as_bytes()).iter().all(|p| p.ended), "{end:?}");
        }
        assert_eq!(kinds(b"\x02MSH|1\r\x03\r\x02MSH|2\r\x03\r"), [Message, Message]);
        assert_eq!(told(b"\x0b\x02MSH|1\r\x03\x1c\r"), [piece(Message, "MSH|1\r", 2, 1)]);
        // Wherever the end of the text stands; of a message that did not begin with a mark it ends nothing.
        let expected = [piece(Message, "MSH|1\rPID|1", 1, 1), piece(Message, "MSH|2\rPID|2\r", 14, 2)];
        assert_eq!(told(b"\x02MSH|1\rPID|1\x03\x02MSH|2\rPID|2\r\x03"), expected);
        assert_eq!(told(b"MSH|1\rPID|a\x03b\r"), [piece(Message, "MSH|1\rPID|a\x03b\r", 0, 1)]);
        assert_eq!(kinds(b"\x02MSH|1\rPID|1\x03lost\r\x02MSH|2\r\x03"), [Message, Stray, Message]);
        // On a line of its own.
        let expected = [piece(Message, "MSH|1\rPID|1\r", 2, 2), piece(Message, "MSH|2\r", 18, 6)];
        assert_eq!(told(b"\x02\rMSH|1\rPID|1\r\x03\r\x02\rMSH|2\r\x03\r"), expected);
        assert_eq!(kinds(b"MSH|1\r\x02\rMSH|2\r"), [Message, Message]);
    }

    #[test]
    fn a_name_is_of_one_case() {
        assert_eq!(kinds(b"msh|1\rbts|1\r"), [Message, Batch]);
        assert_eq!(kinds(b"Msh|1\r"), [Stray]);
        assert_eq!(told(b"MSH|1\rOBX|Bhs|2\rBhs|1\r"), [piece(Message, "MSH|1\rOBX|Bhs|2\rBhs|1\r", 0, 1)]);
    }

    #[test]
    fn a_frame_that_stops_is_cut_short() {
        let expected = [piece(Message, "MSH|1\r", 1, 1), piece(CutShort, "MSH|2\rPI", 10, 3)];
        assert_eq!(told(b"\x0bMSH|1\r\x1c\r\x0bMSH|2\rPI"), expected);
        assert_eq!(kinds(b"\x0bMSH|1\rPI\r\x0bMSH|2\r\x1c\r"), [CutShort, Message]);
    }

    #[test]
    fn a_byte_order_mark_is_read_over() {
        assert_eq!(told(b"\xef\xbb\xbfMSH|1\r"), [piece(Message, "MSH|1\r", 3, 1)]);
    }

    #[test]
    fn what_is_too_large_is_dropped_to_the_next_message() {
        for end in ["\r", ""] {
            let line = format!("ZZZ|{}{end}", "x".repeat(1000));
            let file = format!("MSH|1\r{}\rMSH|2\r", line.repeat(MESSAGE_BYTES_MAX / 500));
            let pieces = pieces(file.as_bytes());
            assert_eq!(pieces.iter().map(|p| p.kind).collect::<Vec<_>>(), [TooLarge, Message]);
            assert_eq!(pieces[0].bytes.len(), TOO_LARGE_KEPT_BYTES);
            assert_eq!(pieces[1].bytes, b"MSH|2\r");
        }
    }
}
