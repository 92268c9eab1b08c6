//! Encounter and Appointment.

use proto::events::{
    AdmissionEnded, AdmissionStarted, AppointmentBooked, AppointmentCancelled, AppointmentKept, AppointmentMissed,
    AttendedEmergency, Coded, FindingCode, HealthReviewCompleted,
};

use crate::bundle::Referred;
use crate::codes::{ENCOUNTER_TYPES, REVIEWS};
use crate::message::{Action, Says};
use crate::reading::{Reading, joined};
use crate::saying::{Part, Saying};
use crate::time::Time;
use crate::tree::Element;
use crate::why;

const TABLE: &str = "visit";
/// What an appointment or an encounter is for, what tells most first.
const SERVICE: &[&str] = &["specialty", "serviceType", "serviceCategory"];
/// Classes of an encounter in which somebody stays.
const ADMISSIONS: &[&str] = &["IMP", "ACUTE", "NONAC", "OBSENC", "SS", "INPATIENT"];
pub(crate) const DISCHARGE: Part<'static> = Part { of: "discharge", ordinal: 0 };

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

/// Statuses of an encounter that goes on.
const UNDER_WAY: &[&str] = &["arrived", "triaged", "in-progress", "onleave"];

pub(crate) fn encounter(saying: &mut Saying<'_, '_>) {
    let resource = &saying.entry.resource;
    let mut reading = Reading::default();
    let r = &mut reading;
    let status = resource.text("status").unwrap_or_default();
    if !ENCOUNTER_STATUSES.contains(&status) {
        r.flag(FindingCode::CodeUnknown, "status");
    }
    let (starts, ends) = (r.time(resource, "period/start"), r.time(resource, "period/end"));
    // Whoever is still there has not left: an end to come is when they are expected to.
    let is_expected =
        |ends: &Time| saying.stood.is_some_and(|stood| UNDER_WAY.contains(&status) && stood.as_us() < ends.as_us());
    let ends = match ends.filter(is_expected) {
        Some(_) => {
            r.flag(FindingCode::NotMapped, "period/end");
            None
        }
        None => ends,
    };
    if starts.zip(ends).is_some_and(|(starts, ends)| ends.as_us() < starts.as_us()) {
        r.flag(FindingCode::DatesOutOfOrder, "period/end");
    }
    let class = resource.get("class").and_then(|class| r.coded(class, "class"));
    let code = class.as_ref().map(|class| class.code.to_ascii_uppercase()).unwrap_or_default();
    let place = resource.all("location").find_map(|at| saying.bundle.called(at.get("location")?, resource));
    let reasons = why::reasons(saying, r);
    let mut services = r.all_coded(resource, SERVICE);
    services.extend(r.all_coded(resource, &["type"]));
    let is_admission = ADMISSIONS.contains(&code.as_str());
    let is_emergency = matches!(code.as_str(), "EMER" | "EMERGENCY");
    if matches!(status, "cancelled" | "entered-in-error") {
        let reason = format!("Encounter {status}");
        // One that ended before it began was planned; that somebody came to an emergency department was not.
        if status == "cancelled" && !is_emergency {
            let (service, reason) = (joined(services), joined(reasons));
            let starts_at = starts.and_then(Time::timestamp);
            saying.say("appointment", starts, reading, AppointmentCancelled { starts_at, service, reason });
        } else {
            saying.retract(TABLE, Part::default(), starts, &reason);
            saying.keep_no_more(starts, &reason);
        }
        if is_admission {
            saying.retract(TABLE, DISCHARGE, ends.or(starts), &reason);
        }
        return;
    }
    // What a referral or a booking tells of is what led to it: whoever was triaged by telephone has attended nowhere.
    let led_to_another = saying.bundle.header.as_ref().is_some_and(|header| header.says == Says::Referral);
    if led_to_another && (is_emergency || status == "triaged") {
        return saying.keep(starts, "Encounter");
    }
    let is_review = |kind: &&Coded| kind.code_set.contains(ENCOUNTER_TYPES) && REVIEWS.contains(&kind.code.as_str());
    let review = services.iter().find(is_review).cloned();
    match () {
        // Before all else: what is planned has not happened, whatever it is to be. Nor has what somebody is registered for beforehand.
        () if status == "planned" || code == "PRENC" => {
            if starts.is_none() {
                reading.flag(FindingCode::FieldMissing, "period/start");
            }
            let event = AppointmentBooked {
                starts_at: starts.and_then(Time::timestamp),
                ends_at: ends.and_then(Time::timestamp),
                service: joined(services),
                place,
                reason: joined(reasons),
            };
            saying.say("appointment", starts, reading, event);
        }
        () if is_emergency => {
            let disposition = r.concept(resource, "hospitalization/dischargeDisposition");
            let event = AttendedEmergency {
                arrived_at: starts.and_then(Time::timestamp),
                place,
                reason: joined(reasons),
                left_at: ends.and_then(Time::timestamp),
                disposition,
                service: joined(services),
            };
            saying.say(TABLE, starts, reading, event);
        }
        () if is_admission => {
            let (specialty, reason) = (joined(services), joined(reasons));
            admission(saying, Admission { class, place, specialty, reason, starts, ends }, reading);
        }
        () if review.is_some() => {
            let says_more = !reasons.is_empty() || says_another_service(resource, review.as_ref());
            let event = HealthReviewCompleted { review, reviewed_at: Saying::when(starts), place, scores: Vec::new() };
            saying.say("review", starts, reading, event);
            if says_more {
                saying.keep(starts, "reasonCode");
            }
        }
        () => {
            let event = AppointmentKept {
                at: Saying::when(starts),
                service: joined(services),
                medium: class,
                place: place.map(worded),
                reason: joined(reasons),
            };
            saying.say("appointment", starts, reading, event);
        }
    }
}

/// Whether an encounter is for something beside this review.
fn says_another_service(resource: &Element, review: Option<&Coded>) -> bool {
    let read = |coding: &Element| Reading::default().coded(coding, "type");
    let is_review = |coding: &Element| {
        read(coding)
            .zip(review)
            .is_some_and(|(coded, review)| (&coded.code, &coded.code_set) == (&review.code, &review.code_set))
    };
    let services = SERVICE.iter().chain(&["type"]).flat_map(|path| resource.all(path));
    services.into_iter().any(|service| !service.all("coding").any(is_review))
}

struct Admission {
    class: Option<Coded>,
    place: Option<String>,
    specialty: Option<Coded>,
    reason: Option<Coded>,
    starts: Option<Time>,
    ends: Option<Time>,
}

fn admission(saying: &mut Saying<'_, '_>, admission: Admission, reading: Reading) {
    let resource = &saying.entry.resource;
    let Admission { class, place, specialty, reason, starts, ends } = admission;
    let event = AdmissionStarted {
        admitted_at: starts.and_then(Time::timestamp),
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
        let event = AdmissionEnded { discharged_at: ends.timestamp(), disposition, discharged_to: to };
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
    const IN_ERROR: &str = "Appointment entered-in-error";
    let resource = &saying.entry.resource;
    let mut reading = Reading::default();
    let r = &mut reading;
    let slot = saying.bundle.resolved(resource, "slot");
    let starts = r.time(resource, "start").or_else(|| r.time(slot?, "start"));
    let ends = r.time(resource, "end").or_else(|| r.time(slot?, "end"));
    if starts.is_none() {
        r.flag(FindingCode::FieldMissing, "start");
    }
    let starts_at = starts.and_then(Time::timestamp);
    // The specialty first, wherever it stands: it tells most of what the child is seen for.
    let told = SERVICE.iter().flat_map(|path| [Some(resource), slot].into_iter().flatten().map(move |of| (of, path)));
    let told: Vec<Coded> = told.flat_map(|(of, path)| r.all_coded(of, &[path])).collect();
    let service = joined(told);
    let mut reasons = why::reasons(saying, r);
    // What somebody wrote of it, where no code says it.
    reasons.extend(
        ["description", "comment", "note/text"]
            .into_iter()
            .filter_map(|path| Some(Coded { text: Some(resource.text(path)?.to_owned()), ..Coded::default() })),
    );
    let place = place_of(saying, resource);
    match resource.text("status").unwrap_or_default() {
        "entered-in-error" => {
            saying.retract(APPOINTMENT, Part::default(), starts, IN_ERROR);
            saying.keep_no_more(starts, IN_ERROR);
        }
        // Of who declined it, whatever becomes of it for the others.
        status if status == "cancelled" || saying.declined => {
            let cancelled = r.all_coded(resource, &["cancelationReason"]);
            let reason = joined(cancelled.into_iter().chain(reasons).collect());
            saying.say(APPOINTMENT, starts, reading, AppointmentCancelled { starts_at, service, reason });
        }
        "noshow" => {
            let reason = joined(reasons);
            saying.say(APPOINTMENT, starts, reading, AppointmentMissed { starts_at, service, reason });
        }
        "fulfilled" | "arrived" | "checked-in" => {
            let (at, place) = (Saying::when(starts), place.map(worded));
            let reason = joined(reasons);
            saying.say(APPOINTMENT, starts, reading, AppointmentKept { at, service, medium: None, place, reason });
        }
        // Of no time that was given to anybody, and so no booking.
        "proposed" | "waitlist" => saying.keep_instead(APPOINTMENT, starts, "status", "Appointment that is not booked"),
        status => {
            if !["booked", "pending"].contains(&status) {
                r.flag(FindingCode::CodeUnknown, "status");
            }
            let ends_at = ends.and_then(Time::timestamp);
            let reason = joined(reasons);
            saying.say(APPOINTMENT, starts, reading, AppointmentBooked { starts_at, ends_at, service, place, reason });
        }
    }
}

/// The Location, or the service, among who takes part; else the service of the slot's schedule.
fn place_of(saying: &Saying<'_, '_>, resource: &Element) -> Option<String> {
    let bundle = saying.bundle;
    let is_place = |actor: &Element| match bundle.referred(actor, resource) {
        Referred::Here(found) => matches!(found.kind(), "Location" | "HealthcareService"),
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
