//! Files of every shape: nothing in one is passed over in silence. All that they hold is invented.
#![cfg(test)]

#[path = "../../social-care-ssda903/tests/support/mod.rs"]
mod support;

use connector_kit::Collected;
use health_fhir::Fhir;
use serde_json::{Value, json};
use support::{Told as _, translate};

fn read(name: &str, text: &str) -> Collected {
    translate(&Fhir { organisation: Some("ods-rz99".to_owned()) }, &[(name, text)])
}

fn patient(id: &str) -> Value {
    json!({
        "resourceType": "Patient", "id": id, "meta": { "lastUpdated": "2026-04-02T10:00:00Z" },
        "name": [{ "family": "Inventia" }], "birthDate": "2020-01-01",
    })
}

fn plan(id: &str) -> Value {
    json!({
        "resourceType": "CarePlan", "id": id, "status": "active", "intent": "plan", "created": "2026-01-01",
        "subject": { "reference": "Patient/p1" },
    })
}

fn contents(said: &Collected) -> Vec<String> {
    said.of_kind("SourceRecordKept")
        .into_iter()
        .map(|(_, kept)| kept["content"].as_str().unwrap_or("").to_owned())
        .collect()
}

#[test]
fn parameters_are_read_for_the_resources_that_they_hold() {
    let held = json!([{ "name": "mode", "valueString": "x" }, { "name": "a", "resource": patient("p1") }, { "name": "b", "resource": plan("c1") }]);
    for text in [
        json!({ "resourceType": "Parameters", "parameter": held }).to_string(),
        format!("{{\"parameter\":{held},\"resourceType\":\"Parameters\"}}"),
    ] {
        let said = read("a.json", &text);
        assert_eq!(
            (said.kinds(), said.records, said.reasons()),
            (vec!["PersonDescribed", "SourceRecordKept"], 2, vec![])
        );
        assert!(contents(&said)[0].contains("CarePlan"));
    }
    let xml = "<Parameters xmlns=\"http://hl7.org/fhir\"><parameter><name value=\"a\"/><resource><Patient><id value=\"p1\"/>\
               <birthDate value=\"2020-01-01\"/></Patient></resource></parameter></Parameters>";
    assert_eq!(read("a.xml", xml).kinds(), ["PersonDescribed"]);
    let in_a_part = json!({ "resourceType": "Parameters", "parameter": [{ "name": "a", "part": [{ "name": "b", "resource": patient("p1") }] }] });
    assert_eq!(read("a.json", &in_a_part.to_string()).reasons(), ["REASON_RECORD_MALFORMED"]);
}

#[test]
fn a_list_of_resources_is_read_and_one_of_anything_else_is_refused_once() {
    let said = read("a.json", &json!([patient("p1"), plan("c1"), 7]).to_string());
    assert_eq!(said.kinds(), ["PersonDescribed", "SourceRecordKept"]);
    assert_eq!((said.records, said.reasons()), (3, vec!["REASON_RECORD_MALFORMED"]));
    assert_eq!(contents(&said), [plan("c1").to_string()]);
    for other in ["[{\"a\":1},{\"a\":2}]", "[1,2]", "7"] {
        assert_eq!(read("a.json", other).reasons(), ["REASON_FILE_UNREADABLE"], "{other}");
    }
}

#[test]
fn one_entry_without_a_list_around_it_is_kept_as_it_came() {
    let entry = json!({ "resource": plan("c1") });
    for text in [
        json!({ "resourceType": "Bundle", "type": "collection", "entry": entry }).to_string(),
        format!("{{\"entry\":{entry},\"type\":\"collection\",\"resourceType\":\"Bundle\"}}"),
    ] {
        let said = read("a.json", &text);
        assert_eq!((said.records, contents(&said)), (1, vec![entry.to_string()]));
    }
}

#[test]
fn a_file_from_which_nothing_is_said_says_so() {
    let organisation = json!({ "resourceType": "Organization", "id": "o", "name": "Invented Trust" });
    let bundle = |kind: &str| json!({ "resourceType": "Bundle", "type": kind }).to_string();
    for text in [
        organisation.to_string(),
        bundle("collection"),
        "[]".to_owned(),
        json!({ "resourceType": "Parameters" }).to_string(),
    ] {
        assert_eq!(read("a.json", &text).reasons(), ["REASON_SUBJECT_MISSING"], "{text}");
    }
    assert_eq!(read("a.json", &bundle("searchset")).reasons(), [""; 0], "that nothing was found is an answer");
}
