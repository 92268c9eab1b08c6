//! Padding: a sealed body's length would hint at its kind, so it tells only which step it falls in.
//!
//! The body, one byte `80`, zeros up to the step: ISO/IEC 7816-4. `docs/decisions/0021-padded-bodies.md` says why these steps.

use bytes::BufMut;

use super::PLAINTEXT_BYTES_MAX;

/// Steps of this size up to [`FINE_BYTES_MAX`], where nearly every event is.
const FINE_BYTES: usize = 128;
const FINE_BYTES_MAX: usize = 2_048;
/// Above, a step is this part of the power of two below: at most a sixteenth is added.
const COARSE_PARTS: usize = 16;
const MARK: u8 = 0x80;
/// What the largest body is padded to.
pub(super) const PADDED_BYTES_MAX: usize = PLAINTEXT_BYTES_MAX + 1;

/// The padded length, in bytes, of a body of at most [`PLAINTEXT_BYTES_MAX`].
pub(super) fn padded_len(body_bytes: usize) -> usize {
    let least = body_bytes + 1;
    let step = if least <= FINE_BYTES_MAX { FINE_BYTES } else { (1 << least.ilog2()) / COARSE_PARTS };
    least.next_multiple_of(step).min(PADDED_BYTES_MAX)
}

/// Puts the body and its padding.
pub(super) fn put(body: &[u8], into: &mut Vec<u8>) {
    into.put_slice(body);
    into.put_u8(MARK);
    into.put_bytes(0, padded_len(body.len()) - body.len() - 1);
}

/// The body's length. `None` when this is not how [`put`] pads.
pub(super) fn body_len(padded: &[u8]) -> Option<usize> {
    let mark = padded.iter().rposition(|byte| *byte != 0)?;
    let canonical = padded.get(mark) == Some(&MARK) && mark < PADDED_BYTES_MAX && padded_len(mark) == padded.len();
    canonical.then_some(mark)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn padded(body: &[u8]) -> Vec<u8> {
        let mut into = Vec::new();
        put(body, &mut into);
        into
    }

    proptest! {
        #[test]
        fn what_is_padded_comes_back(body in proptest::collection::vec(prop_oneof![Just(0_u8), Just(MARK), any::<u8>()], 0..5_000)) {
            let padded = padded(&body);
            prop_assert_eq!(padded.len(), padded_len(body.len()));
            prop_assert_eq!(body_len(&padded), Some(body.len()));
            prop_assert!(padded.len() <= (body.len() + 1).next_multiple_of(FINE_BYTES).max((body.len() + 1) * 17 / 16));
        }

        #[test]
        fn only_what_is_padded_as_we_pad_is_taken(bytes in proptest::collection::vec(prop_oneof![Just(0_u8), Just(MARK), any::<u8>()], 0..600)) {
            if let Some(len) = body_len(&bytes) {
                prop_assert_eq!(&padded(&bytes[..len])[..], &bytes[..]);
            }
        }
    }

    #[test]
    fn two_bodies_of_one_step_have_one_length() {
        for (shorter, longer) in [(0, 127), (128, 255), (1_920, 2_047), (2_048, 2_175), (40_000, 40_959)] {
            assert_eq!(padded_len(shorter), padded_len(longer), "{shorter} {longer}");
            assert!(padded_len(longer + 1) > padded_len(longer), "{longer}");
        }
        assert_eq!(padded_len(PLAINTEXT_BYTES_MAX), PADDED_BYTES_MAX);
    }

    #[test]
    fn zeros_alone_and_nothing_are_no_padding() {
        assert_eq!(body_len(&[]), None);
        assert_eq!(body_len(&[0; 128]), None);
        assert_eq!(body_len(&[MARK]), None);
    }
}
