//! A record's bytes in the journal. Little-endian; never changes.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | CRC32C of all that follows, the value included |
//! | 4 | the value's length |
//! | 1, 1, 2 | topic, partition, zero |
//! | 8 | offset |
//! | 8 | published at, microseconds since 1970 |
//! | 16 | key |
//! | | value |

use bytes::{Buf as _, BufMut as _};

use crate::log::{Record, VALUE_BYTES_MAX};
use crate::position::{Offset, Partition, Position, Topic};

pub(super) const HEADER_BYTES: usize = 44;
const CRC_BYTES: usize = 4;

/// The fixed part of a record that was found whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fixed {
    pub(super) position: Position,
    pub(super) published_at_us: i64,
    pub(super) key: [u8; 16],
    pub(super) value_bytes: usize,
}

impl Fixed {
    pub(super) fn record_bytes(&self) -> usize {
        HEADER_BYTES + self.value_bytes
    }
}

/// What is wrong with bytes that should be a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flaw {
    /// They end before the record does, which takes this many.
    Short { needed: usize },
    /// The stated length is beyond any record's.
    Length,
    /// The checksum is not that of the bytes.
    Checksum,
    /// The checksum holds and the place that they name is none.
    Place,
    /// Not the offset that follows.
    Offset,
    /// Published before the record that it follows.
    Time,
}

impl Flaw {
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Short { .. } => "a record breaks off",
            Self::Length => "a record's length is impossible",
            Self::Checksum => "a record's checksum does not hold",
            Self::Place => "a record names no topic and partition",
            Self::Offset => "a record's offset is not the one that follows",
            Self::Time => "a record is older than the one before it",
        }
    }
}

pub(super) fn encode(record: &Record, offset: Offset, published_at_us: i64, into: &mut Vec<u8>) {
    let start = into.len();
    into.put_u32_le(0);
    into.put_u32_le(record.value.len() as u32);
    into.put_u8(record.topic as u8);
    into.put_u8(record.partition.number());
    into.put_u16_le(0);
    into.put_u64_le(offset);
    into.put_i64_le(published_at_us);
    into.put_slice(&record.key);
    into.put_slice(&record.value);
    let crc = crc32c::crc32c(into.get(start + CRC_BYTES..).unwrap_or_default());
    if let Some(space) = into.get_mut(start..start + CRC_BYTES) {
        space.copy_from_slice(&crc.to_le_bytes());
    }
}

/// Reads the record that `bytes` begin with.
pub(super) fn parse(bytes: &[u8]) -> Result<Fixed, Flaw> {
    let Some((mut header, _)) = bytes.split_first_chunk::<HEADER_BYTES>().map(|(h, rest)| (h.as_slice(), rest)) else {
        return Err(Flaw::Short { needed: HEADER_BYTES });
    };
    let crc = header.get_u32_le();
    let value_bytes = header.get_u32_le() as usize;
    if value_bytes > VALUE_BYTES_MAX {
        return Err(Flaw::Length);
    }
    let needed = HEADER_BYTES + value_bytes;
    let checked = bytes.get(CRC_BYTES..needed).ok_or(Flaw::Short { needed })?;
    if crc32c::crc32c(checked) != crc {
        return Err(Flaw::Checksum);
    }
    place(header).map(|fixed| Fixed { value_bytes, ..fixed }).ok_or(Flaw::Place)
}

/// What a record whose checksum fails says of its place: worth naming, not worth trusting.
pub(super) fn claimed_position(bytes: &[u8]) -> Option<Position> {
    place(bytes.get(8..HEADER_BYTES)?).map(|fixed| fixed.position)
}

fn place(mut header: &[u8]) -> Option<Fixed> {
    let topic = Topic::from_number(header.get_u8())?;
    let partition = Partition::new(header.get_u8())?;
    if header.get_u16_le() != 0 {
        return None;
    }
    let offset = header.get_u64_le();
    let published_at_us = header.get_i64_le();
    let mut key = [0; 16];
    header.copy_to_slice(&mut key);
    Some(Fixed { position: Position { topic, partition, offset }, published_at_us, key, value_bytes: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A journal written once must open for ever: these bytes were written when the layout was fixed.
    #[test]
    fn a_records_bytes_are_what_they_always_were() {
        let partition = Partition::new(15).unwrap();
        let value = bytes::Bytes::from_static(b"value");
        let record = Record { topic: Topic::Reference, partition, key: [7; 16], value };
        let mut bytes = Vec::new();
        encode(&record, 0x0102_0304_0506_0708, 1_743_379_200_000_000, &mut bytes);
        assert_eq!(
            hex::encode(&bytes),
            "f206995105000000090f0000080706050403020100c0ec19983106000707070707070707070707070707070776616c7565"
        );
        let fixed = parse(&bytes).unwrap();
        assert_eq!((fixed.position.offset, fixed.key, fixed.value_bytes), (0x0102_0304_0506_0708, [7; 16], 5));
        assert_eq!(fixed.published_at_us, 1_743_379_200_000_000);
    }
}
