//! What each worked sample becomes, to the letter. `UPDATE_GOLDEN=1` writes the expected files anew.

use std::path::Path;

use mapped::Tried;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::{Value, json};

use crate::worked::{WORKED, mapping, sample, tried};

/// One thing a line, so that a change shows as the lines that it changes.
fn lines(tried: &Tried) -> String {
    let pool = DescriptorPool::decode(proto::DESCRIPTORS).unwrap();
    let part = |name: &str, bytes: Vec<u8>| -> Value {
        let message = pool.get_message_by_name(&format!("throughline.events.v1.{name}")).unwrap();
        serde_json::to_value(DynamicMessage::decode(message, bytes.as_slice()).unwrap()).unwrap()
    };
    let encoded = |message: &dyn Fn() -> Vec<u8>| message();
    let mut lines = Vec::new();
    for row in &tried.rows {
        lines.push(
            json!({ "row": row.line, "outcome": row.outcome, "findings": row.findings, "rejected": row.rejected }),
        );
    }
    for draft in &tried.said.drafts {
        use prost::Message as _;
        lines.push(json!({
            "line": draft.place.line,
            "key": draft.record_key,
            "whose": draft.controller,
            "scope": draft.scope_key,
            "subject": part("Subject", encoded(&|| draft.subject.encode_to_vec())),
            "effective": part("When", encoded(&|| draft.effective.encode_to_vec())),
            "as_of_us": draft.version.map(|version| version.as_of_us),
            "third_parties": draft.third_parties.len(),
            "clears": draft.clears,
            "event": part("Event", encoded(&|| draft.event.encode_to_vec())),
        }));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_worked_sample_becomes_what_it_became() {
    for (name, sample_name) in WORKED {
        let fresh = lines(&tried(&mapping(name), sample_name, &sample(sample_name)));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mappings/golden").join(format!("{name}.jsonl"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &fresh).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        // As values: the order of keys is whatever serde_json was built with.
        let values =
            |text: &str| -> Vec<Value> { text.lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
        let (fresh, expected) = (values(&fresh), values(&expected));
        for (at, (now, then)) in fresh.iter().zip(&expected).enumerate() {
            assert_eq!(now, then, "{name}, line {} of its golden file", at + 1);
        }
        assert_eq!(fresh.len(), expected.len(), "{name}");
    }
}
