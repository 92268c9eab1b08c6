//! Translating in a test, and telling what came of it as one compact JSON value a draft or rejection.

#![allow(dead_code, reason = "each test file uses some of it")]

use connector_kit::{Connector, Draft, Output, Rejection, Scope, SourceFile};
use health_hl7v2::Hl7V2;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use proto::events::{Event, Finding, Scheme, Subject};
use serde_json::{Value, json};

/// All that a connector said.
#[derive(Default, Debug, PartialEq)]
pub(crate) struct Said {
    pub(crate) records: usize,
    pub(crate) drafts: Vec<Draft>,
    pub(crate) rejections: Vec<Rejection>,
}

impl Output for Said {
    fn scope(&mut self, scope: Scope) {
        panic!("a feed opened the scope {}", scope.key);
    }

    fn record(&mut self) {
        self.records += 1;
    }

    fn draft(&mut self, draft: Draft) {
        self.drafts.push(draft);
    }

    fn reject(&mut self, rejection: Rejection) {
        self.rejections.push(rejection);
    }

    fn whole(&mut self, scope_key: &str) {
        panic!("a feed said that the scope {scope_key} is whole");
    }
}

/// What the connector makes of one file.
pub(crate) fn translate(name: &str, bytes: &[u8]) -> Said {
    let mut said = Said::default();
    let file = SourceFile { name: name.to_owned(), bytes: Box::new(bytes) };
    Hl7V2::default().translate(vec![file], &mut said);
    said
}

/// One line of JSON for each draft, then for each rejection.
pub(crate) fn told(said: &Said) -> Vec<String> {
    let drafts = said.drafts.iter().map(|draft| draft_told(draft).to_string());
    drafts.chain(said.rejections.iter().map(|rejection| rejection_told(rejection).to_string())).collect()
}

fn draft_told(draft: &Draft) -> Value {
    let version = draft.version.unwrap();
    assert_eq!(draft.observed_at_us, Some(version.as_of_us));
    assert_eq!((draft.ordinal, draft.scope_key.as_ref()), (0, None));
    let mut told = json!({
        "key": draft.record_key,
        "table": draft.table,
        "subject": subject_told(&draft.subject),
        "controller": draft.controller,
        "effective": reflected("throughline.events.v1.When", &draft.effective.encode_to_vec()),
        "version": format!("{}/{}/{}", version.as_of_us, version.sequence, version.mapping_revision),
        "place": format!("line {} byte {} {}", draft.place.line, draft.place.byte_offset, draft.place.field),
        "event": event_json(&draft.event),
    });
    if !draft.labels.is_empty() {
        told["labels"] = draft.labels.iter().map(|label| label.as_str_name()).collect::<Vec<_>>().into();
    }
    if !draft.findings.is_empty() {
        told["findings"] = findings(draft).into();
    }
    if !draft.clears.is_empty() {
        told["clears"] = json!(draft.clears);
    }
    if !draft.third_parties.is_empty() {
        told["third_parties"] = draft.third_parties.iter().map(subject_told).collect();
    }
    told
}

fn rejection_told(rejection: &Rejection) -> Value {
    json!({
        "rejected": short(rejection.reason.as_str_name(), "REASON_"),
        "message": rejection.message,
        "place": format!("line {} byte {} {}", rejection.place.line, rejection.place.byte_offset, rejection.place.field),
        "controller": rejection.controller,
    })
}

fn short<'a>(name: &'a str, prefix: &str) -> &'a str {
    name.strip_prefix(prefix).unwrap_or(name)
}

pub(crate) fn subject_told(subject: &Subject) -> String {
    let scheme = Scheme::try_from(subject.scheme).unwrap().as_str_name();
    format!("{} {}/{}", short(scheme, "SCHEME_"), subject.issuer, subject.value)
}

/// An event as JSON, by the contract's own descriptors.
pub(crate) fn event_json(event: &Event) -> Value {
    reflected("throughline.events.v1.Event", &event.encode_to_vec())
}

fn reflected(message: &str, bytes: &[u8]) -> Value {
    thread_local! {
        static POOL: DescriptorPool = DescriptorPool::decode(proto::DESCRIPTORS).unwrap();
    }
    let descriptor = POOL.with(|pool| pool.get_message_by_name(message).unwrap());
    let decoded = DynamicMessage::decode(descriptor, bytes).unwrap();
    let options = SerializeOptions::new().use_proto_field_name(true);
    decoded.serialize_with_options(serde_json::value::Serializer, &options).unwrap()
}

/// Short names of what a message became: the kind and the last part of the key of each draft.
pub(crate) fn kinds(said: &Said) -> Vec<(&'static str, String)> {
    let kind = |draft: &Draft| {
        let prefix = format!("{}/{}/", draft.subject.issuer, draft.subject.value);
        let key = draft.record_key.strip_prefix(&prefix).unwrap().to_owned();
        (draft.event.kind_number().unwrap().name(), key)
    };
    said.drafts.iter().map(kind).collect()
}

/// Findings of a draft, short.
pub(crate) fn findings(draft: &Draft) -> Vec<String> {
    let of = |f: &Finding| format!("{} {}", short(f.code().as_str_name(), "FINDING_CODE_"), f.field);
    draft.findings.iter().map(of).collect()
}
