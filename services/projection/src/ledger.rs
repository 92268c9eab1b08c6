//! The ledger as it is kept: the trees of the log on disk, a signed statement of them once a second, and what proves by them
//! that a log, or an exported bundle, is what was signed.
//!
//! ```text
//! lock                                    held by the one process that signs here
//! statement                               the last that was signed: on stable storage before anybody is told of it
//! statements/1763812800.note              one an hour, and each that a witness signed
//! keys/1.vkey, keys/2.note                copies of what is public of the keys
//! trees/throughline.health.v1/3/0         the leaf hashes of a partition, 32 bytes each; 1: the roots of each 256 of them; ...
//! ```
//!
//! The trees are a function of the log alone: whatever is wrong with their files, they are made again from the log, and held to what
//! was signed. What cannot be made again is the statement, and nothing is signed that it does not lead to.
//! `docs/decisions/0036-one-statement-over-all-partitions.md`.

pub mod bundle;
mod finding;
mod folder;
mod keeper;
mod keys;
mod levels;
pub mod service;
pub mod verify;

use std::path::{Path, PathBuf};

use event_log::{LogError, Partition, StoredRecord, Topic};
use ledger::note::NoteError;
use ledger::rotation::RotationError;
use ledger::{Entry, Leaf};

pub use finding::{Finding, What};
pub use folder::{Folder, read_note};
pub use keeper::{Keeper, Options, Signed};
pub use keys::{KeyFolder, read_key};
pub use levels::Levels;

/// Every topic that is never compacted: of the keys, records go when a key is destroyed, and what goes can be proven by no tree that
/// is made again from the log.
pub const TOPICS: [Topic; 8] = [
    Topic::Education,
    Topic::SocialCare,
    Topic::Health,
    Topic::Identity,
    Topic::Sharing,
    Topic::Disclosure,
    Topic::Quarantine,
    Topic::Reference,
];

/// A tree of the ledger.
pub type Tree = (Topic, Partition);

/// Every tree.
pub fn trees() -> impl Iterator<Item = Tree> {
    TOPICS.into_iter().flat_map(|topic| Partition::all().map(move |partition| (topic, partition)))
}

/// What a tree is called: `throughline.health.v1/3`.
pub fn name_of((topic, partition): Tree) -> String {
    format!("{topic}/{}", partition.number())
}

/// The tree that is called so.
pub fn tree_of(name: &str) -> Option<Tree> {
    trees().find(|tree| name_of(*tree) == name)
}

/// What the ledger has of a record.
pub fn entry_of(record: &StoredRecord) -> Entry {
    let (offset, published_at_us) = (record.position.offset, record.published_at_us);
    Leaf { offset, published_at_us, key: &record.key, value: &record.value }.entry()
}

/// Why the ledger cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Another process signs here.
    #[error("another process signs this ledger in `{0}`: stop it first")]
    Locked(PathBuf),
    /// The log is not the one that was signed.
    #[error("the log is not what was signed: {0}; `throughline audit verify` says more. Nothing is signed")]
    NotAsSigned(Box<Finding>),
    /// A note in the ledger's folder.
    #[error("`{path}` cannot be believed: {because}")]
    Note {
        /// Which file.
        path: PathBuf,
        /// Why not.
        because: NoteError,
    },
    /// A note from elsewhere.
    #[error(transparent)]
    Unbelieved(#[from] NoteError),
    /// The ledger's keys.
    #[error(transparent)]
    Keys(#[from] RotationError),
    /// No key to sign with.
    #[error("there is no key of the ledger in `{0}`: `throughline audit keys make` makes one")]
    NoKey(PathBuf),
    /// A tree's files do not hold what they should.
    #[error("the ledger's files of `{0}` are not whole")]
    Tree(String),
    /// What a bundle should hold and does not.
    #[error("the bundle cannot be read: {0}")]
    Bundle(String),
    /// The operating system refused.
    #[error("`{path}` cannot be {doing}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Read, or written.
        doing: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

impl LedgerError {
    fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path, doing, source }
    }

    /// Whether the same is right again in a while.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Log(error) if error.is_transient())
    }
}
