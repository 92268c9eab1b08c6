//! The projection's store: an ordered map that can always be made again from the log.
//!
//! [`Store`] is the only way to it, whichever engine holds the rows. Rows and the offset they come from are committed
//! together and by one method, and a read sees one point in time over every shard it names. [`Store::check`] tells whether
//! the rows are all there.

mod batch;
mod engine;
mod fjall_engine;
mod folder;
mod heights;
pub mod keys;
mod point_in_time;
mod read_to;
mod sled_engine;
mod tally;
mod touched;
mod view;

use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use event_log::Pseudonym;
use sha2::{Digest, Sha256};

pub use batch::{BATCH_ROWS_BEST, Batch, Shards};
use engine::{Rows, Table};
use heights::Climb;
pub use heights::Heights;
pub use keys::{Key, Prefix};
pub use read_to::ReadTo;
use tally::Tallies;
pub use touched::Moment;
use touched::Touched;
use view::Held;
pub use view::{Value, View};

/// What holds the rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Engine {
    /// The default: sled 0.34.
    #[default]
    Sled,
    /// For large authorities: fjall 3.
    Fjall,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sled => "sled",
            Self::Fjall => "fjall",
        })
    }
}

impl FromStr for Engine {
    type Err = UnknownEngine;

    fn from_str(name: &str) -> Result<Self, UnknownEngine> {
        match name {
            "sled" => Ok(Self::Sled),
            "fjall" => Ok(Self::Fjall),
            _ => Err(UnknownEngine),
        }
    }
}

/// The name of an engine was neither of the two.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the store's engine must be `sled` or `fjall`")]
pub struct UnknownEngine;

/// How to open a store.
#[derive(Clone, Debug)]
pub struct Options {
    /// Each engine has a folder of its own, so changing this makes a new store, filled from the log.
    pub engine: Engine,
    /// Memory for cached pages. sled uses up to twice as much.
    pub cache_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { engine: Engine::default(), cache_bytes: 256 << 20 }
    }
}

/// A store, and whether it held anything.
#[derive(Debug)]
pub struct Opened {
    /// Ready.
    pub store: Store,
    /// What was found.
    pub fresh: Fresh,
}

/// What opening found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fresh {
    /// A store that opened.
    Existing,
    /// Nothing: the store is empty.
    New,
    /// A store that somebody asked to have filled anew, and nothing is wrong with: it is empty, to be filled from the log.
    Anew {
        /// Why.
        because: String,
    },
    /// A store that did not open, or was found damaged while it was last used: the store is empty, to be filled from the log.
    SetAside {
        /// Where the damaged one now is; see [`Store::discard_set_aside`].
        moved_to: PathBuf,
        /// What was wrong with it.
        because: String,
    },
}

/// Whether a store is being filled anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Filling {
    /// It will be, when it is next opened.
    WhenOpened,
    /// It is: what was there before goes once the log has been read again.
    UnderWay,
}

/// The store. A handle: clones share it, and the last to go closes it. One thread commits, any number read.
#[derive(Clone)]
pub struct Store(Arc<Open>);

struct Open {
    table: Box<dyn Table>,
    /// Of what is committed. Held while a commit is made.
    tallies: Mutex<Tallies>,
    touched: Touched,
    climb: Climb,
    watcher: OnceLock<Watcher>,
    folder: folder::Folder,
}

/// Is told of every batch once it is committed.
type Watcher = Box<dyn Fn(&Batch) + Send + Sync>;

impl Open {
    fn new(table: Box<dyn Table>, folder: folder::Folder) -> Result<Self, StoreError> {
        let tallies = Mutex::new(look(table.as_ref(), Shards::ALL, Tallies::kept)?);
        let climb = look(table.as_ref(), Shards::ALL, |rows| Climb::of(&View { rows, shards: Shards::ALL }))?;
        Ok(Self { table, tallies, touched: Touched::new(), climb, watcher: OnceLock::new(), folder })
    }
}

/// What `f` finds at one point in time.
fn look<T>(
    table: &dyn Table,
    shards: Shards,
    mut f: impl FnMut(&dyn Rows) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut found = Err(StoreError::Closed);
    table.at_one_point(shards, &mut |rows| found = f(rows))?;
    found
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.0.folder.live()).finish()
    }
}

impl Store {
    /// Opens the store in `dir`, or makes it. One that does not open, by an error or a panic, is renamed away and an empty
    /// one takes its place; the caller then reads the log from the start. Takes seconds for millions of rows.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when it is open elsewhere. [`StoreError::Io`] when the fault is the machine's, not the
    /// store's: no room, no permission, no more file handles. Nothing is set aside for those.
    pub fn open(dir: &Path, options: &Options) -> Result<Opened, StoreError> {
        let folder = folder::Folder::lock(dir, options.engine)?;
        let (table, fresh) = folder.open(options)?;
        Ok(Opened { store: Self(Arc::new(Open::new(table, folder)?)), fresh })
    }

    /// Fills a store from rows in strictly ascending order of key, in place of what `dir` holds. What it held stays until
    /// the new one is whole and on stable storage: a crash leaves the one or the other. Only for a store that is not open.
    ///
    /// # Errors
    /// [`StoreError::Locked`]; [`StoreError::Unsorted`]; [`StoreError::Rows`] when an item is an error; the engine's.
    pub fn rebuild<I>(dir: &Path, options: &Options, rows: I) -> Result<Self, StoreError>
    where
        I: IntoIterator<Item = Result<(Key, Vec<u8>), BoxError>>,
        I::IntoIter: Send,
    {
        let folder = folder::Folder::lock(dir, options.engine)?;
        let rows = engine::Ascending::new(rows.into_iter());
        let table = engine::ahead(rows, |rows| folder.rebuild(options, rows))?;
        Ok(Self(Arc::new(Open::new(table, folder)?)))
    }

    /// Makes the changes of a batch, all or none. The only method that writes. Not yet durable on return.
    ///
    /// # Errors
    /// The engine's. A store that failed to commit takes nothing more, and is to be closed.
    pub fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let mut tallies = self.0.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        let mut after = tallies.clone();
        // No shard is named: only commits change rows, and this is the only one.
        let tallied = look(self.0.table.as_ref(), Shards::NONE, |rows| {
            batch.changes().try_for_each(|(key, value)| after.change(rows, key, value))
        });
        self.noting_damage(tallied)?;
        let kept: Vec<_> = after.rows(batch.shards()).collect();
        let kept = kept.iter().map(|(key, value)| (key.as_slice(), Some(value.as_slice())));
        let number = self.0.touched.begin(batch);
        self.0.climb.begin(batch);
        self.noting_damage(self.0.table.apply(batch.shards(), &mut batch.changes().chain(kept)))?;
        self.0.climb.end(batch);
        self.0.touched.end(number);
        *tallies = after;
        if let Some(watcher) = self.0.watcher.get() {
            watcher(batch);
        }
        Ok(())
    }

    /// Runs `f` on the named shards as they were at one point in time. `f` may run more than once, and on shards caught in
    /// mid-commit: only the last run counts, so let it have no effect but its result. Commits may wait for it: keep it short.
    ///
    /// # Errors
    /// Those of `f` and the engine.
    pub fn read<T>(
        &self,
        shards: Shards,
        mut f: impl FnMut(&View<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.noting_damage(look(self.0.table.as_ref(), shards, |rows| f(&View { rows, shards })))
    }

    /// How far the log had been read of which a read that has ended may have seen something.
    pub fn heights_seen(&self) -> Heights {
        self.0.climb.seen()
    }

    /// How far the log has been read of which a read that begins now sees all.
    pub fn heights_held(&self) -> Heights {
        self.0.climb.held()
    }

    /// Tells `watcher` of every batch once it is committed, from now on. One at most: the first stays.
    pub(crate) fn watch(&self, watcher: impl Fn(&Batch) + Send + Sync + 'static) {
        let _the_first_stays = self.0.watcher.set(Box::new(watcher));
    }

    /// The present moment: a read begun after this sees every commit that is done by it.
    pub fn moment(&self) -> Moment {
        self.0.touched.now()
    }

    /// Whether no commit that is done, or under way, has touched the rows of a subject or the claims on it since a moment.
    /// May say no of a subject that was not touched.
    pub fn unchanged(&self, subject: Pseudonym, since: Moment) -> bool {
        self.0.touched.unchanged(subject, since)
    }

    /// Returns once everything committed before is on stable storage.
    ///
    /// # Errors
    /// The engine's, and the system's.
    pub fn durable(&self) -> Result<(), StoreError> {
        self.noting_damage(self.0.table.durable())
    }

    /// SHA-256 over every key and value in the order of keys, each after its length as eight bytes big-endian. The same
    /// rows give the same hash in both engines. Reads everything, and holds commits off meanwhile.
    ///
    /// Without what the linker keeps for itself: it is made from the rest, later, and leads to rows without saying anything of
    /// them. [`Self::linker_hash`] is over that.
    ///
    /// # Errors
    /// The engine's.
    pub fn state_hash(&self) -> Result<[u8; 32], StoreError> {
        self.hash(|key| !keys::is_the_linkers(key))
    }

    /// As [`Self::state_hash`], of what the linker keeps for itself: the same wherever all that was read is linked.
    ///
    /// # Errors
    /// The engine's.
    pub fn linker_hash(&self) -> Result<[u8; 32], StoreError> {
        self.hash(keys::is_the_linkers)
    }

    fn hash(&self, counts: impl Fn(&[u8]) -> bool) -> Result<[u8; 32], StoreError> {
        self.read(Shards::ALL, |view| {
            let mut hash = Sha256::new();
            view.scan_everything(&mut |key, value| {
                for part in [key, value].into_iter().filter(|_| counts(key)) {
                    hash.update((part.len() as u64).to_be_bytes());
                    hash.update(part);
                }
                ControlFlow::Continue(())
            })?;
            Ok(hash.finalize().into())
        })
    }

    /// Counts every row against what the store should hold. To be called after opening and before anyone is served: either
    /// engine may open damaged files with rows missing and say nothing. Reads everything, and holds commits off meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Incomplete`], and then the next opening sets the store aside; the engine's.
    pub fn check(&self) -> Result<(), StoreError> {
        self.noting_damage(look(self.0.table.as_ref(), Shards::ALL, |rows| {
            if Tallies::kept(rows)? == Tallies::counted(rows)? { Ok(()) } else { Err(StoreError::Incomplete) }
        }))
    }

    /// The room that is left on the store's disk, bytes.
    ///
    /// # Errors
    /// The system's.
    pub fn bytes_free(&self) -> Result<u64, StoreError> {
        let failed = |error: rustix::io::Errno| StoreError::Io {
            doing: "ask for the room on the store's disk",
            source: error.into(),
        };
        let disk = rustix::fs::statvfs(self.0.folder.live()).map_err(failed)?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// The room that the store's files take, bytes.
    pub fn bytes_on_disk(&self) -> u64 {
        folder::bytes_under(&self.0.folder.live())
    }

    /// Has the store filled anew from the log when it is next opened: what an engine keeps of rows that are gone is gone with its files.
    ///
    /// # Errors
    /// When that cannot be noted durably.
    pub fn fill_anew_when_opened(&self, because: &str) -> Result<(), StoreError> {
        self.0.folder.note_anew(because)
    }

    /// Whether it is being filled anew.
    ///
    /// # Errors
    /// When its folder cannot be read.
    pub fn filling(&self) -> Result<Option<Filling>, StoreError> {
        self.0.folder.filling()
    }

    /// Whether the store was filled from the log after this time, microseconds since 1970, and nothing is left of the one before.
    ///
    /// # Errors
    /// When its folder cannot be read.
    pub fn is_filled_since(&self, at_us: i64) -> Result<bool, StoreError> {
        self.0.folder.is_filled_since(at_us)
    }

    /// Deletes stores that were set aside. To be called once the log has been read again: a damaged store still holds what
    /// an erasure must be able to destroy.
    ///
    /// # Errors
    /// The system's.
    pub fn discard_set_aside(&self) -> Result<(), StoreError> {
        self.0.folder.discard_set_aside()
    }

    /// An engine that finds its files damaged does so at some read, perhaps long after opening: leave word for the next
    /// opening, so that a restart heals it.
    fn noting_damage<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        result.inspect_err(|e| match e {
            StoreError::Engine { source, .. } => self.0.folder.note_damage(&source.to_string()),
            StoreError::Incomplete => self.0.folder.note_damage(&e.to_string()),
            _ => {}
        })
    }
}

/// An error of whatever kind.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why the store could not do what was asked. No message holds a value, nor a key.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process, or another handle in this one, has it open.
    #[error("the store in `{0}` is in use: stop the process that has it open")]
    Locked(PathBuf),
    /// A read went beyond the shards that it named.
    #[error("a read went outside the shards that it named")]
    ShardNotNamed,
    /// A row that the store itself reads does not hold what its key says.
    #[error("the value of an {0} row cannot be read")]
    BadValue(&'static str),
    /// The rows of a rebuild were not in strictly ascending order of key.
    #[error("the rows of a rebuild are not in ascending order, at row {0}")]
    Unsorted(u64),
    /// The rows of a rebuild could not be had.
    #[error("the rows of a rebuild could not be read")]
    Rows(#[source] BoxError),
    /// Rows are missing, or are not those committed.
    #[error("the store does not hold what was committed: stop and start again, and it is filled from the log")]
    Incomplete,
    /// An earlier commit failed half-way.
    #[error("the store is closed, because a commit failed: open it again")]
    Closed,
    /// The engine refused, or found its files damaged. The next opening sets the store aside.
    #[error("the store could not {doing}")]
    Engine {
        /// What was being done.
        doing: &'static str,
        /// What the engine said.
        #[source]
        source: BoxError,
    },
    /// The operating system refused.
    #[error("the store could not {doing}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}
