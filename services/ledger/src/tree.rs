//! Leaves, and trees that grow. Hashing as RFC 6962 section 2.1, with SHA-256.

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
    /// What the tree is made over.
    pub fn entry(&self) -> Entry {
        Entry {
            offset: self.offset,
            published_at_us: self.published_at_us,
            key: Sha256::digest(self.key).into(),
            value: Sha256::digest(self.value).into(),
        }
    }

    /// The leaf hash: SHA-256 over 0x00 and the entry's bytes.
    pub fn hash(&self) -> Hash {
        self.entry().hash()
    }
}

/// A log entry: a record's place and time, and the hashes of its key and its sealed value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The record's offset.
    pub offset: u64,
    /// When the log took it, microseconds since 1970.
    pub published_at_us: i64,
    /// SHA-256 of the key.
    pub key: Hash,
    /// SHA-256 of the sealed value.
    pub value: Hash,
}

impl Entry {
    /// How long an entry is.
    pub const BYTES: usize = 1 + 8 + 8 + 32 + 32;
    const FORMAT: u8 = 1;

    /// The entry's bytes: format 1, offset, published-at, the two hashes; integers big-endian.
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let (offset, time) = (self.offset.to_be_bytes(), self.published_at_us.to_be_bytes());
        let parts = [Self::FORMAT].into_iter().chain(offset).chain(time).chain(self.key).chain(self.value);
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        bytes
    }

    /// From exactly an entry's bytes.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (format, rest) = bytes.split_first()?;
        let (offset, rest) = rest.split_first_chunk()?;
        let (time, rest) = rest.split_first_chunk()?;
        let (key, rest) = rest.split_first_chunk()?;
        let value = rest.try_into().ok()?;
        let (offset, published_at_us) = (u64::from_be_bytes(*offset), i64::from_be_bytes(*time));
        (*format == Self::FORMAT).then_some(Self { offset, published_at_us, key: *key, value })
    }

    /// The leaf hash: SHA-256 over 0x00 and the entry's bytes.
    pub fn hash(&self) -> Hash {
        Sha256::new().chain_update([0x00]).chain_update(self.encode()).finalize().into()
    }

    /// The leaf hash that this record would have at another offset.
    pub fn hash_at(&self, offset: u64) -> Hash {
        Self { offset, ..*self }.hash()
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
        self.append_noting(leaf_hash, |_, _| {});
    }

    /// Adds the next leaf, and tells of the leaf and of every subtree that it completes: height (0 for the leaf) and root.
    pub fn append_noting(&mut self, leaf_hash: Hash, mut completed: impl FnMut(u32, &Hash)) {
        let mut root = leaf_hash;
        completed(0, &root);
        // Each trailing one of the size is a complete subtree as large as what we carry.
        for height in 1..=self.size.trailing_ones() {
            if let Some(left) = self.edge.pop() {
                root = node(&left, &root);
                completed(height, &root);
            }
        }
        self.edge.push(root);
        self.size += 1;
    }

    /// The root. SHA-256 of nothing for the empty tree.
    pub fn root(&self) -> Hash {
        let folded = self.edge.iter().rev().copied().reduce(|right, left| node(&left, &right));
        folded.unwrap_or_else(empty)
    }

    /// The tree of this size whose complete subtrees, largest first, have these roots. `None` when there are not as many as
    /// the size has set bits.
    pub fn of_edge(size: u64, edge: Vec<Hash>) -> Option<Self> {
        (edge.len() as u64 == u64::from(size.count_ones())).then_some(Self { size, edge })
    }
}

/// The root of no leaves.
pub fn empty() -> Hash {
    Sha256::digest([]).into()
}

/// The root of two subtrees.
pub fn node(left: &Hash, right: &Hash) -> Hash {
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

    /// What was signed once must be found again: these bytes were written when the format was fixed.
    #[test]
    fn an_entrys_bytes_are_what_they_always_were() {
        let leaf = Leaf { offset: 258, published_at_us: 1_743_379_200_000_000, key: b"key", value: b"sealed" };
        let bytes = leaf.entry().encode();
        assert_eq!(
            hex::encode(bytes),
            "0100000000000001020006319819ecc000\
             2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683\
             c9d0036bed6744bcdf692fc980d8717d7e5f5a4f4e8266b4a84982602fb1cd09"
        );
        assert_eq!(Entry::decode(&bytes), Some(leaf.entry()));
    }

    proptest! {
        #[test]
        fn only_an_entrys_own_bytes_are_an_entry(offset: u64, at: i64, key: [u8; 32], value: [u8; 32], cut in 0usize..81) {
            let entry = Entry { offset, published_at_us: at, key, value };
            let bytes = entry.encode();
            prop_assert_eq!(Entry::decode(&bytes), Some(entry));
            prop_assert_eq!(Entry::decode(&bytes[..cut]), None);
            prop_assert_eq!(Entry::decode(&[&bytes[..], &[0]].concat()), None);
            prop_assert_eq!(entry.hash_at(offset.wrapping_add(1)), Entry { offset: offset.wrapping_add(1), ..entry }.hash());
        }

        #[test]
        fn a_trees_edge_makes_it_again(size in 0u64..300) {
            let mut tree = Tree::new();
            let mut complete = 0u64;
            (0..size).for_each(|n| tree.append_noting([n as u8; 32], |height, _| complete += u64::from(height == 3)));
            prop_assert_eq!(complete, size / 8);
            prop_assert_eq!(Tree::of_edge(size, tree.edge.clone()), Some(tree.clone()));
            prop_assert_eq!(Tree::of_edge(size + 1, vec![]), None);
        }

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
            prop_assume!(key != value);
            prop_assert_ne!(leaf.hash(), Leaf { value: &key, key: &value, ..leaf }.hash());
        }
    }
}
