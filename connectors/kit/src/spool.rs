//! What a connector receives or fetches, put where its drop folder takes it up: whole and durable, or not at all.
//!
//! ```text
//! staged/<id>/             a submission that is still coming
//! spooled/<number>-<id>/   one that is whole and waits for its turn, in the order of the numbers
//! ```
//!
//! It becomes whole by one rename, and the drop folder takes it up by another. The folder's files have the names that the
//! connector knows them by. What a process left in `staged` is removed by the next one, unless it has a receipt: then it is given
//! its place.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::io::AsyncWriteExt as _;
use tokio::sync::Notify;

const STAGED: &str = "staged";
pub(crate) const SPOOLED: &str = "spooled";
/// Longest name of a file; longer ones are cut, their ending kept.
const NAME_BYTES_MAX: usize = 120;

/// The spool of one drop folder. One for each, however many ways lead into it.
#[derive(Debug)]
pub struct Spool {
    root: PathBuf,
    /// The last number that was given.
    last: Mutex<i64>,
    /// Told of each submission that became whole.
    grown: Arc<Notify>,
}

/// What waits to be dealt with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Waiting {
    /// Submissions.
    pub submissions: u64,
    /// Bytes of their files.
    pub bytes: u64,
}

impl Spool {
    /// Makes the folders within `root`, the drop folder, and settles what another process left half done.
    ///
    /// # Errors
    /// When they cannot be made or listed.
    pub fn open(root: &Path) -> io::Result<Arc<Self>> {
        for folder in [STAGED, SPOOLED, "working"] {
            fs::create_dir_all(root.join(folder))?;
        }
        // After a clock was set back the order still stands.
        let last = list(&root.join(SPOOLED))?.last().and_then(|path| number_of(path)).unwrap_or_default();
        let spool = Arc::new(Self { root: root.to_path_buf(), last: Mutex::new(last), grown: Arc::default() });
        for id in spool.staged()? {
            match crate::receive::receipt_of(root, &id)? {
                // It was as good as answered.
                Some(receipt) => spool.give(&id, receipt.number)?,
                None => spool.discard(&id)?,
            }
        }
        Ok(spool)
    }

    /// Whoever is to look as soon as something waits.
    pub fn grown(&self) -> Arc<Notify> {
        Arc::clone(&self.grown)
    }

    /// What is whole and not dealt with yet.
    ///
    /// # Errors
    /// When the folders cannot be listed.
    pub fn waiting(&self) -> io::Result<Waiting> {
        let mut waiting = Waiting::default();
        for folder in list(&self.root.join(SPOOLED))?.into_iter().chain(list(&self.root.join("working"))?) {
            waiting.submissions += 1;
            // Moved on between two calls: it is counted where it is next.
            for file in list(&folder).unwrap_or_default() {
                waiting.bytes += fs::metadata(file).map_or(0, |about| about.len());
            }
        }
        Ok(waiting)
    }

    /// Bytes that the disk has left.
    ///
    /// # Errors
    /// When nobody can say.
    pub fn disk_free(&self) -> io::Result<u64> {
        let disk = rustix::fs::statvfs(&self.root)?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// Begins a submission. `id`: lower-case letters and digits; it names the submission wherever it goes.
    ///
    /// # Errors
    /// When it cannot be made, or one of this id is being written.
    pub fn stage(self: &Arc<Self>, id: &str) -> io::Result<Staged> {
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "an id must be lower-case letters and digits"));
        }
        let folder = self.root.join(STAGED).join(id);
        fs::create_dir(&folder)?;
        Ok(Staged { spool: Arc::clone(self), id: id.to_owned(), folder, path: PathBuf::new(), out: None })
    }

    /// Ids that are staged, by whoever wrote them.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn staged(&self) -> io::Result<Vec<String>> {
        Ok(list(&self.root.join(STAGED))?.iter().map(|path| crate::run::name_of(path)).collect())
    }

    /// Removes what is staged under this id.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn discard(&self, id: &str) -> io::Result<()> {
        fs::remove_dir_all(self.root.join(STAGED).join(id))
    }

    /// The next number, which is above every number before it: about the time, in microseconds since 1970.
    pub fn next_number(&self) -> i64 {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = now_us().max(*last + 1);
        *last
    }

    /// Makes what is staged under this id wait for its turn under this number.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub fn give(&self, id: &str, number: i64) -> io::Result<()> {
        let spooled = self.root.join(SPOOLED);
        fs::rename(self.root.join(STAGED).join(id), spooled.join(format!("{number:020}-{id}")))?;
        sync(&spooled)?;
        sync(&self.root.join(STAGED))?;
        self.grown.notify_one();
        Ok(())
    }
}

/// A submission that is still coming. Dropped before it is given, it is gone.
#[derive(Debug)]
pub struct Staged {
    spool: Arc<Spool>,
    id: String,
    folder: PathBuf,
    path: PathBuf,
    out: Option<tokio::fs::File>,
}

impl Staged {
    /// Begins a file of it; the one before is durable from here on.
    ///
    /// # Errors
    /// When it cannot be made, or there is one of this name.
    pub async fn begin_file(&mut self, name: &str) -> io::Result<()> {
        self.end_file().await?;
        self.path = self.folder.join(safe_name(name));
        self.out = Some(tokio::fs::File::create_new(&self.path).await?);
        Ok(())
    }

    async fn end_file(&mut self) -> io::Result<()> {
        if let Some(mut out) = self.out.take() {
            out.flush().await?;
            out.sync_all().await?;
        }
        Ok(())
    }

    /// Writes more of its file.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.out {
            Some(out) => out.write_all(bytes).await,
            None => Err(io::Error::from(io::ErrorKind::BrokenPipe)),
        }
    }

    /// All of it is written, and is durable from here on.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub async fn finish(&mut self) -> io::Result<()> {
        self.end_file().await?;
        let folder = self.folder.clone();
        blocking(move || {
            sync(&folder)?;
            folder.parent().map_or(Ok(()), sync)
        })
        .await
    }

    /// The file that was begun last.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes it wait for its turn under this number; see [`Spool::next_number`].
    ///
    /// # Errors
    /// When it cannot be moved.
    pub fn give(mut self, number: i64) -> io::Result<()> {
        let given = self.spool.give(&self.id, number);
        self.folder = PathBuf::new();
        given
    }

    /// Leaves it as it stands: the next process decides.
    pub fn leave(mut self) {
        self.folder = PathBuf::new();
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.folder.as_os_str().is_empty() {
            let _gone_at_the_next_start = fs::remove_dir_all(&self.folder);
        }
    }
}

/// What a spooled folder's name says: its number, and its id.
pub(crate) fn number_of(folder: &Path) -> Option<i64> {
    crate::run::name_of(folder).split('-').next()?.parse().ok()
}

pub(crate) fn id_of(folder: &Path) -> Option<String> {
    let name = crate::run::name_of(folder);
    let (_, id) = name.split_once('-')?;
    (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())).then(|| id.to_owned())
}

/// A file's name that is one wherever it is written: no folder, nothing hidden, no mark of a file that is still coming.
pub fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ') { c } else { '_' };
    let mut safe: String = last.chars().map(kept).collect();
    if safe.len() > NAME_BYTES_MAX {
        safe = safe.split_off(safe.len() - NAME_BYTES_MAX);
    }
    let safe = safe.trim_matches(|c: char| c == '.' || c == ' ');
    match safe {
        "" => "file".to_owned(),
        unfinished if crate::run::is_unfinished(unfinished) => format!("{unfinished}_"),
        safe => safe.to_owned(),
    }
}

/// Writes a small file in place of what was there, and makes it durable.
///
/// # Errors
/// When it cannot be written.
pub fn write_whole(file: &Path, bytes: &[u8]) -> io::Result<()> {
    use io::Write as _;
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder)?;
    let part = file.with_extension("part");
    let mut out = File::create(&part)?;
    out.write_all(bytes)?;
    out.sync_all()?;
    fs::rename(&part, file)?;
    sync(folder)
}

pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Work with the disk, where it holds up nobody.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(io::Error::other("the work was given up")))
}

/// What is in a folder, in order of name.
pub(crate) fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

pub(crate) fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
