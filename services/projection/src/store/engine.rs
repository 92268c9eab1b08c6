//! What each engine does for the store.

use std::any::Any;
use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::tally::Tallies;
use super::{BoxError, Key, Shards, StoreError, Value};

/// An engine with its files open.
pub(super) trait Table: Send + Sync {
    /// Makes changes to these shards, all or none; no value is a deletion.
    fn apply(&self, shards: Shards, changes: &mut dyn Iterator<Item = Change<'_>>) -> Result<(), StoreError>;

    /// Runs `f`, again if need be: in its last run no commit to these shards happens, or is seen.
    fn at_one_point(&self, shards: Shards, f: &mut dyn FnMut(&dyn Rows)) -> Result<(), StoreError>;

    /// Returns once everything applied is on stable storage.
    fn durable(&self) -> Result<(), StoreError>;

    /// Fills an empty table.
    fn fill(&self, rows: &mut dyn SortedRows) -> Result<(), StoreError>;
}

/// What an engine's own code gives. Both engines panic over some damaged pages, long after they opened: that is an error of
/// theirs like any other, or a process would meet it again at each start and never set the store aside.
pub(super) fn caught<T>(doing: &'static str, run: impl FnOnce() -> T) -> Result<T, StoreError> {
    std::panic::catch_unwind(AssertUnwindSafe(run)).map_err(|panic| panicked(doing, &*panic))
}

/// A panic of an engine, as its error.
pub(super) fn panicked(doing: &'static str, panic: &(dyn Any + Send)) -> StoreError {
    let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    StoreError::Engine { doing, source: said.unwrap_or("the engine panicked").into() }
}

/// A key, and its new value if it is to have one.
pub(super) type Change<'a> = (&'a [u8], Option<&'a [u8]>);

/// The rows as a read sees them.
pub(super) trait Rows {
    /// The value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Value>, StoreError>;

    /// The rows from a key on, in order, until `f` breaks.
    fn scan(&self, from: &[u8], f: &mut EachRow<'_>) -> Result<(), StoreError>;
}

/// Takes a row's key and value.
pub(super) type EachRow<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// A row's key and value.
pub(super) type OwnRow = (Vec<u8>, Vec<u8>);

/// Rows in strictly ascending order of key.
pub(super) trait SortedRows {
    /// The next, if there is one.
    fn next(&mut self) -> Result<Option<OwnRow>, StoreError>;
}

/// Holds a rebuild to its word that the rows ascend: one engine would panic, the other silently keep the last of two. After
/// the last come the tallies.
pub(super) struct Ascending<I: Iterator> {
    rows: I,
    last: Option<Key>,
    given: u64,
    tallies: Tallies,
    tallied: Option<std::vec::IntoIter<OwnRow>>,
}

impl<I: Iterator<Item = Result<(Key, Vec<u8>), BoxError>>> Ascending<I> {
    pub(super) fn new(rows: I) -> Self {
        Self { rows, last: None, given: 0, tallies: Tallies::default(), tallied: None }
    }
}

impl<I: Iterator<Item = Result<(Key, Vec<u8>), BoxError>>> SortedRows for Ascending<I> {
    fn next(&mut self) -> Result<Option<OwnRow>, StoreError> {
        if let Some(tallied) = &mut self.tallied {
            return Ok(tallied.next());
        }
        let Some((key, value)) = self.rows.next().transpose().map_err(StoreError::Rows)? else {
            let rows = self.tallies.rows(Shards::ALL).map(|(key, value)| (key.to_vec(), value.to_vec()));
            return Ok(self.tallied.insert(rows.collect::<Vec<_>>().into_iter()).next());
        };
        if self.last.as_ref().is_some_and(|last| *last >= key) {
            return Err(StoreError::Unsorted(self.given));
        }
        self.given += 1;
        self.tallies.add(key.as_ref(), &value);
        let bytes = key.as_ref().to_vec();
        self.last = Some(key);
        Ok(Some((bytes, value)))
    }
}

/// Rows that a thread hands over at once, and how many of such pieces it may be ahead.
const PIECE_ROWS: usize = 512;
const PIECES_AHEAD: usize = 8;

/// Rows that a thread of their own makes ready, so that sorting and tallying take no time from the engine. The last piece is
/// empty.
struct Ahead {
    pieces: Receiver<Result<Vec<OwnRow>, StoreError>>,
    piece: std::vec::IntoIter<OwnRow>,
}

/// Runs `fill` on rows that are made ready on another thread meanwhile.
pub(super) fn ahead<T>(
    mut rows: impl SortedRows + Send,
    fill: impl FnOnce(&mut dyn SortedRows) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let (give, pieces) = sync_channel(PIECES_AHEAD);
    std::thread::scope(|scope| {
        scope.spawn(move || hand_over(&mut rows, &give));
        fill(&mut Ahead { pieces, piece: Vec::new().into_iter() })
    })
}

/// Until the end, an error, or nobody takes any more.
fn hand_over(rows: &mut dyn SortedRows, give: &SyncSender<Result<Vec<OwnRow>, StoreError>>) {
    loop {
        let mut piece = Vec::with_capacity(PIECE_ROWS);
        let filled = loop {
            match rows.next() {
                Ok(Some(row)) => piece.push(row),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
            if piece.len() == PIECE_ROWS {
                break Ok(());
            }
        };
        let ended = piece.is_empty() || filled.is_err();
        if give.send(filled.map(|()| piece)).is_err() || ended {
            return;
        }
    }
}

impl SortedRows for Ahead {
    fn next(&mut self) -> Result<Option<OwnRow>, StoreError> {
        if let Some(row) = self.piece.next() {
            return Ok(Some(row));
        }
        // Ended without an empty piece: the thread did not come to its end, and this is no whole store.
        let piece = self.pieces.recv().map_err(|ended| StoreError::Rows(ended.into()))??;
        self.piece = piece.into_iter();
        Ok(self.piece.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_an_engine_is_an_error_of_it() {
        assert_eq!(caught("read", || 3).unwrap(), 3);
        let failed = caught("read", || -> u8 { panic!("a page of {} bytes", 3) });
        let Err(StoreError::Engine { doing: "read", source }) = failed else { panic!("{failed:?}") };
        assert_eq!(source.to_string(), "a page of 3 bytes");
    }
}
