//! The id of a decision: a UUIDv7, whose last four bits say in which of an organisation's books it is, to whoever has the
//! key. So a decision is found again by its id and no index is kept; to everybody else the bits are as random as the rest.

use event_log::seal::PseudonymKey;
use uuid::{Uuid, Version};

/// How many books an organisation keeps: see [`super::Recorder`].
pub(crate) const BOOKS: u8 = 16;

/// The id of a decision made now that goes into this book.
pub(crate) fn new(key: &PseudonymKey, book: u8) -> [u8; 16] {
    let mut id = Uuid::now_v7().into_bytes();
    let [head @ .., last] = &mut id;
    *last = *last & 0xf0 | (book ^ mask(key, head, *last >> 4)) & 0x0f;
    id
}

/// The book that a decision of this id went into, and when it was made, milliseconds since 1970. `None` for what is no id.
pub(super) fn read(key: &PseudonymKey, id: [u8; 16]) -> Option<(u8, i64)> {
    let uuid = Uuid::from_bytes(id);
    if uuid.get_version() != Some(Version::SortRand) {
        return None;
    }
    let (last, head) = id.split_last()?;
    Some(((*last ^ mask(key, head, *last >> 4)) & 0x0f, made_at_ms(id)?))
}

/// When a decision was made, milliseconds since 1970.
pub(crate) fn made_at_ms(id: [u8; 16]) -> Option<i64> {
    let (at, nanos) = Uuid::from_bytes(id).get_timestamp()?.to_unix();
    i64::try_from(at).ok()?.checked_mul(1_000)?.checked_add(i64::from(nanos / 1_000_000))
}

fn mask(key: &PseudonymKey, head: &[u8], upper: u8) -> u8 {
    let digest = key.digest("decision-book", &[head, &[upper]].concat());
    digest.first().copied().unwrap_or_default() & 0x0f
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_book_comes_out_again_and_not_under_another_key(book in 0..BOOKS) {
            let (key, other) = (PseudonymKey::from_bytes([7; 32]), PseudonymKey::from_bytes([8; 32]));
            let ids: Vec<_> = (0..64).map(|_| new(&key, book)).collect();
            prop_assert!(ids.iter().all(|id| read(&key, *id).unwrap().0 == book));
            prop_assert!(ids.iter().any(|id| read(&other, *id).unwrap().0 != book));
            prop_assert!(ids.iter().any(|id| id[15] & 0x0f != book), "the bits do not stand in clear");
        }

        #[test]
        fn whatever_is_no_decision_id_has_no_book(id: [u8; 16]) {
            let version_7 = id[6] >> 4 == 7;
            prop_assert_eq!(read(&PseudonymKey::from_bytes([7; 32]), id).is_some(), version_7);
        }
    }
}
