//! Protobuf messages taken apart by field without decoding them: what folding by field and redacting by field need.

use prost::encoding::{WireType, decode_key, decode_varint};

/// One occurrence of a field in an encoded message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field<'a> {
    /// Its number.
    pub number: u32,
    /// Key and value, as they stand.
    pub whole: &'a [u8],
    /// The content of a length-delimited field; empty for any other.
    pub content: &'a [u8],
}

/// The message is not well-formed protobuf.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a well-formed protobuf message")]
pub struct Malformed;

/// The fields of an encoded message, in the order that they stand.
///
/// # Errors
/// [`Malformed`] at the first byte that is not part of a field; groups are refused.
pub fn fields(message: &[u8]) -> Result<Vec<Field<'_>>, Malformed> {
    let mut found = Vec::new();
    let mut rest = message;
    while !rest.is_empty() {
        let start = rest;
        let (number, wire_type) = decode_key(&mut rest).map_err(|_| Malformed)?;
        let content_bytes = match wire_type {
            WireType::Varint => {
                decode_varint(&mut rest).map_err(|_| Malformed)?;
                0
            }
            WireType::SixtyFourBit => 8,
            WireType::ThirtyTwoBit => 4,
            WireType::LengthDelimited => {
                usize::try_from(decode_varint(&mut rest).map_err(|_| Malformed)?).map_err(|_| Malformed)?
            }
            WireType::StartGroup | WireType::EndGroup => return Err(Malformed),
        };
        let (content, after) = rest.split_at_checked(content_bytes).ok_or(Malformed)?;
        rest = after;
        let whole = start.get(..start.len() - rest.len()).ok_or(Malformed)?;
        let content = if wire_type == WireType::LengthDelimited { content } else { &[] };
        found.push(Field { number, whole, content });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{EnrolmentStarted, Event};
    use prost::Message;

    #[test]
    fn the_fields_of_an_event_stand_in_order_and_together_are_the_message() {
        let enrolment =
            EnrolmentStarted { school: Some("school-8784001".into()), part_time: Some(true), ..Default::default() };
        let inner = enrolment.encode_to_vec();
        let event = Event::from(enrolment).encode_to_vec();
        let outer = fields(&event).unwrap();
        assert_eq!(outer.iter().map(|f| f.number).collect::<Vec<_>>(), [100]);
        assert_eq!(outer[0].content, inner);
        let parts = fields(&inner).unwrap();
        assert_eq!(parts.iter().map(|f| f.number).collect::<Vec<_>>(), [1, 5]);
        assert_eq!(parts.iter().flat_map(|f| f.whole).copied().collect::<Vec<_>>(), inner);
    }

    #[test]
    fn a_message_that_breaks_off_is_malformed_at_every_byte_inside_a_field() {
        let bytes = Event::from(EnrolmentStarted { school: Some("x".into()), ..Default::default() }).encode_to_vec();
        for cut in 1..bytes.len() {
            assert_eq!(fields(&bytes[..cut]), Err(Malformed), "cut at {cut}");
        }
    }
}
