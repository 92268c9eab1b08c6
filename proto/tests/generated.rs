//! The generated Rust and the field-group table are committed, and regenerated here: a difference fails.
//! `UPDATE_GENERATED=1 cargo test -p proto --test generated` writes them.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use prost_reflect::{DescriptorPool, ExtensionDescriptor, Kind, MessageDescriptor, Value};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn proto_files(dir: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            proto_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "proto") {
            found.push(path);
        }
    }
}

/// The descriptor set with the custom options kept: `protox::compile` would drop them.
fn descriptor_set() -> Vec<u8> {
    let mut files = Vec::new();
    proto_files(&root().join("throughline"), &mut files);
    let mut compiler = protox::Compiler::new([root()]).unwrap();
    compiler.include_source_info(true).include_imports(true);
    compiler.open_files(files).unwrap();
    compiler.encode_file_descriptor_set()
}

/// The kinds whose messages are the largest. An event is moved many times on its way, and is as large as the largest kind that is not
/// on the heap.
const BOXED: [&str; 29] = [
    "admission_started",
    "allergy_recorded",
    "alternative_provision_started",
    "appointment_kept",
    "attainment_recorded",
    "attended_emergency",
    "care_leaver_contacted",
    "consent_recorded",
    "decision_proposed",
    "diagnosis_recorded",
    "document_recorded",
    "ehc_placement_started",
    "ehc_plan_issued",
    "enrolment_started",
    "identifier_superseded",
    "immunisation_given",
    "observation_recorded",
    "organisation_recorded",
    "pair_left_open",
    "person_described",
    "personal_budget_set",
    "placement_changed",
    "referral_made",
    "relationship_recorded",
    "result_reported",
    "screening_reported",
    "subjects_linked",
    "subjects_unlinked",
    "worker_named",
];

#[test]
fn no_kind_makes_every_event_large() {
    assert!(
        size_of::<proto::events::Event>() <= 256,
        "{} bytes: box the largest kind",
        size_of::<proto::events::Event>()
    );
}

fn compare_or_update(path: &Path, fresh: &[u8]) {
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, fresh).unwrap();
        return;
    }
    let committed = std::fs::read(path).unwrap_or_default();
    assert!(
        committed == fresh,
        "{} is not what the .proto files give: run `UPDATE_GENERATED=1 cargo test -p proto --test generated`",
        path.display()
    );
}

#[test]
fn generated_rust_is_what_the_proto_files_give() {
    let bytes = descriptor_set();
    let out = tempfile::tempdir().unwrap();
    let set = prost::Message::decode(bytes.as_slice()).unwrap();
    let mut builder = tonic_prost_build::configure()
        .out_dir(out.path())
        .build_client(true)
        .build_server(true)
        .compile_well_known_types(false)
        .bytes(".throughline.events.v1.Envelope.sealed");
    for kind in BOXED {
        builder = builder.boxed(format!(".throughline.events.v1.Event.kind.{kind}"));
    }
    builder.compile_fds(set).unwrap();
    let mut expected = BTreeSet::new();
    for entry in std::fs::read_dir(out.path()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_owned();
        if name.to_string_lossy().starts_with("throughline") {
            expected.insert(name.clone());
            compare_or_update(&root().join("src/generated").join(name), &std::fs::read(&path).unwrap());
        }
    }
    expected.insert("descriptors.bin".into());
    expected.insert("field_groups.rs".into());
    compare_or_update(&root().join("src/generated/descriptors.bin"), &bytes);
    compare_or_update(&root().join("src/generated/field_groups.rs"), field_groups(&bytes).as_bytes());
    let committed: BTreeSet<_> =
        std::fs::read_dir(root().join("src/generated")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(committed, expected, "src/generated holds exactly what is generated");
}

/// Every message that can be part of an event, with its fields and their groups, as a Rust table.
fn field_groups(bytes: &[u8]) -> String {
    let pool = DescriptorPool::decode(bytes).unwrap();
    let group = pool.get_extension_by_name("throughline.events.v1.group").unwrap();
    let event = pool.get_message_by_name("throughline.events.v1.Event").unwrap();
    let mut messages = BTreeSet::new();
    for field in event.fields() {
        collect(&message_of(&field), &mut messages);
    }
    let mut out = String::from(
        "// Generated from the options on the .proto fields by tests/generated.rs. Do not edit.\n\n\
         /// Every message that an event can hold, by full name, in order.\npub static MESSAGES: &[MessageInfo] = &[\n",
    );
    let names: Vec<String> = messages.iter().cloned().collect();
    for name in &names {
        let message = pool.get_message_by_name(name).unwrap();
        writeln!(out, "    MessageInfo {{\n        name: \"{name}\",\n        fields: &[").unwrap();
        let mut fields: Vec<_> = message.fields().collect();
        fields.sort_by_key(prost_reflect::FieldDescriptor::number);
        for field in fields {
            let nested = match field.kind() {
                Kind::Message(m) if names.iter().any(|n| n == m.full_name()) => {
                    format!("Some({})", names.iter().position(|n| n == m.full_name()).unwrap())
                }
                _ => "None".to_owned(),
            };
            writeln!(
                out,
                "            FieldInfo {{ number: {}, name: \"{}\", group: Of::{}, message: {nested} }},",
                field.number(),
                field.name(),
                group_of(&field.options(), &group),
            )
            .unwrap();
        }
        out.push_str("        ],\n    },\n");
    }
    out.push_str(
        "];\n\n/// The kinds of the catalogue: number in `Event`, name, place of the message in `MESSAGES`.\n",
    );
    out.push_str("pub static KINDS: &[KindInfo] = &[\n");
    let mut kinds: Vec<_> = event.fields().collect();
    kinds.sort_by_key(prost_reflect::FieldDescriptor::number);
    for field in kinds {
        let message = message_of(&field);
        writeln!(
            out,
            "    KindInfo {{ number: {}, name: \"{}\", message: {} }},",
            field.number(),
            message.name(),
            names.iter().position(|n| n == message.full_name()).unwrap()
        )
        .unwrap();
    }
    out.push_str("];\n");
    out
}

fn message_of(field: &prost_reflect::FieldDescriptor) -> MessageDescriptor {
    match field.kind() {
        Kind::Message(m) => m,
        other => panic!("{} is {other:?}, not a message", field.full_name()),
    }
}

fn collect(message: &MessageDescriptor, into: &mut BTreeSet<String>) {
    if message.full_name().starts_with("google.") || !into.insert(message.full_name().to_owned()) {
        return;
    }
    for field in message.fields() {
        if let Kind::Message(m) = field.kind() {
            collect(&m, into);
        }
    }
}

fn group_of(options: &prost_reflect::DynamicMessage, group: &ExtensionDescriptor) -> &'static str {
    if !options.has_extension(group) {
        return "Unspecified";
    }
    match options.get_extension(group).as_ref() {
        Value::EnumNumber(1) => "None",
        Value::EnumNumber(2) => "Location",
        Value::EnumNumber(3) => "ThirdParty",
        Value::EnumNumber(4) => "Narrative",
        _ => "Unspecified",
    }
}
