//! The Merkle tree over a log partition: pure. Hashing as RFC 6962 section 2.1, with SHA-256.
//!
//! A leaf is a record's place and the hashes of what it holds, never the body: an erased body breaks no proof.

use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// What a leaf says of a log record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leaf<'a> {
    /// Its offset, which is also its index in the tree.
    pub offset: u64,
    /// When the log took it, microseconds since 1970.
    pub published_at_us: i64,
    /// The record's key.
    pub key: &'a [u8],
    /// The sealed value.
    pub value: &'a [u8],
}

impl Leaf<'_> {
    /// The leaf hash: 0x00, then format 1, offset, published-at, SHA-256 of the key, SHA-256 of the value; integers
    /// big-endian.
    pub fn hash(&self) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update([0x00, 1]);
        hasher.update(self.offset.to_be_bytes());
        hasher.update(self.published_at_us.to_be_bytes());
        hasher.update(Sha256::digest(self.key));
        hasher.update(Sha256::digest(self.value));
        hasher.finalize().into()
    }
}

/// A tree that grows at its right edge, holding only the roots of its complete subtrees: 32 bytes for each bit of its size.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Tree {
    size: u64,
    /// Roots of the complete subtrees, largest first: one for each set bit of the size.
    edge: Vec<Hash>,
}

impl Tree {
    /// The empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds the next leaf, by its leaf hash.
    pub fn append(&mut self, leaf_hash: Hash) {
        let mut root = leaf_hash;
        // Each trailing one of the size is a complete subtree as large as what we carry.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.edge.pop() {
                root = node(&left, &root);
            }
        }
        self.edge.push(root);
        self.size += 1;
    }

    /// The root. SHA-256 of nothing for the empty tree.
    pub fn root(&self) -> Hash {
        let folded = self.edge.iter().rev().copied().reduce(|right, left| node(&left, &right));
        folded.unwrap_or_else(|| Sha256::digest([]).into())
    }
}

fn node(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0x01]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain_leaf(data: &[u8]) -> Hash {
        Sha256::new().chain_update([0x00]).chain_update(data).finalize().into()
    }

    /// The roots of the eight-leaf example that certificate-transparency implementations test against.
    #[test]
    fn roots_are_those_of_the_certificate_transparency_example() {
        let leaves: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let mut tree = Tree::new();
        assert_eq!(hex::encode(tree.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        let expected = [
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ];
        for (size, leaf) in (1u64..).zip(leaves) {
            tree.append(plain_leaf(leaf));
            if let Some((_, root)) = expected.iter().find(|(at, _)| *at == size) {
                assert_eq!(hex::encode(tree.root()), *root, "size {size}");
            }
        }
    }

    /// The definition, written as RFC 6962 writes it.
    fn by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [one] => *one,
            many => {
                let split = many.len().next_power_of_two() / 2;
                node(&by_definition(&many[..split]), &by_definition(&many[split..]))
            }
        }
    }

    proptest! {
        #[test]
        fn growing_gives_the_tree_of_the_definition(leaves in proptest::collection::vec(any::<[u8; 32]>(), 0..70)) {
            let mut tree = Tree::new();
            leaves.iter().for_each(|leaf| tree.append(*leaf));
            prop_assert_eq!(tree.root(), by_definition(&leaves));
            prop_assert_eq!(tree.size(), leaves.len() as u64);
        }

        #[test]
        fn any_part_of_a_leaf_changes_its_hash(offset: u64, at: i64, key: [u8; 4], value: [u8; 4], bit in 0u32..64) {
            let leaf = Leaf { offset, published_at_us: at, key: &key, value: &value };
            prop_assert_ne!(leaf.hash(), Leaf { offset: offset ^ (1 << bit), ..leaf }.hash());
            prop_assert_ne!(leaf.hash(), Leaf { published_at_us: at ^ (1 << bit), ..leaf }.hash());
            prop_assert_ne!(leaf.hash(), Leaf { value: &key, key: &value, ..leaf }.hash() , "{}", key == value);
        }
    }
}
