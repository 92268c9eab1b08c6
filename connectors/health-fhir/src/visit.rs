//! Encounter and Appointment.

use proto::events::{
    AdmissionEnded, AdmissionStarted, AppointmentBooked, AppointmentCancelled, AppointmentKept, AppointmentMissed,
    AttendedEmergency, Coded, FindingCode, HealthReviewCompleted,
};

use crate::bundle::Referred;
use crate::codes::{ENCOUNTER_TYPES, REVIEWS};
use crate::message::Action;
use crate::reading::Reading;
use crate::saying::{Part, Saying};
use crate::tree::Element;

const TABLE: &str = "visit";
const DISCHARGE: Part<'static> = Part { of: "discharge", ordinal: 0 };

const ENCOUNTER_STATUSES: &[&str] = &[
    "planned",
    "arrived",
    "triaged",
    "in-progress",
    "onleave",
    "finished",
    "cancelled",
    "entered-in-error",
    "unknown",
];

pub(crate) fn encounter(saying: &mut Saying<'_, '_>) {
    let resource = &saying.entry.resource;
    let mut reading = Reading::default();
    let r = &mut reading;
    let status = resource.text("status").unwrap_or_default();
    if !ENCOUNTER_STATUSES.contains(&status) {
        r.flag(FindingCode::CodeUnknown, "status");
    }
    let (starts, ends) = (r.time(resource, "period/start"), r.time(resource, "period/end"));
    if starts.zip(ends).is_some_and(|(starts, ends)| ends.as_us() < starts.as_us()) {
        r.flag(FindingCode::DatesOutOfOrder, "period/end");
    }
    let class = resource.get("class").and_then(|class| r.coded(class, "class"));
    let code = class.as_ref().map(|class| class.code.to_ascii_uppercase()).unwrap_or_default();
    if matches!(status, "cancelled" | "entered-in-error") {
        let reason = format!("Encounter {status}");
        saying.retract(TABLE, Part::default(), starts, &reason);
        if matches!(code.as_str(), "IMP" | "ACUTE" | "NONAC" | "OBSENC" | "SS" | "INPATIENT") {
            saying.retract(TABLE, DISCHARGE, ends.or(starts), &reason);
        }
        return;
    }
    let place = resource.all("location").find_map(|at| saying.bundle.called(at.get("location")?, resource));
    let reason = ["reasonCode", "reason"].into_iter().find_map(|path| r.concept(resource, path));
    let kind = resource.get("type").and_then(|kind| r.coded(kind, "type"));
    let review =
        kind.as_ref().filter(|kind| kind.code_set.contains(ENCOUNTER_TYPES) && REVIEWS.contains(&kind.code.as_str()));
    match code.as_str() {
        "EMER" | "EMERGENCY" => {
            let disposition = r.concept(resource, "hospitalization/dischargeDisposition");
            let event = AttendedEmergency {
                arrived_at: starts.map(|at| at.timestamp()),
                place,
                reason,
                left_at: ends.map(|at| at.timestamp()),
                disposition,
            };
            saying.say(TABLE, starts, reading, event);
        }
        "IMP" | "ACUTE" | "NONAC" | "OBSENC" | "SS" | "INPATIENT" => {
            admission(saying, Admission { class, place, reason, starts, ends }, reading);
        }
        _ if review.is_some() => {
            let event =
                HealthReviewCompleted { review: kind, reviewed_at: Saying::when(starts), place, scores: Vec::new() };
            saying.say("review", starts, reading, event);
        }
        _ if status == "planned" => {
            let event = AppointmentBooked {
                starts_at: starts.map(|at| at.timestamp()),
                ends_at: ends.map(|at| at.timestamp()),
                service: kind,
                place,
                reason,
            };
            saying.say("appointment", starts, reading, event);
        }
        _ => {
            let service = kind.or_else(|| reading.concept(resource, "serviceType"));
            let event = AppointmentKept { at: Saying::when(starts), service, medium: class, place: place.map(worded) };
            saying.say("appointment", starts, reading, event);
        }
    }
}

struct Admission {
    class: Option<Coded>,
    place: Option<String>,
    reason: Option<Coded>,
    starts: Option<crate::time::Time>,
    ends: Option<crate::time::Time>,
}

fn admission(saying: &mut Saying<'_, '_>, admission: Admission, mut reading: Reading) {
    let resource = &saying.entry.resource;
    let Admission { class, place, reason, starts, ends } = admission;
    let specialty = reading.concept(resource, "serviceType");
    let event = AdmissionStarted {
        admitted_at: starts.map(|at| at.timestamp()),
        patient_class: class,
        place,
        specialty,
        reason,
    };
    saying.say(TABLE, starts, reading, event);
    let mut reading = Reading::default();
    let disposition = reading.concept(resource, "hospitalization/dischargeDisposition");
    let to = resource.get("hospitalization/destination").and_then(|to| saying.bundle.called(to, resource));
    let again =
        saying.action() == Action::Update || resource.text("meta/versionId").is_some_and(|version| version != "1");
    if let Some(ends) = ends {
        let event = AdmissionEnded { discharged_at: Some(ends.timestamp()), disposition, discharged_to: to };
        saying.say_part(TABLE, DISCHARGE, Some(ends), reading, None, event.into());
    } else if again {
        saying.retract(TABLE, DISCHARGE, starts, "Encounter without an end");
    }
}

fn worded(text: String) -> Coded {
    Coded { code: String::new(), code_set: "fhir.location".to_owned(), text: Some(text) }
}

pub(crate) fn appointment(saying: &mut Saying<'_, '_>) {
    const APPOINTMENT: &str = "appointment";
    let resource = &saying.entry.resource;
    let mut reading = Reading::default();
    let r = &mut reading;
    let slot = saying.bundle.resolved(resource, "slot");
    let starts = r.time(resource, "start").or_else(|| r.time(slot?, "start"));
    let ends = r.time(resource, "end").or_else(|| r.time(slot?, "end"));
    if starts.is_none() {
        r.flag(FindingCode::FieldMissing, "start");
    }
    let starts_at = starts.map(|at| at.timestamp());
    let service =
        ["serviceType", "specialty", "serviceCategory"].into_iter().find_map(|path| r.concept(resource, path));
    let service = service.or_else(|| r.concept(slot?, "serviceType").or_else(|| r.concept(slot?, "serviceCategory")));
    let reason = ["reasonCode", "reason"].into_iter().find_map(|path| r.concept(resource, path));
    let reason =
        reason.or_else(|| Some(Coded { text: Some(resource.text("description")?.to_owned()), ..Coded::default() }));
    let place = place_of(saying, resource);
    match resource.text("status").unwrap_or_default() {
        "entered-in-error" => saying.retract(APPOINTMENT, Part::default(), starts, "Appointment entered-in-error"),
        "cancelled" => {
            let reason = r.concept(resource, "cancelationReason").or(reason);
            saying.say(APPOINTMENT, starts, reading, AppointmentCancelled { starts_at, service, reason });
        }
        "noshow" => saying.say(APPOINTMENT, starts, reading, AppointmentMissed { starts_at, service, reason }),
        "fulfilled" | "arrived" | "checked-in" => {
            let event = AppointmentKept { at: Saying::when(starts), service, medium: None, place: place.map(worded) };
            saying.say(APPOINTMENT, starts, reading, event);
        }
        status => {
            if !["booked", "proposed", "pending", "waitlist"].contains(&status) {
                r.flag(FindingCode::CodeUnknown, "status");
            }
            let ends_at = ends.map(|at| at.timestamp());
            saying.say(APPOINTMENT, starts, reading, AppointmentBooked { starts_at, ends_at, service, place, reason });
        }
    }
}

/// The Location, or the service, among who takes part; else the service of the slot's schedule.
fn place_of(saying: &Saying<'_, '_>, resource: &Element) -> Option<String> {
    let bundle = saying.bundle;
    let is_place = |actor: &Element| match bundle.referred(actor, resource) {
        Referred::Here(found, _) => matches!(found.kind(), "Location" | "HealthcareService"),
        Referred::Elsewhere { kind, .. } => matches!(kind, "Location" | "HealthcareService"),
        _ => false,
    };
    let taking_part = resource.all("participant").filter_map(|part| part.get("actor"));
    let named = taking_part.filter(|actor| is_place(actor)).find_map(|actor| bundle.called(actor, resource));
    named.or_else(|| {
        let slot = bundle.resolved(resource, "slot")?;
        let schedule = bundle.resolved(slot, "schedule")?;
        schedule.all("actor").filter(|actor| is_place(actor)).find_map(|actor| bundle.called(actor, schedule))
    })
}
