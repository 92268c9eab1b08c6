//! Lists 8 to 10: looked after children, care leavers, adoption.

use connector_kit::dates;
use proto::events::{
    AdoptionDecided, AdoptionDecisionReversed, AdoptionMatched, AdoptionOrderMade, AdoptionPlaced, CareLeaverContacted,
    CareReviewed, Coded, Date, Event, LegalStatusChanged, LookedAfterHealthRecorded, LookedAfterPeriodEnded,
    LookedAfterPeriodStarted, PathwayPlanReviewed, PermanencePlanRecorded, PlacementChanged, SocialWorkerAllocated,
    StatutoryVisitMade, UnaccompaniedChildRecorded,
};

use super::need::{is_yes, visit};
use super::{finish, role, unread_dates};
use crate::codes;
use crate::say::{Reader, Voice};
use crate::submission::told_on;

/// List 8.
pub(super) fn looked_after(voice: &mut Voice<'_>, mut reader: Reader<'_>) {
    let Some(on) = reader.date("started_on") else { return voice.cannot_place(reader.at, "started_on") };
    let legal_from = reader.date("legal_from");
    let legal_status = reader.code(&codes::LEGAL, "legal");
    reader.required(legal_status.is_some(), "legal");
    let primary_need = reader.code(&codes::NEED, "need");
    let end_on = reader.date("end_on");
    reader.in_order(Some(on), end_on, "end_on");
    reader.in_order(Some(on), legal_from, "legal_from");
    let key = voice.key(&format!("looked-after/{}", dates::key(&on)));
    let at = reader.at;
    // The status is that of today: of the period's first day only where it has not changed since.
    let began_so = legal_from.map_or(at.get("legal_from").is_empty(), |from| from == on);
    let mut rest = rest(&mut reader, legal_from.filter(|_| !began_so), legal_status.clone(), end_on);
    let plan = reader.code(&codes::PERMANENCE, "permanence");
    let is_unaccompanied = is_unaccompanied(&mut reader);
    finish(voice, &reader, &key, on);
    let started =
        LookedAfterPeriodStarted { start_on: Some(on), legal_status: legal_status.filter(|_| began_so), primary_need };
    voice.say(at, "list-8", (&key, 0), on, std::mem::take(&mut reader.findings), started);
    rest.sort_by_key(|(ordinal, ..)| *ordinal);
    for (ordinal, dated, event) in rest {
        // What happened on a day stands beside what the next list tells of a later one.
        let key = if ordinal == ENDED { key.clone() } else { format!("{key}/{}", dates::key(&dated)) };
        voice.say(at, "list-8", (&key, ordinal), dated, Vec::new(), event);
    }
    let mut of_child = |record: &str, on: Date, event: Event| {
        let key = voice.key(record);
        voice.say(at, "list-8", (&key, 0), on, Vec::new(), event);
    };
    if plan.is_some() {
        of_child(&format!("permanence-plan/{}", dates::key(&on)), on, PermanencePlanRecorded { plan }.into());
    }
    if is_unaccompanied {
        of_child("unaccompanied", on, UnaccompaniedChildRecorded::default().into());
    }
}

const ENDED: u32 = 1;

/// What else a row tells, each with its ordinal and its day.
fn rest(
    reader: &mut Reader<'_>,
    legal_from: Option<Date>,
    legal_status: Option<Coded>,
    end_on: Option<Date>,
) -> Vec<(u32, Date, Event)> {
    let mut rest: Vec<(u32, Date, Event)> = Vec::new();
    let mut add = |ordinal, on: Option<Date>, event: Event| rest.extend(on.map(|on| (ordinal, on, event)));
    let reason = reader.code(&codes::CEASED, "reason");
    if reason.is_some() && end_on.is_none() {
        reader.left_without("end_on", ("reason", "Reason Ceased to be Looked After"));
    }
    add(ENDED, end_on, LookedAfterPeriodEnded { end_on, reason }.into());
    add(2, legal_from, LegalStatusChanged { changed_on: legal_from, legal_status }.into());
    let placed_on = reader.date("placed_on");
    let placed = PlacementChanged {
        placed_on,
        placement_type: reader.code(&codes::PLACE, "place"),
        provider: reader.code(&codes::PROVIDER, "provider"),
        postcode: reader.at.text("postcode"),
        urn: reader.at.text("urn"),
        within_area: reader.code(&codes::WITHIN, "within"),
        host_authority: reader.at.text("host"),
        ..PlacementChanged::default()
    };
    // A placement whose first day is not told is known as at the period's own.
    let known_on = placed_on.or_else(|| reader.date("started_on")).filter(|_| placed != PlacementChanged::default());
    add(3, known_on, placed.into());
    let reviewed_on = reader.date("review_on");
    add(4, reviewed_on, CareReviewed { reviewed_on, participation: None }.into());
    for (ordinal, name, kind) in [(5, "visit_on", "looked_after"), (6, "iro_on", "reviewing_officer")] {
        let made_on = reader.date(name);
        add(ordinal, made_on, StatutoryVisitMade { made_on, visit: visit(kind), seen_alone: None }.into());
    }
    let health_assessed_on = reader.date("health_on");
    let health = LookedAfterHealthRecorded { health_assessed_on, ..LookedAfterHealthRecorded::default() };
    add(7, health_assessed_on, health.into());
    let teeth_checked_on = reader.date("dental_on");
    let teeth = LookedAfterHealthRecorded { teeth_checked_on, ..LookedAfterHealthRecorded::default() };
    add(8, teeth_checked_on, teeth.into());
    rest
}

/// List 9.
pub(super) fn leaver(voice: &mut Voice<'_>, mut reader: Reader<'_>) {
    let contacted_on = reader.date("contact_on");
    let on = contacted_on.unwrap_or(told_on(voice.of));
    let event = CareLeaverContacted {
        contacted_on,
        in_touch: reader.code(&codes::IN_TOUCH, "in_touch"),
        activity: reader.code(&codes::ACTIVITY, "activity"),
        accommodation: reader.code(&codes::ACCOMMODATION, "accommodation"),
        suitability: reader.code(&codes::SUITABILITY, "suitability"),
        eligibility: reader.code(&codes::ELIGIBILITY, "eligibility"),
    };
    let reviewed_on = reader.date("pathway_on");
    let record = contacted_on.map_or("care-leaver".to_owned(), |on| format!("care-leaver/{}", dates::key(&on)));
    let key = voice.key(&record);
    let is_unaccompanied = is_unaccompanied(&mut reader);
    finish(voice, &reader, &key, on);
    let at = reader.at;
    voice.say(at, "list-9", (&key, 0), on, reader.findings, event);
    if let Some(reviewed_on) = reviewed_on {
        let key = voice.key(&format!("pathway-plan/{}", dates::key(&reviewed_on)));
        let event = PathwayPlanReviewed { reviewed_on: Some(reviewed_on) };
        voice.say(at, "list-9", (&key, 0), reviewed_on, Vec::new(), event);
    }
    if let Some(worker) = at.text("adviser") {
        let event = SocialWorkerAllocated {
            worker: Some(worker),
            role: role("personal_adviser"),
            ..SocialWorkerAllocated::default()
        };
        voice.say(at, "list-9", (&format!("{key}/adviser"), 0), on, Vec::new(), event);
    }
    if is_unaccompanied {
        let key = voice.key("unaccompanied-leaver");
        voice.say(at, "list-9", (&key, 0), on, Vec::new(), UnaccompaniedChildRecorded::default());
    }
}

/// List 10.
pub(super) fn adoption(voice: &mut Voice<'_>, mut reader: Reader<'_>) {
    let decided_on = reader.date("decided_on");
    // By another date it would be another adoption.
    let is_unread = decided_on.is_none() && !reader.at.get("decided_on").is_empty();
    let Some(on) = decided_on.or_else(|| reader.date("entered_on")).filter(|_| !is_unread) else {
        return voice.cannot_place(reader.at, "decided_on");
    };
    reader.required(decided_on.is_some(), "decided_on");
    let [order_on, matched_on, placed_on, made_on, reversed_on, fostered_on] =
        ["order_on", "matched_on", "placed_on", "adopted_on", "reversed_on", "fostered_on"]
            .map(|name| reader.date(name));
    reader.in_order(decided_on, matched_on, "matched_on");
    reader.in_order(matched_on, placed_on, "placed_on");
    reader.in_order(placed_on, made_on, "adopted_on");
    let reason = reader.code(&codes::REVERSED, "reason");
    if reason.is_some() && reversed_on.is_none() {
        reader.left_without("reversed_on", ("reason", "Reason for Reversal of the Decision"));
    }
    let key = voice.key(&format!("adoption/{}", dates::key(&on)));
    let entered = Some(("Date the Child Entered Care", reader.at.get("entered_on")));
    let further: Vec<(&str, &str)> =
        entered.into_iter().chain(reader.left.iter().copied()).chain(reader.at.further()).collect();
    unread_dates(voice, &reader);
    voice.keep(reader.at, &key, on, further.into_iter());
    let order = Coded { code: "E1".to_owned(), code_set: "ssda903.ls".to_owned(), text: None };
    let told: [(u32, Option<Date>, Event); 7] = [
        (0, decided_on, AdoptionDecided { decided_on }.into()),
        (1, order_on, LegalStatusChanged { changed_on: order_on, legal_status: Some(order) }.into()),
        (2, matched_on, AdoptionMatched { matched_on, ..AdoptionMatched::default() }.into()),
        (3, fostered_on, AdoptionPlaced { placed_on: fostered_on, fostering_for_adoption: Some(true) }.into()),
        (4, placed_on, AdoptionPlaced { placed_on, fostering_for_adoption: None }.into()),
        (5, made_on, AdoptionOrderMade { made_on }.into()),
        (6, reversed_on, AdoptionDecisionReversed { reversed_on, reason, decided_on }.into()),
    ];
    let mut findings = Some(std::mem::take(&mut reader.findings));
    for (ordinal, dated, event) in told {
        if let Some(dated) = dated {
            voice.say(reader.at, "list-10", (&key, ordinal), dated, findings.take().unwrap_or_default(), event);
        }
    }
}

/// Whether a child is said to be unaccompanied. What is neither yes nor no, as that they once were, is kept.
fn is_unaccompanied(reader: &mut Reader<'_>) -> bool {
    let Some(stated) = reader.code(&codes::YES_NO, "uasc") else { return false };
    if !matches!(stated.code.as_str(), "yes" | "no" | "unknown") {
        reader.left.push(("Unaccompanied", reader.at.get("uasc")));
    }
    is_yes(&stated)
}
