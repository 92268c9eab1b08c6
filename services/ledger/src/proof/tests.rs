use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;

/// Levels in memory.
struct Levels(Vec<Vec<Hash>>);

impl Levels {
    fn of(leaves: &[Hash]) -> Self {
        let (mut tree, mut levels) = (Tree::new(), Vec::<Vec<Hash>>::new());
        for leaf in leaves {
            tree.append_noting(*leaf, |height, root| {
                if height % LEVEL_HEIGHT == 0 {
                    let level = (height / LEVEL_HEIGHT) as usize;
                    levels.resize_with(levels.len().max(level + 1), Vec::new);
                    levels[level].push(*root);
                }
            });
        }
        Self(levels)
    }
}

impl Hashes for Levels {
    type Error = std::convert::Infallible;

    fn hashes(&self, level: u32, from: u64, count: u64) -> Result<Vec<Hash>, Self::Error> {
        Ok(self.0[level as usize][from as usize..(from + count) as usize].to_vec())
    }
}

fn plain_leaf(data: &[u8]) -> Hash {
    Sha256::new().chain_update([0x00]).chain_update(data).finalize().into()
}

fn many(size: u64) -> (Levels, Vec<Hash>) {
    let leaves: Vec<Hash> = (0..size).map(|n| plain_leaf(&n.to_be_bytes())).collect();
    (Levels::of(&leaves), leaves)
}

/// The paths of the eight-leaf example that certificate-transparency implementations test against.
#[test]
fn proofs_are_those_of_the_certificate_transparency_example() {
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
    let levels = Levels::of(&leaves.map(plain_leaf));
    let shown = |proof: Vec<Hash>| proof.iter().map(hex::encode).collect::<Vec<_>>();
    assert_eq!(
        shown(inclusion(&levels, 0, 8).unwrap()),
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ]
    );
    assert_eq!(
        shown(inclusion(&levels, 5, 8).unwrap()),
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
    );
    assert_eq!(
        shown(consistency(&levels, 6, 8).unwrap()),
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
    );
    assert_eq!(
        shown(consistency(&levels, 1, 8).unwrap()),
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ]
    );
}

#[test]
fn every_proof_of_every_small_tree_holds() {
    let (levels, leaves) = many(20);
    let roots: Vec<Hash> = (0..=20).map(|size| root(&levels, size).unwrap()).collect();
    for larger in 0..=20u64 {
        assert_eq!(tree(&levels, larger).unwrap().root(), roots[larger as usize]);
        for size in 0..=larger {
            let proof = consistency(&levels, size, larger).unwrap();
            let (one, other) = ((size, &roots[size as usize]), (larger, &roots[larger as usize]));
            check_consistency(one, other, &proof).unwrap();
        }
        for index in 0..larger {
            let proof = inclusion(&levels, index, larger).unwrap();
            check_inclusion(&leaves[index as usize], index, larger, &roots[larger as usize], &proof).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_proof_holds_and_any_flipped_bit_breaks_it(size in 1u64..70_000, of in any::<u64>(), bit in any::<u32>()) {
        let (levels, leaves) = many(size);
        let (index, all) = (of % size, root(&levels, size).unwrap());
        let leaf = leaves[index as usize];
        let proof = inclusion(&levels, index, size).unwrap();
        prop_assert_eq!(check_inclusion(&leaf, index, size, &all, &proof), Ok(()));
        let flip = |hash: &Hash| { let mut hash = *hash; hash[(bit % 32) as usize] ^= 1 << (bit / 32 % 8); hash };
        prop_assert!(check_inclusion(&flip(&leaf), index, size, &all, &proof).is_err());
        prop_assert!(check_inclusion(&leaf, index, size, &flip(&all), &proof).is_err());
        for at in 0..proof.len() {
            let mut other = proof.clone();
            other[at] = flip(&other[at]);
            prop_assert!(check_inclusion(&leaf, index, size, &all, &other).is_err());
        }
        prop_assert!(check_inclusion(&leaf, index, size, &all, &[&proof[..], &[leaf]].concat()).is_err());
        prop_assert!(proof.is_empty() || check_inclusion(&leaf, index, size, &all, &proof[1..]).is_err());
        prop_assert!(check_inclusion(&leaf, size, size, &all, &proof).is_err());
    }

    #[test]
    fn a_tree_is_the_beginning_of_a_larger_one_and_of_no_other(size in 1u64..3_000, more in 1u64..3_000, bit in any::<u32>()) {
        let larger = size + more;
        let (levels, leaves) = many(larger);
        let (one, other) = (root(&levels, size).unwrap(), root(&levels, larger).unwrap());
        let proof = consistency(&levels, size, larger).unwrap();
        prop_assert_eq!(check_consistency((size, &one), (larger, &other), &proof), Ok(()));
        // Another history: one leaf below the smaller size is not the same.
        let mut forged = leaves;
        forged[(u64::from(bit) % size) as usize][0] ^= 1;
        let forged = Levels::of(&forged);
        let forged_root = root(&forged, larger).unwrap();
        let forged_proof = consistency(&forged, size, larger).unwrap();
        prop_assert!(check_consistency((size, &one), (larger, &forged_root), &forged_proof).is_err());
        for at in 0..proof.len() {
            let mut broken = proof.clone();
            broken[at][(bit % 32) as usize] ^= 1 << (bit / 32 % 8);
            prop_assert!(check_consistency((size, &one), (larger, &other), &broken).is_err());
        }
        prop_assert!(check_consistency((larger, &other), (size, &one), &proof).is_err());
    }
}
