//! ServiceRequest (R4) and ReferralRequest (STU3).

use proto::events::{Coded, FindingCode, ReferralClosed, ReferralMade};

use crate::bundle::{Bundle, Referred, kind_told};
use crate::clinical::keep_notes;
use crate::message::Says;
use crate::reading::{Reading, joined};
use crate::saying::{Part, Saying};
use crate::tree::Element;
use crate::why;

/// Who is to do what was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Performer {
    Service,
    /// Whose name and number are nobody's to read who may read what the service is.
    Person,
    Untold,
}

impl Performer {
    fn of(bundle: &Bundle, to: &Element, within: &Element) -> Self {
        let kind = match bundle.referred(to, within) {
            Referred::Here(found) => Some(found.kind()),
            _ => kind_told(to),
        };
        match kind {
            Some("Organization" | "HealthcareService" | "CareTeam") => Self::Service,
            Some(_) => Self::Person,
            None => Self::Untold,
        }
    }
}

/// Orders for a test or an image, in SNOMED CT and in HL7's own words and letters for what is reported on them. Counselling
/// (409063005), education and surgery are what a child is sent to somebody for.
const ORDERS: &[&str] = &["108252007", "363679005", "laboratory", "imaging", "LAB", "RAD"];

/// Which field says that nobody was asked to see the child: it is an order, is not to be done, was not sent, or only thought of.
fn unasked(saying: &Saying<'_, '_>, categories: &[Coded]) -> Option<&'static str> {
    let resource = &saying.entry.resource;
    // The national standard for bookings and referrals writes what it asks for as a plan.
    let is_national = || {
        saying.bundle.header.as_ref().is_some_and(|header| header.says == Says::Referral)
            || categories.iter().any(|category| category.code_set.contains("message-category-servicerequest"))
    };
    match resource.text("intent") {
        _ if categories.iter().any(|category| ORDERS.contains(&category.code.as_str())) => Some("category"),
        _ if resource.says("doNotPerform") => Some("doNotPerform"),
        _ if resource.text("status") == Some("draft") => Some("status"),
        Some("proposal" | "option") => Some("intent"),
        Some("plan") if !is_national() => Some("intent"),
        _ => None,
    }
}

pub(crate) const CLOSED: Part<'static> = Part { of: "closed", ordinal: 0 };

pub(crate) fn say(saying: &mut Saying<'_, '_>) {
    const TABLE: &str = "referral";
    let resource = &saying.entry.resource;
    let mut reading = Reading::default();
    let r = &mut reading;
    let asked = r.time(resource, "authoredOn").or_else(|| r.choice_time(resource, "occurrence"));
    let status = resource.text("status").unwrap_or_default();
    let categories = r.all_coded(resource, &["category"]);
    if status == "entered-in-error" {
        saying.retract(TABLE, Part::default(), asked, "referral entered-in-error");
        saying.retract(TABLE, CLOSED, asked, "referral entered-in-error");
        return saying.keep_no_more(asked, "referral entered-in-error");
    }
    if let Some(field) = unasked(saying, &categories) {
        let reason = format!("{} that is no referral: {field}", resource.kind());
        saying.retract(TABLE, CLOSED, asked, &reason);
        return saying.keep_instead(TABLE, asked, field, &reason);
    }
    // Whoever holds one back asked before, and what was said of that stands. Holding it back asks for nothing.
    if matches!(status, "on-hold" | "suspended") {
        return saying.keep(asked, "status");
    }
    if !["active", "revoked", "cancelled", "completed", "unknown"].contains(&status) {
        r.flag(FindingCode::CodeUnknown, "status");
    }
    let called = |text: String| Coded { code: String::new(), code_set: "fhir.performer".to_owned(), text: Some(text) };
    let bundle = saying.bundle;
    let performers = |sort: Performer| {
        let all = resource.all("performer").chain(resource.all("recipient"));
        let of_sort = all.filter(move |to| Performer::of(bundle, to, resource) == sort);
        of_sort.filter_map(|performer| bundle.called(performer, resource)).map(called)
    };
    // Who is to do it and what sort of request it is can name a sensitive service where the code does not.
    let mut services = r.all_coded(resource, &["performerType", "specialty", "serviceRequested", "code", "type"]);
    services.extend(performers(Performer::Service));
    if services.is_empty() {
        services.extend(performers(Performer::Untold));
    }
    services.extend(categories);
    let service = joined(services);
    let requester = resource.get("requester/agent").or_else(|| resource.get("requester"));
    let requester = requester.and_then(|by| saying.bundle.called(by, resource)).map(|text| Coded {
        code: String::new(),
        code_set: "fhir.requester".to_owned(),
        text: Some(text),
    });
    let source = resource.extension("SourceOfReferral").and_then(|said| r.coded(said.choice("value")?.1, "source"));
    let reason = joined(why::reasons(saying, r));
    let event = ReferralMade {
        referral: Some(saying.key.clone()),
        service: service.clone(),
        referred_on: asked.and_then(|asked| asked.day()),
        referred_by: source.or(requester),
        reason,
        priority: r.concept(resource, "priority"),
    };
    saying.say(TABLE, asked, reading, event);
    keep_notes(saying, asked);
    // What was written to whom it went, which can be all that the referral says.
    if let Some(words) =
        ["description", "orderDetail", "patientInstruction"].into_iter().find(|path| resource.get(path).is_some())
    {
        saying.keep(asked, words);
    }
    if matches!(status, "revoked" | "cancelled" | "completed") {
        let mut reading = Reading::default();
        let reason = reading.concept(resource, "status");
        let closed_on = saying.stood.and_then(|stood| stood.day());
        let event = ReferralClosed { service, closed_on, reason };
        let at = saying.stood;
        saying.say_part(TABLE, CLOSED, at, reading, None, event.into());
    }
}
