//! A hospital record server's answer to a search, in the resources of UK Core (R4): who a child is and is looked after by, visits and
//! appointments, what was found and what is planned, and what the family decided about sharing.

use std::path::Path;

use serde_json::{Value, json};

use crate::GenerateError;
use crate::calendar::plus;
use crate::dice::{Dice, Part};
use crate::dirt::{Dirt, System, describe};
use crate::life_course::education::number;
use crate::outcomes::Outcome;
use crate::population::World;
use crate::truth::{Subject, Truth};
use crate::writers::Output;
use crate::writers::extracts::Known;

const BASE: &str = "https://records.invented.example/r4";
const ISSUER: &str = "ods-ryx/records.invented.example/r4";
const SNOMED: &str = "http://snomed.info/sct";
/// Of so many children one is on the server, and most of them.
const ONE_IN: u64 = 9;
const CHILDREN_MAX: u32 = 400;

/// The page, being written.
pub(crate) struct Records {
    output: Output,
    children: u32,
    resources: u32,
    outcome: Outcome,
}

impl Records {
    pub(crate) fn create(out: &Path, world: &World) -> Result<Self, GenerateError> {
        let today = world.settings.reference_date;
        let name = format!("uk-core-{today}.json");
        let mut output = Output::create(&out.join("health-fhir").join(&name))?;
        let head = format!(
            "{{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"timestamp\":\"{today}T06:00:00Z\",\"entry\":["
        );
        output.put(head.as_bytes())?;
        Ok(Self { output, children: 0, resources: 0, outcome: Outcome::of("health-fhir", 3, vec![name]) })
    }

    /// Writes what the server has of a child, where it has them, and tells the truth of it.
    pub(crate) fn child(
        &mut self,
        known: &Known<'_>,
        truth: &mut Truth<'_>,
        dirt: &mut Vec<Dirt>,
    ) -> Result<(), GenerateError> {
        let (child, world) = (known.child, known.world);
        let today = world.settings.reference_date;
        // The demonstration's child has a hospital of their own.
        let on_it = !child.demo && number(child) % (ONE_IN * 2) == 6;
        if !on_it || child.adoption.is_some() || child.birth > plus(today, -60) || self.children >= CHILDREN_MAX {
            return Ok(());
        }
        self.children += 1;
        let at = self.children;
        let mut dice = Dice::new(world.settings.seed, Part::Community, number(child) | 1 << 40);
        let told = describe(world, child, System::Health, &mut dice, &mut truth.disagreements);
        let key = format!("k{}", number(child));
        let subject = Subject::new("PROVIDER_PERSON", ISSUER, &key);
        truth.subjects.extend([Subject::nhs(child), subject.clone()]);
        let odd = at % 6 == 3;
        if odd {
            let file = format!("health-fhir/{}", self.outcome.files.first().map_or("", String::as_str));
            let (key, truth) = (key.clone(), child.truth.clone());
            let (field, what, finding) = ("status", "a code that is none", Some("CODE_UNKNOWN"));
            dirt.push(Dirt { file, record: subject, key, truth, field, what, finding, reason: None });
        }
        let home = &child.home;
        let practice = world.practices.get(child.practice).map_or("", |practice| practice.code.as_str());
        let of = json!({ "reference": format!("Patient/{key}") });
        let day = |back: i32| plus(today, -back);
        let time = |back: i32, hour: u32| format!("{}T{hour:02}:00:00Z", day(back));
        self.put(&key, "PersonDescribed", json!({
            "resourceType": "Patient",
            "identifier": [
                { "system": "https://fhir.nhs.uk/Id/nhs-number", "value": child.nhs },
                { "type": coding("http://terminology.hl7.org/CodeSystem/v2-0203", "MR", "Number"), "system": "https://records.invented.example/mrn", "value": key.to_uppercase() },
            ],
            "name": [{ "use": "official", "family": told.surname, "given": [told.given] }],
            "gender": if told.girl { "female" } else { "male" }, "birthDate": told.birth.to_string(),
            "address": [{ "use": "home", "line": [format!("{} {}", home.number, home.street)], "city": home.town, "postalCode": home.postcode }],
            "generalPractitioner": [{ "identifier": { "system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": practice } }],
            "managingOrganization": { "identifier": { "system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "RYX" } },
        }))?;
        let (given, family) = &child.parent;
        self.put(&key, "RelationshipRecorded", json!({
            "resourceType": "RelatedPerson", "patient": of, "active": true,
            "relationship": [coding("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "MTH", "mother")],
            "name": [{ "family": family, "given": [given] }], "telecom": [{ "system": "phone", "value": child.phone }],
        }))?;
        let encounter = |class: &str, status: &str, start: String, end: Option<String>| {
            json!({
                "resourceType": "Encounter", "status": status, "subject": of, "period": { "start": start, "end": end },
                "class": { "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": class },
                "serviceType": coding(SNOMED, "408443003", "General paediatrics"),
            })
        };
        let status = if odd { "underway" } else { "finished" };
        self.put(&key, "AttendedEmergency", encounter("EMER", status, time(70, 18), Some(time(70, 22))))?;
        self.put(&key, "AdmissionStarted", encounter("IMP", "finished", time(40, 9), Some(time(38, 11))))?;
        self.outcome.event("AdmissionEnded");
        self.put(&key, "AppointmentKept", encounter("AMB", "finished", time(20, 10), None))?;
        for (status, event, back) in [
            ("booked", "AppointmentBooked", -20),
            ("fulfilled", "AppointmentKept", 20),
            ("noshow", "AppointmentMissed", 30),
            ("cancelled", "AppointmentCancelled", 50),
        ] {
            self.put(
                &key,
                event,
                json!({
                    "resourceType": "Appointment", "status": status, "start": time(back, 10), "end": time(back, 11),
                    "serviceType": [coding(SNOMED, "408443003", "General paediatrics")],
                    "participant": [{ "actor": of, "status": "accepted" }],
                }),
            )?;
        }
        let plain = [
            (
                "AllergyIntolerance",
                "AllergyRecorded",
                "patient",
                json!({
                    "clinicalStatus": coding("http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active", "Active"),
                    "verificationStatus": coding("http://terminology.hl7.org/CodeSystem/allergyintolerance-verification", "confirmed", "Confirmed"),
                    "code": coding(SNOMED, "91934008", "Allergy to nut"), "recordedDate": time(60, 9),
                }),
            ),
            (
                "Condition",
                "DiagnosisRecorded",
                "subject",
                json!({
                    "clinicalStatus": coding("http://terminology.hl7.org/CodeSystem/condition-clinical", "active", "Active"),
                    "verificationStatus": coding("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed", "Confirmed"),
                    "code": coding(SNOMED, "195967001", "Asthma"), "recordedDate": time(60, 9), "onsetDateTime": day(90).to_string(),
                }),
            ),
            (
                "Observation",
                "ObservationRecorded",
                "subject",
                json!({
                    "status": "final", "code": coding(SNOMED, "27113001", "Body weight"), "effectiveDateTime": time(40, 9),
                    "valueQuantity": { "value": 21.4, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg" },
                }),
            ),
            (
                "DiagnosticReport",
                "ResultReported",
                "subject",
                json!({
                    "status": "final", "code": coding(SNOMED, "26604007", "Full blood count"), "effectiveDateTime": time(40, 9),
                    "issued": time(39, 9), "conclusion": "Nothing of note (invented).",
                }),
            ),
            (
                "Immunization",
                "ImmunisationNotGiven",
                "patient",
                json!({
                    "status": "not-done", "vaccineCode": coding(SNOMED, "39114911000001105", "Influenza"), "occurrenceDateTime": time(25, 9),
                    "statusReason": coding("http://terminology.hl7.org/CodeSystem/v3-ActReason", "PATOBJ", "Patient objection"),
                }),
            ),
            (
                "ServiceRequest",
                "ReferralMade",
                "subject",
                json!({
                    "status": "active", "intent": "order", "authoredOn": time(15, 9), "code": coding(SNOMED, "306181000000106", "Speech and language therapy"),
                }),
            ),
            (
                "CarePlan",
                "SourceRecordKept",
                "subject",
                json!({ "status": "active", "intent": "plan", "created": time(15, 9), "title": "Asthma plan (invented)" }),
            ),
            (
                "MedicationRequest",
                "SourceRecordKept",
                "subject",
                json!({
                    "status": "active", "intent": "order", "authoredOn": time(15, 9), "medicationCodeableConcept": coding("https://dmd.nhs.uk", "39113311000001107", "Salbutamol inhaler"),
                }),
            ),
        ];
        for (kind, event, path, mut held) in plain {
            if let Some(fields) = held.as_object_mut() {
                fields.insert("resourceType".to_owned(), json!(kind));
                fields.insert(path.to_owned(), of.clone());
            }
            self.put(&key, event, held)?;
        }
        self.decided(&key, &of, (at, time(120, 9)), child, dirt)
    }

    /// One family opts out of research and planning, and another agrees to share: the first binds, the second waits for a person.
    fn decided(
        &mut self,
        key: &str,
        of: &Value,
        (at, on): (u32, String),
        child: &crate::population::Child,
        dirt: &mut Vec<Dirt>,
    ) -> Result<(), GenerateError> {
        let consent = |profile: &str, provision: Value| {
            json!({
                "resourceType": "Consent", "status": "active", "patient": of, "dateTime": on, "performer": [of],
                "meta": { "profile": [profile] }, "provision": provision,
                "scope": coding("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy", "Privacy"),
                "category": [coding("http://loinc.org", "59284-0", "Consent")],
            })
        };
        match at % 4 {
            0 | 1 => Ok(()),
            2 => {
                let opted_out =
                    consent("https://fhir.nhs.uk/StructureDefinition/NDOP-Consent", json!({ "type": "deny" }));
                self.put(key, "RestrictionSet", opted_out)?;
                self.outcome.event("SourceRecordKept");
                Ok(())
            }
            _ => {
                let file = format!("health-fhir/{}", self.outcome.files.first().map_or("", String::as_str));
                let (record, key_of, truth) =
                    (Subject::new("PROVIDER_PERSON", ISSUER, key), key.to_owned(), child.truth.clone());
                let (what, reason) = ("a permission, which a feed may not give", Some("CONSENT_TO_RECORD"));
                dirt.push(Dirt { file, record, key: key_of, truth, field: "Consent", what, finding: None, reason });
                self.outcome.quarantined += 1;
                let profile = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Consent";
                self.put(key, "", consent(profile, json!({ "type": "permit" })))
            }
        }
    }

    fn put(&mut self, key: &str, event: &'static str, mut resource: Value) -> Result<(), GenerateError> {
        self.resources += 1;
        let kind = resource.get("resourceType").and_then(Value::as_str).unwrap_or_default().to_owned();
        let id = if kind == "Patient" { key.to_owned() } else { format!("{key}-{}", self.resources) };
        if let Some(fields) = resource.as_object_mut() {
            fields.insert("id".to_owned(), json!(id));
            let meta = fields.entry("meta").or_insert_with(|| json!({}));
            if let Some(meta) = meta.as_object_mut() {
                meta.insert("versionId".to_owned(), json!("1"));
                meta.insert("lastUpdated".to_owned(), json!("2026-01-01T05:00:00Z"));
            }
        }
        if !event.is_empty() {
            self.outcome.event(event);
        }
        self.outcome.record();
        let entry = json!({ "fullUrl": format!("{BASE}/{kind}/{id}"), "resource": resource });
        let before = if self.resources == 1 { "\n" } else { ",\n" };
        self.output.put(format!("{before}{entry}").as_bytes())
    }

    pub(crate) fn finish(mut self) -> Result<Outcome, GenerateError> {
        self.output.put(b"\n]}\n")?;
        self.output.finish()?;
        Ok(self.outcome)
    }
}

fn coding(system: &str, code: &str, display: &str) -> Value {
    json!({ "coding": [{ "system": system, "code": code, "display": display }] })
}
