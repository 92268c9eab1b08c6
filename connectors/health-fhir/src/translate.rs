//! The resources of a bundle to drafts and rejections.

use std::collections::HashSet;

use connector_kit::{Output, Rejection};
use proto::events::{BirthNotified, DeathNotified, FindingCode, Subject};
use proto::quarantine::Reason;

use crate::about::{names_outright, people_of};
use crate::bundle::{Bundle, Entry};
use crate::document::Format;
use crate::message::{Action, Says};
use crate::naming::{key, own_time, sequence, stood};
use crate::person::{self, is_nhs_number_of};
use crate::reading::Reading;
use crate::saying::{MODIFIED, Part, Saying, fnv_1a, is_in_error};
use crate::time::Time;
use crate::tree::Element;
use crate::{clinical, consent, contained, labels, letter, link, nested, referral, relation, visit};

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
    "Provenance",
    "Parameters",
    "CapabilityStatement",
    "CodeSystem",
    "ValueSet",
    "StructureDefinition",
    "ConceptMap",
    "NamingSystem",
    "OperationDefinition",
    "SearchParameter",
    "MessageDefinition",
    "PlanDefinition",
    "ActivityDefinition",
    "Measure",
    "Library",
    "ImplementationGuide",
    "Subscription",
    "OrganizationAffiliation",
];

/// Who says it, where the bundle does not.
pub(crate) struct Translating<'a> {
    /// The one organisation that the connector answers for, where it is one.
    pub(crate) organisation: Option<&'a str>,
    pub(crate) format: Format,
}

/// Whether a resource tells of somebody, so that it is a record. A device is one where it is somebody's, and so are parameters that
/// hold resources.
pub(crate) fn is_record(resource: &Element) -> bool {
    match resource.kind() {
        "Device" => people_of(resource).next().is_some(),
        "Parameters" => nested::is_nested(resource),
        kind => !SUPPORTING.contains(&kind),
    }
}

impl Translating<'_> {
    pub(crate) fn bundle(&self, bundle: &Bundle, out: &mut dyn Output) {
        let is_birth = bundle.header.as_ref().is_some_and(|header| header.says == Says::Birth);
        let kin = if is_birth { numbers_of_kin(bundle) } else { Vec::new() };
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
        if resource.kind().is_empty() || entry.method.as_deref() == Some("PATCH") {
            let why = match entry.method.as_deref() {
                Some("GET" | "HEAD") => "the entry asks for something, and nothing is given out here",
                Some("PATCH") => "the entry says only what changes: send the whole resource",
                Some("DELETE") => "the entry deletes what a search finds, and names nothing: send the address of each",
                _ => "the entry holds no resource",
            };
            return refuse(entry, None, Reason::RecordMalformed, "resource", why, out);
        }
        if nested::is_nested(resource) {
            let why = "bundles stand in one another deeper than is read, or cannot be told apart as they came: send each by itself";
            return refuse(entry, None, Reason::RecordMalformed, "resource", why, out);
        }
        let Some(controller) = self.controller(bundle, entry) else {
            let why = "nothing says whose record this is: no sender, keeper or managing organisation that still is one has an ODS code, and \
                       `controllers` names more than one organisation or none (of `throughline translate`: --organisation)";
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
        if resource.kind() == "Appointment" && !names_outright(resource) {
            return self.taking_part(bundle, entry, &controller, &around, out);
        }
        let is_patient = resource.kind() == "Patient";
        let mut person = Reading::default();
        let mut identifiers = Vec::new();
        let subject = if is_patient {
            let known = person::known(resource, self.stands(bundle, &controller, entry), &mut person);
            known.map(|(subject, claims)| {
                identifiers = claims;
                subject
            })
        } else {
            self.subject(bundle, entry, &controller, &mut around)
        };
        let Some(subject) = subject else {
            let why = match () {
                () if is_patient => NO_NUMBER,
                () if entry.is_deletion() => NOT_TOLD_WHOSE,
                () => NO_PATIENT,
            };
            return refuse(entry, Some(controller), Reason::SubjectMissing, "subject", why, out);
        };
        let mut saying = self.saying(bundle, entry, (subject, controller), around, out);
        if entry.is_deletion() {
            return deleted(&mut saying);
        }
        if is_patient {
            self.patient(&mut saying, identifiers, person, kin);
        } else {
            self.resource(&mut saying);
        }
        contained::say(&mut saying);
    }

    /// An appointment of each patient who takes part in it.
    fn taking_part(&self, bundle: &Bundle, entry: &Entry, controller: &str, around: &Reading, out: &mut dyn Output) {
        let resource = &entry.resource;
        let mut told: Vec<Subject> = Vec::new();
        let mut unknown = 0;
        let patients: Vec<(&Element, bool)> = patients_among(bundle, resource).collect();
        let is_of_several = patients.len() > 1;
        for (to, declined) in patients {
            let mut around = around.clone();
            let Some(subject) = self.whom(bundle, entry, controller, to, &mut around) else {
                unknown += 1;
                continue;
            };
            if told.contains(&subject) {
                continue;
            }
            told.push(subject.clone());
            if is_of_several && has_unknown_extension(resource) {
                around.flag(FindingCode::NotMapped, "extension");
            }
            let mut saying = self.saying(bundle, entry, (subject, controller.to_owned()), around, out);
            (saying.declined, saying.is_of_several) = (declined, is_of_several);
            if entry.is_deletion() {
                deleted(&mut saying);
                continue;
            }
            self.resource(&mut saying);
            contained::say(&mut saying);
        }
        if told.is_empty() || unknown > 0 {
            let why = if entry.is_deletion() { NOT_TOLD_WHOSE } else { NO_PATIENT };
            refuse(entry, Some(controller.to_owned()), Reason::SubjectMissing, "participant.actor", why, out);
        }
    }

    fn saying<'s, 'o>(
        &self,
        bundle: &'s Bundle,
        entry: &'s Entry,
        (subject, controller): (Subject, String),
        mut around: Reading,
        out: &'o mut dyn Output,
    ) -> Saying<'s, 'o> {
        let mut timing = Reading::default();
        let stood = stood(bundle, entry, &mut timing);
        around.findings.extend(timing.findings);
        let labels = labels::of(bundle, &entry.resource, &mut around);
        Saying {
            bundle,
            labels,
            entry,
            format: self.format,
            subject,
            controller,
            around,
            stood,
            sequence: sequence(bundle, entry),
            key: key(bundle, entry),
            kept: false,
            declined: false,
            is_of_several: false,
            out,
        }
    }

    fn resource(&self, saying: &mut Saying<'_, '_>) {
        let resource = &saying.entry.resource;
        let kept = saying.bundle.header.as_ref().is_some_and(|header| header.says == Says::Kept);
        let kind = resource.kind();
        if kind == "Consent" {
            return consent::say(saying);
        }
        if let (Some(answer), "Observation") = (consent::answer(resource), kind) {
            consent::parental(saying, answer);
            let says_more = resource.all("component").any(|part| consent::own_answer(part).is_none())
                || resource.choice("value").is_some() && consent::own_answer(resource).is_none();
            if !says_more {
                return;
            }
        }
        // That it never was so is the last word on it, whatever else changes its meaning.
        if resource.is_modified() && !is_in_error(resource) {
            return saying.keep_modified(own_time(resource));
        }
        if kind == "Observation" && is_of_another(resource) && !is_in_error(resource) {
            saying.retract_all(own_time(resource), "Observation of another than its subject");
            return saying.keep(own_time(resource), "focus");
        }
        match kind {
            "RelatedPerson" => relation::say(saying, resource, ""),
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
            "DocumentReference" | "Composition" => letter::say(saying),
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
        if nhs_numbers(resource).any(|number| kin.iter().any(|known| known == number)) {
            saying.kept = true;
            return;
        }
        let says = saying.bundle.header.as_ref().map_or(Says::Resources, |header| header.says);
        if says == Says::Birth {
            match was_born(saying.bundle, resource) {
                Some(true) => {}
                Some(false) => {
                    saying.kept = true;
                    // Whoever is related says so by a resource of their own, where there is one.
                    let told = saying.bundle.entries.iter().any(|entry| entry.resource.kind() == "RelatedPerson");
                    if !told {
                        self.mother(saying);
                    }
                    return;
                }
                None => {
                    let why =
                        "the message holds several patients, and nobody who is related says which of them was born";
                    return saying.reject(Reason::SubjectMissing, "RelatedPerson.patient", why);
                }
            }
        }
        let practice = person::practice(saying.bundle, resource, resource, saying.stood, &mut reading);
        let event = person::described(resource, identifiers, practice, saying.stood, &mut reading);
        let (born_on, died_on) = (event.birth_on, event.death_on);
        // A message of a birth or a death that is taken back does not take back who somebody is.
        let describes = saying.action() != Action::Delete;
        if describes && resource.is_modified() {
            return saying.keep_modified(saying.stood);
        }
        if describes && saying.bundle.header.is_some() && self.is_said(saying) {
            // Twice in one message, at one version: it can say one thing of somebody, and the rest is kept.
            saying.around.flag(FindingCode::RecordRepeated, "Patient");
            saying.key = format!("person/{:016x}", fnv_1a(&saying.entry.raw));
            return saying.keep(saying.stood, "Patient");
        }
        if describes {
            let born = resource.text("birthDate").and_then(Time::parse);
            let at = saying.stood.or(born);
            saying.say_part("person", Part::default(), at, reading, None, event.into());
            let mut told = HashSet::new();
            // Every contact is looked at, whatever came of the one before.
            let untold =
                resource.all("contact").filter(|contact| !relation::contact(saying, contact, &mut told)).count();
            if untold > 0 {
                saying.keep(at, "contact");
            }
            link::say(self, saying);
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

    /// Whether an entry before this one describes the same patient.
    fn is_said(&self, saying: &Saying<'_, '_>) -> bool {
        let before = saying.bundle.entries.iter().take_while(|other| !std::ptr::eq(*other, saying.entry));
        let mut others = before.filter(|other| other.resource.kind() == "Patient");
        others.any(|other| {
            let stands = self.stands(saying.bundle, &saying.controller, other);
            person::known(&other.resource, stands, &mut Reading::default())
                .is_some_and(|(known, _)| known == saying.subject)
        })
    }

    /// The other Patient of a birth: its mother, who is told of as such and by nothing else. The child is never hers to be.
    fn mother(&self, saying: &mut Saying<'_, '_>) {
        let resource = &saying.entry.resource;
        if resource.is_modified() {
            let why = "something changes what the mother's record means, and is not known here: send it without, or record her by hand";
            return saying.reject(Reason::RecordMalformed, MODIFIED, why);
        }
        let born =
            saying.bundle.entries.iter().find(|entry| {
                entry.resource.kind() == "Patient" && was_born(saying.bundle, &entry.resource) == Some(true)
            });
        let child = born.and_then(|child| {
            let stands = self.stands(saying.bundle, &saying.controller, child);
            Some(person::known(&child.resource, stands, &mut Reading::default())?.0)
        });
        let year = |held: &Element| held.text("birthDate").and_then(|born| born.get(..4)?.parse::<i32>().ok());
        let elder =
            born.and_then(|child| Some(year(&child.resource)? - year(resource)?)).is_some_and(|years| years > 9);
        let profiled = profiles(resource).any(|profile| profile.contains("Mother-Patient"));
        let Some(child) = child.filter(|_| elder || profiled) else {
            let why = "the message is of a birth, and nothing says who this patient is to the child that was born";
            return saying.reject(Reason::SubjectMissing, "Patient", why);
        };
        saying.subject = child;
        "mother".clone_into(&mut saying.key);
        relation::say(saying, resource, "mother");
    }
}

/// Whether what was observed is in the subject's record and of another: the mother, a child unborn, a thing.
fn is_of_another(observation: &Element) -> bool {
    let named = |to: &Element| to.text("reference").or_else(|| to.text("identifier/value")).map(str::to_owned);
    let subject = observation.get("subject").and_then(named);
    observation.all("focus").any(|of| subject.is_none() || named(of) != subject)
}

const NO_NUMBER: &str = "the patient has no number by which somebody is known here";
const NO_PATIENT: &str =
    "the resource refers to no patient that is known: the reference is missing, or leads out of the message";

/// Who takes part in an appointment and is a patient, and whether they declined. Where no reference says so of itself, whoever is
/// found first by one.
fn patients_among<'b>(bundle: &'b Bundle, resource: &'b Element) -> impl Iterator<Item = (&'b Element, bool)> {
    let taking_part = || resource.all("participant").filter_map(|part| Some((part.get("actor")?, part)));
    let is_patient = |to: &Element| bundle.is_of_patient(to, resource);
    let some = taking_part().any(|(to, _)| is_patient(to));
    let first = taking_part().find(|(to, _)| bundle.may_be_patient(to, resource)).filter(|_| !some);
    let patients = taking_part().filter(move |(to, _)| is_patient(to)).chain(first);
    patients.map(|(to, part)| (to, part.text("status") == Some("declined")))
}

const NOT_TOLD_WHOSE: &str = "the deletion does not say whose the resource was, by whom an entry is known here, so nothing was taken back: have the \
     resource sent once more with its patient and the status `entered-in-error`";

const DELETED: &str = "DELETE";

/// Takes back all that was said of a resource that went.
fn deleted(saying: &mut Saying<'_, '_>) {
    if saying.entry.resource.kind() == "Consent" {
        return consent::wait(saying, "it was deleted where it came from, and what it decided still binds here");
    }
    let at = saying.stood;
    saying.retract_all(at, DELETED);
    saying.keep_no_more(at, DELETED);
    contained::retract(saying, at, DELETED);
}

/// Whether a resource has an extension of which nothing is made.
pub(crate) fn has_unknown_extension(resource: &Element) -> bool {
    resource.all("extension").count()
        > KNOWN_EXTENSIONS.iter().filter(|ends| resource.extension(ends).is_some()).count()
}

/// Extensions that are read, or that say nothing of a child.
const KNOWN_EXTENSIONS: &[&str] = &[
    "EthnicCategory",
    "VaccinationProcedure",
    "SourceOfReferral",
    "ContactRank",
    "DateRecorded",
    "MessageEventType",
    "ParentalResponsibility",
];

/// Whether a Patient of a birth's message is the child: by its profile, else by being whom somebody in the message is related to.
/// `None` where nothing tells the child from the mother, who may come first, or what does makes the elder of the two the child.
fn was_born(bundle: &Bundle, patient: &Element) -> Option<bool> {
    let of_kind =
        |kind: &'static str| bundle.entries.iter().map(|entry| &entry.resource).filter(move |held| held.kind() == kind);
    let profiled = |held: &&Element| profiles(held).any(|profile| profile.contains("Baby-Patient"));
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

fn profiles(of: &Element) -> impl Iterator<Item = &str> {
    of.all("meta").flat_map(|meta| meta.all("profile")).filter_map(Element::own_text)
}

/// NHS numbers of the people around the children of a bundle. One that is the child's own too is a slip, and nobody's kin.
fn numbers_of_kin(bundle: &Bundle) -> Vec<String> {
    let related = || bundle.entries.iter().map(|entry| &entry.resource).filter(|held| held.kind() == "RelatedPerson");
    let children: Vec<&str> =
        related().filter_map(|kin| bundle.resolved(kin, "patient")).flat_map(nhs_numbers).collect();
    let kin = related().flat_map(nhs_numbers).filter(|number| !children.contains(number));
    kin.map(str::to_owned).collect()
}

fn nhs_numbers(of: &Element) -> impl Iterator<Item = &str> {
    let stated = of.all("identifier").filter(|stated| is_nhs_number_of(stated));
    stated.filter_map(|id| id.text("value"))
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
        digest: None,
    });
}
