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
    assert_eq!(allergy("91935009", "active", "entered-in-error").kinds(), ["EntryRetracted", "EntryRetracted"]);
    assert_eq!(allergy("91935009", "active", "refuted").kinds(), ["EntryRetracted", "SourceRecordKept"]);
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
fn that_nothing_is_known_is_no_vaccine_and_no_diagnosis() {
    let of_the_summary = |code: &str| {
        let system = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips";
        json!({ "coding": [{ "system": system, "code": code }] })
    };
    for (kind, path, code) in [
        ("Immunization", "vaccineCode", of_the_summary("no-immunization-info")),
        ("Immunization", "vaccineCode", of_the_summary("no-known-immunizations")),
        ("Condition", "code", of_the_summary("no-known-problems")),
        ("Condition", "code", snomed("160245001")),
        ("Condition", "code", json!({ "text": "No known problems" })),
        ("AllergyIntolerance", "code", of_the_summary("no-known-allergies")),
        ("AllergyIntolerance", "code", of_the_summary("no-allergy-info")),
    ] {
        let said = read(kind, &json!({ path: code, "status": "completed", "recordedDate": "2026-03-01" }));
        assert_eq!(
            (said.kinds(), said.findings()),
            (vec!["EntryRetracted", "SourceRecordKept"], vec![format!("- NOT_MAPPED {path}")]),
            "{kind} {code}"
        );
    }
}

#[test]
fn what_turns_the_meaning_round_is_heeded() {
    let dose = |further: Value| {
        let mut dose = json!({ "status": "completed", "vaccineCode": snomed("1"), "occurrenceDateTime": "2026-02-01" });
        dose.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        read("Immunization", &dose)
    };
    assert_eq!(dose(json!({ "isSubpotent": false })).kinds(), ["ImmunisationGiven"]);
    assert_eq!(dose(json!({ "wasNotGiven": true })).kinds(), ["ImmunisationNotGiven"]);
    assert_eq!(dose(json!({ "notGiven": true })).kinds(), ["ImmunisationNotGiven"]);
    let subpotent = dose(json!({ "isSubpotent": true }));
    assert_eq!(subpotent.kinds(), ["EntryRetracted", "SourceRecordKept"]);
    assert_eq!(subpotent.findings(), ["- NOT_MAPPED isSubpotent"]);
    let asked = |not: bool| {
        let request =
            json!({ "status": "active", "intent": "order", "code": snomed("306206005"), "doNotPerform": not });
        read("ServiceRequest", &request)
    };
    assert_eq!(asked(false).kinds(), ["ReferralMade"]);
    assert_eq!(asked(true).kinds(), ["EntryRetracted", "EntryRetracted", "SourceRecordKept"]);
}

#[test]
fn what_somebody_wrote_is_said_or_kept() {
    let observed = |further: Value| {
        let mut observation = json!({ "status": "final", "code": snomed("1"), "effectiveDateTime": "2026-02-01" });
        observation.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        read("Observation", &observation)
    };
    let weight = json!({ "value": 3.4, "unit": "kg" });
    for (further, text) in [
        (json!({ "comment": "invented words" }), "invented words"),
        (json!({ "valueString": "red", "comments": "sore" }), "red\nsore"),
        (
            json!({ "valueQuantity": weight, "note": [{ "text": "with nappy" }, { "text": "awake" }] }),
            "with nappy\nawake",
        ),
        (json!({ "component": [{ "code": snomed("2"), "valueQuantity": weight }], "comment": "crying" }), "crying"),
    ] {
        let said = observed(further);
        assert_eq!(
            (said.kinds(), &said.of_kind("ObservationRecorded")[0].1["text"]),
            (vec!["ObservationRecorded"], &json!(text))
        );
    }
    let samples = json!({ "origin": { "value": 0 }, "period": 10, "dimensions": 1, "data": "1 2 3" });
    for (further, untold) in
        [(json!({ "valueSampledData": samples }), "value"), (json!({ "valueQuantity": { "unit": "kg" } }), "value")]
    {
        let said = observed(further);
        assert_eq!(said.kinds(), ["ObservationRecorded", "SourceRecordKept"]);
        assert!(said.findings().contains(&format!("- NOT_MAPPED {untold}")));
    }
    let report = json!({
        "status": "final", "code": snomed("1"), "issued": "2026-02-01T10:00:00Z", "conclusion": "fracture", "comment": "healing",
        "conclusionCode": [{ "text": "one" }, { "text": "another" }],
    });
    let said = read("DiagnosticReport", &report);
    let event = &said.of_kind("ResultReported")[0].1;
    assert_eq!((&event["text"], &event["codedValue"]["text"]), (&json!("fracture\nhealing"), &json!("one; another")));
    let mut formed = report.clone();
    formed["presentedForm"] = json!([{ "contentType": "text/plain", "data": "aW52ZW50ZWQ=" }]);
    assert_eq!(read("DiagnosticReport", &formed).kinds(), ["ResultReported", "SourceRecordKept"]);
    let missed = json!({
        "status": "noshow", "start": "2026-05-01T10:00:00Z", "reasonCode": [{ "text": "review" }],
        "participant": [{ "actor": { "reference": "Patient/1" }, "status": "accepted" }], "comment": "no answer to calls",
    });
    assert_eq!(
        read("Appointment", &missed).of_kind("AppointmentMissed")[0].1["reason"]["text"],
        "review; no answer to calls"
    );
    for (kind, further, event) in [
        ("Immunization", json!({ "status": "not-done" }), "ImmunisationNotGiven"),
        ("Immunization", json!({ "status": "completed", "occurrenceDateTime": "2026-02-01" }), "ImmunisationGiven"),
        ("AllergyIntolerance", json!({ "code": snomed("1") }), "AllergyRecorded"),
        ("ServiceRequest", json!({ "status": "active", "intent": "order", "code": snomed("1") }), "ReferralMade"),
    ] {
        let mut noted = further.clone();
        noted["note"] = json!([{ "text": "invented words" }]);
        assert_eq!(read(kind, &further).kinds(), [event]);
        assert_eq!(read(kind, &noted).kinds(), [event, "SourceRecordKept"]);
    }
}

#[test]
fn an_allergy_is_as_severe_as_its_worst_reaction() {
    let reaction = |severity: &str| json!({ "severity": severity, "manifestation": [{ "text": severity }] });
    for (severities, worst) in
        [(vec!["mild", "severe", "moderate"], "severe"), (vec!["mild", "moderate"], "moderate"), (vec!["mild"], "mild")]
    {
        let reactions: Vec<Value> = severities.into_iter().map(reaction).collect();
        let said = read("AllergyIntolerance", &json!({ "code": snomed("1"), "reaction": reactions }));
        assert_eq!(said.of_kind("AllergyRecorded")[0].1["severity"]["code"], worst);
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

#[test]
fn what_was_refuted_is_no_diagnosis_and_no_allergy_whichever_code_says_so() {
    let coding = |system: &str, code: &str| json!({ "system": system, "code": code });
    let local = coding("https://invented.example/certainty", "L1");
    for (verified, kinds) in [
        ("refuted", ["EntryRetracted", "SourceRecordKept"]),
        ("entered-in-error", ["EntryRetracted", "EntryRetracted"]),
    ] {
        let own = coding("http://terminology.hl7.org/CodeSystem/condition-ver-status", verified);
        let further = json!([coding("http://snomed.info/sct", "410605003"), local, own]);
        for status in [json!(verified), json!({ "coding": [own] }), json!({ "coding": further })] {
            for kind in ["Condition", "AllergyIntolerance"] {
                let said = read(kind, &json!({ "code": snomed("1"), "verificationStatus": status }));
                assert_eq!((said.kinds(), said.reasons()), (kinds.to_vec(), vec![]), "{kind} {status}");
                let keys: Vec<_> =
                    said.drafts.iter().map(|draft| draft.record_key.rsplit('/').next().unwrap()).collect();
                assert_eq!(keys, ["r", "kept"]);
            }
        }
    }
    for stands in ["unconfirmed", "provisional", "differential", "confirmed"] {
        let said = read(
            "Condition",
            &json!({ "code": snomed("1"), "verificationStatus": { "coding": [{ "code": stands }] } }),
        );
        assert_eq!(said.of_kind("DiagnosisRecorded")[0].1["certainty"]["code"], stands);
    }
}

#[test]
fn what_changes_the_meaning_of_a_record_and_is_not_known_is_never_passed_over() {
    let modifier = json!([{ "url": "https://invented.example/changes", "valueBoolean": true }]);
    let kinds = |said: &Collected| said.kinds().into_iter().map(str::to_owned).collect::<Vec<_>>();
    let taken_back = |entries: usize| vec!["EntryRetracted".to_owned(); entries];
    let dated = json!({ "status": "completed", "performedDateTime": "2026-03-01" });
    let verified = json!({ "verificationStatus": { "coding": [{ "code": "entered-in-error" }] } });
    for (kind, further, entries) in [
        ("Immunization", json!({ "status": "completed", "vaccineCode": snomed("1") }), 1),
        ("AllergyIntolerance", json!({ "code": snomed("1") }), 1),
        ("Condition", json!({ "code": snomed("1") }), 1),
        ("Observation", json!({ "status": "final", "code": snomed("1"), "valueString": "x" }), 1),
        ("Observation", json!({ "status": "final", "component": [{ "code": snomed("1") }] }), 2),
        ("DiagnosticReport", json!({ "status": "final", "code": snomed("1") }), 1),
        ("Procedure", dated, 1),
        ("QuestionnaireResponse", json!({ "status": "completed" }), 1),
        ("ServiceRequest", json!({ "status": "active", "intent": "order", "code": snomed("1") }), 2),
        ("DocumentReference", json!({ "status": "current" }), 1),
        ("Encounter", json!({ "status": "finished", "class": { "code": "IMP" } }), 2),
        ("Appointment", json!({ "status": "booked", "start": "2026-05-01T10:00:00Z" }), 1),
        ("RelatedPerson", json!({ "name": [{ "family": "Madeup" }] }), 1),
    ] {
        let mut modified = further.clone();
        modified["modifierExtension"] = modifier.clone();
        let said = read(kind, &modified);
        let expected = [taken_back(entries), vec!["SourceRecordKept".to_owned()]].concat();
        assert_eq!(
            (kinds(&said), said.findings()),
            (expected, vec!["- NOT_MAPPED modifierExtension".to_owned()]),
            "{kind}"
        );
        // What is wrong is taken back as ever.
        let mut wrong = modified.clone();
        let in_error = if kind == "Condition" || kind == "AllergyIntolerance" {
            verified.clone()
        } else {
            json!({ "status": "entered-in-error" })
        };
        wrong.as_object_mut().unwrap().extend(in_error.as_object().unwrap().clone());
        let mut plain = wrong.clone();
        plain.as_object_mut().unwrap().remove("modifierExtension");
        if kind != "RelatedPerson" {
            assert_eq!(kinds(&read(kind, &wrong)), kinds(&read(kind, &plain)), "{kind}");
        }
    }
    // In a part of it too.
    let part = json!({ "code": snomed("1"), "valueString": "x", "modifierExtension": modifier });
    assert_eq!(
        read("Observation", &json!({ "status": "final", "component": [part] })).kinds(),
        ["EntryRetracted", "EntryRetracted", "SourceRecordKept"]
    );
    let number = json!([{ "system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990123454" }]);
    let child = json!({ "resourceType": "Patient", "id": "p", "identifier": number, "modifierExtension": modifier });
    let said =
        read("Condition", &json!({ "code": snomed("1"), "contained": [child], "patient": { "reference": "#p" } }));
    assert_eq!(said.kinds(), ["DiagnosisRecorded", "EntryRetracted", "SourceRecordKept"]);
    let said = read("Patient", &json!({ "birthDate": "2020-01-01", "modifierExtension": modifier }));
    assert_eq!(
        (said.kinds(), said.findings()),
        (vec!["EntryRetracted", "SourceRecordKept"], vec!["- NOT_MAPPED modifierExtension".to_owned()])
    );
    let contact = json!([{ "name": { "family": "Madeup" }, "modifierExtension": modifier }]);
    let said = read("Patient", &json!({ "birthDate": "2020-01-01", "contact": contact }));
    assert_eq!(
        (said.kinds(), said.findings()),
        (vec!["PersonDescribed", "SourceRecordKept"], vec!["- NOT_MAPPED contact".to_owned()])
    );
}

#[test]
fn how_long_something_was_is_told_or_kept() {
    let period = |further: Value| {
        let mut period = json!({ "start": "2026-02-01T10:00:00Z" });
        period.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        period
    };
    let ended = json!({ "end": "2026-02-03T10:00:00Z" });
    let value = |of: Value| {
        let said = read("Observation", &json!({ "status": "final", "code": snomed("1"), "valuePeriod": of }));
        (said.of_kind("ObservationRecorded")[0].1["value"].clone(), said.kinds().len())
    };
    assert_eq!(value(period(ended.clone())), (json!("2026-02-01T10:00:00Z/2026-02-03T10:00:00Z"), 1));
    assert_eq!(value(period(json!({}))), (json!("2026-02-01T10:00:00Z"), 1));
    assert_eq!(value(ended.clone()), (Value::Null, 2), "kept");
    let screen = snomed("314081000");
    for (kind, field, further, event) in [
        (
            "Observation",
            "effective",
            json!({ "status": "final", "code": snomed("1"), "valueString": "x" }),
            "ObservationRecorded",
        ),
        (
            "Procedure",
            "performed",
            json!({ "status": "completed", "code": screen, "outcome": snomed("2") }),
            "ScreeningReported",
        ),
        ("DiagnosticReport", "effective", json!({ "status": "final", "code": snomed("1") }), "ResultReported"),
        ("Condition", "onset", json!({ "code": snomed("1") }), "DiagnosisRecorded"),
        ("Condition", "abatement", json!({ "code": snomed("1") }), "DiagnosisRecorded"),
        ("AllergyIntolerance", "onset", json!({ "code": snomed("1") }), "AllergyRecorded"),
    ] {
        let timed = |of: &str, value: Value| {
            let mut further = further.clone();
            further[format!("{field}{of}")] = value;
            let said = read(kind, &further);
            (said.kinds(), said.findings())
        };
        let kept = (vec![event, "SourceRecordKept"], vec![format!("- NOT_MAPPED {field}")]);
        assert_eq!(timed("Period", period(ended.clone())), kept, "{kind}");
        assert_eq!(timed("String", json!("as a baby")), kept, "{kind}");
        assert_eq!(timed("Period", period(json!({}))), (vec![event], vec![]), "{kind}");
        assert_eq!(timed("DateTime", json!("2026-02-01")), (vec![event], vec![]), "{kind}");
    }
    let wrong = json!({ "status": "entered-in-error", "code": snomed("1"), "effectivePeriod": period(ended) });
    assert_eq!(read("Observation", &wrong).kinds(), ["EntryRetracted"; 2]);
}

#[test]
fn every_reaction_of_an_allergy_is_told() {
    let reactions = json!([
        { "manifestation": [{ "coding": [{ "system": "http://snomed.info/sct", "code": "247472004" }] }, { "text": "swelling" }] },
        { "description": "after the second biscuit", "note": [{ "text": "invented words" }] },
        { "manifestation": [{ "coding": [{ "code": "L1" }] }], "description": "at night" },
    ]);
    let said = read("AllergyIntolerance", &json!({ "code": snomed("1"), "reaction": reactions }));
    assert_eq!((said.kinds(), said.findings()), (vec!["AllergyRecorded"], vec![]));
    assert_eq!(
        said.of_kind("AllergyRecorded")[0].1["reaction"],
        "snomed 247472004; swelling; after the second biscuit; invented words; fhir.manifestation L1; at night"
    );
}

#[test]
fn what_was_deleted_does_not_come_back_with_its_earlier_versions() {
    let states = |entries: &[Value], stamp: Value| {
        let set =
            json!({ "resourceType": "Bundle", "type": "history", "timestamp": stamp, "entry": entries }).to_string();
        let said = translate(&Fhir { organisation: Some("ods-rz99".to_owned()) }, &[("a.json", set)]);
        let of_it = said.drafts.iter().filter(|draft| draft.record_key.ends_with("/r"));
        let order =
            |draft: &connector_kit::Draft| draft.version.map(|version| (version.as_of_us, version.sequence)).unwrap();
        let mut states: Vec<_> = of_it.map(|draft| (order(draft), draft.event.kind_number().unwrap().name())).collect();
        states.sort_unstable();
        assert!(states.windows(2).all(|two| two[0].0 != two[1].0), "one is the later of any two: {states:?}");
        states.into_iter().map(|(_, kind)| kind).collect::<Vec<_>>()
    };
    let version = |number: &str, changed: Option<&str>| {
        let mut dose = json!({ "resourceType": "Immunization", "id": "r", "meta": { "versionId": number }, "status": "completed",
            "vaccineCode": snomed("1"), "occurrenceDateTime": "2026-02-01", "patient": { "reference": "Patient/1" } });
        if let Some(changed) = changed {
            dose["meta"]["lastUpdated"] = changed.into();
        }
        dose
    };
    let delete = |held: Value, response: Value| json!({ "request": { "method": "DELETE", "url": "Immunization/r" }, "resource": held, "response": response });
    let put = |held: Value| json!({ "request": { "method": "PUT", "url": "Immunization/r" }, "resource": held });
    let (stamp, at) = (json!("2026-04-09T10:00:00Z"), Some("2026-04-02T10:00:00Z"));
    let later = Some("2026-04-05T10:00:00Z");
    let (given, gone) = ("ImmunisationGiven", "EntryRetracted");
    // It holds the version that went, and says no time or number of its own.
    assert_eq!(states(&[delete(version("3", at), json!({})), put(version("3", at))], stamp.clone()), [given, gone]);
    // It says when it was, and what it holds is older.
    let response = json!({ "lastModified": "2026-04-03T10:00:00Z", "etag": "W/\"4\"" });
    let deleted = delete(version("3", at), response);
    assert_eq!(
        states(&[put(version("5", later)), deleted.clone(), put(version("2", at))], stamp.clone()),
        [given, gone, given]
    );
    assert_eq!(states(&[deleted, put(version("2", at))], stamp.clone()), [given, gone]);
    // Nothing tells a time but the page.
    let deleted = delete(version("3", None), json!({ "etag": "W/\"4\"" }));
    let all = [put(version("2", None)), deleted, put(version("5", None))];
    assert_eq!(states(&all, stamp), [given, gone, given]);
}

#[test]
fn a_year_is_no_first_of_january() {
    for when in ["2015", "2015-03"] {
        let dose = json!({ "status": "completed", "vaccineCode": snomed("1"), "occurrenceDateTime": when });
        let said = read("Immunization", &dose);
        assert_eq!(said.of_kind("ImmunisationGiven")[0].1["givenAt"], Value::Null, "{when}");
        assert_eq!(said.findings(), ["- FIELD_MISSING occurrence"], "{when}");
        let effective = said.drafts[0].effective.when.unwrap();
        assert!(matches!(effective, proto::events::when::When::On(date) if date.day.is_none()), "{when}");
    }
}

#[test]
fn a_questionnaire_under_way_is_no_review_that_was_completed() {
    let filled_in = |status: &str| {
        let item = json!([{ "linkId": "1", "text": "Communication total", "answer": [{ "valueInteger": 50 }] }]);
        let asked = json!({ "status": status, "questionnaire": "https://invented.example/asq-3",
            "subject": { "reference": "Patient/1" }, "authored": "2026-03-01", "item": item });
        read("QuestionnaireResponse", &asked).kinds()
    };
    for status in ["completed", "amended"] {
        assert_eq!(filled_in(status), ["HealthReviewCompleted", "SourceRecordKept"], "{status}");
    }
    for status in ["in-progress", "stopped"] {
        assert_eq!(filled_in(status), ["EntryRetracted", "SourceRecordKept"], "{status}");
    }
}

#[test]
fn a_screen_that_was_not_done_says_so_in_either_version() {
    for further in [json!({ "status": "completed", "notDone": true }), json!({ "status": "not-done" })] {
        let mut screen = json!({ "code": snomed("314081000"), "performedDateTime": "2026-03-01" });
        screen.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        let said = read("Procedure", &screen);
        assert_eq!(said.of_kind("ScreeningReported")[0].1["status"]["code"], "not-done");
    }
}

#[test]
fn what_a_child_reacts_to_is_told_where_only_a_reaction_says_it() {
    let reaction = json!([{ "substance": { "text": "Invented nut" }, "manifestation": [{ "text": "Rash" }] }]);
    let said = read("AllergyIntolerance", &json!({ "recordedDate": "2026-03-01", "reaction": reaction }));
    assert_eq!(said.of_kind("AllergyRecorded")[0].1["substance"]["text"], "Invented nut");
    assert_eq!(said.findings(), [""; 0]);
}

#[test]
fn what_a_dose_led_to_is_kept() {
    let dose = json!({ "status": "completed", "vaccineCode": snomed("1"), "occurrenceDateTime": "2026-03-01",
        "reaction": [{ "date": "2026-03-02", "detail": { "display": "Invented" } }] });
    let said = read("Immunization", &dose);
    assert_eq!(said.kinds(), ["ImmunisationGiven", "SourceRecordKept"]);
    assert_eq!(said.findings(), ["- NOT_MAPPED reaction"]);
}

#[test]
fn what_was_observed_of_another_is_no_observation_of_the_child() {
    let observed = |further: Value| {
        let mut seen = json!({ "status": "final", "code": snomed("1"), "valueInteger": 1, "effectiveDateTime": "2026-03-01",
            "subject": { "reference": "Patient/1" } });
        seen.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        let said = read("Observation", &seen);
        (said.kinds(), said.findings())
    };
    let of_the_child = (vec!["ObservationRecorded"], vec![]);
    assert_eq!(observed(json!({ "focus": [{ "reference": "Patient/1" }] })), of_the_child);
    for focus in [json!([{ "reference": "RelatedPerson/2" }]), json!([{ "display": "Unborn child" }])] {
        let of_another = (vec!["EntryRetracted", "SourceRecordKept"], vec!["- NOT_MAPPED focus".to_owned()]);
        assert_eq!(observed(json!({ "focus": focus })), of_another);
    }
    let wrong = observed(json!({ "focus": [{ "reference": "RelatedPerson/2" }], "status": "entered-in-error" }));
    assert_eq!(wrong.0, ["EntryRetracted", "EntryRetracted"]);
}
