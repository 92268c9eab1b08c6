//! Decoding: bytes to a checked envelope, and a checked envelope to a checked body.
//!
//! Three steps, each a type that only the step before it gives: [`decode`] reads what stands in clear and takes canonical
//! bytes only; [`Sealed::open`] opens the seal, or tells parked from erased; [`CheckedBody::check`] reads the body and
//! holds it against the envelope and the key that sealed it. Who may say it is the last step: [`crate::authority::check`].

mod body;

use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use proto::event::KindNumber;
use proto::events::Family;

use crate::position::{EventId, KeyId, Pseudonym};
use crate::seal::{self, ENVELOPE_BYTES_MAX, FORMAT_VERSION, Header, KeyOf, Keyring, SealError, TAG_BYTES, UNPADDED};

pub use body::CheckedBody;

/// Why bytes are no envelope, or an envelope's body is not what it says.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// The bytes of this field are not canonical, missing, or of the wrong length.
    #[error("the envelope's {field} is malformed")]
    Malformed {
        /// Its name in envelope.proto.
        field: &'static str,
    },
    /// Larger than any envelope.
    #[error("an envelope of {bytes} bytes is larger than {ENVELOPE_BYTES_MAX}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// A format that this build does not know.
    #[error("the envelope's format version is none of 1 to {FORMAT_VERSION}")]
    FormatUnknown,
    /// A family that this build does not know.
    #[error("the envelope's family is not known to this build")]
    FamilyUnknown,
    /// The envelope names a key of another subject.
    #[error("key {0} is another subject's")]
    KeyOfAnother(KeyId),
    /// The seal does not hold: some bit of the envelope is not as it was sealed.
    #[error("the envelope's seal does not hold")]
    SealBroken,
    /// The key could not be had, for a reason that waiting will not cure.
    #[error("the envelope's key could not be used")]
    Key(#[from] SealError),
    /// The body is not the message that the family names.
    #[error("the sealed body is not protobuf of its family")]
    BodyUnreadable,
    /// This field of the body is missing, implausible or of the wrong length.
    #[error("the body's {field} is malformed")]
    BodyMalformed {
        /// Its name in body.proto.
        field: &'static str,
    },
    /// This field of the body says something else than the envelope, or the key that sealed it.
    #[error("the body's {field} is not what the envelope or its key says")]
    BodyContradicts {
        /// Its name in body.proto.
        field: &'static str,
    },
    /// What was opened before cannot be now: its wrapping key was taken away.
    #[error("the key {0} is not here")]
    KeyMissing(KeyId),
    /// A kind of a newer build: keep the event and come back to it.
    #[error("event kind {} is not known to this build", .0.0)]
    KindUnknown(KindNumber),
}

/// An envelope whose clear part is checked and whose body is still sealed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sealed {
    /// What stands in clear.
    pub header: Header,
    /// The shape of the sealed bytes.
    pub format_version: u32,
    /// The sealed body with its tag.
    pub sealed: Bytes,
}

/// What opening gave.
#[derive(Debug)]
pub enum Opened {
    /// The body.
    Plain(Plain),
    /// The key is not here yet, or its controller's wrapping key is not: open it again when the key arrives.
    Parked(KeyId),
    /// The key is destroyed: the body is gone for good.
    Erased(KeyId),
}

/// An opened body, with what its key's record says of who may seal with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plain {
    /// The encoded message that the family names: a [`proto::events::Body`], a disclosure or a quarantine item.
    pub bytes: Vec<u8>,
    /// Whose key sealed it.
    pub key_of: Arc<KeyOf>,
}

/// Reads an envelope. Only the bytes that [`seal::seal`] would write are one: fields in order, none missing, none
/// unknown, nothing after.
///
/// # Errors
/// [`EnvelopeError::Malformed`] names the field.
pub fn decode(mut bytes: Bytes) -> Result<Sealed, EnvelopeError> {
    if bytes.len() > ENVELOPE_BYTES_MAX {
        return Err(EnvelopeError::TooLarge { bytes: bytes.len() });
    }
    expect(&mut bytes, &[0x08], "format_version")?;
    let format_version = bytes.try_get_u8().map_err(|_| EnvelopeError::Malformed { field: "format_version" })?.into();
    if !(UNPADDED..=FORMAT_VERSION).contains(&format_version) {
        return Err(EnvelopeError::FormatUnknown);
    }
    let event_id = EventId(sixteen(&mut bytes, 0x12, "event_id")?);
    let subject = Pseudonym(sixteen(&mut bytes, 0x1a, "subject")?);
    expect(&mut bytes, &[0x20], "family")?;
    let family = bytes.try_get_u8().map_err(|_| EnvelopeError::Malformed { field: "family" })?;
    let family = Family::try_from(i32::from(family)).map_err(|_| EnvelopeError::FamilyUnknown)?;
    if family == Family::Unspecified {
        return Err(EnvelopeError::Malformed { field: "family" });
    }
    let key_id = KeyId(sixteen(&mut bytes, 0x2a, "key_id")?);
    expect(&mut bytes, &[0x32], "sealed")?;
    let before = bytes.clone();
    let length =
        prost::encoding::decode_varint(&mut bytes).map_err(|_| EnvelopeError::Malformed { field: "sealed" })?;
    let length_bytes = before.len() - bytes.len();
    let canonical = prost::encoding::encoded_len_varint(length) == length_bytes;
    if !canonical || length != bytes.len() as u64 || bytes.len() < TAG_BYTES {
        return Err(EnvelopeError::Malformed { field: "sealed" });
    }
    Ok(Sealed { header: Header { event_id, subject, family, key_id }, format_version, sealed: bytes })
}

fn expect(bytes: &mut Bytes, expected: &[u8], field: &'static str) -> Result<(), EnvelopeError> {
    if !bytes.starts_with(expected) {
        return Err(EnvelopeError::Malformed { field });
    }
    bytes.advance(expected.len());
    Ok(())
}

fn sixteen(bytes: &mut Bytes, tag: u8, field: &'static str) -> Result<[u8; 16], EnvelopeError> {
    expect(bytes, &[tag, 16], field)?;
    let Some(value) = bytes.first_chunk::<16>().copied() else { return Err(EnvelopeError::Malformed { field }) };
    bytes.advance(16);
    Ok(value)
}

impl Sealed {
    /// Opens the seal.
    ///
    /// # Errors
    /// When the key is another subject's, or any bit of the header or the body is not as it was sealed.
    pub fn open(&self, keyring: &Keyring) -> Result<Opened, EnvelopeError> {
        let key_id = self.header.key_id;
        match keyring.find(key_id)? {
            seal::Found::Unknown => Ok(Opened::Parked(key_id)),
            seal::Found::Destroyed { subject } if subject == self.header.subject => Ok(Opened::Erased(key_id)),
            seal::Found::Live(ready) if ready.subject == self.header.subject => {
                let bytes = seal::open(&self.header, self.format_version, &ready.data_key, &self.sealed);
                let bytes = bytes.ok_or(EnvelopeError::SealBroken)?;
                Ok(Opened::Plain(Plain { bytes, key_of: ready.key_of }))
            }
            seal::Found::Live(_) | seal::Found::Destroyed { .. } => Err(EnvelopeError::KeyOfAnother(key_id)),
        }
    }
}
