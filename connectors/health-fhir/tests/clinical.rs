//! What a clinical record says, and what it does not. All of them are invented.
#![cfg(test)]

#[path = "../../social-care-ssda903/tests/support/mod.rs"]
mod support;

use connector_kit::Collected;
use health_fhir::Fhir;
use serde_json::{Value, json};
use support::{Told as _, translate};

fn read(kind: &str, further: &Value) -> Collected {
    let mut resource = json!({
        "resourceType": kind, "id": "r", "meta": { "versionId": "1", "lastUpdated": "2026-04-02T10:00:00Z" },
        "patient": { "reference": "Patient/1" },
    });
    resource.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    translate(&Fhir { organisation: Some("ods-rz99".to_owned()) }, &[("a.json", resource.to_string())])
}

fn snomed(code: &str) -> Value {
    json!({ "coding": [{ "system": "http://snomed.info/sct", "code": code, "display": "Invented" }] })
}

#[test]
fn when_a_dose_was_written_down_is_not_when_it_was_given() {
    let dose = |further: Value| {
        let mut dose = json!({ "status": "completed", "vaccineCode": snomed("1"), "recorded": "2026-03-01" });
        dose.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        read("Immunization", &dose)
    };
    let said = dose(json!({ "occurrenceDateTime": "2026-02-01T10:00:00Z" }));
    assert_eq!(said.of_kind("ImmunisationGiven")[0].1["givenAt"], "2026-02-01T10:00:00Z");
    for (further, findings) in [
        (json!({ "occurrenceString": "as a baby" }), vec!["- FIELD_MISSING occurrence", "- NOT_MAPPED occurrence"]),
        (json!({}), vec!["- FIELD_MISSING occurrence"]),
    ] {
        let said = dose(further);
        assert_eq!(
            (said.of_kind("ImmunisationGiven")[0].1["givenAt"].clone(), said.findings()),
            (Value::Null, findings.iter().map(|&told| told.to_owned()).collect())
        );
    }
}

#[test]
fn an_allergy_says_whether_it_stands_and_none_known_is_none() {
    let allergy = |code: &str, clinical: &str, verified: &str| {
        let said = |code: &str| json!({ "coding": [{ "code": code }] });
        read(
            "AllergyIntolerance",
            &json!({ "code": snomed(code), "recordedDate": "2026-03-01", "clinicalStatus": said(clinical), "verificationStatus": said(verified) }),
        )
    };
    for status in ["active", "inactive", "resolved"] {
        assert_eq!(allergy("91935009", status, "confirmed").of_kind("AllergyRecorded")[0].1["status"]["code"], status);
    }
    for verified in ["refuted", "entered-in-error"] {
        assert_eq!(allergy("91935009", "active", verified).kinds(), ["EntryRetracted", "EntryRetracted"]);
    }
    let in_words = json!({ "code": { "text": "No known allergies" }, "recordedDate": "2026-03-01" });
    let in_words = read("AllergyIntolerance", &in_words);
    let none = ["716186003", "409137002", "428607008", "429625007"];
    for said in none.map(|none| allergy(none, "active", "confirmed")).into_iter().chain([in_words]) {
        assert_eq!(
            (said.kinds(), said.findings()),
            (vec!["EntryRetracted", "SourceRecordKept"], vec!["- NOT_MAPPED code".to_owned()])
        );
    }
}

#[test]
fn of_a_record_in_error_nothing_is_kept_and_what_was_kept_goes_with_it() {
    let extension = json!([{ "url": "https://invented.example/more", "valueString": "2" }]);
    let in_error = json!({ "coding": [{ "code": "entered-in-error" }] });
    let procedure = json!({ "status": "entered-in-error", "code": snomed("1"), "performedDateTime": "2026-03-01" });
    for (kind, further, entries) in [
        ("Condition", json!({ "verificationStatus": in_error, "code": snomed("1") }), 2),
        ("Observation", json!({ "status": "entered-in-error", "component": [{ "code": snomed("1") }] }), 3),
        ("Observation", json!({ "status": "cancelled", "code": snomed("1") }), 2),
        ("DiagnosticReport", json!({ "status": "cancelled", "code": snomed("1") }), 2),
        ("DiagnosticReport", json!({ "status": "entered-in-error", "code": snomed("1") }), 2),
        ("Procedure", procedure, 2),
        ("ServiceRequest", json!({ "status": "entered-in-error", "intent": "order" }), 3),
        ("CarePlan", json!({ "status": "entered-in-error" }), 1),
    ] {
        let said = read(kind, &further);
        assert_eq!(said.kinds(), vec!["EntryRetracted"; entries], "{kind}");
        let mut odd = further.clone();
        odd["extension"] = extension.clone();
        assert_eq!(read(kind, &odd).kinds(), said.kinds(), "{kind}: what has no place in it is as wrong");
        assert!(said.drafts.iter().any(|draft| draft.record_key.ends_with("/kept")), "{kind}");
    }
    // The person who is held in a record that is wrong is taken back with it, whichever way it says so.
    let number = json!([{ "system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990123454" }]);
    let child = json!({ "resourceType": "Patient", "id": "p", "identifier": number });
    let said = read(
        "Condition",
        &json!({ "verificationStatus": in_error, "contained": [child], "patient": { "reference": "#p" } }),
    );
    assert_eq!(said.kinds(), ["EntryRetracted"; 3]);
}

#[test]
fn what_is_deleted_goes_with_all_that_was_made_of_it() {
    let deleted = |kind: &str, further: &Value| {
        let mut gone = json!({ "resourceType": kind, "id": "r", "meta": { "versionId": "1", "lastUpdated": "2026-04-02T10:00:00Z" },
            "subject": { "reference": "Patient/1" } });
        gone.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        let entry = json!({ "resource": gone, "request": { "method": "DELETE", "url": format!("{kind}/r") } });
        let set = json!({ "resourceType": "Bundle", "type": "history", "entry": [entry] }).to_string();
        let said = translate(&Fhir { organisation: Some("ods-rz99".to_owned()) }, &[("a.json", set)]);
        assert!(said.kinds().iter().all(|kind| *kind == "EntryRetracted") && said.rejections.is_empty());
        let key = |key: &str| key.split_once("/r").map_or(key, |(_, part)| part).trim_start_matches('/').to_owned();
        said.drafts.iter().map(|draft| (key(&draft.record_key), draft.ordinal)).collect::<Vec<_>>()
    };
    let parts = |parts: &[(&str, u32)]| parts.iter().map(|(part, nth)| ((*part).to_owned(), *nth)).collect::<Vec<_>>();
    assert_eq!(deleted("Immunization", &json!({})), parts(&[("", 0), ("kept", 0)]));
    assert_eq!(deleted("Encounter", &json!({})), parts(&[("", 0), ("discharge", 0), ("kept", 0)]));
    assert_eq!(deleted("ServiceRequest", &json!({})), parts(&[("", 0), ("closed", 0), ("kept", 0)]));
    let number = json!([{ "system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990123454" }]);
    let child = json!({ "resourceType": "Patient", "id": "p", "identifier": number });
    let held = json!({ "contained": [child], "subject": { "reference": "#p" } });
    assert_eq!(deleted("Immunization", &held), parts(&[("", 0), ("kept", 0), ("person", 0)]));
}
