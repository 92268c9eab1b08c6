//! What is read of a file, kept until the record that it belongs to has been dealt with, so that a rejected record can be shown as
//! it came. It also holds how much one record may be: of a document that is read as a stream, a reader of values has no such bound,
//! and would take all memory for one text that never ends.

use std::cell::RefCell;
use std::io::{self, Read};
use std::rc::Rc;

/// How much is shown of what could not be read to its end.
const REST_BYTES_MAX: usize = 64 << 10;

/// Something larger than is read.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a record is larger than {0} bytes")]
pub struct TooLarge(usize);

#[derive(Debug)]
struct Tape {
    held: Vec<u8>,
    held_max: usize,
    /// Bytes of the text before what is held, and lines before it.
    base: u64,
    lines: u64,
}

/// A handle on what was read. Copies are handles on the same.
#[derive(Clone, Debug)]
pub struct Taped(Rc<RefCell<Tape>>);

/// A reader whose bytes are kept.
pub struct Taping<R> {
    source: R,
    tape: Taped,
}

impl Taped {
    /// One that holds so many bytes, and no more: a reader that goes on without a [`Self::cut`] is stopped ([`is_too_large`]).
    pub fn of(held_max: usize) -> Self {
        Self(Rc::new(RefCell::new(Tape { held: Vec::new(), held_max, base: 0, lines: 0 })))
    }

    /// Reads on through it.
    pub fn reading<R: Read>(&self, source: R) -> Taping<R> {
        Taping { source, tape: self.clone() }
    }

    /// What stands between two places of the text.
    pub fn between(&self, from: u64, to: u64) -> Vec<u8> {
        let tape = self.0.borrow();
        let at =
            |place: u64| usize::try_from(place.saturating_sub(tape.base)).unwrap_or(usize::MAX).min(tape.held.len());
        tape.held.get(at(from)..at(to)).unwrap_or_default().to_vec()
    }

    /// What is still held, as far as one would look at it.
    pub fn rest(&self) -> Vec<u8> {
        let tape = self.0.borrow();
        tape.held.get(..tape.held.len().min(REST_BYTES_MAX)).unwrap_or_default().to_vec()
    }

    /// The line of a place, counted from 1.
    pub fn line(&self, place: u64) -> u64 {
        let tape = self.0.borrow();
        let at = usize::try_from(place.saturating_sub(tape.base)).unwrap_or(usize::MAX).min(tape.held.len());
        tape.lines + 1 + newlines(tape.held.get(..at).unwrap_or_default())
    }

    /// How many bytes were read so far.
    pub fn read(&self) -> u64 {
        let tape = self.0.borrow();
        tape.base + tape.held.len() as u64
    }

    /// Lets go of what stands before a place.
    pub fn cut(&self, place: u64) {
        let mut tape = self.0.borrow_mut();
        let at = usize::try_from(place.saturating_sub(tape.base)).unwrap_or(usize::MAX).min(tape.held.len());
        tape.lines += newlines(tape.held.get(..at).unwrap_or_default());
        tape.held.drain(..at);
        tape.base += at as u64;
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

impl<R: Read> Read for Taping<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        let mut tape = self.tape.0.borrow_mut();
        if tape.held.len() + read > tape.held_max {
            return Err(io::Error::other(TooLarge(tape.held_max)));
        }
        tape.held.extend_from_slice(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

/// Whether reading stopped because a record was too large.
pub fn is_too_large(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<TooLarge>())
}
