//! What the tests of this connector share: a collector, and a compact JSON of what it collected.
#![allow(dead_code, reason = "each test file uses a part")]

use std::io::{BufReader, Cursor};
use std::sync::LazyLock;

use connector_kit::{Connector, Draft, Rejection, SourceFile};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use proto::events::{Event, FindingCode, Scheme};
use serde_json::{Value, json};
use social_care_cin_census::CinCensus;

pub(crate) use connector_kit::Collected;

/// Translates a file of these bytes, read in pieces of `piece` bytes.
pub(crate) fn translate_in_pieces(bytes: &[u8], piece: usize) -> Collected {
    let mut out = Collected::default();
    let bytes = Box::new(BufReader::with_capacity(piece, Cursor::new(bytes)));
    CinCensus.translate(vec![SourceFile { name: "cin.xml".to_owned(), bytes }], &mut out);
    out
}

/// Translates a file of this name.
pub(crate) fn translate_named(name: &str, bytes: impl AsRef<[u8]>) -> Collected {
    Collected::of(&CinCensus, &[(name, bytes.as_ref())])
}

pub(crate) fn translate(bytes: impl AsRef<[u8]>) -> Collected {
    translate_in_pieces(bytes.as_ref(), 4096)
}

/// What the tests ask of all that the connector said.
pub(crate) trait Told {
    /// Rules and codes found, with the field: "cin/1510 CHECK_CHARACTER_WRONG UPN", "- TEXT_ODD Sex".
    fn findings(&self) -> Vec<String>;
    /// The drafts in an order that the file's does not change, without where they stood.
    fn sorted_drafts(&self) -> Vec<Draft>;
    fn kinds(&self) -> Vec<&'static str>;
    fn reasons(&self) -> Vec<&'static str>;
    fn json(&self) -> Value;
}

impl Told for Collected {
    fn findings(&self) -> Vec<String> {
        let findings = self.drafts.iter().flat_map(|draft| &draft.findings);
        let mut found: Vec<_> = findings
            .map(|finding| {
                let code = FindingCode::try_from(finding.code).unwrap().as_str_name();
                let code = code.strip_prefix("FINDING_CODE_").unwrap();
                format!("{} {code} {}", finding.rule.as_deref().unwrap_or("-"), finding.field)
            })
            .collect();
        found.sort();
        found
    }

    fn sorted_drafts(&self) -> Vec<Draft> {
        let mut drafts = self.drafts.clone();
        for draft in &mut drafts {
            draft.place = connector_kit::Place::default();
        }
        drafts.sort_by(|a, b| (&a.record_key, a.ordinal).cmp(&(&b.record_key, b.ordinal)));
        drafts
    }

    fn kinds(&self) -> Vec<&'static str> {
        self.drafts.iter().map(|draft| draft.event.kind_number().unwrap().name()).collect()
    }

    fn reasons(&self) -> Vec<&'static str> {
        self.rejections.iter().map(|rejection| rejection.reason.as_str_name()).collect()
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
            "found": self.found.iter().map(|(controller, finding)| {
                let finding = finding.rule.as_deref().unwrap_or_default();
                json!(format!("{controller} {finding}"))
            }).collect::<Vec<_>>(),
        })
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
    assert!(draft.version.is_none() && draft.observed_at_us.is_none() && draft.clears.is_empty());
    assert!(draft.third_parties.is_empty());
    let effective = match draft.effective.when {
        Some(proto::events::when::When::On(date)) => connector_kit::dates::key(&date),
        _ => "not a day".to_owned(),
    };
    json!({
        "at": format!("{} {}#{}", draft.table, draft.record_key, draft.ordinal),
        "subject": subject_json(&draft.subject),
        "controller": draft.controller,
        "scope": draft.scope_key,
        "effective": effective,
        "findings": Collected { drafts: vec![draft.clone()], ..Collected::default() }.findings(),
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

/// A return of these children, of the census of 2025.
pub(crate) fn census(children: &str) -> String {
    format!(
        "<Message><Header><CollectionDetails><Collection>CIN</Collection><Year>2025</Year>\
         <ReferenceDate>2025-03-31</ReferenceDate></CollectionDetails><Source><SourceLevel>L</SourceLevel><LEA>878</LEA>\
         <SerialNo>002</SerialNo><DateTime>2025-05-20T09:30:00</DateTime></Source></Header>\
         <Children>{children}</Children></Message>"
    )
}

/// A child with nothing odd about it, but for what is replaced.
pub(crate) fn child(id: &str, referrals: &str) -> String {
    child_of(&identifiers(id), CHARACTERISTICS, referrals)
}

pub(crate) const CHARACTERISTICS: &str = "<ChildCharacteristics><Ethnicity>WBRI</Ethnicity>\
    <Disabilities><Disability>NONE</Disability></Disabilities></ChildCharacteristics>";

pub(crate) fn identifiers(id: &str) -> String {
    format!(
        "<ChildIdentifiers><LAchildID>{id}</LAchildID><UPNunknown>UN4</UPNunknown>\
         <PersonBirthDate>2012-06-14</PersonBirthDate><Sex>F</Sex></ChildIdentifiers>"
    )
}

pub(crate) fn child_of(identifiers: &str, characteristics: &str, referrals: &str) -> String {
    format!("<Child>{identifiers}{characteristics}{referrals}</Child>")
}

/// A referral with nothing odd about it, and these parts.
pub(crate) fn referral(on: &str, parts: &str) -> String {
    format!(
        "<CINdetails><CINreferralDate>{on}</CINreferralDate><ReferralSource>2A</ReferralSource>\
         <PrimaryNeedCode>N1</PrimaryNeedCode>{parts}<ReferralNFA>false</ReferralNFA></CINdetails>"
    )
}
