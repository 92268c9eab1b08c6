//! Shapes that senders really write: the messages of the Digital Child Health list, and what each vendor has made of FHIR. Every
//! record is invented.
#![cfg(test)]

#[path = "../../../social-care-ssda903/tests/support/mod.rs"]
mod support;
mod whom;

use std::collections::BTreeSet;

use connector_kit::Collected;
use health_fhir::Fhir;
use proto::events::event::Kind;
use proto::sharing::Label;
use serde_json::{Value, json};
use support::{Told as _, translate};

fn read(document: &Value) -> Collected {
    translate(&Fhir::default(), &[("a.json", document.to_string())])
}

fn read_for(organisation: &str, document: &Value) -> Collected {
    translate(&Fhir { organisation: Some(organisation.to_owned()) }, &[("a.json", document.to_string())])
}

fn ods(code: &str) -> Value {
    json!({ "system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": code })
}

fn nhs(number: &str) -> Value {
    json!({ "system": "https://fhir.nhs.uk/Id/nhs-number", "value": number })
}

fn snomed(code: &str) -> Value {
    json!({ "coding": [{ "system": "http://snomed.info/sct", "code": code }] })
}

/// A message of a child seen on 10 February 2026 and sent on 1 March, with what is added to it: `P` is the child, `E` the encounter.
fn message(event: &str, further: &[Value]) -> Value {
    let mut entries = vec![
        (
            "urn:uuid:h",
            json!({ "resourceType": "MessageHeader", "id": "h", "event": { "code": event },
            "timestamp": "2026-03-01T15:00:00Z", "responsible": { "reference": "urn:uuid:o" } }),
        ),
        ("urn:uuid:o", json!({ "resourceType": "Organization", "identifier": [ods("RZ99")] })),
        ("P", json!({ "resourceType": "Patient", "identifier": [nhs("9990123454")], "birthDate": "2025-10-12" })),
        (
            "E",
            json!({ "resourceType": "Encounter", "id": "e", "status": "finished", "subject": { "reference": "P" },
            "period": { "start": "2026-02-10" } }),
        ),
    ];
    let names: Vec<String> = (0..further.len()).map(|nth| format!("urn:uuid:f{nth}")).collect();
    entries.extend(names.iter().map(String::as_str).zip(further.iter().cloned()));
    let entries: Vec<Value> =
        entries.into_iter().map(|(url, resource)| json!({ "fullUrl": url, "resource": resource })).collect();
    json!({ "resourceType": "Bundle", "type": "message", "entry": entries })
}

/// A resource of the child, with its encounter, and more.
fn of_child(kind: &str, more: Value) -> Value {
    let mut made = json!({ "resourceType": kind, "status": "final", "subject": { "reference": "P" }, "context": { "reference": "E" } });
    made.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    made
}

/// What was said beside the child and the encounter.
fn beside(said: &Collected) -> Vec<&'static str> {
    let mut kinds = said.kinds();
    for known in ["PersonDescribed", "AppointmentKept"] {
        let at = kinds.iter().position(|kind| *kind == known).unwrap_or_else(|| panic!("no {known} in {kinds:?}"));
        kinds.remove(at);
    }
    kinds
}

#[test]
fn every_message_of_the_list_says_what_it_holds() {
    let coded = |code: &str| json!({ "code": snomed(code), "valueCodeableConcept": snomed("2") });
    let screen = |code: &str, outcome: &str| {
        let outcome = json!({ "coding": [{ "system": format!("https://fhir.nhs.uk/STU3/CodeSystem/{outcome}-1"), "code": "04" }] });
        of_child("Procedure", json!({ "code": snomed(code), "outcome": outcome, "performedDateTime": "2026-02-11" }))
    };
    let observed = |more| of_child("Observation", more);
    let plain = |kind| of_child(kind, json!({}));
    let cases: &[(&str, Value, &[&str])] = &[
        ("CH001", plain("List"), &["SourceRecordKept"]),
        (
            "CH002",
            json!({ "resourceType": "Encounter", "id": "a", "status": "finished", "class": { "code": "IMP" },
            "subject": { "reference": "P" }, "period": { "start": "2026-02-08", "end": "2026-02-10" } }),
            &["AdmissionStarted", "AdmissionEnded"],
        ),
        (
            "CH003",
            json!({ "resourceType": "AllergyIntolerance", "patient": { "reference": "P" }, "code": snomed("91935009") }),
            &["AllergyRecorded"],
        ),
        (
            "CH004",
            of_child(
                "QuestionnaireResponse",
                json!({ "questionnaire": { "reference": "Questionnaire/DCH-ASQ-3" }, "item": [
            { "linkId": "1", "text": "Communication total", "answer": [{ "valueDecimal": 45 }] }] }),
            ),
            &["HealthReviewCompleted", "SourceRecordKept"],
        ),
        (
            "CH005",
            observed(json!({ "code": snomed("412726003"), "valueQuantity": { "value": 39, "unit": "wk" } })),
            &["ObservationRecorded"],
        ),
        ("CH006", screen("314081000", "DCH-BloodSpotOutcomePKU"), &["ScreeningReported"]),
        ("CH007", plain("RiskAssessment"), &["SourceRecordKept"]),
        ("CH008", of_child("Condition", json!({ "code": snomed("195967001") })), &["DiagnosisRecorded"]),
        (
            "CH009",
            json!({ "resourceType": "Encounter", "id": "a", "status": "finished", "class": { "code": "IMP" },
            "subject": { "reference": "P" }, "period": { "start": "2026-02-08", "end": "2026-02-10" } }),
            &["AdmissionStarted", "AdmissionEnded"],
        ),
        ("CH010", observed(coded("1")), &["ObservationRecorded"]),
        (
            "CH011",
            json!({ "resourceType": "Encounter", "id": "a", "status": "finished", "class": { "code": "EMER" },
            "subject": { "reference": "P" }, "period": { "start": "2026-02-08" } }),
            &["AttendedEmergency"],
        ),
        ("CH012", observed(json!({ "code": snomed("1"), "valueString": "clear" })), &["ObservationRecorded"]),
        (
            "CH013",
            json!({ "resourceType": "FamilyMemberHistory", "status": "completed", "patient": { "reference": "P" } }),
            &["SourceRecordKept"],
        ),
        ("CH014", observed(coded("169746002")), &["FeedingStatusRecorded"]),
        (
            "CH015",
            json!({ "resourceType": "Immunization", "status": "completed", "notGiven": true, "vaccineCode": snomed("1"),
            "patient": { "reference": "P" } }),
            &["ImmunisationNotGiven"],
        ),
        ("CH016", plain("Flag"), &["SourceRecordKept"]),
        ("CH017", plain("Communication"), &["SourceRecordKept"]),
        (
            "CH018",
            observed(json!({ "code": snomed("27113001"), "valueQuantity": { "value": 6.54, "unit": "kg" } })),
            &["ObservationRecorded"],
        ),
        ("CH019", plain("MedicationStatement"), &["SourceRecordKept"]),
        ("CH020", observed(coded("1")), &["ObservationRecorded"]),
        (
            "CH021",
            observed(json!({ "code": snomed("276771000000107"), "valueCodeableConcept": snomed("276781000000109") })),
            &["ScreeningReported"],
        ),
        ("CH022", plain("Communication"), &["SourceRecordKept"]),
        (
            "CH023",
            json!({ "resourceType": "RelatedPerson", "patient": { "reference": "P" }, "name": [{ "family": "Inventia" }] }),
            &["RelationshipRecorded"],
        ),
        (
            "CH024",
            of_child("Procedure", json!({ "code": snomed("985531000000102"), "outcome": snomed("985891000000104") })),
            &["ScreeningReported"],
        ),
        ("CH025", plain("CarePlan"), &["SourceRecordKept"]),
        ("CH026", plain("ClinicalImpression"), &["SourceRecordKept"]),
        (
            "CH027",
            json!({ "resourceType": "EpisodeOfCare", "status": "active", "patient": { "reference": "P" } }),
            &["SourceRecordKept"],
        ),
        ("CH028", of_child("ReferralRequest", json!({ "status": "active", "intent": "order" })), &["ReferralMade"]),
        ("CH029", plain("Flag"), &["SourceRecordKept"]),
        ("CH030", observed(coded("1")), &["SourceRecordKept"]),
        ("CH031", observed(coded("1")), &["SourceRecordKept"]),
        ("CH032", plain("QuestionnaireResponse"), &["SourceRecordKept"]),
        ("CH033", observed(json!({ "code": snomed("1"), "valueDateTime": "2018-02-01" })), &["SourceRecordKept"]),
        ("CH034", screen("314080004", "DCH-BloodSpotOutcomeCF"), &["ScreeningReported"]),
        ("CH035", screen("428056008", "DCH-BloodSpotOutcomeMCADD"), &["ScreeningReported"]),
        ("CH036", plain("MedicationAdministration"), &["SourceRecordKept"]),
        (
            "CH037",
            of_child("DiagnosticReport", json!({ "code": snomed("1"), "conclusion": "clear" })),
            &["ResultReported"],
        ),
    ];
    assert_eq!(cases.len(), 37);
    for (event, resource, expected) in cases {
        let said = read(&message(event, std::slice::from_ref(resource)));
        assert_eq!((beside(&said), said.reasons()), (expected.to_vec(), vec![]), "{event}");
    }
}

#[test]
fn a_number_that_several_have_tells_none_from_the_other() {
    let examined = |code: &str, outcome: &str| {
        let identifier = json!([{ "system": "https://tools.ietf.org/html/rfc4122", "value": "one-for-all" }]);
        of_child("Procedure", json!({ "identifier": identifier, "code": snomed(code), "outcome": snomed(outcome) }))
    };
    // Eyes, testes, and a heart under the code of the testes.
    let all = [examined("1", "11"), examined("2", "12"), examined("2", "13")];
    let keys = |said: &Collected| -> BTreeSet<String> {
        said.of_kind("ScreeningReported").into_iter().map(|(key, _)| key).collect()
    };
    let first = keys(&read(&message("CH024", &all)));
    assert_eq!(first.len(), 3, "each is an entry of its own: {first:?}");
    assert_eq!(keys(&read(&message("CH024", &all))), first, "and the same when it comes again");
    let alone = keys(&read(&message("CH024", &all[..1])));
    assert!(alone.iter().all(|key| key.contains("one-for-all")), "a number of one alone is its key: {alone:?}");
}

#[test]
fn two_that_look_alike_in_one_message_are_both_there() {
    let weight = |value: u32| {
        of_child("Observation", json!({ "id": "1", "code": snomed("27113001"), "valueQuantity": { "value": value } }))
    };
    let said = read(&message("CH018", &[weight(6), weight(7)]));
    let keys: BTreeSet<String> = said.of_kind("ObservationRecorded").into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys.len(), 2, "one id for both tells neither: {keys:?}");
    let again = json!({ "resourceType": "Patient", "identifier": [nhs("9990123454")], "birthDate": "2025-10-13" });
    let said = read(&message("CH001", &[again]));
    assert_eq!(beside(&said), ["SourceRecordKept"], "a child is described once, and what else was said is kept");
    assert!(said.findings().contains(&"- RECORD_REPEATED Patient".to_owned()), "{:?}", said.findings());
    let contact = |phone: &str| {
        json!({ "relationship": [{ "coding": [{ "code": "N" }] }], "name": { "family": "Inventia" },
        "telecom": [{ "system": "phone", "value": phone }] })
    };
    let mut bundle = message("CH001", &[]);
    let of_nobody = json!({ "telecom": [{ "system": "phone", "value": "3" }] });
    bundle["entry"][2]["resource"]["contact"] = json!([contact("1"), contact("2"), of_nobody]);
    let said = read(&bundle);
    assert_eq!(
        beside(&said),
        ["RelationshipRecorded", "RelationshipRecorded", "SourceRecordKept"],
        "a number without a name is kept"
    );
    let keys: BTreeSet<String> = said.of_kind("RelationshipRecorded").into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys.len(), 2, "{keys:?}");
}

#[test]
fn what_says_no_time_happened_when_its_encounter_did() {
    let vaccine = json!({ "resourceType": "Immunization", "status": "completed", "vaccineCode": snomed("1"), "primarySource": true,
        "patient": { "reference": "P" }, "encounter": { "reference": "E" } });
    let weight =
        of_child("Observation", json!({ "code": snomed("27113001"), "valueQuantity": { "value": 6, "unit": "kg" } }));
    let said = read(&message("CH015", &[vaccine, weight]));
    for kind in ["ImmunisationGiven", "ObservationRecorded"] {
        let event = &said.of_kind(kind)[0].1;
        assert!(event.to_string().contains("2026"), "{kind} has a time: {event}");
        let draft = said.drafts.iter().find(|draft| draft.event.kind_number().unwrap().name() == kind).unwrap();
        assert!(format!("{:?}", draft.effective).contains("day: Some(10)"), "{:?}", draft.effective);
    }
}

#[test]
fn a_mother_who_is_a_patient_too_is_the_childs_mother_and_a_twin_is_nobodys() {
    let profiled = |who: &str| json!({ "profile": [format!("https://fhir.nhs.uk/STU3/StructureDefinition/CareConnect-EMS-PDS-{who}-Patient-1")] });
    let birth = |other: Value| {
        let mut bundle = message("PDS003", &[other]);
        bundle["entry"][2]["resource"]["meta"] = profiled("Baby");
        read(&bundle)
    };
    let mother = json!({ "resourceType": "Patient", "meta": profiled("Mother"), "identifier": [nhs("9990123462")],
        "name": [{ "family": "Inventia", "given": ["Sal"] }], "birthDate": "1990-10-02" });
    let said = birth(mother);
    let told = said.of_kind("RelationshipRecorded");
    assert_eq!((told.len(), &told[0].1["kind"]), (1, &json!("KIND_PARENT")), "{told:?}");
    assert_eq!(said.of_kind("PersonDescribed").len(), 1, "she is described as nobody's record");
    let twin = json!({ "resourceType": "Patient", "identifier": [nhs("9990123462")], "birthDate": "2025-10-12" });
    assert_eq!(birth(twin).reasons(), ["REASON_SUBJECT_MISSING"]);
}

#[test]
fn a_relation_with_the_childs_own_number_loses_neither_of_them() {
    let mother = json!({ "resourceType": "RelatedPerson", "identifier": [nhs("9990123454")], "patient": { "reference": "P" },
        "relationship": { "coding": [{ "code": "MTH" }] }, "name": [{ "family": "Inventia" }],
        "extension": [{ "url": "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-DCH-ParentalResponsibility-1", "valueBoolean": true }] });
    let said = read(&message("CH023", &[mother]));
    assert_eq!(beside(&said), ["RelationshipRecorded"]);
    let told = &said.of_kind("RelationshipRecorded")[0].1;
    assert_eq!(told["parentalResponsibility"]["held"], "HELD_YES", "{told}");
    assert!(told.get("related").is_none(), "nobody is related to themself: {told}");
    assert!(said.findings().contains(&"- FIELDS_CONTRADICT identifier".to_owned()), "{:?}", said.findings());
}

#[test]
fn a_security_label_narrows_and_what_it_is_on_is_told() {
    for (codes, labels, findings) in [
        (vec!["N"], vec![], 0),
        (vec!["N", "HTEST"], vec![], 1),
        (vec!["HIV"], vec![Label::SexualHealth], 0),
        (vec!["PSY", "R"], vec![Label::MentalHealth, Label::RestrictedUnspecified], 0),
        (vec!["MADEUP"], vec![Label::RestrictedUnspecified], 1),
    ] {
        let security: Vec<Value> = codes.iter().map(|code| json!({ "code": code })).collect();
        let seen = of_child(
            "Observation",
            json!({ "code": snomed("1"), "valueString": "x", "meta": { "security": security } }),
        );
        let said = read(&message("CH018", &[seen]));
        assert_eq!(beside(&said), ["ObservationRecorded"], "{codes:?}");
        let seen = said.drafts.last().unwrap();
        assert_eq!((&seen.labels, seen.findings.len()), (&labels, findings), "{codes:?}");
        assert!(said.drafts[0].labels.is_empty(), "and nothing else is narrowed by it");
    }
}

#[test]
fn what_only_narrows_binds_and_what_opens_waits() {
    let child = json!({ "reference": "P" });
    let consent = |more: Value| {
        let mut made = json!({ "resourceType": "Consent", "id": "c", "status": "active", "patient": &child, "performer": [&child],
            "dateTime": "2026-01-05", "scope": { "coding": [{ "code": "patient-privacy" }] } });
        made.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        made
    };
    let answer = |code: &str| {
        let coding = json!({ "system": "https://fhir.nhs.uk/STU3/CodeSystem/DCH-ParentalConsentToShareInformation-1", "code": code });
        of_child("Observation", json!({ "code": snomed("1"), "valueCodeableConcept": { "coding": [coding] } }))
    };
    let ndop = json!({ "profile": ["https://fhir.nhs.uk/STU3/StructureDefinition/NDOP-Consent-1"] });
    let binds: &[(&str, Value, &str)] = &[
        ("the national opt-out by its profile", consent(json!({ "meta": ndop })), "RestrictionSet"),
        ("and by what it is for", consent(json!({ "purpose": [{ "code": "370856009" }] })), "RestrictionSet"),
        (
            "a refusal by its provision",
            consent(json!({ "provision": { "type": "deny", "period": { "start": "2026-01-01" } } })),
            "ConsentRecorded",
        ),
        ("and by its rule", consent(json!({ "policyRule": { "coding": [{ "code": "OPTOUT" }] } })), "ConsentRecorded"),
        (
            "and of STU3",
            consent(json!({ "policyRule": "http://hl7.org/fhir/ConsentPolicy/opt-out" })),
            "ConsentRecorded",
        ),
        ("and by its status", consent(json!({ "status": "rejected" })), "ConsentRecorded"),
        ("a parent's no", answer("N"), "ConsentRecorded"),
    ];
    for (what, resource, kind) in binds {
        // Of whatever message, also of one whose own resources are only kept.
        for event in ["CH010", "CH013", "CH018", "CH031", "FM001", "CH999"] {
            let said = read(&message(event, std::slice::from_ref(resource)));
            assert_eq!((beside(&said), said.reasons()), (vec![*kind, "SourceRecordKept"], vec![]), "{what} of {event}");
            for draft in &said.drafts {
                let source = health_fhir_may_say(draft.event.kind.as_ref().unwrap());
                assert!(source, "{what}: its producer may not say it");
            }
        }
    }
    let deny = |more: Value| {
        let mut provision = json!({ "type": "deny" });
        provision.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        consent(json!({ "provision": provision }))
    };
    let waits: &[(&str, Value)] = &[
        ("a permit", consent(json!({ "provision": { "type": "permit" } }))),
        ("one that says neither", consent(json!({}))),
        ("an implied one", consent(json!({ "policyRule": { "coding": [{ "code": "IMPLIED" }] } }))),
        ("a draft", consent(json!({ "status": "draft", "meta": ndop }))),
        ("an opt-out that ended", consent(json!({ "status": "inactive", "meta": ndop }))),
        ("what is taken back", consent(json!({ "status": "entered-in-error", "provision": { "type": "deny" } }))),
        ("a refusal until a day", deny(json!({ "period": { "end": "2026-06-01" } }))),
        ("a refusal to somebody", deny(json!({ "actor": [{ "reference": { "display": "somebody" } }] }))),
        ("a refusal with an exception", deny(json!({ "provision": [{ "type": "permit" }] }))),
        (
            "a refusal of treatment",
            consent(json!({ "scope": { "coding": [{ "code": "treatment" }] }, "provision": { "type": "deny" } })),
        ),
        ("a refusal by nobody", consent(json!({ "performer": [], "provision": { "type": "deny" } }))),
        (
            "a refusal by somebody else",
            consent(json!({ "performer": [{ "reference": "urn:uuid:x" }], "provision": { "type": "deny" } })),
        ),
        (
            "what an extension changes",
            consent(json!({ "modifierExtension": [{ "url": "x" }], "provision": { "type": "deny" } })),
        ),
        (
            "two that contradict",
            consent(json!({ "policyRule": { "coding": [{ "code": "OPTIN" }] }, "provision": { "type": "deny" } })),
        ),
        ("a parent's yes", answer("Y")),
        ("a parent's no that an extension changes", {
            let mut changed = answer("N");
            changed["modifierExtension"] = json!([{ "url": "x" }]);
            changed
        }),
        (
            "a refusal by somebody related to a child whom nothing names",
            json!({ "resourceType": "Consent", "id": "c", "status": "active", "performer": [{ "reference": "#r" }],
                "patient": { "display": "a child" }, "subject": { "reference": "P" }, "dateTime": "2026-01-05",
                "provision": { "type": "deny" },
                "contained": [{ "resourceType": "RelatedPerson", "id": "r", "patient": { "display": "somebody" },
                    "relationship": { "coding": [{ "code": "MTH" }] } }] }),
        ),
    ];
    for (what, resource) in waits {
        for event in ["CH010", "CH031"] {
            let said = read(&message(event, std::slice::from_ref(resource)));
            assert_eq!(
                (beside(&said), said.reasons()),
                (vec![], vec!["REASON_CONSENT_TO_RECORD"]),
                "{what} of {event}"
            );
        }
    }
    let delete = json!({ "resourceType": "Bundle", "type": "batch", "timestamp": "2026-03-01T15:00:00Z", "entry": [
        { "request": { "method": "DELETE", "url": "Consent/1" }, "resource": consent(json!({ "patient": { "identifier": nhs("9990123454") } })) }] });
    assert_eq!(read_for("ods-rz99", &delete).reasons(), ["REASON_CONSENT_TO_RECORD"], "deleting it opens nothing");
}

#[test]
fn what_binds_is_not_lifted_by_what_is_said_later_of_the_same_resource() {
    let at = |draft: &connector_kit::Draft| (draft.record_key.clone(), draft.ordinal);
    let binding = |said: &Collected| {
        let is_binding = |kind: &Kind| matches!(kind, Kind::ConsentRecorded(_) | Kind::RestrictionSet(_));
        let found = said.drafts.iter().find(|draft| is_binding(draft.event.kind.as_ref().unwrap()));
        at(found.expect("it binds"))
    };
    let coding =
        json!({ "system": "https://fhir.nhs.uk/STU3/CodeSystem/DCH-ParentalConsentToShareInformation-1", "code": "N" });
    let numbered = json!([{ "system": "https://invented.example/id", "value": "7" }]);
    let no = of_child(
        "Observation",
        json!({ "identifier": &numbered, "code": snomed("1"), "valueCodeableConcept": { "coding": [coding.clone()] } }),
    );
    let mut in_part = no.clone();
    in_part.as_object_mut().unwrap().remove("valueCodeableConcept");
    in_part["component"] = json!([{ "code": snomed("1"), "valueCodeableConcept": { "coding": [coding] } }]);
    for no in [no, in_part] {
        let bound = binding(&read(&message("CH018", &[no])));
        for status in ["final", "entered-in-error"] {
            let later =
                json!({ "identifier": &numbered, "status": status, "code": snomed("1"), "valueString": "none" });
            let later = read(&message("CH018", &[of_child("Observation", later)]));
            assert!(later.drafts.len() > 2 && later.drafts.iter().all(|draft| at(draft) != bound), "{status}");
        }
    }
    let with_more = |code: &str| {
        let coding = json!({ "system": "https://fhir.nhs.uk/STU3/CodeSystem/DCH-ParentalConsentToShareInformation-1", "code": code });
        let parts = json!([{ "code": snomed("1"), "valueCodeableConcept": { "coding": [coding] } },
            { "code": snomed("2"), "valueQuantity": { "value": 6, "unit": "kg" } }]);
        read(&message("CH018", &[of_child("Observation", json!({ "code": snomed("3"), "component": parts }))]))
    };
    let said = with_more("N");
    assert_eq!(beside(&said), ["ConsentRecorded", "SourceRecordKept", "ObservationRecorded"], "the rest is said too");
    let said = with_more("Y");
    assert_eq!((beside(&said), said.reasons()), (vec!["ObservationRecorded"], vec!["REASON_CONSENT_TO_RECORD"]));
    let child = json!({ "reference": "P" });
    let consent = |more: (&str, Value)| {
        let mut made = json!({ "resourceType": "Consent", "identifier": &numbered, "status": "active", "patient": &child,
            "performer": [&child], "dateTime": "2026-01-05" });
        made[more.0] = more.1;
        binding(&read(&message("CH018", &[made])))
    };
    let opt_out = consent(("purpose", json!([{ "code": "370856009" }])));
    assert_ne!(opt_out, consent(("provision", json!({ "type": "deny" }))), "an opt-out stands beside a refusal");
}

fn health_fhir_may_say(kind: &Kind) -> bool {
    connector_kit::authority::check_kind(
        connector_kit::authority::sector_topic(proto::events::Family::Health).unwrap(),
        "health-fhir",
        kind,
    )
    .is_ok()
}

#[test]
fn whose_a_record_is_is_told_by_whoever_keeps_it() {
    let patient = |more: Value| {
        let mut made = json!({ "resourceType": "Patient", "id": "1", "birthDate": "2020-01-01", "meta": { "lastUpdated": "2026-01-01T00:00:00Z" } });
        made.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        made
    };
    let by = |code: &str| json!({ "type": "Organization", "identifier": ods(code) });
    let seen = |more: Value| {
        let mut made = json!({ "resourceType": "Observation", "id": "2", "status": "final", "code": snomed("1"), "subject": { "reference": "Patient/1" },
            "effectiveDateTime": "2026-01-01" });
        made.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        made
    };
    let page = |resources: Vec<Value>| {
        let entries: Vec<Value> = resources.into_iter().map(|resource| json!({ "resource": resource })).collect();
        json!({ "resourceType": "Bundle", "type": "searchset", "entry": entries })
    };
    let encounter = json!({ "resourceType": "Encounter", "id": "e", "status": "finished", "serviceProvider": by("RZ97"), "subject": { "reference": "Patient/1" },
        "period": { "start": "2026-01-01" } });
    for (what, document, controllers) in [
        (
            "the patient's",
            page(vec![patient(json!({ "managingOrganization": by("RZ99") })), seen(json!({}))]),
            vec!["ods-rz99", "ods-rz99"],
        ),
        ("whoever made it", seen(json!({ "performer": [by("RZ98")] })), vec!["ods-rz98"]),
        (
            "the encounter's",
            page(vec![encounter, seen(json!({ "encounter": { "reference": "Encounter/e" } }))]),
            vec!["ods-rz97", "ods-rz97"],
        ),
        (
            "a document's keeper",
            json!({ "resourceType": "DocumentReference", "id": "d", "status": "current", "date": "2026-01-01", "custodian": by("RZ96"),
            "subject": { "reference": "Patient/1" } }),
            vec!["ods-rz96", "ods-rz96"],
        ),
        ("nobody's", seen(json!({})), vec![]),
    ] {
        let said = read(&document);
        let told: Vec<&str> = said.drafts.iter().map(|draft| draft.controller.as_str()).collect();
        assert_eq!(told, controllers, "{what}");
        assert_eq!(said.rejections.is_empty(), !controllers.is_empty(), "{what}");
    }
    let mut sent = message("CH001", &[]);
    let header = sent["entry"][0]["resource"].as_object_mut().unwrap();
    header.remove("responsible");
    header.insert("source".to_owned(), json!({ "endpoint": "urn:nhs-uk:addressing:ods:RZ95" }));
    assert_eq!(read(&sent).drafts[0].controller, "ods-rz95", "the address that a message came from");
}

#[test]
fn whom_a_record_is_about_is_who_it_leads_to() {
    let seen = |subject: Value| {
        let mut made = json!({ "resourceType": "Observation", "id": "2", "status": "final", "code": snomed("1"), "effectiveDateTime": "2026-01-01" });
        made["subject"] = subject;
        made
    };
    let subject = |document: &Value| {
        let said = read_for("ods-rz99", document);
        let subject = said.drafts.first().map(|draft| (draft.subject.issuer.clone(), draft.subject.value.clone()));
        (subject.unwrap_or_default(), said.findings().len(), said.reasons())
    };
    let is = |issuer: &str, value: &str| (issuer.to_owned(), value.to_owned());
    let national = "https://demographics.spineservices.nhs.uk/STU3/Patient/9990123454";
    assert_eq!(subject(&seen(json!({ "reference": national }))).0, is("nhs", "9990123454"));
    let wrong = subject(&seen(json!({ "identifier": nhs("9990123455") })));
    assert_eq!(
        wrong.0,
        is("ods-rz99/unchecked-nhs-number", "9990123455."),
        "a wrong number is the sender's word alone"
    );
    assert!(wrong.1 > 0 && wrong.2.is_empty(), "and told: {wrong:?}");
    let by_another = json!({ "identifier": nhs("9990123454"), "type": "Organization" });
    assert_eq!(subject(&seen(by_another)).2, ["REASON_SUBJECT_MISSING"]);
    let dead = of_child(
        "Observation",
        json!({ "code": snomed("1"), "subject": { "reference": "Patient/7", "identifier": nhs("9990123462") }, "context": {} }),
    );
    let said = read(&message("CH018", &[dead]));
    assert_eq!(said.drafts.last().unwrap().subject.value, "9990123462", "the number beside an address that leads out");
    let mut by_encounter = of_child("Observation", json!({ "code": snomed("1") }));
    by_encounter.as_object_mut().unwrap().remove("subject");
    assert_eq!(beside(&read(&message("CH018", &[by_encounter]))), ["ObservationRecorded"]);
    let of_another =
        of_child("Observation", json!({ "code": snomed("1"), "subject": { "reference": "urn:uuid:somebody-else" } }));
    assert_eq!(
        read(&message("CH018", &[of_another])).reasons(),
        ["REASON_SUBJECT_MISSING"],
        "not the encounter's patient"
    );
    let focus = json!({ "resourceType": "Task", "status": "requested", "focus": { "reference": "P" } });
    assert_eq!(beside(&read(&message("FM001", &[focus])))[..], ["SourceRecordKept"][..]);
    let document = of_child(
        "DocumentReference",
        json!({ "status": "current", "content": [{ "attachment": { "url": "urn:uuid:f1" } }] }),
    );
    let scan = json!({ "resourceType": "Binary", "contentType": "application/pdf", "data": "AAAA" });
    let said = read(&message("CH026", &[document, scan]));
    assert_eq!(
        (beside(&said), said.reasons()),
        (vec!["DocumentRecorded", "SourceRecordKept", "SourceRecordKept"], vec![])
    );
}

#[test]
fn a_request_that_asks_or_patches_describes_nobody() {
    let entry = |method: &str, url: &str| json!({ "request": { "method": method, "url": url } });
    let batch = json!({ "resourceType": "Bundle", "type": "batch", "entry": [
        entry("GET", "Patient/1"), entry("DELETE", "Patient?identifier=a|b"), entry("PATCH", "Patient/1"),
        { "response": { "status": "201 Created" } } ] });
    let said = read_for("ods-rz99", &batch);
    assert_eq!((said.kinds(), said.reasons()), (vec![], vec!["REASON_RECORD_MALFORMED"; 3]));
}
