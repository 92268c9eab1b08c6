//! What a row of the store holds: the sealed envelope with its place in the log.

use bytes::Bytes;
use event_log::{Offset, Partition, Position, StoredRecord, Topic};

const HEAD_BYTES: usize = 8 + 1 + 8;

/// A row's value, read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// When the log took it, microseconds since 1970.
    pub published_at_us: i64,
    /// Its topic.
    pub topic: Topic,
    /// Its place in its partition, which is its subject's.
    pub offset: Offset,
    /// The sealed envelope.
    pub envelope: Bytes,
}

/// The value of the row of a log record.
pub fn write(record: &StoredRecord) -> Vec<u8> {
    let Position { topic, offset, .. } = record.position;
    let mut value = Vec::with_capacity(HEAD_BYTES + record.value.len());
    value.extend(record.published_at_us.to_be_bytes());
    value.push(topic as u8);
    value.extend(offset.to_be_bytes());
    value.extend_from_slice(&record.value);
    value
}

/// The envelope of a row's value, without reading the rest.
pub fn envelope(value: &[u8]) -> &[u8] {
    value.get(HEAD_BYTES..).unwrap_or_default()
}

/// The topic of a row's value, without reading the rest.
pub fn topic(value: &[u8]) -> Option<Topic> {
    value.get(8).copied().and_then(Topic::from_number)
}

/// Reads a row's value. `None` when it is none.
pub fn read(value: &[u8]) -> Option<Row> {
    let (published_at, rest) = value.split_first_chunk::<8>()?;
    let (topic, rest) = rest.split_first()?;
    let (offset, envelope) = rest.split_first_chunk::<8>()?;
    Some(Row {
        published_at_us: i64::from_be_bytes(*published_at),
        topic: Topic::from_number(*topic)?,
        offset: Offset::from_be_bytes(*offset),
        envelope: Bytes::copy_from_slice(envelope),
    })
}

/// The log record that a row's value was, under its record's key.
pub fn record(value: &[u8], key: [u8; 16], partition: Partition) -> Option<StoredRecord> {
    let Row { published_at_us, topic, offset, envelope } = read(value)?;
    Some(StoredRecord { position: Position { topic, partition, offset }, published_at_us, key, value: envelope })
}

/// Whether the log took the one before the other: the first of two with one event id stands.
pub fn is_before(one: &[u8], other: &[u8]) -> bool {
    let at = |value| read(value).map(|row| (row.published_at_us, row.topic, row.offset));
    at(one) <= at(other)
}
