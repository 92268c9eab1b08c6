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

fn number(value: &str) -> Value {
    json!([{ "system": "https://fhir.nhs.uk/Id/nhs-number", "value": value }])
}

/// A bundle of this type, of a child and their plan, who have the same ids in each.
fn of_a_child(kind: &str, nhs: &str) -> Value {
    let child = json!({ "resourceType": "Patient", "id": "p1", "identifier": number(nhs), "birthDate": "2020-01-01" });
    json!({ "resourceType": "Bundle", "type": kind, "timestamp": "2026-04-02T10:00:00Z",
        "entry": [{ "fullUrl": "urn:uuid:1", "resource": child }, { "fullUrl": "urn:uuid:2", "resource": {
            "resourceType": "CarePlan", "id": "c1", "status": "active", "intent": "plan", "created": "2026-01-01",
            "subject": { "reference": "urn:uuid:1" } } }] })
}

fn header() -> Value {
    json!({ "fullUrl": "urn:uuid:9", "resource": { "resourceType": "MessageHeader", "id": "h", "timestamp": "2026-04-02T10:00:00Z",
        "event": { "code": "ITK014M" }, "source": { "endpoint": "urn:nhs-uk:addressing:ods:RZ98" } } })
}

#[test]
fn a_document_in_its_envelope_is_read_under_the_header_of_the_envelope() {
    let message = |within: &Value| {
        json!({ "resourceType": "Bundle", "type": "message", "entry": [header(), { "resource": within }] }).to_string()
    };
    let document = of_a_child("document", "9990123454");
    let envelope =
        json!({ "resourceType": "Bundle", "type": "collection", "entry": [{ "resource": document.clone() }] });
    for within in [&document, &envelope] {
        let said = translate(&Fhir::default(), &[("a.json", message(within))]);
        assert_eq!((said.kinds(), said.reasons()), (vec!["PersonDescribed", "SourceRecordKept"], vec![]));
        assert!(said.drafts.iter().all(|draft| draft.controller == "ods-rz98" && draft.subject.value == "9990123454"));
        assert_eq!(contents(&said), [document["entry"][1].to_string()], "each as it came");
    }
    let parameters = json!({ "resourceType": "Parameters", "parameter": [{ "name": "mode", "valueString": "x" }, { "name": "a", "resource": document }] });
    let said = read("a.json", &message(&parameters));
    assert_eq!((said.kinds(), said.reasons()), (vec!["PersonDescribed", "SourceRecordKept"], vec![]));
    let deep = (0..8).fold(
        document,
        |within, _| json!({ "resourceType": "Bundle", "type": "collection", "entry": [{ "resource": within }] }),
    );
    let said = read("a.json", &message(&deep));
    assert_eq!((said.kinds().len(), said.reasons()), (0, vec!["REASON_RECORD_MALFORMED"]));
    let lower = "<Bundle xmlns=\"http://hl7.org/fhir\"><type value=\"message\"/><entry><resource><MessageHeader><event><code value=\"ITK014M\"/>\
        </event><timestamp value=\"2026-04-02T10:00:00Z\"/></MessageHeader></resource></entry><entry><fullUrl value=\"urn:uuid:1\"/><resource>\
        <bundle><entry><resource><Patient><identifier><system value=\"https://fhir.nhs.uk/Id/nhs-number\"/><value value=\"9990123454\"/>\
        </identifier></Patient></resource></entry></bundle></resource></entry></Bundle>";
    assert_eq!((read("a.xml", lower).kinds(), read("a.xml", lower).reasons()), (vec!["PersonDescribed"], vec![]));
}

#[test]
fn of_several_bundles_in_a_message_nobody_can_tell_whose_is_whose() {
    let message = |within: &[Value]| {
        let held = within.iter().map(|bundle| json!({ "resource": bundle }));
        let entries: Vec<Value> = std::iter::once(header()).chain(held).collect();
        read("a.json", &json!({ "resourceType": "Bundle", "type": "message", "entry": entries }).to_string())
    };
    let both = ["9990123454", "9990123462"].map(|nhs| of_a_child("document", nhs));
    let envelope = json!({ "resourceType": "Bundle", "type": "collection",
        "entry": [{ "resource": both[0].clone() }, { "resource": both[1].clone() }] });
    let list = json!({ "resourceType": "Parameters", "parameter": [{ "name": "a", "resource": both[1].clone() }] });
    for within in [both.to_vec(), vec![envelope], vec![both[0].clone(), list.clone()], vec![list.clone(), list]] {
        let said = message(&within);
        assert_eq!((said.kinds(), said.reasons()), (vec![], vec!["REASON_RECORD_MALFORMED"; 2]));
    }
    // Nor where the message has somebody of its own at the address.
    let beside = |nhs: &str| {
        let outer = of_a_child("collection", nhs)["entry"][0].clone();
        let entries = json!([header(), outer, { "resource": both[1].clone() }]);
        let message = json!({ "resourceType": "Bundle", "type": "message", "entry": entries }).to_string();
        let said = read("a.json", &message);
        (said.of_kind("SourceRecordKept").len(), said.reasons().len())
    };
    assert_eq!(
        (beside("9990123454"), beside("9990123462")),
        ((0, 1), (2, 0)),
        "the child who stands twice is kept too"
    );
    // A message means nothing without its own header, which may take back what the other would say.
    let mut inner = of_a_child("message", "9990123454");
    inner["entry"].as_array_mut().unwrap().insert(0, header());
    let mut untyped = inner.clone();
    untyped.as_object_mut().unwrap().remove("type");
    for within in [inner, untyped] {
        let said = message(&[within]);
        assert_eq!((said.kinds(), said.reasons()), (vec![], vec!["REASON_RECORD_MALFORMED"]));
    }
}

#[test]
fn of_bundles_in_a_bundle_each_is_read_by_itself() {
    let numbers = ["9990123454", "9990123462"];
    let entries: Vec<Value> = numbers.iter().map(|nhs| json!({ "resource": of_a_child("collection", nhs) })).collect();
    let said = read("a.json", &json!({ "resourceType": "Bundle", "type": "collection", "entry": entries }).to_string());
    let subjects: Vec<&str> = said.drafts.iter().map(|draft| draft.subject.value.as_str()).collect();
    assert_eq!((subjects, said.records), (vec![numbers[0], numbers[0], numbers[1], numbers[1]], 4));
    let lines: String = numbers.iter().map(|nhs| format!("{}\n", of_a_child("collection", nhs))).collect();
    assert_eq!(read("a.ndjson", &lines).drafts.len(), 4);
}

#[test]
fn a_document_is_of_whoever_keeps_it_or_wrote_it() {
    let trust = |code: &str| json!({ "identifier": { "system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": code } });
    let document = |kind: &str, composition: Value| {
        let mut document = of_a_child(kind, "9990123454");
        let mut first = json!({ "resourceType": "Composition", "id": "d", "status": "final", "subject": { "reference": "urn:uuid:1" } });
        first.as_object_mut().unwrap().extend(composition.as_object().unwrap().clone());
        document["entry"].as_array_mut().unwrap().insert(0, json!({ "fullUrl": "urn:uuid:3", "resource": first }));
        translate(&Fhir::default(), &[("a.json", document.to_string())])
    };
    let said = document("document", json!({ "custodian": trust("RZ98"), "author": [trust("RZ97")] }));
    assert!(
        said.drafts.len() == 4
            && said.rejections.is_empty()
            && said.drafts.iter().all(|draft| draft.controller == "ods-rz98")
    );
    let said = document("document", json!({ "author": [{ "display": "Madeup" }, trust("RZ97")] }));
    assert!(said.rejections.is_empty() && said.drafts.iter().all(|draft| draft.controller == "ods-rz97"));
    assert_eq!(document("document", json!({})).reasons().len(), 3);
    assert_eq!(
        document("searchset", json!({ "custodian": trust("RZ98") })).reasons().len(),
        2,
        "of others the first says nothing"
    );
}

#[test]
fn a_document_is_read_whole_so_that_its_keeper_answers_for_all_of_it() {
    let document = |mebibytes: usize| {
        let mut document = of_a_child("document", "9990123454");
        let entries = document["entry"].as_array_mut().unwrap();
        let trust =
            json!({ "identifier": { "system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "RZ98" } });
        entries.insert(
            0,
            json!({ "resource": { "resourceType": "Composition", "id": "d", "status": "final",
            "subject": { "reference": "urn:uuid:1" }, "custodian": trust } }),
        );
        entries.extend((0..mebibytes).map(|nth| {
            let mut plan = plan(&format!("c{}", nth + 2));
            (plan["subject"]["reference"], plan["description"]) = ("urn:uuid:1".into(), "x".repeat(1 << 20).into());
            json!({ "resource": plan })
        }));
        translate(&Fhir::default(), &[("a.json", document.to_string())])
    };
    let said = document(10);
    assert_eq!((said.drafts.len(), said.reasons()), (14, vec![]));
    assert!(said.drafts.iter().all(|draft| draft.controller == "ods-rz98" && draft.subject.value == "9990123454"));
    let said = document(17);
    assert_eq!((said.drafts.len(), said.reasons()), (0, vec!["REASON_RECORD_TOO_LARGE"]));
}

#[test]
fn what_could_not_be_read_says_how_much_and_what_to_do() {
    let said = read("a.ndjson", &format!("{}\n{{\"resourceType\":oops\n{}\n", patient("p1"), patient("p2")));
    assert_eq!((said.kinds().len(), said.rejections.len(), said.rejections[0].place.line), (2, 1, 2));
    assert!(said.rejections[0].message.contains("the other lines were"), "{}", said.rejections[0].message);
    let gone = json!({ "fullUrl": "https://fhir.invented.example/Immunization/i1", "request": { "method": "DELETE", "url": "Immunization/i1" },
        "response": { "lastModified": "2026-04-02T10:00:00Z" } });
    let said = read("a.json", &json!({ "resourceType": "Bundle", "type": "history", "entry": [gone] }).to_string());
    assert_eq!((said.kinds().len(), said.reasons()), (0, vec!["REASON_SUBJECT_MISSING"]));
    assert!(said.rejections[0].message.contains("`entered-in-error`"), "{}", said.rejections[0].message);
}

#[test]
fn why_a_message_was_sent_is_no_action_that_is_unknown() {
    let findings = |system: &str, code: &str| {
        let mut header = header();
        header["resource"]["reason"] = json!({ "coding": [{ "system": system, "code": code }] });
        let child = of_a_child("collection", "9990123454")["entry"][0].clone();
        read("a.json", &json!({ "resourceType": "Bundle", "type": "message", "entry": [header, child] }).to_string())
            .findings()
    };
    assert_eq!(findings("http://terminology.hl7.org/CodeSystem/v2-0003", "A01"), [""; 0]);
    assert_eq!(findings("http://terminology.hl7.org/CodeSystem/message-reasons-encounter", "admit"), [""; 0]);
    let bars = "https://fhir.nhs.uk/CodeSystem/message-reason-bars";
    assert_eq!(
        (findings(bars, "new"), findings(bars, "oops")),
        (vec![], vec!["- CODE_UNKNOWN MessageHeader.action".to_owned()])
    );
}

#[test]
fn a_document_in_an_envelope_says_what_its_resources_say() {
    let message = |event: &str| {
        let coded = |code: &str| json!({ "coding": [{ "system": "http://snomed.info/sct", "code": code }] });
        let child = json!({ "resourceType": "Patient", "id": "p1", "identifier": number("9990123454") });
        let found = json!({ "resourceType": "Condition", "id": "c1", "code": coded("1"), "subject": { "reference": "urn:uuid:1" } });
        let letter = json!({ "resourceType": "Composition", "id": "l1", "status": "final", "title": "Invented",
            "subject": { "reference": "urn:uuid:1" } });
        let mut header = header();
        header["resource"]["event"]["code"] = event.into();
        let entries = [letter, child, found].into_iter().enumerate();
        let entries = entries.map(|(nth, held)| json!({ "fullUrl": format!("urn:uuid:{nth}"), "resource": held }));
        let document = json!({ "resourceType": "Bundle", "type": "document", "entry": entries.collect::<Vec<_>>() });
        let entries = json!([header, { "resource": document }]);
        read("a.json", &json!({ "resourceType": "Bundle", "type": "message", "entry": entries }).to_string())
    };
    let labels = |said: &Collected, kind: &str| {
        let of_kind = |draft: &&connector_kit::Draft| draft.event.kind_number().unwrap().name() == kind;
        said.drafts.iter().filter(of_kind).flat_map(|draft| draft.labels.clone()).collect::<Vec<_>>()
    };
    for event in ["003D", "005D", "006D", "007C", "009D", "010D", "012M", "013D", "014M"] {
        let said = message(&format!("ITK{event}"));
        assert_eq!(said.kinds(), ["DocumentRecorded", "SourceRecordKept", "PersonDescribed", "DiagnosisRecorded"]);
        assert_eq!((said.findings(), said.reasons()), (vec!["- NOT_MAPPED Composition".to_owned()], vec![]), "{event}");
        assert!(said.drafts.iter().all(|draft| draft.labels.is_empty()));
    }
    // What a mental health service tells is told as such, and who the child is is not.
    let said = message("ITK004D");
    assert_eq!(labels(&said, "DiagnosisRecorded"), [proto::sharing::Label::MentalHealth]);
    assert_eq!(labels(&said, "DocumentRecorded"), [proto::sharing::Label::MentalHealth]);
    assert_eq!(labels(&said, "PersonDescribed"), []);
    for unknown in ["ITK999X", ""] {
        let said = message(unknown);
        assert_eq!(said.kinds(), ["SourceRecordKept", "PersonDescribed", "SourceRecordKept"]);
        assert!(said.findings().contains(&"- CODE_UNKNOWN MessageHeader.event".to_owned()), "{unknown}");
    }
}

#[test]
fn a_document_without_a_time_of_its_own_is_of_when_it_was_written() {
    let document = |date: Option<&str>| {
        let child = json!({ "resourceType": "Patient", "id": "p1", "identifier": number("9990123454") });
        let allergy = json!({ "resourceType": "AllergyIntolerance", "id": "a1", "code": { "text": "Invented" },
            "patient": { "reference": "urn:uuid:1" }, "onsetDateTime": "2020-03-01" });
        let mut letter = json!({ "resourceType": "Composition", "id": "l1", "status": "final", "title": "Invented",
            "subject": { "reference": "urn:uuid:1" } });
        if let Some(date) = date {
            letter["date"] = date.into();
        }
        let entries = [letter, child, allergy].into_iter().enumerate();
        let entries = entries.map(|(nth, held)| json!({ "fullUrl": format!("urn:uuid:{nth}"), "resource": held }));
        let document = json!({ "resourceType": "Bundle", "type": "document", "entry": entries.collect::<Vec<_>>() });
        read("a.json", &document.to_string())
    };
    let said = document(Some("2026-04-02T10:00:00Z"));
    assert_eq!(said.kinds(), ["DocumentRecorded", "SourceRecordKept", "PersonDescribed", "AllergyRecorded"]);
    assert_eq!((said.findings(), said.reasons()), (vec!["- NOT_MAPPED Composition".to_owned()], vec![]));
    assert!(said.drafts.iter().all(|draft| draft.version.unwrap().as_of_us == 1_775_124_000_000_000));
    // Nobody knows when the child was described, and when the allergy began is known.
    let said = document(None);
    assert_eq!(said.kinds(), ["AllergyRecorded"]);
    assert!(said.findings().contains(&"- FIELD_MISSING meta.lastUpdated".to_owned()));
}

#[test]
fn a_header_whose_meaning_is_changed_spoils_the_message() {
    let mut header = header();
    header["resource"]["modifierExtension"] =
        json!([{ "url": "https://invented.example/changes", "valueBoolean": true }]);
    let message = json!({ "resourceType": "Bundle", "type": "message",
        "entry": [header, { "resource": of_a_child("document", "9990123454") }] });
    let said = read("a.json", &message.to_string());
    assert_eq!((said.kinds(), said.reasons()), (vec![], vec!["REASON_RECORD_MALFORMED"]));
    assert!(said.rejections[0].message.contains("modifierExtension"));
}

#[test]
fn a_reference_leads_to_the_same_child_however_it_is_written() {
    let observed = |to: &str| {
        json!({ "resourceType": "Observation", "id": "o", "status": "final", "code": { "text": "Invented" },
            "subject": { "reference": to }, "effectiveDateTime": "2026-03-01" })
    };
    for asked in [
        "Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|9990123454",
        "Patient?identifier=https://fhir.nhs.uk/Id/nhs-number%7C9990123454",
        "Patient?identifier=https%3A%2F%2Ffhir.nhs.uk%2FId%2Fnhs-number%7c9990123454&_count=1",
    ] {
        let said = read("a.json", &observed(asked).to_string());
        assert_eq!(said.reasons(), [""; 0], "{asked}");
        assert_eq!(said.drafts[0].subject.value, "9990123454", "{asked}");
    }
    let child = json!({ "resourceType": "Patient", "identifier": number("9990123454") });
    for (url, to) in [
        ("urn:uuid:ABCD-1", "urn:uuid:abcd-1"),
        ("urn:uuid:abcd-1", "urn:uuid:ABCD-1"),
        ("urn:uuid:abcd-1", "URN:UUID:abcd-1"),
    ] {
        let entries = json!([header(), { "fullUrl": url, "resource": child }, { "resource": observed(to) }]);
        let message = json!({ "resourceType": "Bundle", "type": "message", "entry": entries });
        let said = read("a.json", &message.to_string());
        assert_eq!((said.kinds().len(), said.reasons()), (2, vec![]), "{url} {to}");
        assert!(said.drafts.iter().all(|draft| draft.subject.value == "9990123454"));
    }
}

#[test]
fn a_resource_without_an_id_is_the_one_at_its_address() {
    let child = json!({ "resourceType": "Patient", "meta": { "lastUpdated": "2026-04-02T10:00:00Z" }, "birthDate": "2020-01-01" });
    for (entry, value) in [
        (json!({ "request": { "method": "PUT", "url": "Patient/p-1" }, "resource": child }), Some("P_1")),
        (json!({ "fullUrl": "https://fhir.invented.example/Patient/p-1", "resource": child }), Some("P_1")),
        // Whoever asks where a number stands names nobody, and a new one has no address yet.
        (json!({ "request": { "method": "PUT", "url": "Patient?identifier=a|1" }, "resource": child }), None),
        (json!({ "request": { "method": "POST", "url": "Patient" }, "resource": child }), None),
        (json!({ "fullUrl": "urn:uuid:p-1", "resource": child }), None),
    ] {
        let said =
            read("a.json", &json!({ "resourceType": "Bundle", "type": "transaction", "entry": [entry] }).to_string());
        let told: Vec<&str> = said.drafts.iter().map(|draft| draft.subject.value.as_str()).collect();
        assert_eq!(told, value.into_iter().collect::<Vec<_>>(), "{entry}");
        assert_eq!(said.rejections.len(), usize::from(value.is_none()), "{entry}");
    }
}
