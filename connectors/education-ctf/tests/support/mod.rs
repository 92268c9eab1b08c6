//! What the tests share: files of few parts, and a compact JSON of what they become.

use std::sync::LazyLock;

use connector_kit::{Collected, Draft, Place, dates};
use education_ctf::CommonTransfer;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use proto::events::{Event, FindingCode};
use serde_json::{Value, json};

/// A file of these pupils, from one school to another.
pub(crate) fn file(qualifier: &str, at: &str, destination: &str, pupils: &str) -> String {
    format!(
        "<CTfile><Header><CTFversion>25.0</CTFversion><DateTime>{at}</DateTime><DocumentQualifier>{qualifier}</DocumentQualifier>\
         <SourceSchool><LEA>878</LEA><Estab>4001</Estab></SourceSchool><DestSchool>{destination}</DestSchool></Header>\
         <CTFpupilData>\n{pupils}</CTFpupilData></CTfile>\n"
    )
}

pub(crate) const TO_SCHOOL: &str = "<LEA>878</LEA><Estab>4002</Estab>";

/// A pupil of these parts.
pub(crate) fn pupil(number: usize, parts: &str) -> String {
    format!(
        "<Pupil><Surname>Inventedson</Surname><Forename>Amara</Forename><DOB>201{number}-05-09</DOB><Sex>F</Sex>{parts}</Pupil>\n"
    )
}

pub(crate) fn translate(text: &str) -> Collected {
    Collected::of(&CommonTransfer, &[("8784001_CTF_8784002_001.xml", text.as_bytes())])
}

pub(crate) fn findings(drafts: &[Draft]) -> Vec<String> {
    let name = |code: FindingCode| code.as_str_name().trim_start_matches("FINDING_CODE_");
    let findings = drafts.iter().flat_map(|draft| &draft.findings);
    let mut told: Vec<String> = findings.map(|f| format!("{} {}", name(f.code()), f.field)).collect();
    told.sort();
    told.dedup();
    told
}

/// What is said, whatever its order and place.
pub(crate) fn sayings(said: &Collected) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = said.drafts.iter().map(|d| Draft { place: Place::default(), ..d.clone() }).collect();
    drafts.sort_by(|a, b| (&a.record_key, a.ordinal).cmp(&(&b.record_key, b.ordinal)));
    drafts
}

pub(crate) fn json(said: &Collected) -> Value {
    json!({
        "scopes": said.scopes.iter().map(|s| json!([s.key, s.as_of_us, s.sequence])).collect::<Vec<_>>(),
        "records": said.records,
        "whole_of": said.whole_of.iter().map(|(key, subject)| format!("{key} {}", subject.value)).collect::<Vec<_>>(),
        "drafts": said.drafts.iter().map(draft_json).collect::<Vec<_>>(),
        "rejections": said.rejections.iter().map(|r| json!({
            "reason": r.reason.name(),
            "message": r.message,
            "place": format!("{} record {} {}", r.place.line, r.place.record, r.place.field),
            "subject": r.subject.as_ref().map(|subject| &subject.value),
        })).collect::<Vec<_>>(),
    })
}

fn draft_json(draft: &Draft) -> Value {
    static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| DescriptorPool::decode(proto::DESCRIPTORS).unwrap());
    let event = |event: &Event| {
        let descriptor = POOL.get_message_by_name("throughline.events.v1.Event").unwrap();
        serde_json::to_value(DynamicMessage::decode(descriptor, event.encode_to_vec().as_slice()).unwrap()).unwrap()
    };
    let effective = match draft.effective.when {
        Some(proto::events::when::When::On(date)) => dates::key(&date),
        _ => "not a day".to_owned(),
    };
    json!({
        "at": format!("{} {}#{}", draft.table, draft.record_key, draft.ordinal),
        "effective": effective,
        "findings": findings(std::slice::from_ref(draft)),
        "others": draft.third_parties.iter().map(|party| format!("{} {}", party.issuer, party.value)).collect::<Vec<_>>(),
        "event": event(&draft.event),
    })
}
