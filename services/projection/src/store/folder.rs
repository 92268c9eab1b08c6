//! The folder of a store: whose it is, and which of its copies is the live one.
//!
//! `DIR/lock` is held by whoever has the store open. `DIR/ENGINE-LAYOUT` is the live copy; beside it, with a suffix:
//! `.building`, a rebuild not yet whole; `.rebuilt`, one that is, about to take the live copy's place; `.set-aside`, the
//! last copy that did not open; `.damaged`, a note that the live copy is to be set aside at the next opening, and `.fill-anew`, the same
//! of one that nothing is wrong with; `.filled`, when the live copy was begun, microseconds since 1970.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use event_log::Partition;

use super::engine::{SortedRows, Table, panicked};
use super::fjall_engine::FjallEngine;
use super::sled_engine::SledEngine;
use super::{Engine, Filling, Fresh, Options, Shards, StoreError, View, keys, look};

/// The layout of [`keys`]. A change to it gets the next number, so that no store is read by rules it was not written by.
const LAYOUT: u32 = 4;

pub(super) struct Folder {
    dir: PathBuf,
    engine: Engine,
    _lock: crate::held_lock::HeldLock,
}

impl Folder {
    pub(super) fn lock(dir: &Path, engine: Engine) -> Result<Self, StoreError> {
        fs::create_dir_all(dir).map_err(io("make its folder"))?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(dir.join("lock"))
            .map_err(io("open its lock file"))?;
        match lock.try_lock() {
            Ok(()) => {
                let folder = Self { dir: dir.to_owned(), engine, _lock: crate::held_lock::HeldLock(lock) };
                folder.remove_older()?;
                Ok(folder)
            }
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked(dir.to_owned())),
            Err(TryLockError::Error(source)) => Err(StoreError::Io { doing: "lock its folder", source }),
        }
    }

    pub(super) fn live(&self) -> PathBuf {
        self.beside("")
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        self.of_layout(LAYOUT, suffix)
    }

    fn of_layout(&self, layout: u32, suffix: &str) -> PathBuf {
        self.dir.join(format!("{}-{layout}{suffix}", self.engine))
    }

    /// What an older build filled, nobody reads any more, and an erasure must be able to destroy.
    fn remove_older(&self) -> Result<(), StoreError> {
        let suffixes = ["", ".building", ".rebuilt", ".set-aside", ".damaged", ".fill-anew", ".filled"];
        let older = (1..LAYOUT).flat_map(|layout| suffixes.map(|suffix| self.of_layout(layout, suffix)));
        older.into_iter().try_for_each(|path| remove(&path))
    }

    pub(super) fn open(&self, options: &Options) -> Result<(Box<dyn Table>, Fresh), StoreError> {
        remove(&self.beside(".building"))?;
        if exists(&self.beside(".rebuilt"))? {
            self.take_rebuilt()?;
        }
        if !exists(&self.live())? {
            let table = self.open_live(options)?;
            self.note_filled()?;
            return Ok((table, Fresh::New));
        }
        let because = match (self.noted(".damaged")?, self.noted(".fill-anew")?) {
            (Some(because), _) => because,
            (None, Some(because)) => {
                self.set_aside()?;
                let table = self.open_live(options)?;
                self.note_filled()?;
                return Ok((table, Fresh::Anew { because }));
            }
            (None, None) => match self.open_live(options) {
                Ok(table) => return Ok((table, Fresh::Existing)),
                Err(StoreError::Engine { source, .. }) => source.to_string(),
                Err(e @ StoreError::BadValue(_)) => e.to_string(),
                Err(e) => return Err(e),
            },
        };
        let moved_to = self.set_aside()?;
        let table = self.open_live(options)?;
        self.note_filled()?;
        Ok((table, Fresh::SetAside { moved_to, because }))
    }

    pub(super) fn rebuild(&self, options: &Options, rows: &mut dyn SortedRows) -> Result<Box<dyn Table>, StoreError> {
        let building = self.beside(".building");
        remove(&building)?;
        let table = open_engine(&building, options)?;
        table.fill(rows)?;
        table.durable()?;
        drop(table);
        remove(&self.beside(".rebuilt"))?;
        fs::rename(&building, self.beside(".rebuilt")).map_err(io("name a rebuilt store"))?;
        sync_dir(&self.dir)?;
        self.take_rebuilt()?;
        self.note_filled()?;
        self.open_live(options)
    }

    /// Before the first row is in it: a crash in between leaves an older time, and the store is filled once more than it need be.
    fn note_filled(&self) -> Result<(), StoreError> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        fs::write(self.beside(".filled"), now.as_micros().to_string()).map_err(io("note when it was filled"))
    }

    fn noted(&self, suffix: &str) -> Result<Option<String>, StoreError> {
        match fs::read_to_string(self.beside(suffix)) {
            Ok(because) => Ok(Some(because)),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(io("read why it is to be set aside")(e)),
        }
    }

    pub(super) fn filling(&self) -> Result<Option<Filling>, StoreError> {
        if exists(&self.beside(".damaged"))? || exists(&self.beside(".fill-anew"))? {
            return Ok(Some(Filling::WhenOpened));
        }
        Ok(exists(&self.beside(".set-aside"))?.then_some(Filling::UnderWay))
    }

    pub(super) fn is_filled_since(&self, at_us: i64) -> Result<bool, StoreError> {
        if self.filling()?.is_some() {
            return Ok(false);
        }
        let noted = match fs::read_to_string(self.beside(".filled")) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(false),
            noted => noted.map_err(io("read when it was filled"))?,
        };
        Ok(noted.trim().parse::<i64>().is_ok_and(|filled_us| filled_us > at_us))
    }

    /// Puts a rebuilt copy in the live one's place; a crash before the end is made good at the next opening.
    fn take_rebuilt(&self) -> Result<(), StoreError> {
        remove(&self.live())?;
        self.remove_notes()?;
        fs::rename(self.beside(".rebuilt"), self.live()).map_err(io("put a rebuilt store in place"))?;
        sync_dir(&self.dir)
    }

    fn set_aside(&self) -> Result<PathBuf, StoreError> {
        let moved_to = self.beside(".set-aside");
        remove(&moved_to)?;
        fs::rename(self.live(), &moved_to).map_err(io("set a store aside"))?;
        self.remove_notes()?;
        sync_dir(&self.dir)?;
        Ok(moved_to)
    }

    fn remove_notes(&self) -> Result<(), StoreError> {
        [".damaged", ".fill-anew"].into_iter().try_for_each(|note| remove(&self.beside(note)))
    }

    pub(super) fn discard_set_aside(&self) -> Result<(), StoreError> {
        remove(&self.beside(".set-aside"))
    }

    pub(super) fn note_anew(&self, because: &str) -> Result<(), StoreError> {
        fs::write(self.beside(".fill-anew"), because).map_err(io("note that it is to be filled anew"))?;
        sync_dir(&self.dir)
    }

    /// Best effort: the caller already has an error to report.
    pub(super) fn note_damage(&self, because: &str) {
        if let Err(e) = fs::write(self.beside(".damaged"), because) {
            tracing::warn!(error = %e, "could not note that the store is damaged");
        }
    }

    fn open_live(&self, options: &Options) -> Result<Box<dyn Table>, StoreError> {
        let table = open_engine(&self.live(), options)?;
        sync_dir(&self.dir)?;
        Ok(table)
    }
}

fn open_engine(path: &Path, options: &Options) -> Result<Box<dyn Table>, StoreError> {
    catching_panics(|| {
        let table: Box<dyn Table> = match options.engine {
            Engine::Sled => Box::new(SledEngine::open(path, options)?),
            Engine::Fjall => Box::new(FjallEngine::open(path, options)?),
        };
        look_over(table.as_ref())?;
        Ok(table)
    })
}

/// Opens in a thread of its own: an engine that panics over damaged files, and both do, is one that did not open.
fn catching_panics<T: Send>(open: impl FnOnce() -> Result<T, StoreError> + Send) -> Result<T, StoreError> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("store-open".to_owned());
        let opening = thread.spawn_scoped(scope, open).map_err(io("start a thread"))?;
        opening.join().unwrap_or_else(|panic| Err(panicked("open its files", &*panic)))
    })
}

/// Every offset can be read, and every table and shard has a first row or is empty: cheap, and enough to touch every part.
fn look_over(table: &dyn Table) -> Result<(), StoreError> {
    look(table, Shards::ALL, |rows| {
        let view = View { rows, shards: Shards::ALL };
        Partition::all().try_for_each(|shard| {
            for topic in event_log::Topic::ALL {
                view.offset(topic, shard)?;
            }
            keys::TABLES.into_iter().try_for_each(|table| view.has_rows(&keys::table(table, shard)).map(|_| ()))
        })
    })
}

/// The room under a path, bytes.
pub(super) fn bytes_under(path: &Path) -> u64 {
    /// What `stat` counts in, whatever the file system does.
    const BLOCK: u64 = 512;
    let Ok(metadata) = fs::symlink_metadata(path) else { return 0 };
    let within = match fs::read_dir(path) {
        Ok(entries) if metadata.is_dir() => entries.flatten().map(|entry| bytes_under(&entry.path())).sum(),
        _ => 0,
    };
    metadata.blocks() * BLOCK + within
}

/// Makes names in a folder durable.
pub(super) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(io("sync its folder"))
}

/// Whether a fault is the machine's, to be mended there: making a new store would not help.
pub(super) fn is_of_the_machine(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull
            | ErrorKind::QuotaExceeded
            | ErrorKind::PermissionDenied
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::OutOfMemory
    ) || error
        .raw_os_error()
        .map(rustix::io::Errno::from_raw_os_error)
        .is_some_and(|errno| matches!(errno, rustix::io::Errno::MFILE | rustix::io::Errno::NFILE))
}

pub(super) fn io(doing: &'static str) -> impl Fn(io::Error) -> StoreError {
    move |source| StoreError::Io { doing, source }
}

fn exists(path: &Path) -> Result<bool, StoreError> {
    path.try_exists().map_err(io("look into its folder"))
}

fn remove(path: &Path) -> Result<(), StoreError> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(e) => Err(e),
    };
    match removed {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(io("remove an old copy")(e)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_while_opening_is_an_error_of_the_engine() {
        let opened = catching_panics(|| -> Result<(), StoreError> { panic!("a page of {} bytes", 3) });
        let Err(StoreError::Engine { source, .. }) = opened else { panic!("{opened:?}") };
        assert_eq!(source.to_string(), "a page of 3 bytes");
    }

    #[test]
    fn only_faults_that_a_new_store_would_meet_again_are_the_machines() {
        let of_the_machine = |errno: rustix::io::Errno| is_of_the_machine(&errno.into());
        for errno in [rustix::io::Errno::NOSPC, rustix::io::Errno::DQUOT, rustix::io::Errno::ACCESS] {
            assert!(of_the_machine(errno), "{errno}");
        }
        for errno in [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE, rustix::io::Errno::ROFS] {
            assert!(of_the_machine(errno), "{errno}");
        }
        for kind in [ErrorKind::UnexpectedEof, ErrorKind::InvalidData, ErrorKind::NotFound, ErrorKind::Other] {
            assert!(!is_of_the_machine(&kind.into()), "{kind}");
        }
    }
}
