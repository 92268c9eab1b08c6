//! What the tests of this connector share: a compact JSON of all that it said.
#![allow(dead_code, reason = "each test file uses a part")]

use std::path::Path;
use std::sync::LazyLock;

use connector_kit::{Collected, Connector, Draft, Rejection};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use proto::events::{Event, FindingCode, Scheme};
use serde_json::{Value, json};

/// The files of a folder of golden input, in order of name.
pub(crate) fn files_of(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

/// Translates files by name and content.
pub(crate) fn translate<N: AsRef<str>, B: AsRef<[u8]>>(connector: &dyn Connector, files: &[(N, B)]) -> Collected {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_ref(), bytes.as_ref())).collect();
    Collected::of(connector, &files)
}

/// Each folder of `tests/golden` becomes what the file of its name says. `UPDATE_GOLDEN=1` writes those anew.
pub(crate) fn check_golden(connector: &dyn Connector, tests: &Path) {
    let golden = tests.join("golden");
    let mut folders: Vec<_> = std::fs::read_dir(&golden).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    assert!(!folders.is_empty());
    for folder in folders {
        let collected = translate(connector, &files_of(&folder));
        let fresh = format!("{:#}\n", collected.json());
        let expected = folder.with_extension("json");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&expected, &fresh).unwrap();
        }
        // As values: the order of keys is whatever serde_json was built with.
        let value = |text: &str| serde_json::from_str::<Value>(text).ok();
        let committed = std::fs::read_to_string(&expected).unwrap_or_default();
        assert!(value(&committed) == value(&fresh), "{} has changed:\n{fresh}", expected.display());
    }
}

/// What the tests ask of all that a connector said.
pub(crate) trait Told {
    /// Rules and codes found, with the field: "ssda903/142 FIELDS_CONTRADICT DECOM", "- NOT_MAPPED". Sorted.
    fn findings(&self) -> Vec<String>;
    /// What was said, in an order that the files' does not change, without where it stood.
    fn sayings(&self) -> Vec<String>;
    /// Names of the kinds, in the order in which they were said.
    fn kinds(&self) -> Vec<&'static str>;
    fn reasons(&self) -> Vec<&'static str>;
    /// `key#ordinal` and the event of each draft of this kind.
    fn of_kind(&self, kind: &str) -> Vec<(String, Value)>;
    fn json(&self) -> Value;
}

impl Told for Collected {
    fn findings(&self) -> Vec<String> {
        let mut found: Vec<_> = self.drafts.iter().flat_map(|draft| &draft.findings).map(told).collect();
        found.sort();
        found
    }

    fn sayings(&self) -> Vec<String> {
        let mut said: Vec<_> = self
            .drafts
            .iter()
            .map(|draft| {
                let mut draft = draft.clone();
                draft.place = connector_kit::Place::default();
                format!("{draft:?}")
            })
            .collect();
        said.sort();
        said
    }

    fn kinds(&self) -> Vec<&'static str> {
        self.drafts.iter().map(|draft| draft.event.kind_number().unwrap().name()).collect()
    }

    fn reasons(&self) -> Vec<&'static str> {
        self.rejections.iter().map(|rejection| rejection.reason.as_str_name()).collect()
    }

    fn of_kind(&self, kind: &str) -> Vec<(String, Value)> {
        let of_kind = self.drafts.iter().filter(|draft| draft.event.kind_number().unwrap().name() == kind);
        of_kind.map(|draft| (format!("{}#{}", draft.record_key, draft.ordinal), inner(&draft.event))).collect()
    }

    fn json(&self) -> Value {
        json!({
            "scopes": self.scopes.iter().map(|s| json!({
                "key": s.key, "as_of_us": s.as_of_us, "sequence": s.sequence,
            })).collect::<Vec<_>>(),
            "records": self.records,
            "drafts": self.drafts.iter().map(draft_json).collect::<Vec<_>>(),
            "rejections": self.rejections.iter().map(rejection_json).collect::<Vec<_>>(),
            "whole": self.whole,
        })
    }
}

fn told(finding: &proto::events::Finding) -> String {
    let code = FindingCode::try_from(finding.code).unwrap().as_str_name();
    let code = code.strip_prefix("FINDING_CODE_").unwrap();
    format!("{} {code} {}", finding.rule.as_deref().unwrap_or("-"), finding.field).trim_end().to_owned()
}

/// The event's own message.
fn inner(event: &Event) -> Value {
    match event_json(event) {
        Value::Object(kinds) => kinds.into_iter().next().unwrap().1,
        other => other,
    }
}

fn event_json(event: &Event) -> Value {
    static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| DescriptorPool::decode(proto::DESCRIPTORS).unwrap());
    let descriptor = POOL.get_message_by_name("throughline.events.v1.Event").unwrap();
    let message = DynamicMessage::decode(descriptor, event.encode_to_vec().as_slice()).unwrap();
    serde_json::to_value(&message).unwrap()
}

fn place_json(place: &connector_kit::Place) -> Value {
    json!(
        format!("{}:{} record {} byte {} {}", place.file, place.line, place.record, place.byte_offset, place.field)
            .trim_end()
    )
}

fn subject_json(subject: &proto::events::Subject) -> Value {
    json!(format!("{} {} {}", Scheme::try_from(subject.scheme).unwrap().as_str_name(), subject.issuer, subject.value))
}

fn draft_json(draft: &Draft) -> Value {
    let effective = match draft.effective.when {
        Some(proto::events::when::When::On(date)) => connector_kit::dates::key(&date),
        _ => "not a day".to_owned(),
    };
    json!({
        "at": format!("{} {}#{}", draft.table, draft.record_key, draft.ordinal),
        "subject": subject_json(&draft.subject),
        "controller": draft.controller,
        "scope": draft.scope_key,
        "version": draft.version.map(|version| format!("{} {}", version.as_of_us, version.sequence)),
        "clears": draft.clears,
        "effective": effective,
        "findings": draft.findings.iter().map(told).collect::<Vec<_>>(),
        "event": event_json(&draft.event),
        "place": place_json(&draft.place),
    })
}

fn rejection_json(rejection: &Rejection) -> Value {
    json!({
        "reason": rejection.reason.as_str_name(),
        "message": rejection.message,
        "place": place_json(&rejection.place),
        "controller": rejection.controller,
        "scope": rejection.scope_key,
        "subject": rejection.subject.as_ref().map(subject_json),
        "raw": String::from_utf8_lossy(&rejection.raw),
    })
}
