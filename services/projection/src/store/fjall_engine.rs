//! fjall 3: one keyspace, since an idle one pins journals without bound, and its own snapshots for reads.

use std::path::Path;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode, Readable, Snapshot};

use super::engine::{Change, EachRow, Rows, SortedRows, Table, caught};
use super::{Held, Options, Shards, StoreError, Value, folder};

/// Bounds both the disk that journals take and the time to read them when opening.
const JOURNAL_BYTES_MAX: u64 = 64 << 20;
const MEMTABLE_BYTES_MAX: u64 = 16 << 20;

pub(super) struct FjallEngine {
    rows: Keyspace,
    db: Database,
}

impl FjallEngine {
    /// Opens or makes a store. The caller holds the lock on the folder.
    pub(super) fn open(path: &Path, options: &Options) -> Result<Self, StoreError> {
        let open = || -> fjall::Result<Self> {
            let db = Database::builder(path)
                .cache_size(options.cache_bytes)
                .max_journaling_size(JOURNAL_BYTES_MAX)
                .open()?;
            let rows =
                db.keyspace("rows", || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES_MAX))?;
            Ok(Self { rows, db })
        };
        open().map_err(|e| match e {
            fjall::Error::Locked => StoreError::Locked(path.to_owned()),
            e => engine("open fjall's files", e),
        })
    }
}

fn engine(doing: &'static str, error: fjall::Error) -> StoreError {
    match error {
        fjall::Error::Poisoned => StoreError::Closed,
        fjall::Error::Io(source) | fjall::Error::Storage(fjall::LsmError::Io(source))
            if folder::is_of_the_machine(&source) =>
        {
            StoreError::Io { doing, source }
        }
        error => StoreError::Engine { doing, source: error.into() },
    }
}

impl Table for FjallEngine {
    fn apply(&self, _: Shards, changes: &mut dyn Iterator<Item = Change<'_>>) -> Result<(), StoreError> {
        let mut made = self.db.batch();
        for (key, value) in changes {
            match value {
                Some(value) => made.insert(&self.rows, key, value),
                None => made.remove(&self.rows, key),
            }
        }
        caught("commit", || made.commit())?.map_err(|e| engine("commit", e))
    }

    fn at_one_point(&self, _: Shards, f: &mut dyn FnMut(&dyn Rows)) -> Result<(), StoreError> {
        f(&AtPoint { rows: &self.rows, snapshot: self.db.snapshot() });
        Ok(())
    }

    fn durable(&self) -> Result<(), StoreError> {
        self.db.persist(PersistMode::SyncData).map_err(|e| engine("sync fjall's journal", e))
    }

    fn fill(&self, rows: &mut dyn SortedRows) -> Result<(), StoreError> {
        let failed = |e| engine("fill a store", e);
        let mut ingestion = self.rows.start_ingestion().map_err(failed)?;
        while let Some((key, value)) = rows.next()? {
            ingestion.write(key, value).map_err(failed)?;
        }
        ingestion.finish().map_err(failed)
    }
}

struct AtPoint<'a> {
    rows: &'a Keyspace,
    snapshot: Snapshot,
}

impl Rows for AtPoint<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Value>, StoreError> {
        let value = caught("read", || self.snapshot.get(self.rows, key))?.map_err(|e| engine("read", e))?;
        Ok(value.map(|value| Value(Held::Fjall(value))))
    }

    fn scan(&self, from: &[u8], f: &mut EachRow<'_>) -> Result<(), StoreError> {
        let mut rows = self.snapshot.range(self.rows, from..);
        while let Some(row) = caught("read", || rows.next().map(|row| row.into_inner()))? {
            let (key, value) = row.map_err(|e| engine("read", e))?;
            if f(&key, &value).is_break() {
                break;
            }
        }
        Ok(())
    }
}
