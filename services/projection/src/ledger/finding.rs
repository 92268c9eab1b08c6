//! What a verification finds: which tree, where in it, and what was done.

use std::fmt;

use ledger::difference::Difference;

/// Something that is not as it was signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Topic and partition; empty of what concerns all.
    pub tree: String,
    /// The first offset that is not as signed; where only a range is known, the first of it and the one after the last.
    pub at: Option<(u64, u64)>,
    /// What.
    pub what: What,
}

/// What is not as it was signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// Records.
    Records(Difference),
    /// Records, where nothing at hand says which: the leaves do not give the signed root.
    SomeRecord,
    /// Two statements are signed that no one log bears out.
    Forked {
        /// When the one was signed, seconds since 1970.
        one: u64,
        /// And the other.
        other: u64,
    },
    /// The ledger's own files, or a bundle's tiles, are not those of the tree that was signed.
    Tiles,
    /// The log does not let itself be read.
    Damaged(String),
    /// A part of a bundle is missing or cannot be read.
    Missing(String),
}

impl Finding {
    /// At one offset.
    pub fn at(tree: &str, offset: u64, what: What) -> Self {
        Self { tree: tree.to_owned(), at: Some((offset, offset + 1)), what }
    }

    /// Somewhere in a range.
    pub fn within(tree: &str, from: u64, to: u64, what: What) -> Self {
        Self { tree: tree.to_owned(), at: Some((from, to)), what }
    }

    /// Of a tree as a whole, or, with no name, of everything.
    pub fn of(tree: &str, what: What) -> Self {
        Self { tree: tree.to_owned(), at: None, what }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tree)?;
        match self.at {
            Some((from, to)) if to == from + 1 => write!(f, "@{from}: ")?,
            Some((from, to)) => write!(f, "@{from}..{to}: ")?,
            None if self.tree.is_empty() => {}
            None => f.write_str(": ")?,
        }
        match &self.what {
            What::Records(difference) => write!(f, "{difference}"),
            What::SomeRecord => f.write_str("changed: these records are not those that were signed"),
            What::Forked { one, other } => {
                write!(f, "forked: the statements signed at {one} and at {other} are of two different histories")
            }
            What::Tiles => f.write_str("tiles: the recorded hashes are not those that were signed"),
            What::Damaged(why) => write!(f, "damaged: {why}"),
            What::Missing(what) => write!(f, "missing: {what}"),
        }
    }
}
