//! What appointments, encounters and referrals say of a child, and of which child. All of them are invented.
#![cfg(test)]

#[path = "../../social-care-ssda903/tests/support/mod.rs"]
mod support;

use connector_kit::Collected;
use health_fhir::Fhir;
use serde_json::{Value, json};
use support::{Told as _, translate};

/// A page of a server, with what each resource of the test needs beside what it is about.
fn page(resources: &[Value]) -> Collected {
    let entries: Vec<Value> = resources
        .iter()
        .map(|resource| {
            let mut resource = resource.clone();
            let meta = json!({ "versionId": "1", "lastUpdated": "2026-04-02T10:00:00Z" });
            resource.as_object_mut().unwrap().entry("meta").or_insert(meta);
            let (kind, id) = (resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
            json!({ "fullUrl": format!("https://fhir.invented.example/{kind}/{id}"), "resource": resource })
        })
        .collect();
    let page = json!({ "resourceType": "Bundle", "type": "searchset", "entry": entries }).to_string();
    translate(&Fhir { organisation: Some("ods-rz99".to_owned()) }, &[("page.json", page)])
}

fn subjects(said: &Collected) -> Vec<&str> {
    said.drafts.iter().map(|draft| draft.subject.value.as_str()).collect()
}

fn concept(code: &str, words: &str) -> Value {
    json!({ "coding": [{ "system": "https://invented.example/codes", "code": code, "display": words }] })
}

fn appointment(status: &str) -> Value {
    json!({
        "resourceType": "Appointment", "id": "a", "status": status, "start": "2026-03-10T09:00:00Z",
        "specialty": [concept("711", "Child and adolescent psychiatry")], "serviceType": [{ "text": "Follow-up" }],
        "serviceCategory": [{ "text": "CAMHS" }],
        "reasonCode": [concept("R1", "Review"), concept("R2", "Self harm")],
        "participant": [{ "actor": { "reference": "Patient/1" }, "status": "accepted" }],
    })
}

#[test]
fn an_appointment_says_its_specialty_and_every_reason_however_it_went() {
    for (status, kind) in [
        ("booked", "AppointmentBooked"),
        ("noshow", "AppointmentMissed"),
        ("cancelled", "AppointmentCancelled"),
        ("fulfilled", "AppointmentKept"),
    ] {
        let said = page(&[appointment(status)]);
        let event = &said.of_kind(kind)[0].1;
        assert_eq!(event["service"]["code"], "711", "{status}");
        assert_eq!(event["service"]["text"], "Child and adolescent psychiatry; Follow-up; CAMHS", "{status}");
        assert_eq!(event["reason"]["text"], "Review; R2 Self harm", "{status}");
        assert_eq!(said.findings(), [""; 0]);
    }
    let mut in_error = appointment("entered-in-error");
    in_error["meta"] = json!({ "versionId": "2", "lastUpdated": "2026-04-03T10:00:00Z" });
    assert_eq!(page(&[in_error]).kinds(), ["EntryRetracted", "EntryRetracted"], "of the visit, and of what was kept");
}

#[test]
fn an_encounter_and_a_referral_say_every_code_of_theirs() {
    let encounter = |class: &str| {
        json!({
            "resourceType": "Encounter", "id": "e", "status": "finished", "class": { "code": class },
            "subject": { "reference": "Patient/1" }, "period": { "start": "2026-03-10T09:00:00Z" },
            "serviceType": concept("711", "Child and adolescent psychiatry"), "type": [{ "text": "Clinic" }],
            "reasonCode": [concept("R1", "Review"), concept("R2", "Self harm")],
        })
    };
    let (service, reason) = ("Child and adolescent psychiatry; Clinic", "Review; R2 Self harm");
    let said = page(&[encounter("AMB")]);
    let kept = &said.of_kind("AppointmentKept")[0].1;
    assert_eq!((&kept["service"]["text"], &kept["reason"]["text"]), (&json!(service), &json!(reason)));
    let admitted = &page(&[encounter("IMP")]).of_kind("AdmissionStarted")[0].1;
    assert_eq!((&admitted["specialty"]["text"], &admitted["reason"]["text"]), (&json!(service), &json!(reason)));
    let attended = &page(&[encounter("EMER")]).of_kind("AttendedEmergency")[0].1;
    assert_eq!((&attended["service"]["text"], &attended["reason"]["text"]), (&json!(service), &json!(reason)));
    let referral = json!({
        "resourceType": "ServiceRequest", "id": "r", "status": "active", "intent": "order", "authoredOn": "2026-03-01",
        "subject": { "reference": "Patient/1" }, "code": concept("C1", "Assessment"),
        "category": [{ "text": "Referral" }, { "text": "Mental health" }],
        "performer": [{ "type": "HealthcareService", "display": "Invented CAMHS" }],
        "reasonCode": [concept("R1", "Review"), concept("R2", "Self harm")],
    });
    let made = &page(&[referral]).of_kind("ReferralMade")[0].1;
    assert_eq!(made["service"]["text"], "Assessment; Invented CAMHS; Referral; Mental health");
    assert_eq!(made["reason"]["text"], reason);
}

#[test]
fn the_service_of_a_referral_is_no_person() {
    let service = |further: Value| {
        let mut referral = json!({
            "resourceType": "ServiceRequest", "id": "r", "status": "active", "intent": "order", "authoredOn": "2026-03-01",
            "subject": { "reference": "Patient/1" }, "performer": [{ "display": "Invented clinic" }],
        });
        referral.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        let number = json!([{ "system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990123462" }]);
        let child = json!({ "reference": "Patient/1" });
        let kin = json!({ "resourceType": "RelatedPerson", "id": "k", "patient": child, "identifier": number });
        let team = json!({ "resourceType": "CareTeam", "id": "t", "subject": child, "name": "Invented team" });
        page(&[referral, kin, team]).of_kind("ReferralMade")[0].1["service"]["text"].clone()
    };
    let code = concept("C1", "Assessment");
    for performer in [
        json!({ "reference": "RelatedPerson/k" }),
        json!({ "reference": "Practitioner/9", "display": "Dr Invented" }),
        json!({ "type": "Patient", "display": "Inventia" }),
        json!({ "display": "Dr Invented" }),
        json!({ "identifier": { "system": "https://invented.example/staff", "value": "77" }, "display": "Dr Invented" }),
    ] {
        assert_eq!(service(json!({ "code": code, "performer": [performer] })), "Assessment");
        let named = performer.get("reference").is_some() || performer.get("type").is_some();
        let alone = if named { Value::Null } else { json!("Dr Invented") };
        assert_eq!(service(json!({ "performer": [performer] })), alone, "as no name of its own tells what it is");
    }
    for (performer, called) in [
        (json!({ "reference": "CareTeam/t" }), "Invented team"),
        (json!({ "reference": "Organization/o", "display": "Invented CAMHS" }), "Invented CAMHS"),
        (
            json!({ "reference": "HealthcareService?identifier=https://invented.example/s|1", "display": "Clinic" }),
            "Clinic",
        ),
    ] {
        assert_eq!(service(json!({ "code": code, "performer": [performer] })), format!("Assessment; {called}"));
    }
    assert_eq!(service(json!({})), "Invented clinic");
}

#[test]
fn an_appointment_of_several_is_one_of_each_of_them() {
    let part = |who: &str, status: &str| json!({ "actor": { "reference": who }, "status": status });
    let group = |status: &str, parts: &[Value]| {
        let mut group = appointment(status);
        group["participant"] = json!(parts);
        group["extension"] = json!([{ "url": "https://invented.example/room", "valueString": "2" }]);
        group
    };
    let parts = [
        part("Location/l", "accepted"),
        part("Patient/1", "accepted"),
        part("Patient/2", "declined"),
        part("Patient/1", "accepted"),
    ];
    let said = page(&[group("fulfilled", &parts)]);
    let told: Vec<_> = said
        .drafts
        .iter()
        .map(|draft| (draft.subject.value.as_str(), draft.event.kind_number().unwrap().name()))
        .collect();
    assert_eq!(
        told,
        [("1", "AppointmentKept"), ("2", "AppointmentCancelled")],
        "and kept with neither, as it tells of both"
    );
    assert_eq!(said.findings(), ["- NOT_MAPPED extension", "- NOT_MAPPED extension"]);
    let missed = page(&[group("noshow", &[part("Patient/1", "accepted"), part("Patient/2", "accepted")])]);
    assert_eq!(missed.kinds(), ["AppointmentMissed", "AppointmentMissed"]);
    // One of them nobody can tell: the others are said, and that one waits.
    let unknown = json!({ "actor": { "type": "Patient", "display": "somebody" }, "status": "accepted" });
    let said = page(&[group("booked", &[part("Patient/1", "accepted"), unknown])]);
    assert_eq!((said.kinds(), said.reasons()), (vec!["AppointmentBooked"], vec!["REASON_SUBJECT_MISSING"]));
    // What a reference asks for says what it is of, whatever stands in the number.
    let asked = |who: &str| part(&format!("{who}?identifier=https://invented.example/mrn|7{}", who.len()), "accepted");
    let said = page(&[group("booked", &[asked("Practitioner"), asked("Patient")])]);
    assert_eq!(subjects(&said), ["77", "77"], "the child's, and never the clinician's");
    let other = part("https://fhir.invented.example/Patient?identifier=https://invented.example/mrn|78", "accepted");
    let said = page(&[group("booked", &[asked("Patient"), other])]);
    assert_eq!((said.kinds(), subjects(&said)), (vec!["AppointmentBooked"; 2], vec!["77", "78"]));
    let said = page(&[group("booked", &[asked("Practitioner")])]);
    assert_eq!((said.kinds().len(), said.reasons()), (0, vec!["REASON_SUBJECT_MISSING"]));
    let mother = part("RelatedPerson?identifier=https://fhir.nhs.uk/Id/nhs-number|9990123462", "accepted");
    let said = page(&[group("booked", &[mother, part("Patient/1", "accepted")])]);
    assert_eq!(
        (subjects(&said), said.reasons()),
        (vec!["1", "1"], vec![]),
        "and kept, as it says more than a field holds"
    );
    // Staff are known by numbers too, and are nobody's patients.
    let staff = json!({ "actor": { "identifier": { "system": "https://invented.example/staff", "value": "77" } } });
    let said = page(&[group("booked", &[staff, part("Patient/1", "accepted")])]);
    assert_eq!(subjects(&said), ["1", "1"]);
    let of_a_group = page(&[group("booked", &[part("Group/g", "accepted")])]);
    assert_eq!((of_a_group.kinds().len(), of_a_group.reasons()), (0, vec!["REASON_SUBJECT_MISSING"]));
}

fn encounter(status: &str, class: &str) -> Value {
    json!({
        "resourceType": "Encounter", "id": "e", "status": status, "class": { "code": class },
        "subject": { "reference": "Patient/1" }, "period": { "start": "2026-09-01T09:00:00Z", "end": "2026-09-02T09:00:00Z" },
    })
}

#[test]
fn what_is_planned_or_called_off_is_not_told_as_having_happened() {
    for (status, class, kinds) in [
        ("planned", "IMP", vec!["AppointmentBooked"]),
        ("planned", "EMER", vec!["AppointmentBooked"]),
        ("planned", "AMB", vec!["AppointmentBooked"]),
        ("finished", "PRENC", vec!["AppointmentBooked"]),
        ("finished", "AMB", vec!["AppointmentKept"]),
        // Its end is to come yet.
        ("in-progress", "IMP", vec!["AdmissionStarted"]),
        ("finished", "IMP", vec!["AdmissionStarted", "AdmissionEnded"]),
        ("triaged", "EMER", vec!["AttendedEmergency"]),
        ("cancelled", "AMB", vec!["AppointmentCancelled"]),
        ("cancelled", "IMP", vec!["AppointmentCancelled", "EntryRetracted"]),
        ("cancelled", "EMER", vec!["EntryRetracted", "EntryRetracted"]),
        ("entered-in-error", "AMB", vec!["EntryRetracted", "EntryRetracted"]),
    ] {
        let said = page(&[encounter(status, class)]);
        assert_eq!(said.kinds(), kinds, "{status} {class}");
        let keys: std::collections::BTreeSet<_> = said.drafts.iter().map(|draft| &draft.record_key).collect();
        assert_eq!(keys.len(), said.drafts.len(), "{status} {class}");
    }
    let booked = page(&[encounter("planned", "IMP")]).drafts[0].record_key.clone();
    assert_eq!(
        page(&[encounter("cancelled", "IMP")]).drafts[0].record_key,
        booked,
        "what is cancelled is what was booked"
    );
    let mut planned = encounter("planned", "AMB");
    planned["period"] = json!({});
    assert_eq!(page(&[planned]).findings(), ["- FIELD_MISSING period/start"]);
}

#[test]
fn what_led_to_a_referral_is_no_attendance() {
    let message = |encounter: Value| {
        let child = json!({ "resourceType": "Patient", "identifier": [{ "system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990123454" }] });
        let header = json!({ "resourceType": "MessageHeader", "id": "h", "eventCoding": { "code": "servicerequest-request" },
            "reason": { "coding": [{ "code": "new" }] } });
        let mut encounter = encounter;
        encounter["subject"] = json!({ "reference": "urn:uuid:2" });
        let entries: Vec<Value> = [header, child, encounter]
            .into_iter()
            .zip(1..)
            .map(|(resource, nth)| json!({ "fullUrl": format!("urn:uuid:{nth}"), "resource": resource }))
            .collect();
        let message = json!({ "resourceType": "Bundle", "type": "message", "timestamp": "2026-04-02T10:00:00Z", "entry": entries });
        translate(&Fhir { organisation: Some("ods-rz99".to_owned()) }, &[("a.json", message.to_string())]).kinds()
    };
    for (status, class) in [("triaged", "EMER"), ("finished", "EMER"), ("triaged", "VR")] {
        assert_eq!(message(encounter(status, class)), ["PersonDescribed", "SourceRecordKept"], "{status} {class}");
    }
    assert_eq!(message(encounter("finished", "AMB")), ["PersonDescribed", "AppointmentKept"]);
    // What such a message asks for calls itself a plan.
    let asked = json!({ "resourceType": "ServiceRequest", "id": "r", "status": "active", "intent": "plan", "code": { "text": "Invented" } });
    assert_eq!(message(asked), ["PersonDescribed", "ReferralMade"]);
}

#[test]
fn what_has_no_place_in_a_visit_that_was_called_off_is_kept_and_of_one_in_error_it_is_not() {
    for (status, class, kinds) in [
        ("cancelled", "AMB", ["AppointmentCancelled", "SourceRecordKept"]),
        ("cancelled", "EMER", ["EntryRetracted", "EntryRetracted"]),
        ("entered-in-error", "AMB", ["EntryRetracted", "EntryRetracted"]),
    ] {
        let mut odd = encounter(status, class);
        odd["extension"] = json!([{ "url": "https://invented.example/room", "valueString": "2" }]);
        assert_eq!(page(&[odd]).kinds(), kinds, "{status} {class}");
    }
}

#[test]
fn what_a_review_says_beside_itself_is_kept() {
    let review = |further: Value| {
        let mut review = encounter("finished", "AMB");
        let coding =
            json!({ "system": "https://fhir.nhs.uk/STU3/CodeSystem/DCH-ChildHealthEncounterType-1", "code": "0019" });
        review["type"] = json!([{ "coding": [coding], "text": "Newborn visit" }]);
        review.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        let said = page(&[review]);
        (said.kinds().into_iter().map(str::to_owned).collect::<Vec<_>>(), said.findings())
    };
    let told = |kinds: &[&str], findings: &[&str]| {
        (kinds.iter().map(|&told| told.to_owned()).collect(), findings.iter().map(|&told| told.to_owned()).collect())
    };
    assert_eq!(review(json!({})), told(&["HealthReviewCompleted"], &[]));
    let with_more = told(&["HealthReviewCompleted", "SourceRecordKept"], &["- NOT_MAPPED reasonCode"]);
    assert_eq!(review(json!({ "reasonCode": [concept("R2", "Self harm")] })), with_more);
    assert_eq!(review(json!({ "serviceType": concept("711", "Child and adolescent psychiatry") })), with_more);
}

#[test]
fn what_nobody_asked_for_is_no_referral() {
    let request = |kind: &str, further: Value| {
        let mut request = json!({
            "resourceType": kind, "id": "r", "status": "active", "intent": "order", "authoredOn": "2026-03-01",
            "meta": { "versionId": "2", "lastUpdated": "2026-04-02T10:00:00Z" }, "subject": { "reference": "Patient/1" },
            "code": { "text": "Invented" },
        });
        request.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        let said = translate(&Fhir { organisation: Some("ods-rz99".to_owned()) }, &[("a.json", request.to_string())]);
        (said.kinds(), said.findings())
    };
    let category = |system: &str, code: &str| json!([{ "coding": [{ "system": system, "code": code }] }]);
    let snomed = "http://snomed.info/sct";
    let national = "https://fhir.nhs.uk/CodeSystem/message-category-servicerequest";
    let gone = || vec!["EntryRetracted", "EntryRetracted", "SourceRecordKept"];
    let local = json!([{ "coding": [{ "code": "L1" }, { "system": snomed, "code": "108252007" }] }]);
    for (kind, further, field) in [
        ("ServiceRequest", json!({ "status": "draft" }), "status"),
        ("ReferralRequest", json!({ "status": "draft" }), "status"),
        ("ServiceRequest", json!({ "intent": "proposal" }), "intent"),
        ("ServiceRequest", json!({ "intent": "plan" }), "intent"),
        ("ReferralRequest", json!({ "intent": "option" }), "intent"),
        ("ServiceRequest", json!({ "category": category(snomed, "108252007") }), "category"),
        ("ServiceRequest", json!({ "category": category(snomed, "363679005"), "status": "completed" }), "category"),
        ("ServiceRequest", json!({ "category": local }), "category"),
    ] {
        assert_eq!(request(kind, further.clone()), (gone(), vec![format!("- NOT_MAPPED {field}")]), "{further}");
    }
    for status in ["on-hold", "suspended"] {
        let held = request("ServiceRequest", json!({ "status": status }));
        assert_eq!(
            held,
            (vec!["SourceRecordKept"], vec!["- NOT_MAPPED status".to_owned()]),
            "what was asked for stands"
        );
    }
    for further in [
        json!({}),
        json!({ "intent": "directive" }),
        json!({ "intent": "original-order" }),
        json!({ "category": category(snomed, "409063005") }),
        // As the national standard for referrals has every one of them.
        json!({ "intent": "plan", "category": category(national, "referral") }),
    ] {
        assert_eq!(request("ServiceRequest", further.clone()), (vec!["ReferralMade"], vec![]), "{further}");
    }
    // One that was an order is taken back where it was wrong, as any.
    let wrong = json!({ "status": "entered-in-error", "category": category(snomed, "108252007") });
    assert_eq!(request("ServiceRequest", wrong).0, ["EntryRetracted"; 3]);
}

#[test]
fn an_end_that_is_expected_is_no_discharge() {
    let stay = |status: &str, end: &str| {
        let said = page(&[json!({
            "resourceType": "Encounter", "id": "e", "status": status, "class": { "code": "IMP" },
            "subject": { "reference": "Patient/1" }, "period": { "start": "2026-04-01T10:00:00Z", "end": end },
        })]);
        (said.kinds(), said.findings())
    };
    let (admitted, left) = ("AdmissionStarted", "AdmissionEnded");
    // The record stood so on 2 April 2026.
    for status in ["in-progress", "onleave", "arrived"] {
        let expected = (vec![admitted], vec!["- NOT_MAPPED period/end".to_owned()]);
        assert_eq!(stay(status, "2026-04-09"), expected, "{status}");
        assert_eq!(stay(status, "2026-04-01T20:00:00Z"), (vec![admitted, left], vec![]), "{status}");
    }
    assert_eq!(stay("finished", "2026-04-09"), (vec![admitted, left], vec![]));
}

#[test]
fn a_time_that_nobody_was_given_is_no_booking() {
    for status in ["proposed", "waitlist"] {
        let said = page(&[appointment(status)]);
        assert_eq!(said.kinds(), ["EntryRetracted", "SourceRecordKept"], "{status}");
        assert_eq!(said.findings(), ["- NOT_MAPPED status"]);
    }
    assert_eq!(page(&[appointment("pending")]).kinds(), ["AppointmentBooked"]);
}

#[test]
fn a_blank_between_day_and_time_is_read() {
    let mut booked = appointment("booked");
    booked["start"] = "2026-03-10 09:00:00".into();
    let said = page(&[booked]);
    assert_eq!(said.of_kind("AppointmentBooked")[0].1["startsAt"], "2026-03-10T09:00:00Z");
    assert_eq!(said.findings(), ["- VALUE_MALFORMED start"]);
}

#[test]
fn what_was_written_to_whom_a_referral_went_is_kept() {
    for (kind, field) in [
        ("ReferralRequest", "description"),
        ("ServiceRequest", "patientInstruction"),
        ("ServiceRequest", "orderDetail"),
    ] {
        let mut asked = json!({ "resourceType": kind, "id": "r", "status": "active", "intent": "order",
            "authoredOn": "2026-03-01", "subject": { "reference": "Patient/1" }, "code": { "text": "Invented" } });
        asked[field] = "Invented words".into();
        let said = page(&[asked]);
        assert_eq!(said.kinds(), ["ReferralMade", "SourceRecordKept"], "{field}");
        assert_eq!(said.findings(), [format!("- NOT_MAPPED {field}")]);
    }
}

#[test]
fn what_is_named_as_the_reason_is_told_and_narrows() {
    let child = json!({ "reference": "Patient/1" });
    let condition = |id: &str, further: Value| {
        let mut condition = json!({
            "resourceType": "Condition", "id": id, "subject": child, "code": concept("C9", "Invented condition"),
            "recordedDate": "2026-03-01", "clinicalStatus": { "coding": [{ "code": "active" }] },
        });
        condition.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        condition
    };
    let meta = json!({ "versionId": "1", "lastUpdated": "2026-04-02T10:00:00Z", "security": [{ "code": "PSY" }] });
    let named = |further: Value, how: Value| {
        let mut encounter = json!({
            "resourceType": "Encounter", "id": "e", "status": "finished", "class": { "code": "AMB" }, "subject": child,
            "period": { "start": "2026-03-10T09:00:00Z" }, "reasonCode": [concept("R1", "Review")],
        });
        encounter.as_object_mut().unwrap().extend(how.as_object().unwrap().clone());
        let said = page(&[condition("c", further), encounter]);
        let kept = said.of_kind("AppointmentKept")[0].1.clone();
        let draft = said.drafts.last().unwrap();
        let odd: Vec<_> = draft.findings.iter().map(|finding| finding.field.clone()).collect();
        (kept["reason"]["text"].as_str().unwrap().to_owned(), draft.labels.clone(), odd)
    };
    let by_reason = json!({ "reasonReference": [{ "reference": "Condition/c" }] });
    let by_diagnosis = json!({ "diagnosis": [{ "condition": { "reference": "Condition/c" } }] });
    let (both, none) = ("Review; C9 Invented condition".to_owned(), Vec::<String>::new());
    for how in [&by_reason, &by_diagnosis] {
        assert_eq!(named(json!({}), how.clone()), (both.clone(), vec![], none.clone()), "{how}");
        let narrowed = (both.clone(), vec![proto::sharing::Label::MentalHealth], none.clone());
        assert_eq!(named(json!({ "meta": meta }), how.clone()), narrowed, "{how}");
    }
    // The mother's, and what is not so: neither is the child's reason, and what is protected about it stays so.
    let verified = |code: &str| json!({ "coding": [{ "code": code }] });
    for other in [
        json!({ "subject": { "reference": "Patient/2" }, "meta": meta }),
        json!({ "verificationStatus": verified("refuted"), "meta": meta }),
        json!({ "verificationStatus": verified("entered-in-error"), "meta": meta }),
    ] {
        let (reason, labels, odd) = named(other.clone(), by_reason.clone());
        assert_eq!((reason.as_str(), labels), ("Review", vec![proto::sharing::Label::MentalHealth]), "{other}");
        assert_eq!(odd, ["reasonReference"], "{other}");
    }
    // What stands elsewhere is told by its name, where it has one.
    let elsewhere = |to: Value| named(json!({}), json!({ "reasonReference": [to] }));
    let by_name = elsewhere(json!({ "reference": "Condition/other", "display": "Asthma clinic" }));
    assert_eq!(by_name, ("Review; Asthma clinic".to_owned(), vec![], none));
    let unknown = elsewhere(json!({ "reference": "Condition/other" }));
    assert_eq!(unknown, ("Review".to_owned(), vec![], vec!["reasonReference".to_owned()]));
}

#[test]
fn what_is_named_of_one_of_several_children_is_told_to_none_of_them() {
    let (one, other) = (json!({ "reference": "Patient/1" }), json!({ "reference": "Patient/2" }));
    let mut group = appointment("booked");
    group["participant"] = json!([{ "actor": one, "status": "accepted" }, { "actor": other, "status": "accepted" }]);
    group["reasonReference"] = json!([{ "reference": "Condition/c", "display": "Invented condition" }]);
    let condition = json!({ "resourceType": "Condition", "id": "c", "subject": one, "code": concept("C9", "Invented condition"),
        "recordedDate": "2026-03-01" });
    let said = page(&[condition, group]);
    let booked = said.of_kind("AppointmentBooked");
    assert_eq!(booked.len(), 2);
    for (_, event) in booked {
        assert_eq!(event["reason"]["text"], "Review; R2 Self harm");
    }
}
