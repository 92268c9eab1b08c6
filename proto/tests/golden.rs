//! Every byte ever published must decode: an example of every message, as bytes and as JSON, side by side.
//!
//! `UPDATE_GOLDEN=1 cargo test -p proto --test golden` writes an example for a message that has none. It never rewrites
//! one that stands: a difference there means that bytes on somebody's disk no longer read as they did.

#![cfg(test)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use prost_reflect::prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn ours(pool: &DescriptorPool) -> Vec<MessageDescriptor> {
    pool.all_messages().filter(|m| m.full_name().starts_with("throughline.") && !m.is_map_entry()).collect()
}

/// A message with every field set to a value that its number and depth decide. Invented, and plainly so.
fn example(message: &MessageDescriptor, depth: u32) -> DynamicMessage {
    let mut built = DynamicMessage::new(message.clone());
    let mut oneofs = BTreeSet::new();
    for field in message.fields() {
        let first_of_oneof = field
            .containing_oneof()
            .is_none_or(|oneof| oneof.name().starts_with('_') || oneofs.insert(oneof.name().to_owned()));
        if first_of_oneof && (depth < 6 || !matches!(field.kind(), Kind::Message(_))) {
            let value = value(&field, depth);
            built.set_field(&field, if field.is_list() { Value::List(vec![value.clone(), value]) } else { value });
        }
    }
    built
}

fn value(field: &FieldDescriptor, depth: u32) -> Value {
    let number = field.number();
    match field.kind() {
        Kind::Bool => Value::Bool(true),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(-i32::try_from(number).unwrap()),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(-1_000_000_007 - i64::from(number)),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(300 + number),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(5_000_000_000 + u64::from(number)),
        Kind::Float => Value::F32(0.5),
        Kind::Double => Value::F64(0.25),
        Kind::String => Value::String(format!("invented {}", field.name())),
        Kind::Bytes => Value::Bytes(vec![u8::try_from(number % 251).unwrap(); 16].into()),
        Kind::Enum(e) => Value::EnumNumber(e.values().last().unwrap().number()),
        Kind::Message(m) if m.full_name() == "google.protobuf.Timestamp" => {
            let mut at = DynamicMessage::new(m);
            at.set_field_by_name("seconds", Value::I64(1_735_689_600));
            Value::Message(at)
        }
        Kind::Message(m) => Value::Message(example(&m, depth + 1)),
    }
}

#[test]
fn every_message_has_golden_bytes_that_still_read_the_same() {
    let pool = DescriptorPool::decode(proto::DESCRIPTORS).unwrap();
    let mut expected = BTreeSet::new();
    for message in ours(&pool) {
        let (bytes_path, json_path) = paths(message.full_name());
        expected.extend([file_name(&bytes_path), file_name(&json_path)]);
        if std::env::var_os("UPDATE_GOLDEN").is_some() && !bytes_path.exists() {
            std::fs::create_dir_all(folder()).unwrap();
            let built = example(&message, 0);
            std::fs::write(&bytes_path, built.encode_to_vec()).unwrap();
            std::fs::write(&json_path, serde_json::to_string_pretty(&built).unwrap() + "\n").unwrap();
        }
        let bytes = std::fs::read(&bytes_path)
            .unwrap_or_else(|_| panic!("{} has no golden bytes: UPDATE_GOLDEN=1 writes them", message.full_name()));
        let read = DynamicMessage::decode(message.clone(), bytes.as_slice()).unwrap();
        assert_eq!(
            serde_json::to_string_pretty(&read).unwrap() + "\n",
            std::fs::read_to_string(&json_path).unwrap(),
            "{} reads otherwise than it did",
            message.full_name()
        );
        assert_eq!(read.encode_to_vec(), bytes, "{} is written otherwise than it was", message.full_name());
        assert!(read.unknown_fields().next().is_none(), "{} lost a field", message.full_name());
    }
    let standing: BTreeSet<String> =
        std::fs::read_dir(folder()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(standing, expected, "tests/golden holds one pair a message");
}

/// What the generated Rust reads and writes again is the same message. (Not always the same bytes: prost does not pack
/// repeated enums, and every reader takes both.)
#[test]
fn the_generated_rust_agrees_with_the_golden_bytes() {
    fn check<M: prost::Message + Default>(name: &str) {
        let pool = DescriptorPool::decode(proto::DESCRIPTORS).unwrap();
        let message = pool.get_message_by_name(name).unwrap();
        let bytes = std::fs::read(paths(name).0).unwrap();
        let again = M::decode(bytes.as_slice()).unwrap().encode_to_vec();
        let read = |bytes: &[u8]| DynamicMessage::decode(message.clone(), bytes).unwrap();
        assert_eq!(read(&again), read(&bytes), "{name}");
    }
    check::<proto::events::Envelope>("throughline.events.v1.Envelope");
    check::<proto::events::Body>("throughline.events.v1.Body");
    check::<proto::events::PersonDescribed>("throughline.events.v1.PersonDescribed");
    check::<proto::events::AttendanceSummarised>("throughline.events.v1.AttendanceSummarised");
    check::<proto::events::ProtectionPlanStarted>("throughline.events.v1.ProtectionPlanStarted");
    check::<proto::events::ImmunisationGiven>("throughline.events.v1.ImmunisationGiven");
    check::<proto::sharing::ConsentRecorded>("throughline.sharing.v1.ConsentRecorded");
    check::<proto::timeline::GetTimelineResponse>("throughline.timeline.v1.GetTimelineResponse");
    check::<proto::disclosure::Disclosure>("throughline.disclosure.v1.Disclosure");
    check::<proto::quarantine::Item>("throughline.quarantine.v1.Item");
    check::<proto::keys::KeyRecord>("throughline.keys.v1.KeyRecord");
}

fn paths(full_name: &str) -> (PathBuf, PathBuf) {
    let stem = full_name.trim_start_matches("throughline.");
    (folder().join(format!("{stem}.pb")), folder().join(format!("{stem}.json")))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}
