//! The statement: every tree of the log at one moment, under one signature.
//!
//! ```text
//! example.org/ledger
//! throughline ledger v1
//! time 1763812345
//! throughline.health.v1/3 532 base64(root) base64(key id || signature)
//! ...
//!
//! — example.org/ledger base64(key id || signature)
//! ```
//!
//! A line for each tree that has a leaf: its name, size, root, and the signature over its own checkpoint, whose origin is the
//! ledger's origin, a slash and the tree's name. So whoever has the statement has a checkpoint of each tree as existing tools
//! read it ([`Head::checkpoint`]), and one signature says that all of them stood together. No statement can be read as a
//! checkpoint: its second line is no number.

use std::collections::{BTreeMap, BTreeSet};

use crate::checkpoint::{Checkpoint, hash, number, to_base64};
use crate::note::{Note, NoteError, Signature, SigningKey, VerifierKey, is_name};
use crate::tree::Hash;

const KIND: &str = "throughline ledger v1";

/// One tree at one size.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// Which tree: topic and partition.
    pub tree: String,
    /// Leaves.
    pub size: u64,
    /// Their root.
    pub root: Hash,
}

/// All trees at one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement {
    /// Which ledger.
    pub origin: String,
    /// When it was signed, seconds since 1970.
    pub signed_at: u64,
    heads: Vec<(Head, Signature)>,
}

/// Two statements that one log cannot bear out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// The tree of which they say it.
    pub tree: String,
    /// The size at which they do: the same with two roots, or one that a later statement falls short of.
    pub size: u64,
    /// How large the later one says that the tree is.
    pub later: u64,
}

impl Statement {
    /// Says it: a signature a tree, those of trees that stand as they did taken from `before`, and one over all.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] when a tree cannot be called so.
    pub fn sign(
        key: &SigningKey,
        signed_at: u64,
        heads: Vec<Head>,
        before: Option<&Self>,
    ) -> Result<(Self, Note), NoteError> {
        let (name, id) = (key.public().name(), key.public().id());
        let known: BTreeMap<&str, &(Head, Signature)> =
            before.iter().flat_map(|before| &before.heads).map(|entry| (entry.0.tree.as_str(), entry)).collect();
        let signed = |head: Head| {
            let there = known.get(head.tree.as_str()).filter(|there| there.0 == head && there.1.id == id);
            let signature = there.map(|there| there.1.clone());
            let signature = signature.unwrap_or_else(|| key.sign(&checkpoint(name, &head).text(), signed_at));
            (head, signature)
        };
        let heads = heads.into_iter().filter(|head| head.size > 0).map(signed).collect();
        let statement = Self { origin: name.to_owned(), signed_at, heads };
        let mut note = Note::new(statement.text())?;
        // What is signed is what will be read.
        Self::of(&note)?;
        note.add(key.sign(note.text(), signed_at));
        Ok((statement, note))
    }

    /// The trees, in the order of the statement.
    pub fn heads(&self) -> impl Iterator<Item = &Head> {
        self.heads.iter().map(|(head, _)| head)
    }

    /// A tree's size and root: of no leaves where the statement says nothing of it.
    pub fn head(&self, tree: &str) -> Option<&Head> {
        self.heads().find(|head| head.tree == tree)
    }

    /// The checkpoint of a tree, signed, as existing tools read it.
    pub fn checkpoint(&self, tree: &str) -> Option<Note> {
        let (head, signature) = self.heads.iter().find(|(head, _)| head.tree == tree)?;
        let mut note = Note::new(checkpoint(&self.origin, head).text()).ok()?;
        note.add(signature.clone());
        Some(note)
    }

    /// Leaves of all trees.
    pub fn leaves(&self) -> u64 {
        self.heads().map(|head| head.size).sum()
    }

    fn text(&self) -> String {
        let line = |(head, signature): &(Head, Signature)| {
            format!("{} {} {} {}\n", head.tree, head.size, to_base64(&head.root), signature.to_base64())
        };
        let lines: String = self.heads.iter().map(line).collect();
        format!("{}\n{KIND}\ntime {}\n{lines}", self.origin, self.signed_at)
    }

    /// Reads the text of a note. Nothing of it is believed before the note is checked.
    ///
    /// # Errors
    /// [`NoteError::Malformed`].
    pub fn of(note: &Note) -> Result<Self, NoteError> {
        Self::of_text(note.text()).ok_or(NoteError::Malformed("it is no statement of a ledger"))
    }

    /// Reads a note that one of these keys signed: one of the ledger itself, by its name.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn believed(note: &Note, keys: &[VerifierKey]) -> Result<Self, NoteError> {
        let statement = Self::of(note)?;
        let own: Vec<VerifierKey> = keys.iter().filter(|key| key.name() == statement.origin).cloned().collect();
        note.check(&own)?;
        Ok(statement)
    }

    fn of_text(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let origin = lines.next().filter(|origin| is_name(origin))?;
        lines.next().filter(|kind| *kind == KIND)?;
        let signed_at = number(lines.next()?.strip_prefix("time ")?)?;
        let mut seen = BTreeSet::new();
        let head = |line: &str| {
            let mut words = line.split(' ');
            let tree = words.next().filter(|tree| is_name(tree))?.to_owned();
            let size = number(words.next()?).filter(|size| *size > 0)?;
            let root = hash(words.next()?)?;
            let signature = Signature::from_base64(origin, words.next()?)?;
            let alone = words.next().is_none() && seen.insert(tree.clone());
            alone.then_some((Head { tree, size, root }, signature))
        };
        let heads: Option<Vec<_>> = lines.map(head).collect();
        Some(Self { origin: origin.to_owned(), signed_at, heads: heads? })
    }

    /// The first tree of which a later statement says what cannot follow from this one, as far as sizes and roots tell.
    pub fn contradicted_by(&self, later: &Self) -> Option<Contradiction> {
        self.heads().find_map(|head| {
            let then = later.head(&head.tree);
            let size = then.map_or(0, |then| then.size);
            let contradicts =
                size < head.size || (size == head.size && then.is_some_and(|then| then.root != head.root));
            contradicts.then(|| Contradiction { tree: head.tree.clone(), size: size.min(head.size), later: size })
        })
    }
}

fn checkpoint(origin: &str, head: &Head) -> Checkpoint {
    Checkpoint { origin: format!("{origin}/{}", head.tree), size: head.size, root: head.root }
}

#[cfg(test)]
mod tests;
