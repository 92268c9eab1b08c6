//! Proofs that a tree holds a leaf, and that a tree is the beginning of a larger one. Made as RFC 6962 sections 2.1.1 and
//! 2.1.2 define them; checked by walking from the leaves up, without the tree.

use crate::tree::{Hash, Tree, empty, node};

/// Hashes a tile level: a hash at level `l` is the root of 256^l leaves.
pub const LEVEL_HEIGHT: u32 = 8;

/// Where the hashes of a tree are kept, level by level (see [`LEVEL_HEIGHT`]).
pub trait Hashes {
    /// Why they cannot be read.
    type Error;

    /// Exactly `count` hashes of a level, from the one of this index on.
    ///
    /// # Errors
    /// When they cannot be read, or are not there.
    fn hashes(&self, level: u32, from: u64, count: u64) -> Result<Vec<Hash>, Self::Error>;
}

/// The root of the first `size` leaves.
///
/// # Errors
/// As [`Hashes::hashes`].
pub fn root<H: Hashes>(hashes: &H, size: u64) -> Result<Hash, H::Error> {
    if size == 0 { Ok(empty()) } else { range(hashes, 0, size) }
}

/// The tree of the first `size` leaves, ready to grow.
///
/// # Errors
/// As [`Hashes::hashes`].
pub fn tree<H: Hashes>(hashes: &H, size: u64) -> Result<Tree, H::Error> {
    let (mut edge, mut at) = (Vec::new(), 0);
    for height in (0..u64::BITS).rev().filter(|height| size >> height & 1 == 1) {
        edge.push(complete(hashes, height, at >> height)?);
        at += 1 << height;
    }
    Ok(Tree::of_edge(size, edge).unwrap_or_default())
}

/// The proof that the leaf `index` is in the tree of `size`: from the leaf's sibling to the root's child. Empty when there is no
/// such leaf.
///
/// # Errors
/// As [`Hashes::hashes`].
pub fn inclusion<H: Hashes>(hashes: &H, index: u64, size: u64) -> Result<Vec<Hash>, H::Error> {
    let (mut from, mut to, mut proof) = (0, size, Vec::new());
    while index < size && to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            proof.push(range(hashes, middle, to)?);
            to = middle;
        } else {
            proof.push(range(hashes, from, middle)?);
            from = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The proof that the tree of `size` leaves is the beginning of the one of `larger`. Empty when the sizes are equal, or the
/// first is 0 or larger.
///
/// # Errors
/// As [`Hashes::hashes`].
pub fn consistency<H: Hashes>(hashes: &H, size: u64, larger: u64) -> Result<Vec<Hash>, H::Error> {
    let (mut from, mut to, mut proof, mut whole) = (0, larger, Vec::new(), true);
    if size == 0 || size >= larger {
        return Ok(proof);
    }
    while size != to {
        let middle = from + split(to - from);
        if size <= middle {
            proof.push(range(hashes, middle, to)?);
            to = middle;
        } else {
            proof.push(range(hashes, from, middle)?);
            from = middle;
            whole = false;
        }
    }
    if !whole {
        proof.push(range(hashes, from, to)?);
    }
    proof.reverse();
    Ok(proof)
}

/// The largest power of two below a number over 1.
fn split(leaves: u64) -> u64 {
    1 << (u64::BITS - 1 - (leaves - 1).leading_zeros())
}

/// The root of a range that a tree has: one that begins at a multiple of the next power of two.
fn range<H: Hashes>(hashes: &H, from: u64, to: u64) -> Result<Hash, H::Error> {
    let leaves = to - from;
    if leaves.is_power_of_two() {
        let height = leaves.trailing_zeros();
        return complete(hashes, height, from >> height);
    }
    let middle = from + split(leaves);
    Ok(node(&range(hashes, from, middle)?, &range(hashes, middle, to)?))
}

/// The root of a complete subtree of this height.
fn complete<H: Hashes>(hashes: &H, height: u32, index: u64) -> Result<Hash, H::Error> {
    let (level, above) = (height / LEVEL_HEIGHT, height % LEVEL_HEIGHT);
    let mut folded = hashes.hashes(level, index << above, 1 << above)?;
    while folded.len() > 1 {
        folded =
            folded.chunks_exact(2).filter_map(|two| two.first().zip(two.last())).map(|(l, r)| node(l, r)).collect();
    }
    Ok(folded.first().copied().unwrap_or_else(empty))
}

/// A proof that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// There is nothing to prove at these sizes.
    #[error("the sizes or the index are impossible")]
    Sizes,
    /// Too few hashes, or too many.
    #[error("the proof is not as long as the sizes make it")]
    Length,
    /// The hashes do not lead to the root.
    #[error("the proof does not lead to the root")]
    Root,
}

/// Checks that a leaf is at `index` in the tree of `size` with this root.
///
/// # Errors
/// [`ProofError`] when that is not proven.
pub fn check_inclusion(leaf: &Hash, index: u64, size: u64, root: &Hash, proof: &[Hash]) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Sizes);
    }
    let (mut at, mut last, mut found) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if at % 2 == 1 || at == last {
            found = node(sibling, &found);
            // A last leaf without a sibling is carried up until it has one.
            while at % 2 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            found = node(&found, sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    match (last, found == *root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::Length),
    }
}

/// Checks that the tree of `size` with `root` is the beginning of the tree of `larger` with `larger_root`.
///
/// # Errors
/// [`ProofError`] when that is not proven.
pub fn check_consistency(
    (size, root): (u64, &Hash),
    (larger, larger_root): (u64, &Hash),
    proof: &[Hash],
) -> Result<(), ProofError> {
    let (mut hashes, exact) = match () {
        () if size > larger => return Err(ProofError::Sizes),
        () if size == larger || size == 0 => {
            let equal =
                if size == 0 { *root == empty() && (larger > 0 || root == larger_root) } else { root == larger_root };
            return if !proof.is_empty() {
                Err(ProofError::Length)
            } else if equal {
                Ok(())
            } else {
                Err(ProofError::Root)
            };
        }
        () => (proof.iter(), size.is_power_of_two()),
    };
    let (mut at, mut last) = (size - 1, larger - 1);
    while at % 2 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    // A smaller tree that is one complete subtree is where the walk begins, and is not repeated in the proof.
    let first = if exact { *root } else { *hashes.next().ok_or(ProofError::Length)? };
    let (mut found, mut found_larger) = (first, first);
    for hash in hashes {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if at % 2 == 1 || at == last {
            found = node(hash, &found);
            found_larger = node(hash, &found_larger);
            while at % 2 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            found_larger = node(&found_larger, hash);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    match (last, found == *root && found_larger == *larger_root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::Length),
    }
}

#[cfg(test)]
mod tests;
