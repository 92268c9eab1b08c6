//! Whom a record is about where ids and numbers are those of several, or of a person who is not the child.

use proto::sharing::Label;
use serde_json::{Value, json};

use super::support::Told as _;
use super::{beside, message, nhs, ods, of_child, read, read_for, snomed};

/// Entries of a page as a server gives them: their full addresses, where they have any.
fn page(entries: &[(&str, Value)]) -> Value {
    let entry = |(url, resource): &(&str, Value)| match url.is_empty() {
        true => json!({ "resource": resource }),
        false => json!({ "fullUrl": url, "resource": resource }),
    };
    let entries: Vec<Value> = entries.iter().map(entry).collect();
    json!({ "resourceType": "Bundle", "type": "collection", "entry": entries })
}

fn weighed(subject: &str) -> Value {
    json!({ "resourceType": "Observation", "id": "o", "status": "final", "code": snomed("1"), "valueString": "x",
        "effectiveDateTime": "2026-01-01", "subject": { "reference": subject } })
}

/// Whom the observation of a page is about: issuer and value.
fn weighed_is(entries: &[(&str, Value)]) -> Result<(String, String), Vec<String>> {
    let said = read_for("ods-rz99", &page(entries));
    let seen = said
        .drafts
        .iter()
        .find(|draft| draft.event.kind_number().is_some_and(|kind| kind.name() == "ObservationRecorded"));
    let reasons = || said.reasons().into_iter().map(str::to_owned).collect();
    seen.map(|draft| (draft.subject.issuer.clone(), draft.subject.value.clone())).ok_or_else(reasons)
}

#[test]
fn a_logical_id_is_no_number_and_a_server_is_not_another() {
    let is = |issuer: &str, value: &str| Ok((issuer.to_owned(), value.to_owned()));
    let local = json!({ "system": "https://invented.example/mrn", "value": "123" });
    let numbered = json!({ "resourceType": "Patient", "id": "7", "identifier": [local], "birthDate": "2020-01-01" });
    let child = |id: &str| json!({ "resourceType": "Patient", "id": id, "birthDate": "2020-01-01" });
    let (a, b) = ("https://a.example/fhir/Patient/1", "https://b.example/fhir/Patient/1");
    let (seen_a, seen_b) = ("https://a.example/fhir/Observation/o", "https://b.example/fhir/Observation/o");
    let (on_a, on_b) = (is("ods-rz99/a.example/fhir", "1"), is("ods-rz99/b.example/fhir", "1"));
    for (what, entries, expected) in [
        (
            "an id that is another's number",
            vec![("", numbered.clone()), ("", weighed("Patient/123"))],
            is("ods-rz99/fhir", "123"),
        ),
        ("another server's", vec![(a, child("1")), (seen_a, weighed(b))], on_b.clone()),
        (
            "the server's own, which comes second",
            vec![(a, child("1")), (b, child("1")), (seen_b, weighed("Patient/1"))],
            on_b.clone(),
        ),
        ("and first", vec![(a, child("1")), (b, child("1")), (seen_a, weighed("Patient/1"))], on_a.clone()),
        ("none of the server's own", vec![(a, child("1")), (seen_b, weighed("Patient/1"))], on_b),
        (
            "one of which no server is told",
            vec![("", child("1")), ("", weighed("Patient/1"))],
            is("ods-rz99/fhir", "1"),
        ),
        ("the only one there is", vec![(a, child("1")), ("", weighed("Patient/1"))], on_a.clone()),
        ("two versions of one", vec![(a, child("1")), (a, child("1")), ("", weighed("Patient/1"))], on_a),
        (
            "one of two, and nothing tells which",
            vec![(a, child("1")), (b, child("1")), ("", weighed("Patient/1"))],
            Err(vec!["REASON_SUBJECT_MISSING".to_owned()]),
        ),
    ] {
        assert_eq!(weighed_is(&entries), expected, "{what}");
    }
    // In a message a number may stand for an id, but not beside a server's address.
    let by_number = of_child(
        "Observation",
        json!({ "code": snomed("1"), "subject": { "reference": "Patient/9990123454" }, "context": {} }),
    );
    assert_eq!(beside(&read(&message("CH018", &[by_number]))), ["ObservationRecorded"]);
    let elsewhere = json!({ "reference": "https://a.example/fhir/Patient/9990123454" });
    let elsewhere = of_child("Observation", json!({ "code": snomed("1"), "subject": elsewhere, "context": {} }));
    assert_eq!(read(&message("CH018", &[elsewhere])).reasons(), ["REASON_SUBJECT_MISSING"]);
    let two = |born: &str| json!({ "resourceType": "Patient", "id": "1", "identifier": [nhs("9990123462")], "birthDate": born });
    let seen =
        of_child("Observation", json!({ "code": snomed("1"), "subject": { "reference": "Patient/1" }, "context": {} }));
    let said = read(&message("CH018", &[two("2025-10-12"), two("2025-10-13"), seen]));
    assert_eq!(said.reasons(), ["REASON_SUBJECT_MISSING"], "two of one id");
}

#[test]
fn who_answers_for_a_child_is_not_whom_it_is_about() {
    let baby = json!({ "resourceType": "Patient", "birthDate": "2026-02-01" });
    let mother = json!({ "resourceType": "Patient", "identifier": [nhs("9990123462")], "birthDate": "1990-10-02" });
    let answers = |more: Value| {
        let mut made = json!({ "resourceType": "QuestionnaireResponse", "status": "completed", "source": { "reference": "urn:uuid:f1" } });
        made.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let said = read(&message("CH004", &[baby.clone(), mother.clone(), made]));
        let last = said.drafts.last().unwrap();
        (last.subject.value.clone(), last.event.kind_number().unwrap().name(), said.reasons().len())
    };
    let (_, kind, refused) = answers(json!({ "subject": { "reference": "urn:uuid:f0" } }));
    assert_eq!((kind, refused), ("PersonDescribed", 2), "neither the baby nor its answers are anybody's");
    let (subject, kind, refused) = answers(json!({}));
    assert_eq!((subject.as_str(), refused), ("9990123462", 1), "{kind}: of nobody else but who answered");
}

#[test]
fn a_relation_who_is_a_patient_too_is_described() {
    let mother = json!({ "resourceType": "Patient", "identifier": [nhs("9990123462")], "birthDate": "1990-10-02" });
    let related = json!({ "resourceType": "RelatedPerson", "identifier": [nhs("9990123462")], "patient": { "reference": "P" },
        "name": [{ "family": "Inventia" }] });
    let said = read(&message("CH023", &[mother, related]));
    assert_eq!((beside(&said), said.reasons()), (vec!["PersonDescribed", "RelationshipRecorded"], vec![]));
}

#[test]
fn an_ordinary_letter_of_another_system_narrows() {
    for (system, labels) in [
        ("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", vec![]),
        ("http://hl7.org/fhir/v3/Confidentiality", vec![]),
        ("urn:oid:2.16.840.1.113883.5.25", vec![]),
        ("https://invented.example/levels", vec![Label::RestrictedUnspecified]),
    ] {
        let security = json!([{ "system": system, "code": "N" }]);
        let seen = of_child(
            "Observation",
            json!({ "code": snomed("1"), "valueString": "x", "meta": { "security": security } }),
        );
        assert_eq!(read(&message("CH018", &[seen])).drafts.last().unwrap().labels, labels, "{system}");
    }
}

#[test]
fn two_children_at_one_address_are_not_told_apart() {
    let child =
        |number: &str| json!({ "resourceType": "Patient", "identifier": [nhs(number)], "birthDate": "2020-01-01" });
    let url = "urn:uuid:one-for-both";
    let (one, other) = (child("9990123454"), child("9990123462"));
    let whom = |entries: &[Value]| {
        let mut entries: Vec<(&str, Value)> = entries.iter().map(|child| (url, child.clone())).collect();
        entries.push(("", weighed(url)));
        weighed_is(&entries)
    };
    let known = Ok(("nhs".to_owned(), "9990123454".to_owned()));
    assert_eq!(whom(std::slice::from_ref(&one)), known);
    assert_eq!(whom(&[one.clone(), one.clone()]), known, "one child said twice");
    assert_eq!(whom(&[one.clone(), other.clone()]), Err(vec!["REASON_SUBJECT_MISSING".to_owned()]));
    // An id that two resources have is no address of either.
    let numbered = |child: &Value| {
        let mut child = child.clone();
        child["id"] = json!("7");
        ("", child)
    };
    let practice = ("", json!({ "resourceType": "Organization", "id": "7", "identifier": [ods("RZ99")] }));
    let by_id = ("", weighed("urn:uuid:7"));
    let by_its_id = Ok(("ods-rz99/fhir".to_owned(), "7".to_owned()));
    assert_eq!(weighed_is(&[numbered(&one), by_id.clone()]), by_its_id);
    assert_eq!(weighed_is(&[practice, numbered(&one), by_id]), Err(vec!["REASON_SUBJECT_MISSING".to_owned()]));
}
