//! What a scope last held, and held before: keyed digests and pseudonyms, no names.
//!
//! For each of the last submissions, and for each entry, what the submission said of it. What it said is kept only where
//! the log says the same at that version, so that the latest thing said at or before a version is what the log holds then.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use event_log::seal::PseudonymKey;
use event_log::{EntryId, Pseudonym};
use prost::Message as _;
use proto::events::{Body, Event, Finding, Version, When, event::Kind};

use crate::connector::Draft;

/// Submissions of a scope that are told apart. An older one than all of these changes only what they do not speak of.
pub const SUBMISSIONS_MAX: usize = 12;

/// A keyed digest of what a record asserts.
pub(super) type Digest = [u8; 16];

/// What the log holds of a scope, as far as its differ needs to know.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Baseline {
    /// In order of version.
    pub(super) submissions: Vec<Past>,
    pub(super) entries: HashMap<EntryId, Held>,
}

/// A submission that was diffed.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Past {
    pub(super) version: Version,
    /// Absence from it means something.
    pub(super) whole: bool,
    /// But not the absence of what is about these.
    pub(super) unread: BTreeSet<Pseudonym>,
}

/// An entry of the scope.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Held {
    pub(super) subject: Pseudonym,
    pub(super) controller: String,
    /// "" where it was rebuilt from the log, which does not say.
    pub(super) table: String,
    pub(super) kind: u32,
    pub(super) ordinal: u32,
    /// One for each submission, in the same order.
    pub(super) states: Vec<State>,
}

/// What a submission said of an entry, and whether an event of that version says it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct State {
    pub(super) said: Said,
    pub(super) published: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Said {
    Nothing,
    Absent,
    Present(Digest),
}

impl State {
    pub(super) const NOTHING: Self = Self { said: Said::Nothing, published: false };
}

pub(super) fn rank(version: &Version) -> (i64, u64, u32) {
    (version.as_of_us, version.sequence, version.mapping_revision)
}

impl Past {
    /// What it says of an entry that it does not hold.
    pub(super) fn of_the_missing(&self, subject: &Pseudonym) -> Said {
        if self.whole && !self.unread.contains(subject) { Said::Absent } else { Said::Nothing }
    }
}

impl Baseline {
    /// Entries that the scope's latest submission left standing.
    pub fn entries_standing(&self) -> usize {
        self.entries.values().filter(|held| held.stands()).count()
    }

    /// Whether nothing is known of the scope.
    pub fn is_empty(&self) -> bool {
        self.submissions.is_empty()
    }

    /// The place of this version among the submissions, made if it has none.
    pub(super) fn place_of(&mut self, version: Version) -> usize {
        match self.submissions.binary_search_by_key(&rank(&version), |past| rank(&past.version)) {
            Ok(at) => at,
            Err(at) => {
                self.submissions.insert(at, Past { version, whole: false, unread: BTreeSet::new() });
                for held in self.entries.values_mut() {
                    held.states.insert(at, State::NOTHING);
                }
                at
            }
        }
    }

    /// Notes how far the submission of this place can be trusted in what it does not hold. The same submission once more
    /// can only add to that.
    pub(super) fn remember(&mut self, at: usize, whole: bool, held: bool, unread: BTreeSet<Pseudonym>) {
        let Some(past) = self.submissions.get_mut(at) else { return };
        if !past.whole {
            (past.whole, past.unread) = (whole && !held, unread);
        } else if whole {
            past.unread.retain(|subject| unread.contains(subject));
        }
    }

    /// What the submissions after this one say of an entry that none of them holds, first.
    pub(super) fn said_next_of_the_missing(&self, subject: &Pseudonym, after: usize) -> Option<(usize, State)> {
        let later = self.submissions.iter().enumerate().skip(after + 1);
        let mut said = later.map(|(at, past)| (at, State { said: past.of_the_missing(subject), published: false }));
        said.find(|(_, state)| state.said != Said::Nothing)
    }

    /// Makes an entry that no submission but the one of this place holds.
    pub(super) fn enter(&mut self, id: EntryId, subject: Pseudonym, draft: &Draft, kind: u32, at: usize) {
        let submissions = &self.submissions;
        let held = self.entries.entry(id).or_insert_with(|| Held {
            subject,
            controller: draft.controller.clone(),
            table: String::new(),
            kind,
            ordinal: draft.ordinal,
            states: submissions
                .iter()
                .enumerate()
                .map(|(other, past)| {
                    let said = if other == at { Said::Nothing } else { past.of_the_missing(&subject) };
                    State { said, published: false }
                })
                .collect(),
        });
        held.kind = kind;
        if held.table != draft.table {
            held.table = draft.table.to_owned();
        }
    }

    /// Notes what a submission says of an entry of which it had said nothing.
    pub(super) fn say(&mut self, id: EntryId, at: usize, said: Said, published: bool) {
        let state = self.entries.get_mut(&id).and_then(|held| held.states.get_mut(at));
        if let Some(state) = state.filter(|state| state.said == Said::Nothing) {
            *state = State { said, published };
        }
    }

    /// Notes that what a submission said now has an event.
    pub(super) fn say_again(&mut self, id: EntryId, at: usize, said: Said) {
        if let Some(state) = self.entries.get_mut(&id).and_then(|held| held.states.get_mut(at)) {
            *state = State { said, published: true };
        }
    }

    /// Lets the oldest submission run into the next until few enough are left.
    pub(super) fn prune(&mut self) {
        while self.submissions.len() > SUBMISSIONS_MAX {
            self.submissions.remove(0);
            for held in self.entries.values_mut() {
                let oldest = held.states.remove(0);
                if let Some(next) = held.states.first_mut()
                    && next.said == Said::Nothing
                {
                    // Said by an event that is older than the version it now stands at.
                    *next = State { said: oldest.said, published: false };
                }
            }
            self.entries.retain(|_, held| held.states.iter().any(|state| matches!(state.said, Said::Present(_))));
        }
    }

    /// Takes in an event of the connector's own topic. Call it with every event of the scope, in any order.
    pub(super) fn absorb(
        &mut self,
        subject: Pseudonym,
        entry_id: EntryId,
        version: Version,
        body: &Body,
        digest: Digest,
    ) {
        let at = self.place_of(version);
        let count = self.submissions.len();
        let held = self.entries.entry(entry_id).or_insert_with(|| Held {
            subject,
            controller: body.controller.clone(),
            table: String::new(),
            kind: 0,
            ordinal: body.ordinal,
            states: vec![State::NOTHING; count],
        });
        let kind = body.event.as_ref().and_then(|event| event.kind.as_ref());
        let gone = matches!(kind, None | Some(Kind::EntryRetracted(_) | Kind::EntryCorrected(_)));
        if let (false, Some(kind)) = (gone, kind) {
            held.kind = kind.number().0;
        }
        if let Some(state) = held.states.get_mut(at) {
            *state = State { said: if gone { Said::Absent } else { Said::Present(digest) }, published: true };
        }
    }
}

impl Held {
    /// The latest thing said.
    pub(super) fn stands(&self) -> bool {
        matches!(self.said_last(self.states.len()), Some(Said::Present(_)))
    }

    /// What this submission said.
    pub(super) fn said_at(&self, at: usize) -> Said {
        self.states.get(at).map_or(Said::Nothing, |state| state.said)
    }

    /// The latest thing said before this submission.
    pub(super) fn said_last(&self, before: usize) -> Option<Said> {
        self.states.iter().take(before).rev().map(|state| state.said).find(|said| *said != Said::Nothing)
    }

    /// The earliest thing said after this submission, and by which.
    pub(super) fn said_next(&self, after: usize) -> Option<(usize, State)> {
        self.states.iter().copied().enumerate().skip(after + 1).find(|(_, state)| state.said != Said::Nothing)
    }
}

/// What a record asserts, as a digest: everything that a later version would have to say again to differ in nothing.
pub(super) fn digest(
    key: &PseudonymKey,
    effective: Option<&When>,
    findings: &[Finding],
    third_parties: Vec<Vec<u8>>,
    event: Option<&Event>,
) -> Digest {
    let asserted = Body {
        effective: effective.copied(),
        findings: findings.to_vec(),
        third_parties,
        event: event.cloned(),
        ..Body::default()
    };
    key.digest("baseline", &asserted.encode_to_vec())
}

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
        let path = self.path(scope_key);
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
        let path = self.path(scope_key);
        let beside = path.with_extension("new");
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
            });
            Self { submissions: submissions.collect(), entries, names }
        }

        pub(super) fn restore(self) -> Option<Baseline> {
            let count = self.submissions.len();
            let submissions = self.submissions.into_iter().map(|stored| {
                let unread = stored.unread.iter().map(|bytes| Pseudonym::from_slice(bytes)).collect::<Option<_>>()?;
                Some(Past { version: stored.version?, whole: stored.whole, unread })
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
