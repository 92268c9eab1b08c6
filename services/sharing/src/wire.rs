//! Events as fields on the wire, so that what walks them needs no code for each kind.

use prost::Message as _;
use proto::events::Event;
use proto::fields::{KindInfo, MessageInfo};

/// One field of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    pub(crate) number: u32,
    pub(crate) value: Value<'a>,
    /// The field as it stands on the wire, tag included.
    pub(crate) raw: &'a [u8],
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    Fixed,
}

/// Bytes that are not a protobuf message.
#[derive(Debug, thiserror::Error)]
#[error("the bytes are not a protobuf message")]
pub(crate) struct Malformed;

/// The fields of a message, in the order of the wire.
pub(crate) fn fields(bytes: &[u8]) -> Result<Vec<Field<'_>>, Malformed> {
    let mut found = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let start = rest;
        let tag = varint(&mut rest)?;
        let number = u32::try_from(tag >> 3).map_err(|_| Malformed)?;
        let value = match tag & 7 {
            0 => Value::Varint(varint(&mut rest)?),
            1 => skip(&mut rest, 8)?,
            2 => {
                let length = usize::try_from(varint(&mut rest)?).map_err(|_| Malformed)?;
                let (payload, after) = rest.split_at_checked(length).ok_or(Malformed)?;
                rest = after;
                Value::Bytes(payload)
            }
            5 => skip(&mut rest, 4)?,
            _ => return Err(Malformed),
        };
        let (raw, _) = start.split_at_checked(start.len() - rest.len()).ok_or(Malformed)?;
        found.push(Field { number, value, raw });
    }
    Ok(found)
}

fn varint(rest: &mut &[u8]) -> Result<u64, Malformed> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first().ok_or(Malformed)?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Malformed)
}

fn skip<'a>(rest: &mut &'a [u8], length: usize) -> Result<Value<'a>, Malformed> {
    let (_, after) = rest.split_at_checked(length).ok_or(Malformed)?;
    *rest = after;
    Ok(Value::Fixed)
}

/// Appends a length-delimited field.
pub(crate) fn put_bytes(out: &mut Vec<u8>, number: u32, payload: &[u8]) {
    prost::encoding::encode_varint(u64::from(number) << 3 | 2, out);
    prost::encoding::encode_varint(payload.len() as u64, out);
    out.extend_from_slice(payload);
}

/// An event taken apart: its kind, and the bytes of the kind's own message.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) kind: &'static KindInfo,
    pub(crate) message: Vec<u8>,
}

impl Opened {
    /// `None` for an event that says nothing, or a kind that this build does not know.
    pub(crate) fn of(event: &Event) -> Option<Self> {
        let kind = event.kind_number()?.info()?;
        let bytes = event.encode_to_vec();
        let message = fields(&bytes).ok()?.into_iter().find_map(|field| match field.value {
            Value::Bytes(payload) if field.number == kind.number => Some(payload.to_vec()),
            _ => None,
        })?;
        Some(Self { kind, message })
    }

    pub(crate) fn info(&self) -> Option<&'static MessageInfo> {
        self.kind.message()
    }

    /// The event with this message in place of its own.
    pub(crate) fn close(kind: &KindInfo, message: &[u8]) -> Option<Event> {
        let mut bytes = Vec::with_capacity(message.len() + 8);
        put_bytes(&mut bytes, kind.number, message);
        Event::decode(bytes.as_slice()).ok()
    }

    /// The last value of the field of this name.
    pub(crate) fn field(&self, name: &str) -> Option<Value<'_>> {
        let number = self.info()?.fields.iter().find(|field| field.name == name)?.number;
        fields(&self.message).ok()?.into_iter().rev().find(|field| field.number == number).map(|field| field.value)
    }

    /// The field of this name as text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.field(name)? {
            Value::Bytes(bytes) => String::from_utf8(bytes.to_vec()).ok(),
            _ => None,
        }
    }

    /// The field of this name as a flag; absent is false.
    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.field(name), Some(Value::Varint(number)) if number != 0)
    }

    /// The field of this name as a message.
    pub(crate) fn message<M: prost::Message + Default>(&self, name: &str) -> Option<M> {
        match self.field(name)? {
            Value::Bytes(bytes) => M::decode(bytes).ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever the bytes are, they are read to their end or refused; what is read is all of them.
        #[test]
        fn any_bytes_are_fields_or_malformed(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(found) = fields(&bytes) {
                prop_assert_eq!(found.iter().flat_map(|field| field.raw.to_vec()).collect::<Vec<_>>(), bytes);
            }
        }
    }

    #[test]
    fn a_field_cut_short_is_malformed() {
        let mut whole = Vec::new();
        put_bytes(&mut whole, 3, b"four");
        assert!(fields(&whole).is_ok());
        for length in 1..whole.len() {
            assert!(fields(&whole[..length]).is_err(), "{length} bytes of {}", whole.len());
        }
    }
}
