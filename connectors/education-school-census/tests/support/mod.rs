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
    let place =
        |place: &connector_kit::Place| format!("{}:{} {}", place.file, place.line, place.field).trim_end().to_owned();
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

/// A small export without fault: two schools, three children, one of each table that is mapped.
pub(crate) fn clean() -> Export {
    let pupils = "pupilonrolltableid,NativeId,schoolcensustableid,upn,surname,forename,dob,entrydate,sex,ethnicity,senprovision,termlysessionspossible,plaa";
    let left = "pupilnolongeronrolltableid,NativeId,schoolcensustableid,upn,surname,forename,dob,entrydate,leavingdate,termlysessionspossible";
    Export::from([
        table(
            "schoolcensus",
            "schoolcensustableid,NativeId,lea,estab,referencedate,datetime,serialno",
            &[
                "c1,N1,878,4001,2025-Jan-16 00:00:00,2025-Jan-31 14:22:05,3",
                "c2,N2,878,4002,2025-Jan-16 00:00:00,2025-Feb-03 09:00:00,1",
            ],
        ),
        table(
            "pupilonroll",
            pupils,
            &[
                "p1,N1,c1,P878400120001,Inventedson,Amara,2013-Jul-05 00:00:00,2021-Sep-01 00:00:00,F,WBRI,K,139.0,",
                "p2,N2,c2,D878400120002,Madeupsmith,Benvolio,2014-Feb-28 00:00:00,2022-Sep-05 00:00:00,M,WENG,N,130,A",
            ],
        ),
        table(
            "pupilnolongeronroll",
            left,
            &[
                "q1,N2,c2,Z878400120007,Feignedman,Halbert,2012-Apr-02 00:00:00,2023-Sep-04 00:00:00,2024-Oct-18 00:00:00,90.0",
            ],
        ),
        table("addresses", "pupilonrolltableid,NativeId,postcode,street", &["p1,N1,ZZ1 1ZZ,1 No Such Street"]),
        table("senneeds", "pupilonrolltableid,NativeId,sentype,sentyperank", &["p1,N1,SEMH,1.0", "p1,N1,SLCN,2.0"]),
        table(
            "fsmperiod",
            "pupilonrolltableid,NativeId,fsmstartdate,fsmenddate,ukcountry",
            &["p2,N2,2023-Mar-08 00:00:00,,ENG", "p2,N2,2022-Mar-08 00:00:00,2022-Sep-01 00:00:00,ENG"],
        ),
        table(
            "termlyexclusionsonroll",
            "pupilonrolltableid,NativeId,startdate,category,sessions,reason1",
            &["p2,N2,2024-Nov-04 00:00:00,SUSP,10.0,PP", "p2,N2,2024-Nov-04 00:00:00,SUSP,2,VA"],
        ),
        table(
            "termlyexclusionsoffroll",
            "pupilnolongeronrolltableid,NativeId,startdate,category",
            &["q1,N2,2024-Sep-20 00:00:00,PERM"],
        ),
        table(
            "termlysessiondetailsonroll",
            "pupilonrolltableid,NativeId,attendancereason,sessions",
            &["p1,N1,I,4.0", "p1,N1,/,64", "p2,N2,/,60"],
        ),
        table(
            "termlysessiondetailsoffroll",
            "pupilnolongeronrolltableid,NativeId,attendancereason,sessions",
            &["q1,N2,G,10"],
        ),
        table("learnerfamonroll", "pupilonrolltableid,NativeId,learnerfamtype,learnerfamcode", &["p2,N2,NLM,22"]),
        table("learnerfamoffroll", "pupilnolongeronrolltableid,NativeId,learnerfamtype,learnerfamcode", &[]),
    ])
}
