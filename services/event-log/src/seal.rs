//! Sealing: pseudonyms, ids, data keys and envelopes.
//!
//! A data key is random, one for each (subject, source, controller), and named by its own random key id. Its record,
//! wrapped under the controller's wrapping key, is acknowledged by the keys topic before the first body that it seals.
//!
//! What is here is written to the log for ever: the labels, the layouts and the order of the hashed fields never change,
//! and `tests/seal.rs` pins them by golden values.

mod cipher;
mod data_keys;
mod error;
mod key_record;
mod keyring;
mod padding;
mod pseudonym;
mod wrapping;

use bytes::{BufMut, Bytes};
use proto::events::Family;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::position::{EventId, KeyId, Pseudonym};

use cipher::NONCE_BYTES;
pub use data_keys::DataKeys;
pub use error::SealError;
pub use key_record::{decode_key_record, destruction, key_record_to_append, readmission, rewrapped};
pub(crate) use keyring::Found;
pub use keyring::{KeyOf, KeyState, Keyring};
pub use pseudonym::PseudonymKey;
pub use wrapping::{WrappingKeys, is_key_in_passing, wrapping_folder};

/// The shape of envelope that is written: the body padded, so that its length tells little. Version 1 was not, and opens still.
pub const FORMAT_VERSION: u32 = 2;

/// The format whose bodies are not padded.
pub(crate) const UNPADDED: u32 = 1;

/// The largest envelope in bytes.
pub const ENVELOPE_BYTES_MAX: usize = crate::log::VALUE_BYTES_MAX;

/// The largest plaintext in bytes that still gives an envelope of [`ENVELOPE_BYTES_MAX`].
pub const PLAINTEXT_BYTES_MAX: usize = ENVELOPE_BYTES_MAX - CLEAR_BYTES - LENGTH_BYTES_MAX - TAG_BYTES - 1;

pub(crate) const TAG_BYTES: usize = 16;
/// The clear fields as protobuf writes them, the tag of the sealed field included.
pub(crate) const CLEAR_BYTES: usize = 59;
const LENGTH_BYTES_MAX: usize = 3;

const ASSOCIATED_LABEL: &[u8; 24] = b"throughline.envelope.v1\0";
const NONCE_LABEL: &[u8] = b"throughline.envelope.nonce.v1\0";

/// What stands in clear on an envelope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// The event's id.
    pub event_id: EventId,
    /// Whose event it is.
    pub subject: Pseudonym,
    /// The part of the catalogue that it belongs to: see [`crate::authority::family_of`].
    pub family: Family,
    /// Which data key seals the body.
    pub key_id: KeyId,
}

/// A data key: 32 bytes, wiped when dropped.
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    /// A new key from the operating system.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn generate() -> Result<Self, SealError> {
        random().map(Self)
    }

    pub(crate) fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey")
    }
}

/// Thirty-two bytes from the operating system.
pub(crate) fn random() -> Result<Zeroizing<[u8; 32]>, SealError> {
    use rand::TryRng as _;
    let mut bytes = Zeroizing::new([0; 32]);
    rand::rngs::SysRng.try_fill_bytes(&mut *bytes).map_err(|_| SealError::NoRandomness)?;
    Ok(bytes)
}

/// Seals a body: the encoded envelope. The same header, key and plaintext give the same bytes.
///
/// # Errors
/// [`SealError::TooLarge`] past [`PLAINTEXT_BYTES_MAX`].
pub fn seal(header: &Header, data_key: &DataKey, plaintext: &[u8]) -> Result<Bytes, SealError> {
    if plaintext.len() > PLAINTEXT_BYTES_MAX {
        return Err(SealError::TooLarge { bytes: plaintext.len(), bytes_max: PLAINTEXT_BYTES_MAX });
    }
    let sealed_bytes = padding::padded_len(plaintext.len()) + TAG_BYTES;
    let length_bytes = prost::encoding::encoded_len_varint(sealed_bytes as u64);
    let mut envelope = Vec::with_capacity(CLEAR_BYTES + length_bytes + sealed_bytes);
    put_clear(&mut envelope, header);
    prost::encoding::encode_varint(sealed_bytes as u64, &mut envelope);
    let clear_bytes = envelope.len();
    padding::put(plaintext, &mut envelope);
    let (_, sealed) = envelope.split_at_mut(clear_bytes);
    let tag = data_key.encrypt(nonce_of(header.event_id), &associated_data(header, FORMAT_VERSION), sealed)?;
    envelope.put_slice(&tag);
    Ok(envelope.into())
}

/// Opens what [`seal`] sealed, in this or an earlier format. `None` when any bit of the header or of the sealed bytes is not
/// as it was.
pub(crate) fn open(header: &Header, format_version: u32, data_key: &DataKey, sealed: &[u8]) -> Option<Vec<u8>> {
    let (body, tag) = sealed.split_last_chunk::<TAG_BYTES>()?;
    let mut plaintext = body.to_vec();
    let (nonce, associated) = (nonce_of(header.event_id), associated_data(header, format_version));
    data_key.decrypt(nonce, &associated, tag, &mut plaintext).ok().filter(|is_sound| *is_sound)?;
    if format_version > UNPADDED {
        plaintext.truncate(padding::body_len(&plaintext)?);
    }
    Some(plaintext)
}

/// Fields 1 to 5 in order of number, then the tag of field 6: protobuf's canonical bytes, always [`CLEAR_BYTES`] long.
fn put_clear(envelope: &mut Vec<u8>, header: &Header) {
    envelope.put_slice(&[0x08, FORMAT_VERSION as u8, 0x12, 16]);
    envelope.put_slice(header.event_id.as_bytes());
    envelope.put_slice(&[0x1a, 16]);
    envelope.put_slice(header.subject.as_bytes());
    envelope.put_slice(&[0x20, header.family as u8, 0x2a, 16]);
    envelope.put_slice(header.key_id.as_bytes());
    envelope.put_u8(0x32);
}

/// The header as the cipher binds it: a label, then every clear field at its full width.
fn associated_data(header: &Header, format_version: u32) -> [u8; 80] {
    let mut bytes = [0; 80];
    let mut rest = bytes.as_mut_slice();
    rest.put_slice(ASSOCIATED_LABEL);
    rest.put_u32(format_version);
    rest.put_slice(header.event_id.as_bytes());
    rest.put_slice(header.subject.as_bytes());
    rest.put_u32(header.family as u32);
    rest.put_slice(header.key_id.as_bytes());
    bytes
}

fn nonce_of(event_id: EventId) -> [u8; NONCE_BYTES] {
    nonce(NONCE_LABEL, event_id.as_bytes())
}

/// Twelve bytes of SHA-256 over a label and an id. The cipher forgives a repeated nonce; ids do not repeat.
pub(crate) fn nonce(label: &[u8], id: &[u8; 16]) -> [u8; NONCE_BYTES] {
    let digest = Sha256::new().chain_update(label).chain_update(id).finalize();
    let mut nonce = [0; NONCE_BYTES];
    nonce.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    nonce
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT_1: &str = "08011210818181818181818181818181818181811a100202020202020202020202020202020220022a100303030303030303030303030303030332206c91335e46bb13848ff45574c09bb986ec4851e84a5b313a9ea7418f77171ea9";
    const FORMAT_2: &str = "08021210818181818181818181818181818181811a100202020202020202020202020202020220022a1003030303030303030303030303030303329001b7ebf66ca12290cf2f06675fb57028df81a575e834f67db27275262042c41e096e4f61b2d37b7e416f9be176e356802f37bc1903e120e8e2042189e9eee96f75d6caf749d46d86a3f52827fbc05c50041f0a9a92064f06260b1f81402aa71879ce9ce425ab173d9d6be085f8679b3916ba4adb00940a5af33cb3f3d6ce65ea6b6a2eeb3c2a029c99a4145a0c283c50c6";

    fn invented() -> (Header, DataKey) {
        let header = Header {
            event_id: EventId([0x81; 16]),
            subject: Pseudonym([2; 16]),
            family: Family::SocialCare,
            key_id: KeyId([3; 16]),
        };
        (header, DataKey::from_bytes(Zeroizing::new([4; 32])))
    }

    /// What was sealed once must open for ever: these bytes were written when each format was fixed.
    #[test]
    fn sealed_bytes_are_what_they_always_were() {
        let (header, data_key) = invented();
        let envelope = seal(&header, &data_key, b"an invented body").unwrap();
        assert_eq!(hex::encode(&envelope), FORMAT_2);
        for (format_version, envelope) in [(1, FORMAT_1), (2, FORMAT_2)] {
            let sealed = crate::envelope::decode(hex::decode(envelope).unwrap().into()).unwrap();
            assert_eq!((sealed.header, sealed.format_version), (header, format_version));
            let body = open(&header, format_version, &data_key, &sealed.sealed).unwrap();
            assert_eq!(body, b"an invented body");
            assert_eq!(open(&header, 3 - format_version, &data_key, &sealed.sealed), None);
        }
    }
}
