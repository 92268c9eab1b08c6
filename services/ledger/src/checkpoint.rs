//! Checkpoints (C2SP tlog-checkpoint): one tree's size and root, as existing tools read them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::note::{Note, NoteError, is_name};
use crate::tree::Hash;

/// A tree at one size.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// Leaves.
    pub size: u64,
    /// Their root.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed: three lines.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// Reads the text of a note. Lines after the third say nothing here.
    ///
    /// # Errors
    /// [`NoteError::Malformed`].
    pub fn of(note: &Note) -> Result<Self, NoteError> {
        Self::of_text(note.text()).ok_or(NoteError::Malformed("it is no checkpoint"))
    }

    fn of_text(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let named = is_name(origin) && lines.all(|line| !line.is_empty());
        named.then_some(Self { origin: origin.to_owned(), size: number(size)?, root: hash(root)? })
    }
}

/// A decimal number without leading zeros.
pub(crate) fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

/// A hash in base64.
pub(crate) fn hash(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// A hash as notes and proofs have it.
pub fn to_base64(hash: &Hash) -> String {
    STANDARD.encode(hash)
}

/// A hash as notes and proofs have it.
pub fn from_base64(text: &str) -> Option<Hash> {
    hash(text)
}
