//! Events with every field filled, made from the descriptors: for tests that must hold of every kind.

use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};
use proto::events::Event;
use proto::fields::KindInfo;

/// An event of this kind in which every field, at every depth, says something.
pub(crate) fn full(kind: &KindInfo) -> Event {
    let pool = DescriptorPool::decode(proto::DESCRIPTORS).unwrap();
    let event = pool.get_message_by_name("throughline.events.v1.Event").unwrap();
    let field = event.get_field(kind.number).unwrap();
    let mut message = DynamicMessage::new(event);
    message.set_field(&field, value(&field, 0));
    message.transcode_to().unwrap()
}

fn fill(descriptor: &MessageDescriptor, depth: usize) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        let one = value(&field, depth);
        let value = if field.is_list() { Value::List(vec![one.clone(), one]) } else { one };
        message.set_field(&field, value);
    }
    message
}

fn value(field: &FieldDescriptor, depth: usize) -> Value {
    assert!(depth < 10, "{} nests without end", field.full_name());
    match field.kind() {
        Kind::Message(nested) => Value::Message(fill(&nested, depth + 1)),
        Kind::String => Value::String(format!("text of {}", field.name())),
        Kind::Bytes => Value::Bytes(vec![1; 16].into()),
        Kind::Bool => Value::Bool(true),
        Kind::Enum(_) => Value::EnumNumber(1),
        Kind::Uint32 => Value::U32(1),
        Kind::Uint64 => Value::U64(1),
        Kind::Int32 => Value::I32(1),
        Kind::Int64 => Value::I64(1),
        Kind::Double => Value::F64(1.0),
        other => panic!("no event has a field of {other:?}"),
    }
}
