//! Page tokens: encrypted, always of one size, good only for the caller and the request that they were given to, at every
//! node that has read as far as the one that gave them.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use event_log::seal::PseudonymKey;
use zeroize::Zeroizing;

use crate::store::Heights;

const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const PLAIN_BYTES: usize = 8 + 4 + 4 + Heights::BYTES;
const DOMAIN: &[u8] = b"throughline page token 2";

/// Bytes of every token, whatever it says.
pub const TOKEN_BYTES: usize = NONCE_BYTES + PLAIN_BYTES + TAG_BYTES;

/// Where the next page starts, and what it was pinned to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// Entries published after this are left out, microseconds since 1970, so that pages of one walk fit together.
    pub pinned_at_us: i64,
    /// Days since 1970 at which the rules are judged.
    pub valid_day: i32,
    /// How many entries came before.
    pub skip: u32,
    /// What the page before may have been made from.
    pub heights: Heights,
}

/// Makes and reads tokens.
pub struct PageTokens {
    key: Zeroizing<[u8; 32]>,
}

impl PageTokens {
    /// Tokens under a key derived from the log's pseudonym key, so that every serving process reads every other's.
    pub fn new(key: &PseudonymKey) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        let halves = [key.digest("page-token-key", b"1"), key.digest("page-token-key", b"2")];
        bytes.iter_mut().zip(halves.iter().flatten()).for_each(|(to, from)| *to = *from);
        Self { key: bytes }
    }

    /// The token of a page, for a walk (a digest of caller and request).
    pub fn give(&self, page: &Page, walk: &[u8; 16]) -> Option<Vec<u8>> {
        let mut sealed = Vec::with_capacity(PLAIN_BYTES + TAG_BYTES);
        sealed.extend(page.pinned_at_us.to_be_bytes());
        sealed.extend(page.valid_day.to_be_bytes());
        sealed.extend(page.skip.to_be_bytes());
        sealed.extend(page.heights.to_bytes());
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let (bound, walk) = (Nonce::assume_unique_for_key(nonce), Aad::from(associated(walk)));
        self.cipher()?.seal_in_place_append_tag(bound, walk, &mut sealed).ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    /// What a token says; `None` when it is not one of ours, or was given to another caller or request.
    pub fn read(&self, token: &[u8], walk: &[u8; 16]) -> Option<Page> {
        if token.len() != TOKEN_BYTES {
            return None;
        }
        let (nonce, sealed) = token.split_first_chunk::<NONCE_BYTES>()?;
        let (bound, walk) = (Nonce::assume_unique_for_key(*nonce), Aad::from(associated(walk)));
        let mut sealed = sealed.to_vec();
        let plain = &*self.cipher()?.open_in_place(bound, walk, &mut sealed).ok()?;
        let (pinned_at, rest) = plain.split_first_chunk::<8>()?;
        let (valid_day, rest) = rest.split_first_chunk::<4>()?;
        let (skip, heights) = rest.split_first_chunk::<4>()?;
        Some(Page {
            pinned_at_us: i64::from_be_bytes(*pinned_at),
            valid_day: i32::from_be_bytes(*valid_day),
            skip: u32::from_be_bytes(*skip),
            heights: Heights::from_bytes(heights)?,
        })
    }

    fn cipher(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM_SIV, &*self.key).ok().map(LessSafeKey::new)
    }
}

fn associated(walk: &[u8; 16]) -> Vec<u8> {
    [DOMAIN, walk.as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_token_is_of_one_size_and_good_for_its_own_walk_only(
            pinned_at_us: i64,
            valid_day: i32,
            skip: u32,
            heights in prop::collection::vec(any::<u8>(), Heights::BYTES),
            walk: [u8; 16],
            other: [u8; 16],
            flip in 0..TOKEN_BYTES,
        ) {
            let tokens = PageTokens::new(&PseudonymKey::from_bytes([7; 32]));
            let read_back = Heights::from_bytes(&heights).unwrap();
            prop_assert_eq!(read_back.to_bytes(), heights);
            let page = Page { pinned_at_us, valid_day, skip, heights: read_back };
            let token = tokens.give(&page, &walk).unwrap();
            prop_assert_eq!(token.len(), TOKEN_BYTES);
            prop_assert_eq!(tokens.read(&token, &walk), Some(page));
            prop_assert!(walk == other || tokens.read(&token, &other).is_none());
            let mut tampered = token;
            tampered[flip] ^= 1;
            prop_assert_eq!(tokens.read(&tampered, &walk), None);
        }
    }
}
