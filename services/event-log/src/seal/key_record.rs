//! Records of the keys topic: strict on the way in, one way to write them.

use prost::Message;
use proto::keys::{KeyRecord, key_record::State};

use super::wrapping::check_controller;
use super::{SealError, TAG_BYTES, WrappingKeys};
use crate::log::{Record, StoredRecord};
use crate::position::{KeyId, Pseudonym, Topic};

const SOURCE_BYTES_MAX: usize = 64;
const WRAPPED_BYTES: usize = 48;

/// Reads and checks a record of the keys topic.
///
/// # Errors
/// [`SealError::KeyRecordMalformed`] names the field.
pub fn decode_key_record(stored: &StoredRecord) -> Result<KeyRecord, SealError> {
    let record = KeyRecord::decode(stored.value.clone()).map_err(|_| malformed("encoding"))?;
    if record.encode_to_vec() != stored.value {
        return Err(malformed("encoding"));
    }
    let checked = Checked::of(&record)?;
    // In another partition it could be read before the record that it contradicts, and displace it.
    let is_at_its_place = stored.position.topic == Topic::Keys
        && stored.position.partition == checked.key_id.partition()
        && &stored.key == checked.key_id.as_bytes();
    if !is_at_its_place {
        return Err(malformed("key_id"));
    }
    Ok(record)
}

/// The record as the keys topic takes it.
///
/// # Errors
/// [`SealError::KeyRecordMalformed`] names the field.
pub fn key_record_to_append(record: &KeyRecord) -> Result<Record, SealError> {
    let key_id = Checked::of(record)?.key_id;
    Ok(Record {
        topic: Topic::Keys,
        partition: key_id.partition(),
        key: *key_id.as_bytes(),
        value: record.encode_to_vec().into(),
    })
}

/// The record that destroys a key: once it is acknowledged, and the topic compacted, what the key sealed is erased. Only who
/// holds the wrapping key can make it: whoever may write to the topic could otherwise erase anybody.
///
/// # Errors
/// [`SealError::KeyRecordMalformed`] names the field; [`SealError::WrappingKeyMissing`].
pub fn destruction(wrapping: &WrappingKeys, of: &KeyRecord) -> Result<Record, SealError> {
    key_record_to_append(&wrapping.destroy(of, State::Destroyed)?)
}

/// The record by which the subject of a destroyed key is let in again: the key stays destroyed, and a new one may be made.
///
/// # Errors
/// As [`destruction`].
pub fn readmission(wrapping: &WrappingKeys, of: &KeyRecord) -> Result<Record, SealError> {
    key_record_to_append(&wrapping.destroy(of, State::Readmitted)?)
}

/// What a record of the keys topic says, said again under this epoch of its vault: of a live key the same key, of a destroyed one the
/// same proof. `Ok(None)` of a live key whose wrapping key is not here.
///
/// # Errors
/// When the record is malformed or was changed, or the new wrapping key is not here.
pub fn rewrapped(wrapping: &WrappingKeys, of: &KeyRecord, epoch: u32) -> Result<Option<Record>, SealError> {
    let under = KeyRecord { wrapping_epoch: epoch, of_vault: true, ..of.clone() };
    let said_again = match Checked::of(of)?.said {
        Said::Destroyed(_) => wrapping.destroy(&under, of.state())?,
        Said::Live(_) => match wrapping.unwrap(of)? {
            Some(data_key) => wrapping.wrap_as(under, &data_key)?,
            None => return Ok(None),
        },
    };
    key_record_to_append(&said_again).map(Some)
}

/// A live record from its parts, as it was before those who hold it in millions took it apart.
pub(super) fn live_record(
    key_id: KeyId,
    subject: Pseudonym,
    source: &str,
    controller: &str,
    wrapping_epoch: u32,
    wrapped: &[u8],
) -> KeyRecord {
    KeyRecord {
        key_id: key_id.as_bytes().to_vec(),
        state: State::Live as i32,
        controller: controller.to_owned(),
        wrapping_epoch,
        wrapped: wrapped.to_vec(),
        subject: subject.as_bytes().to_vec(),
        source: source.to_owned(),
        of_vault: false,
    }
}

/// What a key record says of its key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// The wrapped key.
    Live([u8; WRAPPED_BYTES]),
    /// It is gone, its subject readmitted or not: the proof that who says so holds the wrapping key.
    Destroyed([u8; TAG_BYTES]),
}

/// A key record's fields, each of the right length and known.
pub(super) struct Checked {
    pub(super) key_id: KeyId,
    pub(super) subject: Pseudonym,
    pub(super) said: Said,
}

impl Checked {
    pub(super) fn of(record: &KeyRecord) -> Result<Self, SealError> {
        let key_id = KeyId::from_slice(&record.key_id).ok_or(malformed("key_id"))?;
        let subject = Pseudonym::from_slice(&record.subject).ok_or(malformed("subject"))?;
        // No wrapping key could ever be here for another: the record would be waited for without end.
        check_controller(&record.controller).map_err(|_| malformed("controller"))?;
        if record.source.is_empty() || record.source.len() > SOURCE_BYTES_MAX {
            return Err(malformed("source"));
        }
        if record.wrapping_epoch == 0 {
            return Err(malformed("wrapping_epoch"));
        }
        let wrapped = record.wrapped.as_slice();
        let said = match record.state() {
            State::Unspecified => return Err(malformed("state")),
            State::Live => Said::Live(wrapped.try_into().map_err(|_| malformed("wrapped"))?),
            State::Destroyed | State::Readmitted => {
                Said::Destroyed(wrapped.try_into().map_err(|_| malformed("wrapped"))?)
            }
        };
        Ok(Self { key_id, subject, said })
    }
}

fn malformed(field: &'static str) -> SealError {
    SealError::KeyRecordMalformed { field }
}
