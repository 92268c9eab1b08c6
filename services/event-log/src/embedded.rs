//! The log of one machine: one journal of append-only segments, an fsynced high-water mark, one writer.
//!
//! `docs/decisions/0002-one-journal.md` says why one journal. What it writes:
//!
//! ```text
//! lock                 held by the process that has the log open
//! mark                 how far the journal was acknowledged, in two slots
//! journal-000001.log   records of every topic and partition in the order they came
//! ```
//!
//! Opening reads every byte. What stands below the mark must be whole, or the log refuses to start and names the place;
//! what stands above it was never acknowledged, and is kept up to its first flaw.

mod copy;
mod disk;
mod index;
mod mark;
mod read;
mod record;
mod recover;
mod segment;
mod writer;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use crate::growth::Growth;
use crate::log::{Appended, EventLog, LogError, Record, StoredRecord, VALUE_BYTES_MAX};
use crate::position::{Offset, Partition, Topic};
use index::{Index, PerPartition};
use segment::Segment;
use writer::{Request, Writer};

pub use copy::copy;
pub use disk::{Disk, RealDisk};

/// Appends that may wait for the writer before `append` itself waits.
const WAITING_MAX: usize = 4_096;
const SEGMENT_BYTES_MAX: u64 = 1 << 31;

/// How the journal is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// A segment is closed before it grows past this, at most 2 GiB.
    pub segment_bytes_max: u64,
    /// One sync covers about this much at most.
    pub group_bytes_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { segment_bytes_max: 256 << 20, group_bytes_max: 8 << 20 }
    }
}

/// The log of one machine.
pub struct EmbeddedLog {
    dir: PathBuf,
    shared: Arc<Shared>,
    growth: Growth,
    /// `None` once closed, and when open for reading only.
    requests: RwLock<Option<mpsc::Sender<Request>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    read_only: bool,
    log_id: [u8; 16],
    /// Released when dropped, after the writer has ended.
    _lock: Option<File>,
}

/// What readers and the writer share: only what is acknowledged.
#[derive(Debug, Default)]
struct Shared(RwLock<State>);

#[derive(Debug, Default)]
struct State {
    index: Index,
    /// Segment n is at n - 1.
    segments: Vec<Arc<Segment>>,
}

impl Shared {
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EmbeddedLog {
    /// Opens the log in this folder for reading and writing, beginning one where there is none.
    ///
    /// Blocks while it reads the whole journal: about a second for each few hundred megabytes.
    ///
    /// # Errors
    /// [`LogError::Locked`] when a process has it open; [`LogError::Damaged`] when what was acknowledged is not whole.
    pub fn open(dir: &Path, options: Options) -> Result<Self, LogError> {
        Self::open_on(dir, options, Arc::new(RealDisk))
    }

    /// As [`Self::open`], on a disk that a test provides.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_on(dir: &Path, options: Options, disk: Arc<dyn Disk>) -> Result<Self, LogError> {
        if !dir.is_dir() {
            fs::create_dir_all(dir).map_err(io_error("make its folder"))?;
            let above = dir.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
            segment::sync_dir(above).map_err(io_error("sync the folder above its own"))?;
        }
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(dir.join("lock"));
        let lock = lock.map_err(io_error("open its lock"))?;
        locked(dir, lock.try_lock())?;
        if recover::is_empty(dir)? {
            recover::create(dir, &*disk)?;
        }
        let recovered = recover::recover(dir, &*disk, true)?;
        let log = Self::over(dir, &recovered, Some(lock));
        let (Some(mark_file), Some(current)) = (recovered.mark_file, recovered.segments.last().cloned()) else {
            return Err(LogError::Closed);
        };
        let mut ends = PerPartition::default();
        for topic in Topic::ALL {
            for partition in Partition::all() {
                ends.replace(topic, partition, |_: Offset| recovered.index.end(topic, partition));
            }
        }
        *log.shared.write() = State { index: recovered.index, segments: recovered.segments };
        let segment_bytes_max = options.segment_bytes_max.min(SEGMENT_BYTES_MAX);
        let writer = Writer {
            dir: dir.to_path_buf(),
            options: Options { segment_bytes_max, ..options },
            disk,
            shared: Arc::clone(&log.shared),
            growth: log.growth.clone(),
            mark_file,
            current,
            mark: recovered.mark,
            ends,
            published_at_us: recovered.published_at_us,
            stopped: None,
        };
        let (sender, requests) = mpsc::channel(WAITING_MAX);
        let thread = std::thread::Builder::new().name("log-writer".to_owned());
        let thread = thread.spawn(move || writer.run(requests)).map_err(io_error("start its writer"))?;
        *log.requests.write().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        *log.writer.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(log)
    }

    /// Opens the log of a stopped process, or an exported copy, and changes nothing: a torn tail is passed over.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_read_only(dir: &Path) -> Result<Self, LogError> {
        let lock = match File::open(dir.join("lock")) {
            Ok(lock) => Some(lock),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(io_error("open its lock")(e)),
        };
        if let Some(lock) = &lock {
            locked(dir, lock.try_lock_shared())?;
        }
        let recovered = recover::recover(dir, &RealDisk, false)?;
        let mut log = Self::over(dir, &recovered, lock);
        log.growth.end();
        log.read_only = true;
        *log.shared.write() = State { index: recovered.index, segments: recovered.segments };
        Ok(log)
    }

    fn over(dir: &Path, recovered: &recover::Recovered, lock: Option<File>) -> Self {
        let growth = Growth::default();
        let held = |topic: &Topic| Partition::all().any(|p| recovered.index.end(*topic, p) > 0);
        growth.grew(Topic::ALL.into_iter().filter(held));
        Self {
            dir: dir.to_path_buf(),
            shared: Arc::default(),
            growth,
            requests: RwLock::new(None),
            writer: Mutex::new(None),
            read_only: false,
            log_id: recovered.mark.log_id,
            _lock: lock,
        }
    }

    /// Where the log is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Drawn when the log was begun: tells this log from any other.
    pub fn log_id(&self) -> [u8; 16] {
        self.log_id
    }

    /// Reads every acknowledged record from these offsets on, in the order in which the log took them, until `take`
    /// breaks. Blocks: for a thread of its own. A value is a slice of the megabyte that it was read in: copy what is kept.
    ///
    /// # Errors
    /// [`LogError::Damaged`] names the place.
    pub fn scan(
        &self,
        from: impl Fn(Topic, Partition) -> Offset,
        take: impl FnMut(StoredRecord) -> ControlFlow<()>,
    ) -> Result<(), LogError> {
        read::scan(&self.shared, from, take)
    }

    /// Stops accepting, and returns once all that waited is written and told.
    pub async fn close(&self) {
        drop(self.requests.write().unwrap_or_else(PoisonError::into_inner).take());
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let _ended = tokio::task::spawn_blocking(move || writer.join()).await;
        }
    }
}

impl Drop for EmbeddedLog {
    fn drop(&mut self) {
        drop(self.requests.write().unwrap_or_else(PoisonError::into_inner).take());
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let _ended = writer.join();
        }
    }
}

impl std::fmt::Debug for EmbeddedLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddedLog").field("dir", &self.dir).finish_non_exhaustive()
    }
}

#[async_trait]
impl EventLog for EmbeddedLog {
    async fn append(&self, records: Vec<Record>) -> Result<Appended, LogError> {
        if self.read_only {
            return Err(LogError::ReadOnly);
        }
        if let Some(bytes) = records.iter().map(|r| r.value.len()).find(|bytes| *bytes > VALUE_BYTES_MAX) {
            return Err(LogError::TooLarge { bytes, bytes_max: VALUE_BYTES_MAX });
        }
        let requests = self.requests.read().unwrap_or_else(PoisonError::into_inner).clone();
        let requests = requests.ok_or(LogError::Closed)?;
        let (reply, answer) = oneshot::channel();
        requests.send(Request { records, reply }).await.map_err(|_| LogError::Closed)?;
        answer.await.unwrap_or(Err(LogError::Closed))
    }

    async fn read(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        records_max: usize,
    ) -> Result<Vec<StoredRecord>, LogError> {
        let shared = Arc::clone(&self.shared);
        if from >= self.end(topic, partition).await? {
            return Ok(Vec::new());
        }
        let read = move || read::partition(&shared, topic, partition, from, records_max);
        tokio::task::spawn_blocking(read).await.unwrap_or(Err(LogError::Closed))
    }

    async fn end(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        Ok(self.shared.read().index.end(topic, partition))
    }

    async fn grown(&self, topics: &[Topic], seen: u64, at_most: Duration) -> Result<u64, LogError> {
        self.growth.wait(topics, seen, at_most).await
    }
}

fn locked(dir: &Path, tried: Result<(), TryLockError>) -> Result<(), LogError> {
    match tried {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(LogError::Locked(dir.to_path_buf())),
        Err(TryLockError::Error(e)) => Err(io_error("lock its folder")(e)),
    }
}

fn io_error(doing: &'static str) -> impl FnOnce(io::Error) -> LogError {
    move |source| LogError::Io { doing, source }
}
