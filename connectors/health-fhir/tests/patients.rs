//! What a Patient says of somebody, and what of two records of one person. All of them are invented.
#![cfg(test)]

#[path = "../../social-care-ssda903/tests/support/mod.rs"]
mod support;

use connector_kit::Collected;
use health_fhir::Fhir;
use serde_json::{Value, json};
use support::{Told as _, translate};

fn read(document: &Value) -> Collected {
    translate(&Fhir { organisation: Some("ods-rz99".to_owned()) }, &[("page.json", document.to_string())])
}

fn page(resources: &[Value]) -> Collected {
    let entries: Vec<Value> = resources
        .iter()
        .map(|resource| {
            let (kind, id) = (resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
            json!({ "fullUrl": format!("https://fhir.invented.example/{kind}/{id}"), "resource": resource })
        })
        .collect();
    read(&json!({ "resourceType": "Bundle", "type": "searchset", "entry": entries }))
}

fn patient(id: &str, further: Value) -> Value {
    let mut patient = json!({
        "resourceType": "Patient", "id": id, "meta": { "versionId": "1", "lastUpdated": "2026-04-02T10:00:00Z" },
        "name": [{ "family": "Inventia" }], "birthDate": "2020-01-01",
    });
    patient.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    patient
}

fn linked(kind: &str, other: Value) -> Value {
    json!({ "link": [{ "type": kind, "other": other }] })
}

#[test]
fn one_record_that_replaces_another_takes_its_place() {
    let (old, new) = (
        patient("p-1", linked("replaced-by", json!({ "reference": "Patient/p-2" }))),
        patient("p-2", linked("replaces", json!({ "reference": "Patient/p-1" }))),
    );
    for (resources, count) in [(vec![old.clone(), new.clone()], 2), (vec![old], 1), (vec![new], 1)] {
        let said = page(&resources);
        let merged: Vec<_> =
            said.drafts.iter().filter(|d| d.event.kind_number().unwrap().name() == "IdentifierSuperseded").collect();
        assert_eq!((merged.len(), said.reasons()), (count, vec![]));
        assert!(merged.iter().all(|draft| draft.subject.value == "P_2"), "said of the one that stands");
        assert!(said.of_kind("IdentifierSuperseded").iter().all(|(_, event)| event["superseded"]["value"] == "P_1"));
        let keys: std::collections::BTreeSet<_> = said.drafts.iter().map(|draft| &draft.record_key).collect();
        assert_eq!(keys.len(), said.drafts.len(), "no key stands twice");
    }
}

#[test]
fn what_does_not_say_which_record_goes_on_links_nobody() {
    let nhs = json!({ "identifier": { "system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990123454" } });
    let elsewhere = json!({ "reference": "https://other.invented.example/Patient/p-2" });
    for other in [nhs, elsewhere, json!({ "display": "somebody" }), json!({ "reference": "Patient/p-1" })] {
        let said = page(&[patient("p-1", linked("replaced-by", other))]);
        assert_eq!((said.kinds(), said.reasons()), (vec!["PersonDescribed"], vec!["REASON_MOVE_UNDECIDED"]));
    }
    for kind in ["seealso", "refer"] {
        let said = page(&[patient("p-1", linked(kind, json!({ "reference": "Patient/p-2" })))]);
        assert_eq!(said.kinds(), ["PersonDescribed", "SourceRecordKept"]);
        assert_eq!(said.findings(), ["- NOT_MAPPED link"]);
        assert_eq!(said.of_kind("PersonDescribed")[0].1["identifiers"], Value::Null);
    }
    let said = page(&[patient("p-1", json!({ "active": false }))]);
    assert_eq!((said.kinds(), said.findings()), (vec!["PersonDescribed"], vec!["- NOT_MAPPED active".to_owned()]));
}

#[test]
fn an_address_says_what_kind_it_is() {
    let address = |of: Value| {
        let mut address = json!({ "line": ["1 Invented Road"], "postalCode": "ZZ99 3WZ" });
        address.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
        let said = page(&[patient("p-1", json!({ "address": [address] }))]);
        (said.of_kind("PersonDescribed")[0].1["addresses"][0]["use"].clone(), said.findings())
    };
    for (of, kind) in [
        (json!({ "use": "home" }), json!("USE_HOME")),
        (json!({ "use": "home", "type": "both" }), json!("USE_HOME")),
        (json!({ "use": "temp" }), json!("USE_TEMPORARY")),
        (json!({ "use": "old" }), json!("USE_FORMER")),
        (json!({ "use": "old", "type": "postal" }), json!("USE_FORMER")),
        (json!({ "use": "billing" }), json!("USE_CORRESPONDENCE")),
        (json!({ "use": "home", "type": "postal" }), json!("USE_CORRESPONDENCE")),
        (json!({ "type": "postal" }), json!("USE_CORRESPONDENCE")),
        (json!({ "use": "work" }), json!("USE_OTHER")),
        (json!({}), Value::Null),
    ] {
        assert_eq!(address(of.clone()), (kind, vec![]), "{of}");
    }
    assert_eq!(address(json!({ "use": "holiday" })), (Value::Null, vec!["- CODE_UNKNOWN address.use".to_owned()]));
}

/// As the national service for immunisations has it: whoever was given it stands in the record itself.
fn immunisation(status: &str, version: &str, further: &[Value]) -> Value {
    let child = json!({
        "resourceType": "Patient", "id": "who", "name": [{ "family": "Inventia" }], "birthDate": "2020-01-01",
        "identifier": [{ "system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990123454" }],
    });
    let giver = json!({ "resourceType": "Practitioner", "id": "giver", "name": [{ "family": "Madeup" }] });
    let contained: Vec<Value> = [child, giver].into_iter().chain(further.iter().cloned()).collect();
    json!({
        "resourceType": "Immunization", "id": "i-1", "status": status, "contained": contained,
        "meta": { "versionId": version, "lastUpdated": "2026-04-02T10:00:00Z" }, "patient": { "reference": "#who" },
        "vaccineCode": { "coding": [{ "system": "http://snomed.info/sct", "code": "1", "display": "Invented vaccine" }] },
        "occurrenceDateTime": "2026-04-01T10:00:00Z",
    })
}

#[test]
fn who_stands_within_a_record_is_described_and_what_nothing_reads_is_kept() {
    let said = page(&[immunisation("completed", "1", &[])]);
    assert_eq!((said.kinds(), said.reasons()), (vec!["ImmunisationGiven", "PersonDescribed"], vec![]));
    assert!(said.drafts.iter().all(|draft| draft.subject.value == "9990123454"));
    let (key, person) = &said.of_kind("PersonDescribed")[0];
    assert_eq!(
        (key.as_str(), &person["names"][0]["family"]),
        ("nhs/9990123454/Immunization/i-1/person#0", &json!("Inventia"))
    );
    let answers = json!({ "resourceType": "QuestionnaireResponse", "id": "q", "status": "completed" });
    let said = page(&[immunisation("completed", "1", std::slice::from_ref(&answers))]);
    assert_eq!(said.kinds(), ["ImmunisationGiven", "PersonDescribed", "SourceRecordKept"]);
    assert_eq!(said.findings(), ["- NOT_MAPPED contained"]);
    // Somebody else, held beside the child, is nobody who is described.
    let mother = json!({ "resourceType": "Patient", "id": "m", "name": [{ "family": "Inventia" }],
        "identifier": [{ "system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990123462" }] });
    assert_eq!(page(&[immunisation("completed", "1", &[mother])]).of_kind("PersonDescribed").len(), 1);
    let said = page(&[immunisation("entered-in-error", "2", &[answers])]);
    assert_eq!(said.kinds(), ["EntryRetracted", "EntryRetracted", "EntryRetracted"], "all that it said");
}

#[test]
fn what_has_no_place_in_a_contained_patient_is_kept() {
    let held = |further: Value| {
        let mut child = json!({ "resourceType": "Patient", "id": "p", "birthDate": "2020-01-01",
            "identifier": [{ "system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990123454" }] });
        child.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        let dose = json!({ "resourceType": "Immunization", "id": "i", "status": "completed", "contained": [child],
            "meta": { "versionId": "1", "lastUpdated": "2026-04-02T10:00:00Z" }, "occurrenceDateTime": "2026-03-01",
            "vaccineCode": { "text": "Invented" }, "patient": { "reference": "#p" } });
        read(&dose).kinds().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(held(json!({})), ["ImmunisationGiven", "PersonDescribed"]);
    let odd = json!({ "extension": [{ "url": "https://invented.example/more", "valueString": "2" }] });
    assert_eq!(held(odd), ["ImmunisationGiven", "PersonDescribed", "SourceRecordKept"]);
}

fn ended(on: &str) -> Value {
    json!({ "start": "2018-01-01", "end": on })
}

#[test]
fn what_somebody_was_called_and_reached_by_is_not_told_as_what_is() {
    let surgery = |code: &str, end: &str| {
        json!({ "type": "Organization", "identifier": {
            "system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": code, "period": ended(end) } })
    };
    let told = |end: &str| {
        json!({
            "name": [{ "use": "usual", "family": "Inventia", "period": ended(end) }, { "use": "usual", "family": "Madeup" }],
            "telecom": [
                { "system": "phone", "value": "0000 000001", "period": ended(end) },
                { "system": "email", "value": "old@invented.example", "period": ended(end) },
                { "system": "phone", "value": "0000 000002" },
            ],
            "generalPractitioner": [surgery("A00001", end), surgery("A00002", "2030-01-01")],
        })
    };
    let described = |said: &Collected| said.of_kind("PersonDescribed")[0].1.clone();
    let uses = |person: &Value| {
        let names = person["names"].as_array().unwrap();
        names.iter().map(|name| name["use"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    // The record stood so on 2 April 2026.
    for end in ["2020-03-01", "2026-04-01", "2026-03"] {
        let said = page(&[patient("p-1", told(end))]);
        let person = described(&said);
        assert_eq!(uses(&person), ["USE_FORMER", "USE_USUAL"], "{end}");
        assert_eq!((&person["phones"], &person["emails"]), (&json!(["0000 000002"]), &Value::Null));
        assert_eq!(person["practice"], "ods-a00002");
        assert_eq!(said.findings(), ["- NOT_MAPPED generalPractitioner", "- NOT_MAPPED telecom"]);
    }
    for end in ["2026-04-02", "2026", "2030-01-01"] {
        let said = page(&[patient("p-1", told(end))]);
        let person = described(&said);
        assert_eq!(uses(&person), ["USE_USUAL", "USE_USUAL"], "{end}");
        assert_eq!(
            (&person["phones"], &person["emails"]),
            (&json!(["0000 000001", "0000 000002"]), &json!(["old@invented.example"]))
        );
        assert_eq!((&person["practice"], said.findings().len()), (&json!("ods-a00001"), 0));
    }
    // Where nothing tells when the record stood so, an end that is stated is one.
    let mut undated = patient("p-1", told("2026"));
    undated["meta"] = json!({ "versionId": "1" });
    assert_eq!(uses(&described(&page(&[undated]))), ["USE_FORMER", "USE_USUAL"]);
    let unreadable = page(&[patient("p-1", told("invented"))]);
    assert!(unreadable.findings().contains(&"- DATE_UNREADABLE period/end".to_owned()));
    let old = patient("p-1", json!({ "telecom": [{ "system": "phone", "use": "old", "value": "0000 000001" }] }));
    assert_eq!(page(&[old]).findings(), ["- NOT_MAPPED telecom"]);
}

#[test]
fn a_role_that_ended_names_no_practice() {
    let role = json!({ "resourceType": "PractitionerRole", "id": "r", "period": ended("2020-01-01"),
        "organization": { "identifier": { "system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "A00001" } } });
    let child = patient("p-1", json!({ "generalPractitioner": [{ "reference": "PractitionerRole/r" }] }));
    let said = page(&[role, child]);
    assert_eq!((&said.of_kind("PersonDescribed")[0].1["practice"], said.reasons()), (&Value::Null, vec![]));
    assert_eq!(said.findings(), ["- NOT_MAPPED generalPractitioner"]);
}

#[test]
fn who_managed_a_record_once_does_not_answer_for_it() {
    let managed = |end: &str| {
        let by = json!({ "identifier": { "system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "RZ98",
            "period": ended(end) } });
        let child = patient("p-1", json!({ "managingOrganization": by }));
        translate(&Fhir::default(), &[("page.json", child.to_string())])
    };
    assert_eq!(managed("2030-01-01").drafts[0].controller, "ods-rz98");
    let said = managed("2020-01-01");
    assert_eq!((said.drafts.len(), said.reasons()), (0, vec!["REASON_RECORD_MALFORMED"]));
}

#[test]
fn of_somebody_around_the_child_what_is_told_is_what_still_is() {
    let related = json!({
        "resourceType": "RelatedPerson", "id": "m", "meta": { "versionId": "1", "lastUpdated": "2026-04-02T10:00:00Z" },
        "patient": { "reference": "Patient/p-1" }, "relationship": [{ "coding": [{ "code": "MTH" }] }],
        "name": [{ "family": "Inventia", "period": ended("2020-01-01") }, { "family": "Madeup" }],
        "telecom": [{ "system": "phone", "value": "0000 000001", "period": ended("2020-01-01") },
            { "system": "phone", "value": "0000 000002" }],
        "address": [{ "use": "old", "line": ["1 Madeup Road"] }, { "line": ["2 Madeup Road"], "period": ended("2020-01-01") },
            { "line": ["3 Madeup Road"] }],
    });
    let said = page(&[patient("p-1", json!({})), related.clone()]);
    let mother = &said.of_kind("RelationshipRecorded")[0].1;
    assert_eq!((&mother["name"]["family"], &mother["phones"]), (&json!("Madeup"), &json!(["0000 000002"])));
    assert_eq!(mother["address"]["lines"], json!(["3 Madeup Road"]));
    assert_eq!(said.findings(), ["- NOT_MAPPED telecom"]);
    let mut only = related;
    only["name"].as_array_mut().unwrap().truncate(1);
    only["address"].as_array_mut().unwrap().truncate(1);
    let said = page(&[patient("p-1", json!({})), only]);
    let mother = &said.of_kind("RelationshipRecorded")[0].1;
    assert_eq!((&mother["name"]["family"], &mother["name"]["use"]), (&json!("Inventia"), &json!("USE_FORMER")));
    assert_eq!(mother["address"]["use"], "USE_FORMER");
}

#[test]
fn who_stands_within_a_record_was_called_so_too() {
    let mut dose = immunisation("completed", "1", &[]);
    dose["contained"][0]["name"][0]["period"] = ended("2020-01-01");
    assert_eq!(page(&[dose]).of_kind("PersonDescribed")[0].1["names"][0]["use"], "USE_FORMER");
}

fn of_nhs(value: &str, further: Value) -> Value {
    let mut number = json!({ "system": "https://fhir.nhs.uk/Id/nhs-number", "value": value });
    number.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    number
}

#[test]
fn a_number_that_is_over_is_no_number_of_today() {
    let of_the_ward = |value: &str, end: &str| json!({ "system": "https://invented.example/mrn", "value": value, "period": ended(end) });
    let numbers = json!([
        of_nhs("9990123454", json!({ "period": ended("2020-01-01") })),
        of_nhs("9990001200", json!({ "period": ended("2030-01-01") })),
        of_the_ward("A1001", "2020-01-01"),
        of_the_ward("A1002", "2030-01-01"),
    ]);
    let said = page(&[patient("p-1", json!({ "identifier": numbers }))]);
    let claims = said.of_kind("PersonDescribed")[0].1["identifiers"].clone();
    let told = |claim: &Value| (claim["subject"]["value"].clone(), claim["standing"].clone());
    let told: Vec<_> = claims.as_array().unwrap().iter().map(told).collect();
    let (former, current) = (json!("STANDING_FORMER"), json!("STANDING_CURRENT"));
    assert_eq!(
        told,
        [(json!("9990123454"), former), (json!("9990001200"), current.clone()), (json!("A1002"), current)]
    );
}

#[test]
fn nobody_is_known_by_a_number_that_is_over_where_another_stands() {
    let message = |over: Value| {
        let numbers = json!([of_nhs("9990123454", over), of_nhs("9990001200", json!({}))]);
        let seen = json!({ "resourceType": "Observation", "id": "o", "status": "final", "code": { "text": "Invented" },
            "subject": { "reference": "urn:uuid:p" }, "effectiveDateTime": "2026-03-01" });
        let header = json!({ "resourceType": "MessageHeader", "id": "h", "timestamp": "2026-04-02T10:00:00Z",
            "event": { "code": "CH018" } });
        read(&json!({ "resourceType": "Bundle", "type": "message", "entry": [{ "resource": header },
            { "fullUrl": "urn:uuid:p", "resource": patient("p", json!({ "identifier": numbers })) }, { "resource": seen }] }))
    };
    for over in [json!({ "use": "old" }), json!({ "period": ended("2020-01-01") })] {
        let said = message(over);
        assert_eq!(said.kinds(), ["PersonDescribed", "ObservationRecorded"]);
        assert!(said.drafts.iter().all(|draft| draft.subject.value == "9990001200"));
    }
}

#[test]
fn an_nhs_number_is_one_however_its_system_is_written() {
    let claims = |number: Value| {
        let said = page(&[patient("p-1", json!({ "identifier": [number] }))]);
        let told = said.of_kind("PersonDescribed")[0].1["identifiers"][0]["subject"]["scheme"].clone();
        (told, said.findings())
    };
    for system in [
        "https://fhir.nhs.uk/Id/nhs-number/",
        "https://fhir.nhs.uk/Id/NHSNumber",
        "2.16.840.1.113883.2.1.4.1",
        "urn:oid:2.16.840.1.113883.2.1.4.1",
    ] {
        let told = claims(json!({ "system": system, "value": "999 012 3454" }));
        assert_eq!(told, (json!("SCHEME_NHS_NUMBER"), vec![]), "{system}");
    }
    for kind in [json!({ "coding": [{ "code": "NH" }] }), json!({ "text": "NHS Number" })] {
        assert_eq!(claims(json!({ "type": kind, "value": "9990123454" })), (json!("SCHEME_NHS_NUMBER"), vec![]));
    }
    // Of no system, and of no kind that tells: it is not made into anybody's.
    let told = claims(json!({ "value": "9990123454" }));
    assert_eq!(told, (Value::Null, vec!["- FIELD_MISSING identifier.system".to_owned()]));
}

#[test]
fn a_telephone_of_no_system_that_is_told_is_not_lost_in_silence() {
    for telecom in [json!([{ "value": "0000 000001" }]), json!([{ "system": "other", "value": "0000 000001" }])] {
        assert_eq!(page(&[patient("p-1", json!({ "telecom": telecom }))]).findings(), ["- NOT_MAPPED telecom"]);
    }
}

#[test]
fn what_the_national_service_calls_unrestricted_narrows_nothing() {
    let system = "https://www.hl7.org/fhir/valueset-security-labels.html";
    let labelled = |code: &str| {
        let meta = json!({ "versionId": "1", "lastUpdated": "2026-04-02T10:00:00Z",
            "security": [{ "system": system, "code": code }] });
        let said = page(&[patient("p-1", json!({ "meta": meta }))]);
        (said.drafts[0].labels.clone(), said.findings().len())
    };
    assert_eq!(labelled("U"), (vec![], 0));
    assert_eq!(labelled("R"), (vec![proto::sharing::Label::RestrictedUnspecified], 0));
}

#[test]
fn an_address_in_words_stands_beside_its_postcode() {
    let home = json!([{ "text": "1 Madeup Road, Madeup", "postalCode": "ZZ99 3VZ" }, { "postalCode": "ZZ99 3WZ" }]);
    let said = page(&[patient("p-1", json!({ "address": home }))]);
    let homes = &said.of_kind("PersonDescribed")[0].1["addresses"];
    assert_eq!(homes[0], json!({ "lines": ["1 Madeup Road, Madeup"], "postcode": "ZZ99 3VZ" }));
    assert_eq!(homes[1], json!({ "postcode": "ZZ99 3WZ" }));
}

#[test]
fn a_relation_is_told_by_its_word_and_one_that_is_over_is_told_of() {
    let related = |relationship: Value| {
        let meta = json!({ "versionId": "1", "lastUpdated": "2026-04-02T10:00:00Z" });
        let related = json!({ "resourceType": "RelatedPerson", "id": "m", "meta": meta, "active": false,
            "patient": { "reference": "Patient/p-1" }, "relationship": [relationship], "name": [{ "family": "Inventia" }] });
        let said = page(&[patient("p-1", json!({})), related]);
        (said.of_kind("RelationshipRecorded")[0].1["kind"].clone(), said.findings())
    };
    let findings = vec!["- NOT_MAPPED active".to_owned()];
    let in_snomed =
        json!({ "coding": [{ "system": "http://snomed.info/sct", "code": "72705000", "display": "Mother" }] });
    for (relationship, kind) in [
        (json!({ "text": "Mother" }), json!("KIND_PARENT")),
        (in_snomed, json!("KIND_PARENT")),
        (json!({ "text": "Mother's friend" }), Value::Null),
        (json!({ "text": "C" }), Value::Null),
    ] {
        assert_eq!(related(relationship), (kind, findings.clone()));
    }
}
