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
