//! What each engine does for the store.

use std::ops::ControlFlow;

use super::{Batch, BoxError, Key, Shards, StoreError, Value};

/// An engine with its files open.
pub(super) trait Table: Send + Sync {
    /// Makes the changes, all or none.
    fn apply(&self, batch: &Batch) -> Result<(), StoreError>;

    /// Runs `f`, again if need be: in its last run no commit to these shards happens, or is seen.
    fn at_one_point(&self, shards: Shards, f: &mut dyn FnMut(&dyn Rows)) -> Result<(), StoreError>;

    /// Returns once everything applied is on stable storage.
    fn durable(&self) -> Result<(), StoreError>;

    /// Fills an empty table.
    fn fill(&self, rows: &mut dyn SortedRows) -> Result<(), StoreError>;
}

/// The rows as a read sees them.
pub(super) trait Rows {
    /// The value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Value>, StoreError>;

    /// The rows from a key on, in order, until `f` breaks.
    fn scan(&self, from: &[u8], f: &mut EachRow<'_>) -> Result<(), StoreError>;
}

/// Takes a row's key and value.
pub(super) type EachRow<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// Rows in strictly ascending order of key.
pub(super) trait SortedRows {
    /// The next, if there is one.
    fn next(&mut self) -> Result<Option<(Key, Vec<u8>)>, StoreError>;
}

/// Holds a rebuild to its word that the rows ascend: one engine would panic, the other silently keep the last of two.
pub(super) struct Ascending<I: Iterator> {
    rows: I,
    last: Option<Key>,
    given: u64,
}

impl<I: Iterator<Item = Result<(Key, Vec<u8>), BoxError>>> Ascending<I> {
    pub(super) fn new(rows: I) -> Self {
        Self { rows, last: None, given: 0 }
    }
}

impl<I: Iterator<Item = Result<(Key, Vec<u8>), BoxError>>> SortedRows for Ascending<I> {
    fn next(&mut self) -> Result<Option<(Key, Vec<u8>)>, StoreError> {
        let Some((key, value)) = self.rows.next().transpose().map_err(StoreError::Rows)? else { return Ok(None) };
        if self.last.as_ref().is_some_and(|last| *last >= key) {
            return Err(StoreError::Unsorted(self.given));
        }
        self.given += 1;
        self.last = Some(key.clone());
        Ok(Some((key, value)))
    }
}
