//! Sorting more rows than memory holds: sorted runs on disk, merged as they are read back.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::store::Key;

type Row = (Key, Vec<u8>);
type Part = Box<dyn Iterator<Item = Result<Row, RunsError>> + Send>;

/// Given a key, its least value, which stands, and another of its values: what, if anything, is to stand under a later key
/// instead.
pub(super) type Settle = fn(&Key, &[u8], &[u8]) -> Option<Row>;

/// A run could not be written or read back.
#[derive(Debug, thiserror::Error)]
pub enum RunsError {
    /// The system's.
    #[error("the rows could not be sorted: a run beside the store failed")]
    Io(#[from] std::io::Error),
    /// What was read back is not what was written.
    #[error("the rows could not be sorted: a run beside the store is damaged")]
    Damaged,
}

/// Rows in any order, to be read back in ascending order.
pub(super) struct Runs {
    folder: PathBuf,
    bytes_max: usize,
    rows: Vec<Row>,
    bytes: usize,
    parts: Vec<Part>,
}

impl Runs {
    /// None yet. Once rows take `bytes_max` of memory they go, sorted, to an unnamed file in `folder`.
    pub(super) fn new(folder: &Path, bytes_max: usize) -> Self {
        Self { folder: folder.to_owned(), bytes_max, rows: Vec::new(), bytes: 0, parts: Vec::new() }
    }

    /// Takes a row.
    pub(super) fn push(&mut self, key: Key, value: Vec<u8>) -> Result<(), RunsError> {
        self.bytes += key.as_ref().len() + value.len() + 2 * size_of::<Vec<u8>>();
        self.rows.push((key, value));
        if self.bytes >= self.bytes_max {
            self.write_run()?;
        }
        Ok(())
    }

    /// These, with what is in memory sorted too: so that each worker sorts its own.
    pub(super) fn sorted(mut self) -> Self {
        self.sort_rest();
        self
    }

    /// Takes another's rows.
    pub(super) fn append(&mut self, other: Self) {
        self.parts.append(&mut other.sorted().parts);
    }

    /// Every row, in ascending order of key, with `settle` asked about equal keys.
    pub(super) fn ascending(mut self, settle: Settle) -> Result<Ascending, RunsError> {
        self.sort_rest();
        let mut heads = BinaryHeap::with_capacity(self.parts.len());
        for mut rest in self.parts {
            if let Some(row) = rest.next().transpose()? {
                heads.push(Head { row, rest });
            }
        }
        Ok(Ascending { heads, moved: BTreeMap::new(), settle })
    }

    fn sort_rest(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        if !rows.is_empty() {
            rows.sort_unstable();
            self.parts.push(Box::new(rows.into_iter().map(Ok)));
        }
    }

    fn write_run(&mut self) -> Result<(), RunsError> {
        let mut rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        rows.sort_unstable();
        let mut file = BufWriter::with_capacity(1 << 20, unnamed_file(&self.folder)?);
        for (key, value) in rows {
            for part in [key.as_ref(), value.as_slice()] {
                let length = u32::try_from(part.len()).map_err(|_| RunsError::Damaged)?;
                file.write_all(&length.to_be_bytes())?;
                file.write_all(part)?;
            }
        }
        let mut file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.rewind()?;
        self.parts.push(Box::new(ReadBack(BufReader::with_capacity(1 << 20, file))));
        Ok(())
    }
}

/// A file that is gone when it is closed, whatever becomes of the process.
fn unnamed_file(folder: &Path) -> std::io::Result<File> {
    let path = folder.join(format!("sorting-{}.run", uuid::Uuid::now_v7()));
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

struct ReadBack(BufReader<File>);

impl ReadBack {
    fn part(&mut self) -> Result<Option<Vec<u8>>, RunsError> {
        if self.0.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let mut length = [0; 4];
        self.0.read_exact(&mut length)?;
        let mut part = vec![0; u32::from_be_bytes(length) as usize];
        self.0.read_exact(&mut part)?;
        Ok(Some(part))
    }

    fn row(&mut self) -> Result<Option<Row>, RunsError> {
        let Some(key) = self.part()? else { return Ok(None) };
        let value = self.part()?.ok_or(RunsError::Damaged)?;
        Ok(Some((Key::from_bytes(&key).ok_or(RunsError::Damaged)?, value)))
    }
}

impl Iterator for ReadBack {
    type Item = Result<Row, RunsError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.row().transpose()
    }
}

/// A part, by its first row. The least comes out of the heap first.
struct Head {
    row: Row,
    rest: Part,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        other.row.cmp(&self.row)
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head {}

/// Rows in ascending order, each key once.
pub(super) struct Ascending {
    heads: BinaryHeap<Head>,
    /// What settling put under later keys.
    moved: BTreeMap<Key, Vec<u8>>,
    settle: Settle,
}

impl Ascending {
    fn pop(&mut self) -> Result<Option<Row>, RunsError> {
        let moved_is_next = match (self.moved.first_key_value(), self.heads.peek()) {
            (Some((moved, _)), Some(head)) => *moved < head.row.0,
            (moved, _) => moved.is_some(),
        };
        if moved_is_next {
            return Ok(self.moved.pop_first());
        }
        let Some(Head { row, mut rest }) = self.heads.pop() else { return Ok(None) };
        if let Some(row) = rest.next().transpose()? {
            self.heads.push(Head { row, rest });
        }
        Ok(Some(row))
    }

    fn row(&mut self) -> Result<Option<Row>, RunsError> {
        let Some((key, value)) = self.pop()? else { return Ok(None) };
        while self.heads.peek().is_some_and(|head| head.row.0 == key) {
            let Some((_, other)) = self.pop()? else { break };
            if let Some((later, note)) = (self.settle)(&key, &value, &other) {
                self.moved.insert(later, note);
            }
        }
        Ok(Some((key, value)))
    }
}

impl Iterator for Ascending {
    type Item = Result<Row, RunsError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.row().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::keys;
    use event_log::{EventId, Pseudonym};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_come_back_sorted_and_once_however_many_runs_they_took(
            rows in proptest::collection::vec((0u8..6, -3i64..3, any::<u8>()), 0..60), bytes_max in 1usize..2_000
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut expected: BTreeMap<Key, Vec<u8>> = BTreeMap::new();
            let (mut one, mut other) = (Runs::new(folder.path(), bytes_max), Runs::new(folder.path(), usize::MAX));
            for (at, (subject, occurred, value)) in rows.into_iter().enumerate() {
                let key = keys::row(Pseudonym([subject; 16]), occurred, EventId([1; 16]));
                let value = vec![value; 3];
                expected.entry(key.clone()).and_modify(|kept| *kept = value.clone().min(kept.clone())).or_insert(value.clone());
                if at % 2 == 0 { one.push(key, value).unwrap() } else { other.push(key, value).unwrap() }
            }
            one.append(other);
            let sorted: Vec<Row> = one.ascending(|_, _, _| None).unwrap().map(Result::unwrap).collect();
            prop_assert_eq!(sorted, expected.into_iter().collect::<Vec<_>>());
            prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
}
