//! What the tests of this connector share: the golden export, changed or not, and what becomes of it.
#![allow(dead_code, reason = "each test file uses a part")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use connector_kit::{Collected, Draft};
use education_school_census::SchoolCensus;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use proto::events::{Event, FindingCode};
use serde_json::{Value, json};

/// Files of one export by name.
pub(crate) type Export = BTreeMap<String, String>;

pub(crate) fn golden_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// The golden export.
pub(crate) fn golden() -> Export {
    let entries = std::fs::read_dir(golden_path("2025-spring")).unwrap().map(Result::unwrap);
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read_to_string(entry.path()).unwrap()))
        .collect()
}

/// A small export: a header, and rows of the given columns.
pub(crate) fn table(name: &str, header: &str, rows: &[&str]) -> (String, String) {
    let lines: Vec<&str> = std::iter::once(header).chain(rows.iter().copied()).collect();
    (format!("2025_spring_{name}.csv"), format!("{}\n", lines.join("\n")))
}

pub(crate) fn translate(export: &Export) -> Collected {
    translate_in(export, |_| {})
}

/// With the files in another order.
pub(crate) fn translate_in(export: &Export, order: impl FnOnce(&mut Vec<(&str, &[u8])>)) -> Collected {
    let mut files: Vec<(&str, &[u8])> = export.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    order(&mut files);
    Collected::of(&SchoolCensus, &files)
}

/// What a draft says, apart from where it stood.
pub(crate) fn saying(draft: &Draft) -> String {
    let draft = Draft { place: connector_kit::Place::default(), ..draft.clone() };
    format!("{draft:?}")
}

/// Everything said, in order of itself.
pub(crate) fn sayings(collected: &Collected) -> Vec<String> {
    let mut sayings: Vec<String> = collected.drafts.iter().map(saying).collect();
    sayings.sort();
    sayings
}

/// Findings with their fields: "IDENTIFIER_SHARED upn".
pub(crate) fn findings(draft: &Draft) -> Vec<String> {
    let told = |code: i32| FindingCode::try_from(code).unwrap().as_str_name().trim_start_matches("FINDING_CODE_");
    draft.findings.iter().map(|finding| format!("{} {}", told(finding.code), finding.field)).collect()
}

/// Everything that was said, as JSON to read and compare.
pub(crate) fn json(collected: &Collected) -> Value {
    let pool = DescriptorPool::decode(proto::DESCRIPTORS).unwrap();
    let descriptor = pool.get_message_by_name("throughline.events.v1.Event").unwrap();
    let event = |event: &Event| {
        let dynamic = DynamicMessage::decode(descriptor.clone(), event.encode_to_vec().as_slice()).unwrap();
        serde_json::to_value(dynamic).unwrap()
    };
    let place = |place: &connector_kit::Place| format!("{}:{} {}", place.file, place.line, place.field).trim_end().to_owned();
    let drafts = collected.drafts.iter().map(|draft| {
        json!({
            "key": format!("{}#{}", draft.record_key, draft.ordinal),
            "subject": format!("{}/{}", draft.subject.issuer, draft.subject.value),
            "controller": draft.controller,
            "scope": draft.scope_key,
            "effective": match draft.effective.when {
                Some(proto::events::when::When::On(date)) => connector_kit::dates::key(&date),
                _ => String::new(),
            },
            "findings": findings(draft),
            "event": event(&draft.event),
            "place": place(&draft.place),
        })
    });
    json!({
        "scopes": collected.scopes.iter().map(|s| format!("{} as of {:?} no {}", s.key, s.as_of_us, s.sequence)).collect::<Vec<_>>(),
        "whole": collected.whole,
        "records": collected.records,
        "rejections": collected.rejections.iter().map(|r| json!({
            "reason": r.reason.as_str_name(), "place": place(&r.place), "message": r.message,
            "scope": r.scope_key, "subject": r.subject.as_ref().map(|s| format!("{}/{}", s.issuer, s.value)),
        })).collect::<Vec<_>>(),
        "drafts": drafts.collect::<Vec<_>>(),
    })
}
