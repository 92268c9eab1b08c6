//! Page tokens: encrypted, always of one size, good only for the caller and the request that they were given to, at every
//! node that has read as far as the one that gave them.

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use event_log::seal::PseudonymKey;

use crate::store::Heights;

const NONCE_BYTES: usize = 12;
const PLAIN_BYTES: usize = 8 + 4 + 4 + Heights::BYTES;
const DOMAIN: &[u8] = b"throughline page token 2";

/// Bytes of every token, whatever it says.
pub const TOKEN_BYTES: usize = NONCE_BYTES + PLAIN_BYTES + 16;

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
    cipher: Aes256GcmSiv,
}

impl PageTokens {
    /// Tokens under a key derived from the log's pseudonym key, so that every serving process reads every other's.
    pub fn new(key: &PseudonymKey) -> Self {
        let mut bytes = [0; 32];
        let halves = [key.digest("page-token-key", b"1"), key.digest("page-token-key", b"2")];
        bytes.iter_mut().zip(halves.iter().flatten()).for_each(|(to, from)| *to = *from);
        Self { cipher: Aes256GcmSiv::new(&bytes.into()) }
    }

    /// The token of a page, for a walk (a digest of caller and request).
    pub fn give(&self, page: &Page, walk: &[u8; 16]) -> Option<Vec<u8>> {
        let mut plain = Vec::with_capacity(PLAIN_BYTES);
        plain.extend(page.pinned_at_us.to_be_bytes());
        plain.extend(page.valid_day.to_be_bytes());
        plain.extend(page.skip.to_be_bytes());
        plain.extend(page.heights.to_bytes());
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let payload = Payload { msg: &plain, aad: &associated(walk) };
        let sealed = self.cipher.encrypt(&Nonce::from(nonce), payload).ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    /// What a token says; `None` when it is not one of ours, or was given to another caller or request.
    pub fn read(&self, token: &[u8], walk: &[u8; 16]) -> Option<Page> {
        if token.len() != TOKEN_BYTES {
            return None;
        }
        let (nonce, sealed) = token.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload { msg: sealed, aad: &associated(walk) };
        let plain = self.cipher.decrypt(&Nonce::from(*nonce), payload).ok()?;
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
