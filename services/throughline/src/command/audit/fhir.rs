//! Decisions as FHIR R4 AuditEvents, in the shape of the privacy disclosure at its source of IHE's Basic Audit Log Patterns: who asked, for whom, about which patient, whether it
//! was permitted, and by which rule. The patient is named by a pseudonym, of use only to compare.

use proto::audit::Access;
use proto::sharing::Purpose;
use serde_json::{Value, json};

use super::accesses::{categories, roles};
use super::asking::{call, denied, moment, purpose};

/// Codes of our own.
const OWN: &str = "urn:throughline";
const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const PROFILE: &str = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PrivacyDisclosure.Source";
const V3_REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";

/// A Bundle of one AuditEvent for each decision.
pub(super) fn bundle(accesses: &[Access]) -> Value {
    let entry = |access: &Access| json!({ "fullUrl": format!("urn:uuid:{}", uuid(&access.decision_id)), "resource": event(access) });
    json!({
        "resourceType": "Bundle",
        "type": "collection",
        "entry": accesses.iter().map(entry).collect::<Vec<_>>(),
    })
}

fn event(access: &Access) -> Value {
    let refused = access.denied != 0;
    let mut event = json!({
        "resourceType": "AuditEvent",
        "id": uuid(&access.decision_id),
        "meta": { "profile": [PROFILE] },
        "type": coding(DICOM, "110106", "Export"),
        "subtype": [
            coding("http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle", "disclose", "Disclose Record Lifecycle Event"),
            { "system": format!("{OWN}:call"), "code": asked_for(access) },
        ],
        "action": "R",
        "recorded": moment(access.at.as_ref()),
        "outcome": if refused { "4" } else { "0" },
        "purposeOfEvent": [purpose_of(access.purpose())],
        "agent": [releases(), organisation(access), reader(access)],
        "source": {
            "observer": { "display": "throughline" },
            "type": [coding("http://terminology.hl7.org/CodeSystem/security-source-type", "4", "Application Server")],
        },
        "entity": entities(access),
    });
    if refused && let Some(event) = event.as_object_mut() {
        event.insert("outcomeDesc".to_owned(), denied(access.denied()).into());
    }
    event
}

fn reader(access: &Access) -> Value {
    let role = |role: String| json!({ "coding": [{ "system": format!("{OWN}:role"), "code": role }] });
    let mut agent = json!({
        "type": { "coding": [coding("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP", "information recipient")] },
        "who": { "identifier": { "system": format!("{OWN}:person:{}", access.organisation), "value": access.person } },
        "requestor": true,
    });
    if let Some(agent) = agent.as_object_mut() {
        let roles: Vec<Value> = roles(access).into_iter().map(role).collect();
        if !roles.is_empty() {
            agent.insert("role".to_owned(), roles.into());
        }
        // What it was permitted and limited by.
        let policy: Vec<Value> = access.rules.iter().map(|rule| format!("{OWN}:rule:{rule}").into()).collect();
        if !policy.is_empty() {
            agent.insert("policy".to_owned(), policy.into());
        }
    }
    agent
}

/// Where it came from.
fn releases() -> Value {
    json!({
        "type": { "coding": [coding(DICOM, "110153", "Source Role ID")] },
        "who": { "display": "throughline" },
        "requestor": false,
    })
}

/// Where it went.
fn organisation(access: &Access) -> Value {
    json!({
        "type": { "coding": [coding(DICOM, "110152", "Destination Role ID")] },
        "who": { "identifier": { "system": format!("{OWN}:organisation"), "value": access.organisation } },
        "requestor": false,
    })
}

fn entities(access: &Access) -> Value {
    let detail = |name: &str, value: String| json!({ "type": name, "valueString": value });
    let mut details = vec![
        detail("policy-hash", hex::encode(&access.policy_hash)),
        detail("entries", access.entries.to_string()),
        detail("services", access.lines.to_string()),
        detail("classes-full", access.classes_full.to_string()),
        detail("classes-redacted", access.classes_redacted.to_string()),
        detail("classes-existence", access.classes_existence.to_string()),
    ];
    let (categories, left_out) = (categories(access).join(" "), access.field_groups.join(" "));
    details.extend(
        [("categories", categories), ("left-out", left_out)]
            .into_iter()
            .filter(|(_, of)| !of.is_empty())
            .map(|(name, of)| detail(name, of)),
    );
    let mut entities = Vec::new();
    if !access.asked_by.is_empty() {
        entities.push(json!({
            "what": { "identifier": { "system": format!("{OWN}:subject"), "value": hex::encode(&access.asked_by) } },
            "type": coding("http://terminology.hl7.org/CodeSystem/audit-entity-type", "1", "Person"),
            "role": coding("http://terminology.hl7.org/CodeSystem/object-role", "1", "Patient"),
        }));
    }
    entities.push(json!({
        "what": { "identifier": { "system": format!("{OWN}:decision"), "value": hex::encode(&access.decision_id) } },
        "type": coding("https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "XrequestId", "X-Request-Id"),
        "detail": details,
    }));
    entities.into()
}

/// The one of HL7's where there is one, beside our own.
fn purpose_of(of: Purpose) -> Value {
    let own = json!({ "system": format!("{OWN}:purpose"), "code": purpose(of) });
    let known = match of {
        Purpose::DirectCare => Some(("TREAT", "treatment")),
        Purpose::SubjectAccess => Some(("PATRQT", "patient requested")),
        Purpose::PlanningResearch => Some(("HRESCH", "healthcare research")),
        Purpose::SystemAdmin => Some(("HSYSADMIN", "health system administration")),
        _ => None,
    };
    let known = known.map(|(code, display)| coding(V3_REASON, code, display));
    json!({ "coding": known.into_iter().chain([own]).collect::<Vec<_>>() })
}

fn asked_for(access: &Access) -> String {
    if access.operator_command.is_empty() { call(access.call()) } else { access.operator_command.replace(' ', "-") }
}

fn coding(system: &str, code: &str, display: &str) -> Value {
    json!({ "system": system, "code": code, "display": display })
}

fn uuid(id: &[u8]) -> String {
    uuid::Uuid::from_slice(id).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::super::accesses::tests::{accesses, golden};
    use super::*;

    #[test]
    fn audit_events_are_these() {
        golden("accesses.fhir.json", &serde_json::to_string_pretty(&bundle(&accesses())).unwrap());
    }

    #[test]
    fn each_has_what_the_profile_asks_for() {
        for entry in bundle(&accesses())["entry"].as_array().unwrap() {
            let event = &entry["resource"];
            for field in ["type", "subtype", "action", "recorded", "outcome", "agent", "source", "entity"] {
                assert!(!event[field].is_null(), "{field}");
            }
            let requestors = event["agent"].as_array().unwrap().iter().filter(|agent| agent["requestor"] == true);
            assert_eq!(requestors.count(), 1);
            assert_eq!(event["outcome"] == "0", event["outcomeDesc"].is_null());
        }
    }
}
