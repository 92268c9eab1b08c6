//! What holds of resources, one after another, in either form and in whatever order.
#![cfg(test)]

#[path = "../../social-care-ssda903/tests/support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::path::Path;

use health_fhir::Fhir;
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Told as _, files_of, translate};

fn fhir() -> Fhir {
    Fhir { organisation: Some("ods-rz99".to_owned()) }
}

fn bundle(kind: &str, resources: &[Value]) -> String {
    let entries: Vec<Value> = resources
        .iter()
        .map(|resource| {
            let (kind, id) = (resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap_or("none"));
            json!({ "fullUrl": format!("https://fhir.invented.example/{kind}/{id}"), "resource": resource })
        })
        .collect();
    json!({ "resourceType": "Bundle", "type": kind, "entry": entries }).to_string()
}

fn weight(id: &str, version: u32, value: &str, status: &str) -> Value {
    json!({
        "resourceType": "Observation", "id": id, "status": status, "subject": { "reference": "Patient/1" },
        "meta": { "versionId": version.to_string(), "lastUpdated": "2026-04-02T10:00:00Z" },
        "code": { "coding": [{ "system": "http://snomed.info/sct", "code": "27113001" }] },
        "effectiveDateTime": "2026-04-01", "valueQuantity": { "value": 0, "unit": value },
    })
}

/// The kinds and units that stand after these files, and how many events the last added.
fn standing(files: &[String]) -> (Vec<String>, usize) {
    type Versions = BTreeMap<(i64, u64, u32), proto::events::Event>;
    let mut said: BTreeMap<(String, u32), Versions> = BTreeMap::new();
    let mut added = 0;
    for file in files {
        added = 0;
        for draft in translate(&fhir(), &[("page.json", file)]).drafts {
            let version = draft.version.unwrap();
            let at = (version.as_of_us, version.sequence, version.mapping_revision);
            let states = said.entry((draft.record_key, draft.ordinal)).or_default();
            if let Some(before) = states.insert(at, draft.event.clone()) {
                assert_eq!(before, draft.event, "one version says two things");
            } else {
                added += 1;
            }
        }
    }
    let newest = said.into_values().filter_map(|states| states.into_values().next_back()?.kind);
    let mut kinds: Vec<String> = newest
        .filter_map(|kind| match kind {
            proto::events::event::Kind::EntryRetracted(_) => None,
            proto::events::event::Kind::ObservationRecorded(seen) => seen.unit,
            other => Some(other.number().name().to_owned()),
        })
        .collect();
    kinds.sort();
    (kinds, added)
}

#[test]
fn the_higher_version_stands_whatever_comes_first_and_the_same_again_is_nothing() {
    let page = |version, unit: &str, status: &str| bundle("searchset", &[weight("o", version, unit, status)]);
    let (first, second) = (page(1, "g", "final"), page(2, "kg", "corrected"));
    assert_eq!(standing(&[first.clone(), second.clone()]).0, ["kg"]);
    assert_eq!(standing(&[second.clone(), first.clone()]).0, ["kg"]);
    assert_eq!(standing(&[first.clone(), first.clone()]), (vec!["g".to_owned()], 0));
    let error = page(3, "kg", "entered-in-error");
    for order in [[&first, &second, &error], [&error, &first, &second], [&second, &error, &first]] {
        assert_eq!(standing(&order.map(Clone::clone)).0, [""; 0]);
    }
    assert_eq!(
        standing(&[error, page(4, "kg", "final")]).0,
        ["kg"],
        "what is said again after it was taken back stands"
    );
}

#[test]
fn a_delete_message_takes_back_what_the_message_said() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/messages");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let (said, deleted) = (read("01-vaccinated.json"), read("07-taken-back.json"));
    let immunised = |files: &[String]| standing(files).0.iter().filter(|kind| *kind == "ImmunisationGiven").count();
    assert_eq!(immunised(std::slice::from_ref(&said)), 1);
    assert_eq!(immunised(&[said.clone(), deleted.clone()]), 0);
    assert_eq!(immunised(&[deleted.clone(), said.clone()]), 0);
    let (kinds, added) = standing(&[said.clone(), deleted, said]);
    assert_eq!((kinds.iter().any(|kind| kind == "PersonDescribed"), added), (true, 0), "who somebody is stays");
}

fn as_xml(of: &Value, name: &str, out: &mut String) {
    match of {
        Value::Array(items) => items.iter().for_each(|item| as_xml(item, name, out)),
        Value::Object(members) => {
            let kind = members.get("resourceType").and_then(Value::as_str);
            let attribute = members.get("url").and_then(Value::as_str).filter(|_| name == "extension");
            match attribute {
                Some(url) => out.push_str(&format!("<{name} url=\"{url}\">")),
                None => out.push_str(&format!("<{name}>")),
            }
            if let Some(kind) = kind.filter(|kind| *kind != name) {
                out.push_str(&format!("<{kind}>"));
            }
            for (member, value) in members.iter().filter(|(member, _)| {
                !matches!(member.as_str(), "resourceType" | "fhir_comments") && !member.starts_with('_')
            }) {
                if !(attribute.is_some() && member == "url") {
                    as_xml(value, member, out);
                }
            }
            if let Some(kind) = kind.filter(|kind| *kind != name) {
                out.push_str(&format!("</{kind}>"));
            }
            out.push_str(&format!("</{name}>"));
        }
        Value::String(text) => {
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
            out.push_str(&format!("<{name} value=\"{text}\"/>"));
        }
        Value::Null => {}
        other => out.push_str(&format!("<{name} value=\"{other}\"/>")),
    }
}

/// Without what is kept as it came, and without the order that a content gives.
fn mapped(file: &str, bytes: &str) -> Vec<String> {
    let said = translate(&fhir(), &[(file, bytes)]);
    let mut told: Vec<String> = said
        .drafts
        .iter()
        .filter(|draft| draft.event.kind_number().unwrap().name() != "SourceRecordKept")
        .map(|draft| format!("{} {} {:?} {:?}", draft.record_key, draft.ordinal, draft.effective, draft.event))
        .collect();
    told.sort();
    told
}

#[test]
fn xml_and_json_say_the_same() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for folder in ["messages", "referral", "server"] {
        for (name, bytes) in files_of(&golden.join(folder)) {
            // One entry of a file is no JSON that another reader takes.
            let Ok(read) = serde_json::from_slice::<Value>(&bytes) else { continue };
            if name == "transaction.json" {
                continue;
            }
            let mut xml = String::new();
            as_xml(&read, "Bundle", &mut xml);
            let json = read.to_string();
            assert_eq!(mapped("a.xml", &xml), mapped("a.json", &json), "{name}");
        }
    }
}

#[test]
fn a_bad_entry_is_alone_in_being_bad() {
    let good = weight("a", 1, "kg", "final").to_string();
    let deep = format!("{{\"resourceType\":\"Observation\",\"x\":{}1{}}}", "{\"y\":".repeat(200), "}".repeat(200));
    let twice = "{\"resourceType\":\"Observation\",\"status\":\"final\",\"status\":\"final\"}";
    let of_nobody = "{\"resourceType\":\"Observation\",\"id\":\"n\",\"status\":\"final\"}";
    for (bad, reason) in [
        (deep.as_str(), "REASON_RECORD_TOO_LARGE"),
        (twice, "REASON_RECORD_MALFORMED"),
        (of_nobody, "REASON_SUBJECT_MISSING"),
        ("{}", "REASON_RECORD_MALFORMED"),
    ] {
        let text = format!(
            "{{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{{\"resource\":{bad}}},{{\"resource\":{good}}}]}}"
        );
        let said = translate(&fhir(), &[("a.json", text)]);
        assert_eq!((said.reasons(), said.kinds()), (vec![reason], vec!["ObservationRecorded"]), "{bad:.60}");
    }
}

#[test]
fn a_bundle_that_says_last_what_it_is_is_read_as_it_comes() {
    let entry = |id: &str| json!({ "resource": weight(id, 1, "kg", "final") }).to_string();
    // More than is held at a time, and no part of it is one entry.
    let filler = "x".repeat(1 << 20);
    let noted = format!("{{\"resource\":{{\"resourceType\":\"Organization\",\"name\":\"{filler}\"}}}}");
    let entries = [entry("a"), [noted.as_str(); 20].join(","), entry("b")].join(",");
    let said = translate(
        &fhir(),
        &[("a.json", format!("{{\"entry\":[{entries}],\"resourceType\":\"Bundle\",\"type\":\"collection\"}}"))],
    );
    assert_eq!((said.kinds().len(), said.reasons()), (2, vec![]));
    // A list has entries too, and is no bundle.
    let list = json!({ "entry": [{ "item": { "display": "a" } }, { "item": { "display": "b" } }], "resourceType": "List", "status": "current",
        "subject": { "reference": "Patient/1" }, "date": "2026-04-01", "id": "l" });
    let said = translate(&fhir(), &[("a.json", list.to_string())]);
    assert_eq!((said.kinds(), said.reasons()), (vec!["SourceRecordKept"], vec![]));
    assert!(said.of_kind("SourceRecordKept")[0].1["content"].as_str().unwrap().contains("\"b\""), "it is kept whole");
}

#[test]
fn a_message_that_breaks_off_is_not_taken_and_a_page_is_as_far_as_it_goes() {
    let page = bundle("searchset", &[weight("a", 1, "kg", "final"), weight("b", 1, "kg", "final")]);
    let cut = &page[..page.len() - 40];
    let said = translate(&fhir(), &[("a.json", cut)]);
    assert_eq!((said.kinds().len(), said.reasons()), (1, vec!["REASON_FILE_UNREADABLE"]));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/messages");
    let message = std::fs::read(folder.join("01-vaccinated.json")).unwrap();
    let said = translate(&fhir(), &[("a.json", &message[..message.len() - 40])]);
    assert_eq!((said.kinds().len(), said.reasons()), (0, vec!["REASON_FILE_UNREADABLE"]));
}

#[test]
fn decimals_keep_every_digit_and_numbers_that_are_none_are_told() {
    let text = |number: &str| {
        bundle("collection", &[weight("a", 1, "kg", "final")]).replace("\"value\":0", &format!("\"value\":{number}"))
    };
    for number in ["3.400", "0.30000000000000000000000000001", "-1e-3"] {
        let said = translate(&fhir(), &[("a.json", text(number))]);
        assert_eq!(said.of_kind("ObservationRecorded")[0].1["value"], number);
        assert_eq!(said.findings(), [""; 0]);
    }
    let said = translate(&fhir(), &[("a.json", text("1e99999"))]);
    assert_eq!(said.findings(), ["- VALUE_MALFORMED value"]);
}

#[test]
fn two_servers_of_one_organisation_number_two_children() {
    let patient = |base: &str| {
        json!({ "resourceType": "Bundle", "type": "searchset", "timestamp": "2026-01-01T00:00:00Z", "entry": [{
            "fullUrl": format!("{base}/Patient/1"), "resource": { "resourceType": "Patient", "id": "1" } }] })
        .to_string()
    };
    let subject = |base: &str| translate(&fhir(), &[("a.json", patient(base))]).drafts[0].subject.clone();
    assert_ne!(subject("https://one.invented.example/r4"), subject("https://two.invented.example/r4"));
}

#[test]
fn resources_under_another_name_than_entry_are_refused() {
    let observation = json!({ "resource": { "resourceType": "Observation", "id": "1", "status": "final" } });
    for (name, value) in [
        ("#ntry", json!([observation])),
        ("Entry", observation.clone()),
        ("entries", json!([observation, observation])),
    ] {
        let said = translate(
            &fhir(),
            &[("a.json", json!({ "resourceType": "Bundle", "type": "searchset", name: value }).to_string())],
        );
        let told: Vec<_> = said.rejections.iter().map(|one| one.reason.name()).collect();
        assert_eq!((told, said.drafts.len()), (vec!["RECORD_MALFORMED"], 0), "{name}");
    }
    let link = json!([{ "relation": "self", "url": "https://fhir.invented.example/r4" }]);
    let said = translate(
        &fhir(),
        &[("a.json", json!({ "resourceType": "Bundle", "type": "searchset", "link": link }).to_string())],
    );
    assert_eq!((said.rejections.len(), said.drafts.len()), (0, 0), "nobody was found");
}

#[test]
fn every_seed_of_the_fuzz_target_is_translated() {
    let seeds = files_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/translate"));
    assert!(seeds.len() >= 4);
    for (name, seed) in seeds {
        let said = translate(&fhir(), &[(name.as_str(), &seed)]);
        assert!(!said.drafts.is_empty() || !said.rejections.is_empty(), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), name in "(a.json|a.xml|a.ndjson)") {
        let said = translate(&fhir(), &[(name.as_str(), &bytes)]);
        prop_assert!(!said.drafts.is_empty() || !said.rejections.is_empty());
    }

    #[test]
    fn a_page_with_bytes_put_wrong_never_panics(at in 0usize..60_000, byte in any::<u8>(), xml in any::<bool>()) {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let mut bytes = std::fs::read(golden.join(if xml { "births/birth.xml" } else { "server/page.json" })).unwrap();
        let at = at % bytes.len();
        bytes[at] = byte;
        let said = translate(&fhir(), &[(if xml { "a.xml" } else { "a.json" }, &bytes)]);
        prop_assert!(!said.drafts.is_empty() || !said.rejections.is_empty());
        prop_assert!(said.rejections.iter().all(|rejection| !rejection.message.is_empty()));
        for (_, kept) in said.of_kind("SourceRecordKept") {
            prop_assert!(kept["content"].as_str().is_some_and(|content| !content.is_empty()));
        }
    }
}
