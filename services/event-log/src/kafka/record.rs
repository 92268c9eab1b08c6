//! A Kafka message as a record of the log.

use bytes::Bytes;
use rdkafka::message::{BorrowedMessage, Headers, Message};

use crate::log::StoredRecord;
use crate::position::Position;

/// The header of a record that was copied from another log: the microseconds of its time that Kafka's milliseconds leave
/// out, two bytes, big end first, 1 to 999. A record without it has none.
pub const US_HEADER: &str = "us";

/// The microseconds within the millisecond.
pub(super) fn us_of(published_at_us: i64) -> u16 {
    u16::try_from(published_at_us.rem_euclid(1_000)).unwrap_or(0)
}

/// The message at this position. Anyone who may write may write a message without a key, or without a value: such a message
/// is given with a key of zeros or without bytes, which no reader of an envelope or of a key record takes, so that it is
/// refused and put in quarantine like any other that nobody can read.
pub(super) fn stored(message: &BorrowedMessage<'_>, position: Position) -> StoredRecord {
    let key = message.key().and_then(|key| key.try_into().ok()).unwrap_or_default();
    let value = message.payload().map(Bytes::copy_from_slice).unwrap_or_default();
    let ms = message.timestamp().to_millis().unwrap_or(0);
    let us = message.headers().and_then(|headers| {
        let header = headers.iter().find(|header| header.key == US_HEADER)?;
        Some(u16::from_be_bytes(header.value?.try_into().ok()?)).filter(|us| *us < 1_000)
    });
    StoredRecord { position, published_at_us: ms * 1_000 + i64::from(us.unwrap_or(0)), key, value }
}
