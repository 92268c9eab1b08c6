//! A proof that one record is in what was signed, as a text that needs nothing else but the key (C2SP tlog-proof). The entry rides in
//! its extra line.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::{Checkpoint, from_base64, number, to_base64};
use crate::note::{Note, NoteError, VerifierKey};
use crate::proof::{self, ProofError};
use crate::tree::{Entry, Hash};

const FIRST: &str = "c2sp.org/tlog-proof@v1";
/// No tree is higher.
const HASHES_MAX: usize = 64;

/// A record's place in a signed tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordProof {
    /// The log entry.
    pub entry: Entry,
    /// From the leaf's sibling to the root's child.
    pub hashes: Vec<Hash>,
    /// What was signed.
    pub checkpoint: Note,
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordProofError {
    /// Not a proof.
    #[error("the text is no proof of a record")]
    Malformed,
    /// The checkpoint.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The path.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl RecordProof {
    /// Reads one.
    ///
    /// # Errors
    /// [`RecordProofError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, RecordProofError> {
        Self::read(text).ok_or(RecordProofError::Malformed)
    }

    fn read(text: &str) -> Option<Self> {
        let (head, checkpoint) = text.split_once("\n\n")?;
        let mut lines = head.split('\n');
        lines.next().filter(|first| *first == FIRST)?;
        let entry = Entry::decode(&STANDARD.decode(lines.next()?.strip_prefix("extra ")?).ok()?)?;
        let index = number(lines.next()?.strip_prefix("index ")?)?;
        let hashes: Vec<Hash> = lines.map(from_base64).collect::<Option<_>>()?;
        let proof = Self { entry, hashes, checkpoint: Note::parse(checkpoint.as_bytes()).ok()? };
        (index == entry.offset && proof.hashes.len() <= HASHES_MAX).then_some(proof)
    }

    /// Holds it to the keys: the checkpoint is signed, and the record is in it. Gives what was signed.
    ///
    /// # Errors
    /// [`RecordProofError`] when that is not so.
    pub fn check(&self, keys: &[VerifierKey]) -> Result<Checkpoint, RecordProofError> {
        let checkpoint = Checkpoint::of(&self.checkpoint)?;
        let is_origins =
            |key: &&VerifierKey| checkpoint.origin.strip_prefix(key.name()).is_some_and(|of| of.starts_with('/'));
        self.checkpoint.check(&keys.iter().filter(is_origins).cloned().collect::<Vec<_>>())?;
        let Checkpoint { size, root, .. } = &checkpoint;
        proof::check_inclusion(&self.entry.hash(), self.entry.offset, *size, root, &self.hashes)?;
        Ok(checkpoint)
    }
}

impl fmt::Display for RecordProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST}\nextra {}\nindex {}", STANDARD.encode(self.entry.encode()), self.entry.offset)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{}", to_base64(hash)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::{KeyKind, SigningKey};
    use crate::statement::{Head, Statement};
    use crate::tree::{Leaf, Tree, node};

    #[test]
    fn a_proof_needs_nothing_but_the_key_and_any_flipped_bit_breaks_it() {
        let leaf = |offset| Leaf { offset, published_at_us: 5, key: b"k", value: b"v" }.entry();
        let mut tree = Tree::new();
        (0..3).for_each(|n| tree.append(leaf(n).hash()));
        let key = SigningKey::new("example.org/ledger", KeyKind::Note, [1; 32]).unwrap();
        let head = Head { tree: "a/3".to_owned(), size: 3, root: tree.root() };
        let (statement, _) = Statement::sign(&key, 5, vec![head], None).unwrap();
        let hashes = vec![leaf(0).hash(), leaf(2).hash()];
        assert_eq!(tree.root(), node(&node(&hashes[0], &leaf(1).hash()), &hashes[1]));
        let proof = RecordProof { entry: leaf(1), hashes, checkpoint: statement.checkpoint("a/3").unwrap() };
        let text = proof.to_string();
        let read = RecordProof::parse(&text).unwrap();
        assert_eq!(read, proof);
        let keys = [key.public().clone()];
        assert_eq!(read.check(&keys).unwrap().origin, "example.org/ledger/a/3");
        let stranger = SigningKey::new("example.org/ledger", KeyKind::Note, [2; 32]).unwrap();
        assert!(read.check(&[stranger.public().clone()]).is_err());
        // The same key under another name signs another ledger.
        let other = SigningKey::new("example.org/led", KeyKind::Note, [1; 32]).unwrap();
        assert!(read.check(&[other.public().clone()]).is_err());
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let broken = String::from_utf8(bytes).ok().and_then(|text| RecordProof::parse(&text).ok());
            assert!(broken.is_none_or(|proof| proof.check(&keys).is_err()), "byte {at}");
        }
    }
}
