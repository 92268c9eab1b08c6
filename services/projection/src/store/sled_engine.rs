//! sled 0.34.7, with its known faults worked round: one tree and small batches, a durable point that is one, torn
//! recovery snapshots removed before opening, and reads held to one point in time.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::engine::{Change, EachRow, Rows, SortedRows, Table, caught};
use super::point_in_time::PointInTime;
use super::{Held, Options, Shards, StoreError, Value, folder};

/// What a crash may cost between durable points. sled's own thread does sync the file.
const FLUSH_EVERY_MS: u64 = 100;

/// How long a store just closed may take to let go of its file: sled's worker threads keep it past the drop.
const LET_GO_MAX: Duration = Duration::from_secs(5);

pub(super) struct SledEngine {
    db: sled::Db,
    /// Our own handle: `flush` of 0.34 asks Linux to start writing, not to have written.
    db_file: File,
    blobs: PathBuf,
    points: PointInTime,
}

impl SledEngine {
    /// Opens or makes a store. The caller holds the lock on the folder.
    pub(super) fn open(path: &Path, options: &Options) -> Result<Self, StoreError> {
        remove_torn_snapshots(path).map_err(folder::io("remove sled's unfinished snapshots"))?;
        let config =
            sled::Config::new().path(path).cache_capacity(options.cache_bytes).flush_every_ms(Some(FLUSH_EVERY_MS));
        let asked_at = Instant::now();
        let db = loop {
            match config.open() {
                Err(e) if is_locked(&e) && asked_at.elapsed() < LET_GO_MAX => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(e) if is_locked(&e) => return Err(StoreError::Locked(path.to_owned())),
                opened => break opened.map_err(|e| engine("open sled's files", e))?,
            }
        };
        let db_file = File::open(path.join("db")).map_err(folder::io("open sled's file"))?;
        folder::sync_dir(path)?;
        Ok(Self { db, db_file, blobs: path.join("blobs"), points: PointInTime::default() })
    }
}

impl SledEngine {
    /// sled writes a page that outgrows 128 kB to a file of its own, and never syncs it. Values under 4 kB leave none.
    fn sync_blobs(&self) -> Result<(), StoreError> {
        let sync = || -> io::Result<()> {
            let mut any = false;
            for blob in fs::read_dir(&self.blobs)? {
                match File::open(blob?.path()) {
                    Ok(blob) => blob.sync_all()?,
                    // Superseded and collected meanwhile.
                    Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                    Err(e) => return Err(e),
                }
                any = true;
            }
            if any { File::open(&self.blobs)?.sync_all() } else { Ok(()) }
        };
        sync().map_err(folder::io("sync sled's large pages"))
    }
}

/// A kill while sled writes a snapshot leaves one half-written, which 0.34.7 takes for the newest and then fails to open.
fn remove_torn_snapshots(path: &Path) -> io::Result<()> {
    if !path.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn is_locked(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(e) if e.to_string().starts_with("could not acquire lock"))
}

fn engine(doing: &'static str, error: sled::Error) -> StoreError {
    match error {
        sled::Error::Io(source) if folder::is_of_the_machine(&source) => StoreError::Io { doing, source },
        error => StoreError::Engine { doing, source: error.into() },
    }
}

impl Table for SledEngine {
    fn apply(&self, shards: Shards, changes: &mut dyn Iterator<Item = Change<'_>>) -> Result<(), StoreError> {
        let mut made = sled::Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => made.insert(key, value),
                None => made.remove(key),
            }
        }
        self.points.commit(shards, || caught("commit", || self.db.apply_batch(made))?.map_err(|e| engine("commit", e)))
    }

    fn at_one_point(&self, shards: Shards, f: &mut dyn FnMut(&dyn Rows)) -> Result<(), StoreError> {
        self.points.read(shards, &mut || f(self))
    }

    fn durable(&self) -> Result<(), StoreError> {
        self.db.flush().map_err(|e| engine("flush", e))?;
        self.sync_blobs()?;
        self.db_file.sync_data().map_err(folder::io("sync sled's file"))
    }

    /// Row by row: nobody sees a store that is being filled, so nothing need hold together, and sled is quicker without.
    fn fill(&self, rows: &mut dyn SortedRows) -> Result<(), StoreError> {
        while let Some((key, value)) = rows.next()? {
            self.db.insert(key, value).map_err(|e| engine("fill a store", e))?;
        }
        Ok(())
    }
}

impl Rows for SledEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Value>, StoreError> {
        let value = caught("read", || self.db.get(key))?.map_err(|e| engine("read", e))?;
        Ok(value.map(|value| Value(Held::Sled(value))))
    }

    fn scan(&self, from: &[u8], f: &mut EachRow<'_>) -> Result<(), StoreError> {
        let mut rows = self.db.range(from..);
        while let Some(row) = caught("read", || rows.next())? {
            let (key, value) = row.map_err(|e| engine("read", e))?;
            if f(&key, &value).is_break() {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::net::UnixListener;

    use event_log::{EventId, Pseudonym};

    use super::*;
    use crate::store::keys;

    fn open(dir: &Path) -> SledEngine {
        SledEngine::open(dir, &Options { cache_bytes: 1 << 20, ..Options::default() }).unwrap()
    }

    #[test]
    fn a_durable_point_syncs_sleds_own_file() {
        let dir = tempfile::tempdir().unwrap();
        let mut engine = open(dir.path());
        assert_eq!(engine.db_file.metadata().unwrap().ino(), fs::metadata(dir.path().join("db")).unwrap().ino());
        engine.durable().unwrap();

        // A pipe cannot be synced, so this fails if and only if the sync is asked for.
        let (_reader, writer) = io::pipe().unwrap();
        engine.db_file = File::from(OwnedFd::from(writer));
        assert!(matches!(engine.durable(), Err(StoreError::Io { doing: "sync sled's file", .. })));
    }

    #[test]
    fn a_durable_point_syncs_large_pages() {
        let dir = tempfile::tempdir().unwrap();
        let engine = open(dir.path());
        let key = keys::registry(Pseudonym([0; 16]), 0, EventId([0; 16]));
        engine.apply(Shards::ALL, &mut [(key.as_ref(), Some([7; 200_000].as_slice()))].into_iter()).unwrap();
        assert!(fs::read_dir(&engine.blobs).unwrap().count() > 0, "sled keeps large pages elsewhere");
        engine.durable().unwrap();

        // A socket cannot be opened as a file, so this fails if and only if the files are opened.
        let _socket = UnixListener::bind(engine.blobs.join("socket")).unwrap();
        assert!(matches!(engine.durable(), Err(StoreError::Io { doing: "sync sled's large pages", .. })));
    }
}
