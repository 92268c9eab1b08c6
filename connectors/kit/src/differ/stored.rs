//! A baseline as it stands in its file, and how it is read and written: one child after another.
//!
//! ```text
//! length, submissions
//! length, child            one for each, in order of pseudonym
//! 0xffffffff, check        a keyed digest of all that stands before it
//! ```

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use event_log::seal::PseudonymKey;
use event_log::{EntryId, Pseudonym};
use prost::Message;
use proto::events::Version;

use super::baseline::{Digest, Kept, Past, Said, State, Which};
use super::baselines::{BaselineError, failed};
use super::decide::{Held, Keeps, KeptChildren};

const END: u32 = u32::MAX;

/// A baseline on disk; of nothing where there is no file.
pub(crate) struct Stored {
    pub(super) path: PathBuf,
    pub(super) key: PseudonymKey,
    submissions: Vec<Past>,
}

impl Stored {
    /// Reads its submissions. Whether the children are as they were written is known once they were read to their end.
    pub(super) fn open(path: PathBuf, key: PseudonymKey) -> Result<Self, BaselineError> {
        let mut stored = Self { path, key, submissions: Vec::new() };
        if let Some(mut children) = Children::open(&stored)? {
            stored.submissions = std::mem::take(&mut children.submissions);
        }
        Ok(stored)
    }
}

impl Held for Stored {
    fn submissions(&self) -> &[Past] {
        &self.submissions
    }

    fn children(&self) -> Result<KeptChildren<'_>, BaselineError> {
        Ok(match Children::open(self)? {
            Some(children) => Box::new(children),
            None => Box::new(std::iter::empty()),
        })
    }
}

/// The children of a file, as they are read.
struct Children<'a> {
    of: &'a Stored,
    file: BufReader<File>,
    left: u64,
    check: Check,
    submissions: Vec<Past>,
    count: usize,
    is_over: bool,
}

impl<'a> Children<'a> {
    fn open(of: &'a Stored) -> Result<Option<Self>, BaselineError> {
        let file = match File::open(&of.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|source| failed("read", &of.path, source))?,
        };
        let left = file.metadata().map_err(|source| failed("read", &of.path, source))?.len();
        let (file, check) = (BufReader::with_capacity(1 << 16, file), Check::new(&of.key));
        let mut children = Self { of, file, left, check, submissions: Vec::new(), count: 0, is_over: false };
        let submissions = children.frame()?.and_then(|frame| Submissions::decode(frame.as_slice()).ok());
        children.submissions = submissions.and_then(Submissions::restore).ok_or_else(|| children.damaged())?;
        children.count = children.submissions.len();
        Ok(Some(children))
    }

    fn damaged(&self) -> BaselineError {
        BaselineError::Damaged(self.of.path.clone())
    }

    /// The next frame; `None` at the end, where it is checked.
    fn frame(&mut self) -> Result<Option<Vec<u8>>, BaselineError> {
        let length = u32::from_be_bytes(self.bytes()?);
        if length == END {
            let check: [u8; 16] = self.bytes()?;
            let is_right = check == self.check.0 && self.left == 0;
            return if is_right { Ok(None) } else { Err(self.damaged()) };
        }
        if u64::from(length) > self.left {
            return Err(self.damaged());
        }
        let mut frame = vec![0; length as usize];
        self.read(&mut frame)?;
        self.check.take(&self.of.key, &frame);
        Ok(Some(frame))
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], BaselineError> {
        let mut bytes = [0; N];
        if (self.left as usize) < N {
            return Err(self.damaged());
        }
        self.read(&mut bytes)?;
        Ok(bytes)
    }

    fn read(&mut self, into: &mut [u8]) -> Result<(), BaselineError> {
        self.left = self.left.saturating_sub(into.len() as u64);
        self.file.read_exact(into).map_err(|source| failed("read", &self.of.path, source))
    }

    fn child(&mut self) -> Result<Option<Kept>, BaselineError> {
        let Some(frame) = self.frame()? else { return Ok(None) };
        let child = Child::decode(frame.as_slice()).ok().and_then(|child| child.restore(self.count));
        child.map(Some).ok_or_else(|| self.damaged())
    }
}

impl Iterator for Children<'_> {
    type Item = Result<Kept, BaselineError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let child = self.child().transpose();
        self.is_over = !matches!(child, Some(Ok(_)));
        child
    }
}

/// A baseline as it is written: beside the one that stands, until it is put in its place.
pub(crate) struct Writing {
    key: PseudonymKey,
    path: PathBuf,
    beside: PathBuf,
    file: BufWriter<File>,
    check: Check,
}

impl Writing {
    pub(super) fn begin(path: PathBuf, beside: PathBuf, key: &PseudonymKey) -> Result<Self, BaselineError> {
        let file = File::create(&beside).map_err(|source| failed("write", &path, source))?;
        let (file, check) = (BufWriter::with_capacity(1 << 16, file), Check::new(key));
        Ok(Self { key: key.clone(), path, beside, file, check })
    }

    fn frame(&mut self, message: &impl Message) -> Result<(), BaselineError> {
        let frame = message.encode_to_vec();
        self.check.take(&self.key, &frame);
        let length = u32::try_from(frame.len()).unwrap_or(END);
        let written = if length == END {
            Err(io::Error::from(io::ErrorKind::FileTooLarge))
        } else {
            self.file.write_all(&length.to_be_bytes()).and_then(|()| self.file.write_all(&frame))
        };
        written.map_err(|source| failed("write", &self.path, source))
    }

    /// Everything is written, and durable from here on.
    pub(crate) fn finish(self) -> Result<Written, BaselineError> {
        let Self { path, beside, mut file, check, .. } = self;
        let written = (|| {
            file.write_all(&END.to_be_bytes())?;
            file.write_all(&check.0)?;
            file.flush()?;
            file.get_ref().sync_all()
        })();
        written.map_err(|source| failed("write", &path, source))?;
        Ok(Written { path, beside })
    }
}

impl Keeps for Writing {
    fn begin(&mut self, submissions: &[Past]) -> Result<(), BaselineError> {
        self.frame(&Submissions::of(submissions))
    }

    fn child(&mut self, kept: Kept) -> Result<(), BaselineError> {
        self.frame(&Child::of(&kept))
    }
}

/// A baseline that waits until all that led to it is acknowledged.
pub(crate) struct Written {
    path: PathBuf,
    beside: PathBuf,
}

impl Written {
    /// Puts it in the place of the last, all of it or nothing: durable when this returns.
    pub(crate) fn put(self) -> Result<(), BaselineError> {
        Self::put_all([self])
    }

    /// Puts each in the place of its last, all of each or nothing: those of one folder, all durable when this returns, for one wait for
    /// the disk.
    pub(crate) fn put_all(all: impl IntoIterator<Item = Self>) -> Result<(), BaselineError> {
        let mut last = None;
        for Self { path, beside } in all {
            std::fs::rename(&beside, &path).map_err(|source| failed("write", &path, source))?;
            last = Some(path);
        }
        let Some(path) = last else { return Ok(()) };
        let folder = path.parent().unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|source| failed("write", &path, source))
    }

    /// Lets it go: the last one stands.
    pub(crate) fn discard(self) -> Result<(), BaselineError> {
        std::fs::remove_file(&self.beside).map_err(|source| failed("remove", &self.beside, source))
    }
}

/// A keyed digest of frames, one after another.
struct Check([u8; 16]);

impl Check {
    fn new(key: &PseudonymKey) -> Self {
        Self(key.digest("baseline-file", b"one child after another"))
    }

    fn take(&mut self, key: &PseudonymKey, frame: &[u8]) {
        self.0 = key.digest("baseline-file", &[self.0.as_slice(), frame].concat());
    }
}

#[derive(Clone, PartialEq, prost::Message)]
struct Submissions {
    #[prost(message, repeated, tag = "1")]
    submissions: Vec<Submission>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Submission {
    #[prost(message, optional, tag = "1")]
    version: Option<Version>,
    #[prost(bool, tag = "2")]
    whole: bool,
}

impl Submissions {
    fn of(submissions: &[Past]) -> Self {
        let of = |past: &Past| Submission { version: Some(past.version), whole: past.whole };
        Self { submissions: submissions.iter().map(of).collect() }
    }

    fn restore(self) -> Option<Vec<Past>> {
        let restore = |stored: Submission| Some(Past { version: stored.version?, whole: stored.whole });
        self.submissions.into_iter().map(restore).collect()
    }
}

#[derive(Clone, PartialEq, prost::Message)]
struct Child {
    #[prost(bytes = "vec", tag = "1")]
    subject: Vec<u8>,
    /// A bit for each submission, the oldest lowest.
    #[prost(uint64, tag = "2")]
    unread: u64,
    #[prost(uint64, tag = "3")]
    covered: u64,
    #[prost(message, repeated, tag = "4")]
    entries: Vec<Entry>,
    #[prost(string, repeated, tag = "5")]
    names: Vec<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Entry {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    /// Places among the child's names.
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
    /// Eight bytes for each thing that it may be a part of.
    #[prost(bytes = "vec", tag = "9")]
    under: Vec<u8>,
}

impl Child {
    fn of(kept: &Kept) -> Self {
        let mut names = Vec::new();
        let entries = kept.held.iter().map(|(id, held)| Entry::of(id, held, &mut names)).collect();
        let (unread, covered) = (kept.unread.0, kept.covered.0);
        Self { subject: kept.subject.as_bytes().to_vec(), unread, covered, entries, names }
    }

    fn restore(self, submissions: usize) -> Option<Kept> {
        let entries = self.entries.into_iter().map(|entry| entry.restore(&self.names, submissions));
        Some(Kept {
            subject: Pseudonym::from_slice(&self.subject)?,
            unread: Which(self.unread),
            covered: Which(self.covered),
            held: entries.collect::<Option<_>>()?,
        })
    }
}

impl Entry {
    fn of(id: &EntryId, held: &super::baseline::Held, names: &mut Vec<String>) -> Self {
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
            controller: place(names, held.controller.clone()),
            table: place(names, held.table.clone()),
            kind: held.kind,
            ordinal: held.ordinal,
            states: states.collect(),
            digests: digests.concat(),
            under: held.under.concat(),
        }
    }

    fn restore(self, names: &[String], submissions: usize) -> Option<(EntryId, super::baseline::Held)> {
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
        let held = super::baseline::Held {
            controller: name(self.controller)?,
            table: name(self.table)?,
            kind: self.kind,
            ordinal: self.ordinal,
            under: self.under.as_chunks::<8>().0.to_vec(),
            states,
        };
        (held.states.len() == submissions).then_some((EntryId::from_slice(&self.id)?, held))
    }
}

fn place<T: PartialEq>(list: &mut Vec<T>, value: T) -> u32 {
    let at = list.iter().position(|held| *held == value).unwrap_or_else(|| {
        list.push(value);
        list.len() - 1
    });
    u32::try_from(at).unwrap_or(u32::MAX)
}
