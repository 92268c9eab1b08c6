//! Baselines on disk: written beside, synced, and renamed into place.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use event_log::Pseudonym;
use event_log::seal::PseudonymKey;

use super::baseline::Baseline;
use super::decide::{Held as _, Keeps as _};
use super::stored::{Stored, Writing};

/// Baselines on disk, a file for each scope.
#[derive(Debug)]
pub struct Baselines {
    dir: PathBuf,
    key: PseudonymKey,
}

/// Why a baseline could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// The operating system refused.
    #[error("could not {doing} the baseline `{path}`")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is not as it was written.
    #[error("the baseline `{0}` is damaged: it is to be rebuilt from the log")]
    Damaged(PathBuf),
}

impl Baselines {
    /// Over this folder, which is made when absent.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(dir: &Path, key: PseudonymKey) -> Result<Self, BaselineError> {
        fs::create_dir_all(dir).map_err(|source| failed("make the folder of", dir, source))?;
        Ok(Self { dir: dir.to_path_buf(), key })
    }

    /// Of whom the files tell that were dealt with, noted beside.
    pub(crate) fn named(&self) -> crate::named::Named {
        crate::named::Named::open(&self.dir, self.key.clone())
    }

    /// Whether they are to be made from the log: there are none, some are of an earlier form, or a process died while it made them.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn none(&self) -> Result<bool, BaselineError> {
        let paths = self.paths()?;
        let some = |of: &str| paths.iter().any(|path| path.extension().is_some_and(|extension| extension == of));
        Ok(!some(EXTENSION) || some(EARLIER) || some(UNFINISHED))
    }

    /// Puts these in the place of all that there are. A process that dies over it begins anew.
    ///
    /// # Errors
    /// When a file cannot be written or removed.
    pub(crate) fn replace_all(&self, all: &BTreeMap<String, Baseline>) -> Result<(), BaselineError> {
        let mark = self.dir.join("all").with_extension(UNFINISHED);
        let written = File::create(&mark).and_then(|file| file.sync_all());
        written.map_err(|source| failed("mark", &mark, source))?;
        for (scope_key, baseline) in all {
            self.store(scope_key, baseline)?;
        }
        let kept: BTreeSet<PathBuf> = all.keys().map(|scope_key| self.path(scope_key)).collect();
        let is_other = |path: &&PathBuf| {
            let extension = path.extension().and_then(|extension| extension.to_str());
            extension == Some(EARLIER) || extension == Some(EXTENSION) && !kept.contains(*path)
        };
        for path in self.paths()?.iter().filter(is_other).chain([&mark]) {
            fs::remove_file(path).map_err(|source| failed("remove", path, source))?;
        }
        Ok(())
    }

    fn paths(&self) -> Result<Vec<PathBuf>, BaselineError> {
        let entries = fs::read_dir(&self.dir).map_err(|source| failed("list", &self.dir, source))?;
        entries.map(|entry| Ok(entry.map_err(|source| failed("list", &self.dir, source))?.path())).collect()
    }

    /// Where what memory does not hold is kept meanwhile.
    pub(crate) fn folder(&self) -> &Path {
        &self.dir
    }

    /// The baseline of a scope, to be read child by child; one of nothing when there is none.
    ///
    /// # Errors
    /// When the file cannot be read, or is damaged where it begins.
    pub(crate) fn held(&self, scope_key: &str) -> Result<Stored, BaselineError> {
        Stored::open(self.path(scope_key), self.key.clone())
    }

    /// Begins to write what is to stand in its place. One at a time for a scope.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn begin(&self, scope_key: &str) -> Result<Writing, BaselineError> {
        let path = self.path(scope_key);
        let beside = path.with_extension(NEW);
        Writing::begin(path, beside, &self.key)
    }

    /// The baseline of a scope, all of it; an empty one when there is none.
    ///
    /// # Errors
    /// When the file cannot be read, or is damaged.
    pub fn load(&self, scope_key: &str) -> Result<Baseline, BaselineError> {
        let held = self.held(scope_key)?;
        let children = held.children()?.map(|kept| kept.map(|kept| (kept.subject, kept)));
        Ok(Baseline { children: children.collect::<Result<_, _>>()?, submissions: held.submissions().to_vec() })
    }

    /// Puts a baseline in the place of the last, all of it or nothing: durable when this returns.
    ///
    /// # Errors
    /// When it cannot be written; the last one then stands.
    pub fn store(&self, scope_key: &str, baseline: &Baseline) -> Result<(), BaselineError> {
        let mut writing = self.begin(scope_key)?;
        writing.begin(baseline.submissions())?;
        for kept in baseline.children.values() {
            writing.child(kept.clone())?;
        }
        writing.finish()?.put()
    }

    /// Forgets these subjects, who are erased, in every baseline; gives how many held one of them.
    ///
    /// # Errors
    /// When a file cannot be read, written or removed. When one is damaged, after all others: all are to be made from the log then, which
    /// does not tell of them any more.
    pub fn forget(&self, subjects: &HashSet<Pseudonym>) -> Result<usize, BaselineError> {
        let paths = self.paths()?;
        let of = |extension| paths.iter().filter(move |path| path.extension().is_some_and(|of| of == extension));
        // Of a process that died over it; before any is written here.
        for left in of(NEW) {
            fs::remove_file(left).map_err(|source| failed("remove", left, source))?;
        }
        let (mut forgot, mut damaged) = (0, None);
        for path in of(EXTENSION) {
            match self.forget_in(path.clone(), subjects) {
                Ok(held) => forgot += usize::from(held),
                Err(BaselineError::Damaged(path)) => damaged = Some(path),
                Err(error) => return Err(error),
            }
        }
        damaged.map_or(Ok(forgot), |path| Err(BaselineError::Damaged(path)))
    }

    /// Whether any baseline holds something of these subjects, or cannot be read.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn hold(&self, subjects: &HashSet<Pseudonym>) -> Result<bool, BaselineError> {
        for path in self.paths()? {
            if path.extension().is_some_and(|extension| extension == EXTENSION)
                && self.holds(path, subjects).unwrap_or(true)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn forget_in(&self, path: PathBuf, subjects: &HashSet<Pseudonym>) -> Result<bool, BaselineError> {
        if !self.holds(path.clone(), subjects)? {
            return Ok(false);
        }
        let held = Stored::open(path.clone(), self.key.clone())?;
        let beside = path.with_extension(NEW);
        let mut writing = Writing::begin(path, beside, &self.key)?;
        writing.begin(held.submissions())?;
        for kept in held.children()? {
            let kept = kept?;
            if !subjects.contains(&kept.subject) {
                writing.child(kept)?;
            }
        }
        writing.finish()?.put()?;
        Ok(true)
    }

    /// Whether a baseline holds something of these subjects. It is read to its end, so that damage is told.
    fn holds(&self, path: PathBuf, subjects: &HashSet<Pseudonym>) -> Result<bool, BaselineError> {
        let mut holds = false;
        for kept in Stored::open(path, self.key.clone())?.children()? {
            holds |= subjects.contains(&kept?.subject);
        }
        Ok(holds)
    }

    fn path(&self, scope_key: &str) -> PathBuf {
        let name = self.key.digest("baseline-name", scope_key.as_bytes());
        self.dir.join(hex::encode(name)).with_extension(EXTENSION)
    }
}

const EXTENSION: &str = "scope";
const NEW: &str = "new";
/// As they were before they stood child by child.
const EARLIER: &str = "baseline";
const UNFINISHED: &str = "unfinished";

pub(super) fn failed(doing: &'static str, path: &Path, source: io::Error) -> BaselineError {
    BaselineError::Io { doing, path: path.to_path_buf(), source }
}
