//! The ledger: a Merkle tree over each partition of the log, and what is signed of it. Pure: no I/O, no clock.
//!
//! | module | what | after |
//! |---|---|---|
//! | [`tree`] | leaves, growing trees, roots | RFC 6962, section 2.1 |
//! | [`proof`] | inclusion and consistency proofs, made and checked | RFC 6962, sections 2.1.1 and 2.1.2 |
//! | [`record_proof`] | one record's proof as a text | C2SP tlog-proof |
//! | [`tile`] | where a tree's hashes and entries lie, and what part of them a size has | C2SP tlog-tiles |
//! | [`note`] | texts that carry signatures, and their keys | C2SP signed-note |
//! | [`checkpoint`] | one tree's size and root, as other tools read it; witnesses' cosignatures | C2SP tlog-checkpoint, tlog-cosignature v1 |
//! | [`statement`] | all trees at one moment, signed once | our own, on signed notes |
//! | [`rotation`] | how one signing key follows another | our own, on signed notes |
//! | [`difference`] | what was done to a partition whose leaves are not those recorded | our own |
//!
//! A leaf is a record's place and the hashes of what it holds, never the body: an erased body breaks no proof. Why it is made
//! so: `docs/decisions/0036-one-statement-over-all-partitions.md`.

pub mod checkpoint;
pub mod difference;
pub mod note;
pub mod proof;
pub mod record_proof;
pub mod rotation;
pub mod statement;
pub mod tile;
pub mod tree;

pub use tree::{Entry, Hash, Leaf, Tree};
