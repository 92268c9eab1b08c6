//! The resources of a bundle to drafts and rejections.

use connector_kit::{Output, Rejection};
use proto::events::{BirthNotified, DeathNotified, FindingCode, Subject};
use proto::quarantine::Reason;

use crate::bundle::{Bundle, Entry, Referred};
use crate::codes::{RESTRICTED, is_nhs_number};
use crate::document::Format;
use crate::message::{Action, Says};
use crate::person::{self, Known};
use crate::reading::Reading;
use crate::saying::{Part, Saying, fnv_1a};
use crate::time::Time;
use crate::tree::Element;
use crate::{clinical, consent, referral, relation, visit};

/// Resources that say nothing of a child: what others refer to.
const SUPPORTING: &[&str] = &[
    "MessageHeader",
    "Organization",
    "Practitioner",
    "PractitionerRole",
    "Location",
    "HealthcareService",
    "Schedule",
    "Slot",
    "OperationOutcome",
    "Endpoint",
    "Questionnaire",
    "Medication",
    "Substance",
    "Binary",
    "Provenance",
    "Parameters",
    "CapabilityStatement",
    "CodeSystem",
    "ValueSet",
    "StructureDefinition",
];

/// Who says it, where the bundle does not.
pub(crate) struct Translating<'a> {
    /// The one organisation that the connector answers for, where it is one.
    pub(crate) organisation: Option<&'a str>,
    pub(crate) format: Format,
}

/// Whether a resource tells of somebody, so that it is a record.
pub(crate) fn is_record(resource: &Element) -> bool {
    !SUPPORTING.contains(&resource.kind())
}

impl Translating<'_> {
    pub(crate) fn bundle(&self, bundle: &Bundle, out: &mut dyn Output) {
        let kin = numbers_of_kin(bundle);
        let mut said = 0;
        for entry in &bundle.entries {
            if is_record(&entry.resource) {
                said += 1;
                self.entry(bundle, entry, &kin, out);
            }
        }
        if let (0, Some(header), Some(first)) = (said, &bundle.header, bundle.entries.first()) {
            let why = format!("{}: the message holds nothing about anybody", header.name);
            refuse(first, None, Reason::SubjectMissing, "entry", &why, out);
        }
    }

    fn entry(&self, bundle: &Bundle, entry: &Entry, kin: &[String], out: &mut dyn Output) {
        let resource = &entry.resource;
        if resource.kind().is_empty() {
            let why = "the entry holds no resource";
            return refuse(entry, None, Reason::RecordMalformed, "resource", why, out);
        }
        let Some(controller) = self.controller(bundle, resource) else {
            let why = "nothing says whose record this is: neither the sender nor the patient's managing organisation has an ODS \
                       code, and `controllers` names more than one organisation or none";
            return refuse(entry, None, Reason::RecordMalformed, "sender", why, out);
        };
        let mut around = Reading::default();
        if entry.odd {
            around.flag(FindingCode::TextOdd, "");
        }
        if let Some(header) = &bundle.header {
            if header.unknown {
                around.flag(FindingCode::CodeUnknown, "MessageHeader.event");
            }
            if header.action_unknown {
                around.flag(FindingCode::CodeUnknown, "MessageHeader.action");
            }
        }
        let is_patient = resource.kind() == "Patient";
        let mut person = Reading::default();
        let mut identifiers = Vec::new();
        let subject = if is_patient {
            let known =
                person::known(resource, self.stands(bundle, &controller, entry.full_url.as_deref()), &mut person);
            known.map(|(subject, claims)| {
                identifiers = claims;
                subject
            })
        } else {
            self.subject(bundle, entry, &controller)
        };
        let Some(subject) = subject else {
            let why = if is_patient {
                "the patient has no number by which somebody is known here"
            } else {
                "the resource refers to no patient that is known: the reference is missing, or leads out of the message"
            };
            return refuse(entry, Some(controller), Reason::SubjectMissing, "subject", why, out);
        };
        let mut timing = Reading::default();
        let stood = stood(bundle, resource, &mut timing);
        around.findings.extend(timing.findings);
        let mut saying = Saying {
            bundle,
            entry,
            format: self.format,
            subject,
            controller,
            around,
            stood,
            sequence: sequence(bundle, entry),
            key: key(bundle, entry),
            kept: false,
            out,
        };
        if entry.method.as_deref() == Some("DELETE") {
            let at = saying.stood;
            return saying.retract("deleted", Part::default(), at, "DELETE");
        }
        if is_patient {
            self.patient(&mut saying, identifiers, person, kin);
        } else {
            self.resource(&mut saying);
        }
        if has_unknown_extension(resource) {
            saying.keep(own_time(resource), "extension");
        }
    }

    fn resource(&self, saying: &mut Saying<'_, '_>) {
        let resource = &saying.entry.resource;
        let kept = saying.bundle.header.as_ref().is_some_and(|header| header.says == Says::Kept);
        let kind = resource.kind();
        let is_restricted = resource
            .all("meta")
            .flat_map(|meta| meta.all("security"))
            .any(|label| label.text("code").is_some_and(|code| RESTRICTED.contains(&code)));
        if is_restricted && kind != "Condition" {
            return saying.keep(None, "meta.security");
        }
        // It changes what the rest means, and none is known here.
        if resource.get("modifierExtension").is_some() {
            return saying.keep(own_time(resource), "modifierExtension");
        }
        match kind {
            "RelatedPerson" => relation::say(saying, resource, Some("")),
            "Encounter" => visit::encounter(saying),
            // The envelope of a birth's message: it is about the mother, and says nothing that the rest does not.
            "Communication" if saying.bundle.header.as_ref().is_some_and(|header| header.says == Says::Birth) => {}
            _ if kept => saying.keep(own_time(resource), kind),
            "Appointment" => visit::appointment(saying),
            "Immunization" => clinical::immunisation(saying),
            "AllergyIntolerance" => clinical::allergy(saying),
            "Observation" => clinical::observation(saying),
            "Condition" => clinical::condition(saying),
            "DiagnosticReport" => clinical::report(saying),
            "Procedure" => clinical::procedure(saying),
            "QuestionnaireResponse" => clinical::questionnaire(saying),
            "ServiceRequest" | "ReferralRequest" => referral::say(saying),
            "Consent" => consent::say(saying),
            _ => saying.keep(own_time(resource), kind),
        }
    }

    fn patient(
        &self,
        saying: &mut Saying<'_, '_>,
        identifiers: Vec<proto::events::Identifier>,
        mut reading: Reading,
        kin: &[String],
    ) {
        let resource = &saying.entry.resource;
        // The mother of a birth notification is a Patient too; she is told of as the child's mother.
        let numbers = resource.all("identifier").filter(|id| id.text("system").is_some_and(is_nhs_number));
        if numbers.filter_map(|id| id.text("value")).any(|number| kin.iter().any(|known| known == number)) {
            saying.kept = true;
            return;
        }
        let says = saying.bundle.header.as_ref().map_or(Says::Resources, |header| header.says);
        if says == Says::Birth {
            match was_born(saying.bundle, resource) {
                Some(true) => {}
                Some(false) => {
                    saying.kept = true;
                    return;
                }
                None => {
                    let why =
                        "the message holds several patients, and nobody who is related says which of them was born";
                    return saying.reject(Reason::SubjectMissing, "RelatedPerson.patient", why);
                }
            }
        }
        let mut practices = resource.all("generalPractitioner");
        let practice = practices.find_map(|to| person::organisation_of(saying.bundle, to, resource));
        let event = person::described(resource, identifiers, practice, &mut reading);
        let (born_on, died_on) = (event.birth_on, event.death_on);
        // A message of a birth or a death that is taken back does not take back who somebody is.
        let describes = saying.action() != Action::Delete;
        if describes {
            let born = resource.text("birthDate").and_then(Time::parse);
            let at = saying.stood.or(born);
            saying.say_part("person", Part::default(), at, reading, None, event.into());
            for contact in resource.all("contact") {
                relation::say(saying, contact, None);
            }
        }
        if says == Says::Birth {
            let at = resource.text("birthDate").and_then(Time::parse);
            let event = BirthNotified { born_on, health_visiting: None };
            saying.say_part("birth", Part { of: "birth", ordinal: 0 }, at, Reading::default(), None, event.into());
        }
        if says == Says::Death {
            let at = resource.text("deceasedDateTime").and_then(Time::parse);
            let event = DeathNotified { died_on };
            saying.say_part("death", Part { of: "death", ordinal: 0 }, at, Reading::default(), None, event.into());
        }
    }

    fn stands<'s>(&self, bundle: &Bundle, controller: &'s str, full_url: Option<&'s str>) -> Known<'s> {
        let in_passing = full_url.is_some_and(|url| url.starts_with("urn:"));
        Known { controller, lasting: bundle.header.is_none() && !in_passing, full_url }
    }

    /// Whom a resource is about, by what it refers to.
    fn subject(&self, bundle: &Bundle, entry: &Entry, controller: &str) -> Option<Subject> {
        let resource = &entry.resource;
        // A relative reference is to the server that the resource itself is on.
        let own_base = entry.full_url.as_deref().and_then(person::base_of);
        let plain = ["subject", "patient", "beneficiary", "individual", "for"];
        let taking_part = resource.all("participant").filter_map(|part| part.get("actor"));
        let references = plain.into_iter().flat_map(|name| resource.all(name)).chain(taking_part);
        references.into_iter().find_map(|reference| match bundle.referred(reference, resource) {
            Referred::Here(found, full_url) if found.kind() == "Patient" => {
                let contained = full_url.is_none();
                let mut stands = self.stands(bundle, controller, full_url);
                stands.lasting &= !(contained && found.name.as_ref() == "contained");
                Some(person::known(found, stands, &mut Reading::default())?.0)
            }
            Referred::Elsewhere { kind: "Patient", id, base } => {
                // The national demographics service knows people by their NHS numbers.
                let national = base.is_some_and(|base| base.contains("personal-demographics"));
                match national {
                    true => person::by_identifier(controller, "https://fhir.nhs.uk/Id/nhs-number", id),
                    false if bundle.header.is_none() => Some(person::by_logical_id(controller, base.or(own_base), id)),
                    false => None,
                }
            }
            Referred::Known(system, value) => person::by_identifier(controller, system, value),
            _ => None,
        })
    }

    /// Who answers for a resource: the one organisation of the connector; else who sent the message; else whoever manages the
    /// patient's record.
    fn controller(&self, bundle: &Bundle, resource: &Element) -> Option<String> {
        if let Some(organisation) = self.organisation {
            return Some(organisation.to_owned());
        }
        let header = bundle.entries.iter().map(|entry| &entry.resource).find(|held| held.kind() == "MessageHeader");
        let by_reference = |of: &Element, path: &str| person::organisation_of(bundle, of.get(path)?, of);
        if let Some(header) = header {
            return ["responsible", "sender"].into_iter().find_map(|path| by_reference(header, path));
        }
        let patient = match resource.kind() {
            "Patient" => Some(resource),
            _ => {
                let taking_part = resource.all("participant").filter_map(|part| part.get("actor"));
                let plain = ["subject", "patient"].into_iter().flat_map(|name| resource.all(name));
                plain.chain(taking_part).find_map(|to| match bundle.referred(to, resource) {
                    Referred::Here(found, _) if found.kind() == "Patient" => Some(found),
                    _ => None,
                })
            }
        };
        by_reference(patient?, "managingOrganization")
    }
}

/// Whether a resource has an extension of which nothing is made.
fn has_unknown_extension(resource: &Element) -> bool {
    resource.all("extension").count()
        > KNOWN_EXTENSIONS.iter().filter(|ends| resource.extension(ends).is_some()).count()
}

/// Extensions that are read, or that say nothing of a child.
const KNOWN_EXTENSIONS: &[&str] =
    &["EthnicCategory", "VaccinationProcedure", "SourceOfReferral", "ContactRank", "DateRecorded", "MessageEventType"];

/// Whether a Patient of a birth's message is the child: by its profile, else by being whom somebody in the message is related to.
/// `None` where nothing tells the child from the mother, who may come first, or what does makes the elder of the two the child.
fn was_born(bundle: &Bundle, patient: &Element) -> Option<bool> {
    let of_kind =
        |kind: &'static str| bundle.entries.iter().map(|entry| &entry.resource).filter(move |held| held.kind() == kind);
    let profiled = |held: &&Element| {
        held.all("meta")
            .flat_map(|meta| meta.all("profile"))
            .any(|of| of.own_text().is_some_and(|of| of.contains("Baby-Patient")))
    };
    let mut children: Vec<&Element> = of_kind("Patient").filter(profiled).collect();
    if children.is_empty() {
        children = of_kind("RelatedPerson").filter_map(|related| bundle.resolved(related, "patient")).collect();
    }
    if children.is_empty() && of_kind("Patient").count() == 1 {
        children = of_kind("Patient").collect();
    }
    let born = |held: &Element| held.text("birthDate").map(str::to_owned);
    let first = children.first().and_then(|child| born(child));
    let elder = of_kind("Patient").filter_map(born).any(|other| first.as_ref().is_some_and(|first| other > *first));
    (!children.is_empty() && !elder).then(|| children.iter().any(|child| std::ptr::eq(*child, patient)))
}

/// NHS numbers of the people around the children of a bundle.
fn numbers_of_kin(bundle: &Bundle) -> Vec<String> {
    let kin = bundle.entries.iter().filter(|entry| entry.resource.kind() == "RelatedPerson");
    let numbers = kin.flat_map(|entry| entry.resource.all("identifier"));
    let numbers = numbers.filter(|id| id.text("system").is_some_and(is_nhs_number));
    numbers.filter_map(|id| id.text("value")).map(str::to_owned).collect()
}

/// When the source stood so: in a message when that was made, elsewhere when the resource was last changed.
fn stood(bundle: &Bundle, resource: &Element, reading: &mut Reading) -> Option<Time> {
    let made = bundle.timestamp.as_deref();
    if let Some(header) = &bundle.header {
        let sent = header.timestamp.as_deref().or(made);
        if let Some(at) = reading.time_of(sent, "timestamp") {
            return Some(at);
        }
    }
    reading.time(resource, "meta/lastUpdated").or_else(|| reading.time_of(made, "timestamp"))
}

/// The order among states of one moment: the version's number; where none counts, a number of the content's own.
fn sequence(bundle: &Bundle, entry: &Entry) -> u64 {
    if let Some(header) = &bundle.header {
        let id = header.id.as_deref().map_or_else(|| fnv_1a(&entry.raw), |id| fnv_1a(id.as_bytes()));
        return id >> 1;
    }
    let version = entry.resource.text("meta/versionId");
    version.and_then(|version| version.parse().ok()).unwrap_or_else(|| fnv_1a(&entry.raw) >> 1)
}

/// What a resource is known by from one time to the next: on a server its logical id; in a message the sender's number for it,
/// of an encounter its logical id, by which the messages of one encounter belong together.
fn key(bundle: &Bundle, entry: &Entry) -> String {
    let resource = &entry.resource;
    let kind = resource.kind();
    if kind == "Patient" {
        return "person".to_owned();
    }
    let id = resource.text("id").map(str::to_owned);
    let number = || {
        let stated = resource.all("identifier").find(|stated| stated.text("value").is_some())?;
        Some(format!("{}|{}", stated.text("system").unwrap_or_default(), stated.text("value")?))
    };
    let address = || entry.full_url.as_deref().map(|url| url.rsplit(['/', ':']).next().unwrap_or(url).to_owned());
    let by_id_first = bundle.header.is_none() || kind == "Encounter";
    let known = if by_id_first { id.or_else(number) } else { number().or(id) };
    let known = known.or_else(address).unwrap_or_else(|| format!("content-{:016x}", fnv_1a(&entry.raw)));
    format!("{kind}/{known}")
}

/// Some time of a resource of any kind, for placing it.
fn own_time(resource: &Element) -> Option<Time> {
    let paths =
        ["date", "dateTime", "authoredOn", "authored", "issued", "sent", "created", "period/start", "recordedDate"];
    let choices = ["effective", "occurrence", "performed", "onset"];
    let plain = paths.into_iter().find_map(|path| Time::parse(resource.text(path)?));
    plain.or_else(|| choices.into_iter().find_map(|stem| Reading::default().choice_time(resource, stem)))
}

pub(crate) fn refuse(
    entry: &Entry,
    controller: Option<String>,
    reason: Reason,
    field: &str,
    message: &str,
    out: &mut dyn Output,
) {
    let mut place = entry.place.clone();
    place.field = field.to_owned();
    out.reject(Rejection {
        reason,
        message: message.to_owned(),
        place,
        controller,
        raw: entry.raw.clone(),
        scope_key: None,
        subject: None,
    });
}
