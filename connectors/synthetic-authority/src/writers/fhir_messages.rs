//! FHIR messages about the same children: every event of the Digital Child Health list (STU3, as JSON and as XML), one of them put
//! right and one taken back, and referrals and bookings by the standard of bookings and referrals (R4).

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::GenerateError;
use crate::calendar::plus;
use crate::dice::{Dice, Part};
use crate::dirt::{Description, Dirt, System, describe};
use crate::life_course::education::number;
use crate::outcomes::Outcome;
use crate::population::{Child, World};
use crate::truth::{Subject, Truth};
use crate::writers::Output;
use crate::writers::extracts::Known;

/// Rounds of the whole list.
const ROUNDS: u32 = 2;
const EVENTS: u32 = 37;
/// Referrals and bookings after them.
const REFERRALS: u32 = 6;
const SNOMED: &str = "http://snomed.info/sct";
const ODS: &str = "https://fhir.nhs.uk/Id/ods-organization-code";
const ORGANISATION: &str = "RYX";

/// The messages so far.
pub(crate) struct Messages {
    folder: PathBuf,
    today: Date,
    told: u32,
    outcomes: Vec<Outcome>,
}

/// What a message holds beside who is who: resources, and what is to come of them.
type Content = (Vec<Value>, Vec<&'static str>);

impl Messages {
    pub(crate) fn new(out: &Path, world: &World) -> Self {
        Self { folder: out.join("health-fhir"), today: world.settings.reference_date, told: 0, outcomes: Vec::new() }
    }

    /// Writes a message about a child, until every event was told, and tells the truth of it.
    pub(crate) fn child(
        &mut self,
        known: &Known<'_>,
        truth: &mut Truth<'_>,
        dirt: &mut Vec<Dirt>,
    ) -> Result<(), GenerateError> {
        let (child, world) = (known.child, known.world);
        let young_enough = child.adoption.is_none() && child.birth < plus(self.today, -40);
        if !young_enough || self.told >= ROUNDS * EVENTS + REFERRALS {
            return Ok(());
        }
        let mut dice = Dice::new(world.settings.seed, Part::Community, number(child));
        let told = describe(world, child, System::Health, &mut dice, &mut Vec::new());
        let at = self.told;
        self.told += 1;
        truth.subjects.insert(Subject::nhs(child));
        if at >= ROUNDS * EVENTS {
            return self.referral(child, &told, at - ROUNDS * EVENTS);
        }
        let event = at % EVENTS + 1;
        let on = plus(self.today, -20).max(plus(child.birth, 3));
        let (resources, events) = content(event, on, &number(child).to_string());
        let odd = if at % 12 == 5 {
            Some("gender")
        } else if at == 14 {
            Some("patient")
        } else {
            None
        };
        let message = Message { number: at, event: format!("CH{event:03}"), action: "new", on, child, told: &told };
        let name = self.write(&message, resources.clone(), odd, events.clone())?;
        if let Some(odd) = odd {
            let (what, field, finding, reason) = match odd {
                "gender" => ("a code that is none", "gender", Some("CODE_UNKNOWN"), None),
                _ => ("a reference that leads nowhere", "patient", None, Some("SUBJECT_MISSING")),
            };
            let (record, key, truth) = (Subject::nhs(child), message.event.clone(), child.truth.clone());
            dirt.push(Dirt { file: format!("health-fhir/{name}"), record, key, truth, field, what, finding, reason });
        }
        // The first vaccination is put right, the second taken back.
        if event == 15 {
            let action = if at < EVENTS { "update" } else { "delete" };
            let again = Message { action, number: 500 + at, on: plus(on, 5), ..message };
            let events = if action == "update" { events } else { vec!["EntryRetracted"] };
            self.write(&again, resources, None, events)?;
        }
        Ok(())
    }

    fn write(
        &mut self,
        message: &Message<'_>,
        mut resources: Vec<Value>,
        odd: Option<&str>,
        events: Vec<&'static str>,
    ) -> Result<String, GenerateError> {
        let as_xml = message.number % 3 == 1;
        let ending = if as_xml { "xml" } else { "json" };
        let name = format!("message-{:03}-{}-{}.{ending}", message.number, message.event, message.action);
        let mut outcome = Outcome::of("health-fhir", message.number, vec![name.clone()]);
        if odd == Some("patient") {
            for resource in &mut resources {
                for path in ["subject", "patient"] {
                    if let Some(of) = resource.get_mut(path) {
                        *of = json!({ "reference": "urn:uuid:99999999-0000-4000-8000-999999999999" });
                    }
                }
            }
            outcome.quarantined = resources.len() as u64;
        } else {
            events.iter().for_each(|event| outcome.event(event));
        }
        if message.action != "delete" {
            outcome.event("PersonDescribed");
        }
        let bundle = message.bundle(resources, odd == Some("gender"));
        let mut output = Output::create(&self.folder.join(&name))?;
        if as_xml {
            let text = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- Every record here is invented. -->\n{}\n",
                resource_as_xml(&bundle, true)
            );
            output.put(text.as_bytes())?;
        } else {
            output.line(&bundle)?;
        }
        output.finish()?;
        self.outcomes.push(outcome);
        Ok(name)
    }

    /// A referral, then a booking for it, and its cancelling, of two children.
    fn referral(&mut self, child: &Child, told: &Description, at: u32) -> Result<(), GenerateError> {
        let on = plus(self.today, -10);
        let patient = patient(child, told, false);
        let place = json!({ "resourceType": "HealthcareService", "name": "Invented Urgent Care" });
        let of = json!({ "reference": url(3) });
        let (event, resource, becomes) = match at % 3 {
            0 => {
                let asked = json!({
                    "resourceType": "ServiceRequest", "identifier": [{ "system": "https://referrals.invented.example", "value": format!("R{}", number(child)) }],
                    "status": "active", "intent": "plan", "subject": of, "authoredOn": format!("{on}T10:00:00Z"),
                    "category": [coded("https://fhir.nhs.uk/CodeSystem/message-category-servicerequest", "referral", "Transfer of care")],
                    "performer": [{ "reference": url(5) }],
                });
                ("servicerequest-request", asked, "ReferralMade")
            }
            step => {
                let (status, becomes) =
                    if step == 1 { ("booked", "AppointmentBooked") } else { ("cancelled", "AppointmentCancelled") };
                let booked = json!({
                    "resourceType": "Appointment", "identifier": [{ "system": "https://bookings.invented.example", "value": format!("A{}", number(child)) }],
                    "status": status, "start": format!("{}T09:30:00Z", plus(on, 3)), "end": format!("{}T09:45:00Z", plus(on, 3)),
                    "participant": [{ "actor": of, "status": "accepted" }, { "actor": { "reference": url(5) }, "status": "accepted" }],
                });
                ("booking-request", booked, becomes)
            }
        };
        let header = json!({
            "resourceType": "MessageHeader", "eventCoding": { "system": "https://fhir.nhs.uk/CodeSystem/message-events-bars", "code": event },
            "sender": { "reference": url(2) }, "source": { "endpoint": "https://invented.example/222" },
            "reason": coded("https://fhir.nhs.uk/CodeSystem/message-reason-bars", "new", "New"), "focus": [{ "reference": url(4) }],
        });
        let entries = [header, organisation(), patient, resource, place];
        let bundle = json!({
            "resourceType": "Bundle", "id": format!("bars-{at}"), "type": "message", "timestamp": format!("{on}T10:00:00Z"),
            "meta": { "lastUpdated": format!("{on}T10:00:00Z") }, "entry": entries_of(entries.into()),
        });
        let name = format!("bars-{at:03}-{event}.json");
        let mut output = Output::create(&self.folder.join(&name))?;
        output.line(&bundle)?;
        output.finish()?;
        let mut outcome = Outcome::of("health-fhir", 900 + at, vec![name]);
        outcome.event("PersonDescribed");
        outcome.event(becomes);
        self.outcomes.push(outcome);
        Ok(())
    }

    pub(crate) fn finish(self) -> Vec<Outcome> {
        self.outcomes
    }
}

struct Message<'a> {
    number: u32,
    event: String,
    action: &'static str,
    on: Date,
    child: &'a Child,
    told: &'a Description,
}

impl Message<'_> {
    fn bundle(&self, resources: Vec<Value>, odd_gender: bool) -> Value {
        let id = format!("{:08}-0000-4000-8000-{:012}", self.number, number(self.child));
        let header = json!({
            "resourceType": "MessageHeader", "id": id,
            "extension": [{
                "url": "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-DCH-MessageEventType-1",
                "valueCodeableConcept": coded("https://fhir.nhs.uk/STU3/CodeSystem/DCH-MessageEventType-1", self.action, self.action),
            }],
            "event": { "system": "https://fhir.nhs.uk/STU3/CodeSystem/DCH-ChildHealthEventType-1", "code": self.event },
            "timestamp": format!("{}T11:{:02}:00+00:00", self.on, self.number % 60), "responsible": { "reference": url(2) },
            "source": { "endpoint": "urn:nhs:addressing:asid:000000000000" }, "focus": [{ "reference": url(4) }],
        });
        let mut entries = vec![header, organisation(), patient(self.child, self.told, odd_gender)];
        entries.extend(resources);
        json!({
            "resourceType": "Bundle", "meta": { "profile": ["https://fhir.nhs.uk/STU3/StructureDefinition/DCH-Bundle-1"] },
            "type": "message", "entry": entries_of(entries),
        })
    }
}

fn url(part: usize) -> String {
    format!("urn:uuid:00000000-0000-4000-8000-{part:012}")
}

fn entries_of(resources: Vec<Value>) -> Vec<Value> {
    let entries = resources.into_iter().zip(1..);
    entries.map(|(resource, part)| json!({ "fullUrl": url(part), "resource": resource })).collect()
}

fn organisation() -> Value {
    json!({ "resourceType": "Organization", "identifier": [{ "system": ODS, "value": ORGANISATION }], "name": "Invented child health" })
}

fn coded(system: &str, code: &str, display: &str) -> Value {
    json!({ "coding": [{ "system": system, "code": code, "display": display }] })
}

fn patient(child: &Child, told: &Description, odd_gender: bool) -> Value {
    let gender = match (odd_gender, told.girl) {
        (true, _) => "girl-or-boy",
        (_, true) => "female",
        _ => "male",
    };
    json!({
        "resourceType": "Patient", "identifier": [{ "system": "https://fhir.nhs.uk/Id/nhs-number", "value": child.nhs }],
        "name": [{ "use": "official", "family": told.surname, "given": [told.given] }], "gender": gender,
        "birthDate": told.birth.to_string(),
    })
}

/// What a message of an event holds.
fn content(event: u32, on: Date, key: &str) -> Content {
    let (at, of) = (format!("{on}T10:00:00+00:00"), json!({ "reference": url(3) }));
    let number =
        json!([{ "system": "https://child-health.invented.example/number", "value": format!("E{event}-{key}") }]);
    let seen = |class: &str, status: &str, end: bool, kind: Value| {
        let mut period = json!({ "start": at });
        if let (true, Some(period)) = (end, period.as_object_mut()) {
            period.insert("end".to_owned(), json!(format!("{}T12:00:00+00:00", plus(on, 1))));
        }
        let class = json!({ "system": "http://hl7.org/fhir/v3/ActCode", "code": class });
        json!({
            "resourceType": "Encounter", "id": format!("enc{event}-{key}"), "status": status, "class": class, "type": [kind],
            "subject": of, "period": period,
        })
    };
    let observed = |code: Value, value: (&str, Value), category: Option<&str>| {
        let mut held = json!({
            "resourceType": "Observation", "identifier": number, "status": "final", "code": code, "subject": of,
            "effectiveDateTime": at,
        });
        if let Some(fields) = held.as_object_mut() {
            fields.insert(format!("value{}", value.0), value.1);
            if let Some(category) = category {
                fields.insert(
                    "category".to_owned(),
                    json!([coded("http://hl7.org/fhir/observation-category", category, category)]),
                );
            }
        }
        held
    };
    let weighed = || ("Quantity", json!({ "value": 12.5, "unit": "kg" }));
    let weight = || coded(SNOMED, "27113001", "Body weight");
    let outcome = || {
        ("CodeableConcept", coded("https://fhir.nhs.uk/STU3/CodeSystem/DCH-BloodSpotOutcome-1", "04", "Not suspected"))
    };
    let spot = || coded(SNOMED, "314081000", "Phenylketonuria screening");
    let kept = |kind: &str, field: &str| {
        let mut held = json!({ "resourceType": kind, "identifier": number, "status": "completed" });
        if let Some(fields) = held.as_object_mut() {
            fields.insert(field.to_owned(), of.clone());
            fields.insert("date".to_owned(), json!(at));
        }
        held
    };
    let diagnosed = || {
        json!({
            "resourceType": "Condition", "identifier": number, "clinicalStatus": "active", "verificationStatus": "confirmed",
            "code": coded(SNOMED, "195967001", "Asthma"), "subject": of, "assertedDate": at,
        })
    };
    let review =
        || coded("https://fhir.nhs.uk/STU3/CodeSystem/DCH-ChildHealthEncounterType-1", "0022", "6-8 week review");
    let related = || {
        json!({
            "resourceType": "RelatedPerson", "identifier": number, "patient": of,
            "relationship": coded("http://hl7.org/fhir/v3/RoleCode", "PRN", "parent"), "name": [{ "family": "Invented", "given": ["Parent"] }],
        })
    };
    let (resource, events): (Value, &[&'static str]) = match event {
        1 | 23 => (related(), &["RelationshipRecorded"]),
        2 => (seen("IMP", "in-progress", false, coded(SNOMED, "32485007", "Admission")), &["AdmissionStarted"]),
        3 => (
            json!({
                "resourceType": "AllergyIntolerance", "identifier": number, "clinicalStatus": "active", "verificationStatus": "confirmed",
                "code": coded(SNOMED, "91936005", "Allergy to penicillin"), "patient": of, "assertedDate": at,
            }),
            &["AllergyRecorded"],
        ),
        7 | 8 => (diagnosed(), &["DiagnosisRecorded"]),
        9 => (
            seen("IMP", "finished", true, coded(SNOMED, "32485007", "Admission")),
            &["AdmissionStarted", "AdmissionEnded"],
        ),
        10 => (seen("AMB", "finished", false, review()), &["HealthReviewCompleted"]),
        11 => (seen("EMER", "finished", true, coded(SNOMED, "50849002", "Emergency")), &["AttendedEmergency"]),
        14 => {
            let fed = ("CodeableConcept", coded(SNOMED, "169740003", "Bottle fed"));
            (observed(coded(SNOMED, "169741004", "Feeding"), fed, None), &["FeedingStatusRecorded"])
        }
        15 => (
            json!({
                "resourceType": "Immunization", "identifier": number, "status": "completed", "notGiven": false, "patient": of, "date": at,
                "vaccineCode": coded(SNOMED, "34609711000001107", "Invented vaccine"), "primarySource": true,
            }),
            &["ImmunisationGiven"],
        ),
        6 | 21 | 24 | 34 | 35 => (observed(spot(), outcome(), None), &["ScreeningReported"]),
        27 => (seen("AMB", "finished", false, coded(SNOMED, "390906007", "Follow-up")), &["AppointmentKept"]),
        28 => (
            json!({
                "resourceType": "ReferralRequest", "identifier": number, "status": "active", "intent": "order", "subject": of,
                "authoredOn": at, "serviceRequested": [coded(SNOMED, "306181000000106", "Speech and language therapy")],
            }),
            &["ReferralMade"],
        ),
        37 => (
            observed(coded(SNOMED, "1022431000000105", "Haemoglobin"), weighed(), Some("laboratory")),
            &["ResultReported"],
        ),
        13 => (kept("FamilyMemberHistory", "patient"), &["SourceRecordKept"]),
        16 | 29 => (kept("Flag", "subject"), &["SourceRecordKept"]),
        17 | 22 => (kept("Communication", "subject"), &["SourceRecordKept"]),
        19 => (kept("MedicationStatement", "subject"), &["SourceRecordKept"]),
        36 => (kept("MedicationAdministration", "subject"), &["SourceRecordKept"]),
        25 => (kept("CarePlan", "subject"), &["SourceRecordKept"]),
        26 => (kept("Composition", "subject"), &["DocumentRecorded", "SourceRecordKept"]),
        30..=33 => (observed(weight(), weighed(), None), &["SourceRecordKept"]),
        _ => (observed(weight(), weighed(), None), &["ObservationRecorded"]),
    };
    (vec![resource], events.to_vec())
}

/// A resource, or the bundle, as XML: each field an element, each plain value an attribute.
fn resource_as_xml(resource: &Value, is_root: bool) -> String {
    let kind = resource.get("resourceType").and_then(Value::as_str).unwrap_or_default();
    let fields = resource.as_object().into_iter().flatten().filter(|(name, _)| *name != "resourceType");
    let inner: String = fields.map(|(name, value)| field_as_xml(name, value)).collect();
    let namespace = if is_root { " xmlns=\"http://hl7.org/fhir\"" } else { "" };
    format!("<{kind}{namespace}>{inner}</{kind}>")
}

fn field_as_xml(name: &str, value: &Value) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    match value {
        Value::Array(items) => items.iter().map(|item| field_as_xml(name, item)).collect(),
        Value::Object(fields) if fields.contains_key("resourceType") => {
            format!("<{name}>{}</{name}>", resource_as_xml(value, false))
        }
        Value::Object(fields) => {
            // Where an extension is from is an attribute.
            let url = fields.get("url").and_then(Value::as_str).filter(|_| name == "extension");
            let url = url.map(|url| format!(" url=\"{}\"", escaped(url))).unwrap_or_default();
            let rest = fields.iter().filter(|(inner, _)| url.is_empty() || *inner != "url");
            let inner: String = rest.map(|(inner, value)| field_as_xml(inner, value)).collect();
            format!("<{name}{url}>{inner}</{name}>")
        }
        Value::String(text) => format!("<{name} value=\"{}\"/>", escaped(text)),
        Value::Null => String::new(),
        other => format!("<{name} value=\"{other}\"/>"),
    }
}
