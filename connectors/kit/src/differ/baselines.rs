//! Baselines on disk: written beside, synced, and renamed into place.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use event_log::seal::PseudonymKey;
use event_log::{EntryId, Pseudonym};
use prost::Message as _;
use proto::events::Version;

use super::baseline::{Baseline, Digest, Held, Past, Said, State};

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

    /// Whether there are none at all: a new folder, or one that was lost.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn none(&self) -> Result<bool, BaselineError> {
        let mut names = fs::read_dir(&self.dir).map_err(|source| failed("list", &self.dir, source))?;
        Ok(!names.any(|name| name.is_ok_and(|name| name.path().extension().is_some_and(|e| e == EXTENSION))))
    }

    /// The baseline of a scope; an empty one when there is none.
    ///
    /// # Errors
    /// When the file cannot be read, or is damaged.
    pub fn load(&self, scope_key: &str) -> Result<Baseline, BaselineError> {
        self.read(self.path(scope_key))
    }

    fn read(&self, path: PathBuf) -> Result<Baseline, BaselineError> {
        let bytes = match fs::read(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Baseline::default()),
            read => read.map_err(|source| failed("read", &path, source))?,
        };
        let damaged = || BaselineError::Damaged(path.clone());
        let (check, stored) = bytes.split_at_checked(16).ok_or_else(damaged)?;
        if check != self.key.digest("baseline-file", stored) {
            return Err(damaged());
        }
        stored::Scope::decode(stored).ok().and_then(stored::Scope::restore).ok_or_else(damaged)
    }

    /// Puts a baseline in the place of the last, all of it or nothing: durable when this returns.
    ///
    /// # Errors
    /// When it cannot be written; the last one then stands.
    pub fn store(&self, scope_key: &str, baseline: &Baseline) -> Result<(), BaselineError> {
        self.write(self.path(scope_key), baseline)
    }

    /// Forgets these subjects, who are erased, in every baseline; gives how many held one of them. A damaged one is removed: it is made
    /// again from the log, which does not tell of them any more.
    ///
    /// # Errors
    /// When a file cannot be read, written or removed.
    pub fn forget(&self, subjects: &HashSet<Pseudonym>) -> Result<usize, BaselineError> {
        let mut forgot = 0;
        for entry in fs::read_dir(&self.dir).map_err(|source| failed("list", &self.dir, source))? {
            let path = entry.map_err(|source| failed("list", &self.dir, source))?.path();
            let extension = path.extension().and_then(|extension| extension.to_str());
            if extension == Some(NEW) {
                // Of a process that died over it.
                fs::remove_file(&path).map_err(|source| failed("remove", &path, source))?;
            }
            if extension != Some(EXTENSION) {
                continue;
            }
            match self.read(path.clone()) {
                Ok(mut baseline) => {
                    if !baseline.forget(subjects) {
                        continue;
                    }
                    self.write(path, &baseline)?;
                }
                Err(BaselineError::Damaged(_)) => {
                    fs::remove_file(&path).map_err(|source| failed("remove", &path, source))?;
                }
                Err(error) => return Err(error),
            }
            forgot += 1;
        }
        Ok(forgot)
    }

    /// Whether any baseline holds something of these subjects, or cannot be read.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn hold(&self, subjects: &HashSet<Pseudonym>) -> Result<bool, BaselineError> {
        for entry in fs::read_dir(&self.dir).map_err(|source| failed("list", &self.dir, source))? {
            let path = entry.map_err(|source| failed("list", &self.dir, source))?.path();
            if path.extension().is_some_and(|extension| extension == EXTENSION)
                && self.read(path).map_or(true, |mut baseline| baseline.forget(subjects))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn write(&self, path: PathBuf, baseline: &Baseline) -> Result<(), BaselineError> {
        let beside = path.with_extension(NEW);
        let stored = stored::Scope::of(baseline).encode_to_vec();
        let written = (|| {
            let mut file = File::create(&beside)?;
            file.write_all(&self.key.digest("baseline-file", &stored))?;
            file.write_all(&stored)?;
            file.sync_all()?;
            fs::rename(&beside, &path)?;
            File::open(&self.dir)?.sync_all()
        })();
        written.map_err(|source| failed("write", &path, source))
    }

    fn path(&self, scope_key: &str) -> PathBuf {
        let name = self.key.digest("baseline-name", scope_key.as_bytes());
        self.dir.join(hex::encode(name)).with_extension(EXTENSION)
    }
}

const EXTENSION: &str = "baseline";
const NEW: &str = "new";

fn failed(doing: &'static str, path: &Path, source: io::Error) -> BaselineError {
    BaselineError::Io { doing, path: path.to_path_buf(), source }
}

/// The file's layout.
mod stored {
    use super::*;

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Scope {
        #[prost(message, repeated, tag = "1")]
        submissions: Vec<Submission>,
        #[prost(message, repeated, tag = "2")]
        entries: Vec<Entry>,
        #[prost(string, repeated, tag = "3")]
        names: Vec<String>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    struct Submission {
        #[prost(message, optional, tag = "1")]
        version: Option<Version>,
        #[prost(bool, tag = "2")]
        whole: bool,
        #[prost(bytes = "vec", repeated, tag = "3")]
        unread: Vec<Vec<u8>>,
        #[prost(bytes = "vec", repeated, tag = "4")]
        covered: Vec<Vec<u8>>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    struct Entry {
        #[prost(bytes = "vec", tag = "1")]
        id: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")]
        subject: Vec<u8>,
        /// Places in the scope's names.
        #[prost(uint32, tag = "3")]
        controller: u32,
        #[prost(uint32, tag = "4")]
        table: u32,
        #[prost(uint32, tag = "5")]
        kind: u32,
        #[prost(uint32, tag = "6")]
        ordinal: u32,
        /// The digests that follow, each once.
        #[prost(bytes = "vec", tag = "7")]
        digests: Vec<u8>,
        /// Twice what was said (0 nothing, 1 absent, 2 and on the digest), plus 1 where it was published.
        #[prost(uint32, repeated, tag = "8")]
        states: Vec<u32>,
        /// Eight bytes for each thing that it is a part of.
        #[prost(bytes = "vec", tag = "9")]
        under: Vec<u8>,
    }

    impl Scope {
        pub(super) fn of(baseline: &Baseline) -> Self {
            let mut names: Vec<String> = Vec::new();
            let mut entries: Vec<_> = baseline.entries.iter().collect();
            entries.sort_by_key(|(id, _)| **id);
            let entries = entries.into_iter().map(|(id, held)| Entry::of(id, held, &mut names)).collect();
            let submissions = baseline.submissions.iter().map(|past| Submission {
                version: Some(past.version),
                whole: past.whole,
                unread: past.unread.iter().map(|subject| subject.as_bytes().to_vec()).collect(),
                covered: past.covered.iter().map(|subject| subject.as_bytes().to_vec()).collect(),
            });
            Self { submissions: submissions.collect(), entries, names }
        }

        pub(super) fn restore(self) -> Option<Baseline> {
            let count = self.submissions.len();
            let submissions = self.submissions.into_iter().map(|stored| {
                let subjects = |stored: &[Vec<u8>]| stored.iter().map(|bytes| Pseudonym::from_slice(bytes)).collect();
                let (unread, covered): (Option<_>, Option<_>) = (subjects(&stored.unread), subjects(&stored.covered));
                Some(Past { version: stored.version?, whole: stored.whole, unread: unread?, covered: covered? })
            });
            let submissions = submissions.collect::<Option<_>>()?;
            let entries = self.entries.into_iter().map(|entry| entry.restore(&self.names, count));
            Some(Baseline { submissions, entries: entries.collect::<Option<_>>()? })
        }
    }

    impl Entry {
        fn of(id: &EntryId, held: &Held, names: &mut Vec<String>) -> Self {
            let mut digests: Vec<Digest> = Vec::new();
            let states = held.states.iter().map(|state| {
                let said = match state.said {
                    Said::Nothing => 0,
                    Said::Absent => 1,
                    Said::Present(digest) => 2 + place(&mut digests, digest),
                };
                said * 2 + u32::from(state.published)
            });
            Self {
                id: id.as_bytes().to_vec(),
                subject: held.subject.as_bytes().to_vec(),
                controller: place(names, held.controller.clone()),
                table: place(names, held.table.clone()),
                kind: held.kind,
                ordinal: held.ordinal,
                states: states.collect(),
                digests: digests.concat(),
                under: held.under.concat(),
            }
        }

        fn restore(self, names: &[String], count: usize) -> Option<(EntryId, Held)> {
            let (digests, _) = self.digests.as_chunks::<16>();
            let states = self.states.iter().map(|state| {
                let said = match state / 2 {
                    0 => Said::Nothing,
                    1 => Said::Absent,
                    digest => Said::Present(*digests.get(usize::try_from(digest - 2).ok()?)?),
                };
                Some(State { said, published: state % 2 == 1 })
            });
            let states: Vec<State> = states.collect::<Option<_>>()?;
            let name = |at: u32| names.get(usize::try_from(at).ok()?).cloned();
            let held = Held {
                subject: Pseudonym::from_slice(&self.subject)?,
                controller: name(self.controller)?,
                table: name(self.table)?,
                kind: self.kind,
                ordinal: self.ordinal,
                under: self.under.as_chunks::<8>().0.to_vec(),
                states,
            };
            (held.states.len() == count).then_some((EntryId::from_slice(&self.id)?, held))
        }
    }

    fn place<T: PartialEq>(list: &mut Vec<T>, value: T) -> u32 {
        let at = list.iter().position(|held| *held == value).unwrap_or_else(|| {
            list.push(value);
            list.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }
}
