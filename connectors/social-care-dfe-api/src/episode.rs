//! An episode of need and what is within it.

use connector_kit::dates;
use connector_kit::reading::finding;
use proto::events::{
    AdoptionDecided, AdoptionMatched, AdoptionPlaced, AssessmentCompleted, AssessmentStarted, CareLeaverContacted,
    CaseClosed, ChildInNeedPlanEnded, ChildInNeedPlanStarted, ConferenceHeld, Date, Event, FactorIdentified,
    FindingCode, LookedAfterPeriodEnded, LookedAfterPeriodStarted, PlacementChanged, ProtectionPlanEnded,
    ProtectionPlanStarted, ReferralReceived, Section47EnquiryEnded, Section47EnquiryStarted, SocialWorkerAllocated,
};
use proto::quarantine::Reason;
use serde_json::{Map, Value};

use crate::child::part_of_key;
use crate::codes;
use crate::say::{Block, Voice};

/// The events of a block, each with its ordinal and its day. The first is that by whose day the block goes.
type Told = Vec<(u32, Option<Date>, Event)>;

/// Says an episode.
pub(crate) fn say(voice: &mut Voice<'_>, fields: &Map<String, Value>) {
    let mut block = Block::of(fields);
    let Some(id) = block.filled("social_care_episode_id") else {
        return voice.reject(Reason::RecordMalformed, "social_care_episodes", "social_care_episode_id");
    };
    let key = voice.key(&format!("episode/{}", part_of_key(&id)));
    // Whatever was told of it goes with it; what is left out of it says nothing.
    voice.part(&key, block.is_purged());
    if block.is_purged() {
        return;
    }
    let (workers, told) = voice.list(&mut block, "care_worker_details");
    let parts: Vec<(&'static str, Vec<&Map<String, Value>>)> =
        PARTS.iter().map(|part| (part.name, voice.blocks(&mut block, part.name))).collect();
    referral(voice, &key, block);
    let mut all_told = told && !workers.is_empty();
    for worker in workers {
        all_told &= worker_allocated(voice, &key, worker);
    }
    voice.part(&format!("{key}/worker"), all_told);
    for (part, (_, blocks)) in PARTS.iter().zip(parts) {
        for fields in blocks {
            say_part(voice, &key, part, fields);
        }
    }
}

/// A kind of block within an episode.
struct Part {
    name: &'static str,
    /// Absent where an episode has at most one.
    id: Option<&'static str>,
    /// Its place in a record key.
    key: &'static str,
    tell: fn(&mut Block<'_>) -> Told,
    /// The field without whose day nothing of it can be placed.
    dated: &'static str,
}

const PARTS: &[Part] = &[
    Part {
        name: "child_and_family_assessments",
        id: Some("child_and_family_assessment_id"),
        key: "assessment",
        tell: assessment,
        dated: "start_date",
    },
    Part {
        name: "child_in_need_plans",
        id: Some("child_in_need_plan_id"),
        key: "in-need-plan",
        tell: in_need_plan,
        dated: "start_date",
    },
    Part {
        name: "section_47_assessments",
        id: Some("section_47_assessment_id"),
        key: "section-47",
        tell: enquiry,
        dated: "start_date",
    },
    Part {
        name: "child_protection_plans",
        id: Some("child_protection_plan_id"),
        key: "protection-plan",
        tell: protection_plan,
        dated: "start_date",
    },
    Part {
        name: "child_looked_after_placements",
        id: Some("child_looked_after_placement_id"),
        key: "placement",
        tell: placement,
        dated: "start_date",
    },
    Part { name: "adoption", id: None, key: "adoption", tell: adoption, dated: "initial_decision_date" },
    Part { name: CARE_LEAVERS, id: None, key: "care-leaver", tell: care_leaver, dated: "contact_date" },
];

fn referral(voice: &mut Voice<'_>, key: &str, mut block: Block<'_>) {
    let (received_on, closed_on) = (block.date("referral_date"), block.date("closure_date"));
    let referred_by = block.code(&codes::REFERRAL_SOURCE, "referral_source");
    let no_further_action = block.flag("referral_no_further_action_flag");
    let reason = block.code(&codes::CLOSURE, "closure_reason");
    block.in_order(received_on, closed_on, "closure_date");
    if reason.is_some() && closed_on.is_none() {
        block.findings.push(finding(FindingCode::FieldMissing, "closure_date"));
    }
    let key = format!("{key}/referral");
    let says_anything = referred_by.is_some() || no_further_action.is_some() || reason.is_some();
    if received_on.is_none() {
        block.leave(&["referral_source", "referral_no_further_action_flag"]);
    }
    if closed_on.is_none() {
        block.leave(&["closure_reason"]);
    }
    let Some(on) = received_on.or(closed_on) else {
        // An episode that only holds what is new in it.
        if says_anything {
            voice.reject(Reason::DateMissing, "social_care_episodes", "referral_date");
        }
        return;
    };
    let is_whole = received_on.is_some();
    voice.part(&key, is_whole && block.is_sound());
    voice.keep("social_care_episodes", &kept_at(&key, is_whole, on), on, &block);
    let mut findings = Some(block.findings);
    if let Some(on) = received_on {
        let event = ReferralReceived { received_on, referred_by, primary_need: None, no_further_action };
        voice.say("social_care_episodes", (&key, 0), on, findings.take().unwrap_or_default(), event);
    }
    if let Some(on) = closed_on {
        let event = CaseClosed { closed_on, reason };
        voice.say("social_care_episodes", (&key, 1), on, findings.take().unwrap_or_default(), event);
    }
}

/// Says who was allocated; gives whether all of it could be read. One of whom only what changed is sent, or nothing but that
/// they are still there, is the same as before: by which day they are known is not said.
fn worker_allocated(voice: &mut Voice<'_>, key: &str, fields: &Map<String, Value>) -> bool {
    let mut block = Block::of(fields);
    let worker = block.filled("worker_id");
    let (from_on, until_on) = (block.date("start_date"), block.date("end_date"));
    block.in_order(from_on, until_on, "end_date");
    let Some(worker) = worker else {
        voice.reject(Reason::RecordMalformed, "care_worker_details", "worker_id");
        return false;
    };
    let Some(on) = from_on else {
        let key = format!("{key}/worker/{}", part_of_key(&worker));
        match until_on.filter(|_| block.is_sound()) {
            Some(on) => {
                block.leave(&["worker_id", "end_date"]);
                voice.keep("care_worker_details", &kept_at(&key, false, on), on, &block);
            }
            None if says_more(fields, Some("worker_id")) => {
                voice.reject(Reason::DateMissing, "care_worker_details", "start_date");
            }
            None => {}
        }
        return false;
    };
    let is_sound = block.is_sound();
    let key = format!("{key}/worker/{}/{}", part_of_key(&worker), dates::key(&on));
    voice.keep("care_worker_details", &key, on, &block);
    let event = SocialWorkerAllocated { worker: Some(worker), from_on, until_on, ..SocialWorkerAllocated::default() };
    voice.say("care_worker_details", (&key, 0), on, block.findings, event);
    is_sound
}

fn say_part(voice: &mut Voice<'_>, episode: &str, part: &Part, fields: &Map<String, Value>) {
    let mut block = Block::of(fields);
    let key = match part.id {
        None => format!("{episode}/{}", part.key),
        Some(name) => match block.filled(name) {
            Some(id) => format!("{episode}/{}/{}", part.key, part_of_key(&id)),
            None => return voice.reject(Reason::RecordMalformed, part.name, name),
        },
    };
    let is_purged = block.is_purged();
    let told = if is_purged { Vec::new() } else { (part.tell)(&mut block) };
    let first_on = told.iter().find_map(|(_, on, _)| *on);
    if !is_purged && first_on.is_none() {
        // What was said of it before stands: a date that cannot be read is no end.
        voice.part(&key, false);
        if says_more(fields, part.id) {
            voice.reject(Reason::DateMissing, part.name, part.dated);
        }
        return;
    }
    if part.name == CARE_LEAVERS {
        return contact(voice, &key, told, block, is_purged);
    }
    // Without the day by which it goes it is what changed of it: what it leaves out stands as it was.
    let is_whole = told.first().is_some_and(|(_, on, _)| on.is_some());
    if !is_purged && !is_whole {
        block.findings.push(finding(FindingCode::FieldMissing, part.dated));
    }
    voice.part(&key, is_purged || is_whole && block.is_sound());
    let Some(first_on) = first_on else { return };
    voice.keep(part.name, &kept_at(&key, is_whole, first_on), first_on, &block);
    let mut findings = Some(block.findings);
    for (ordinal, on, event) in told {
        let Some(on) = on else { continue };
        let found = findings.take().unwrap_or_default();
        match ordinal.checked_sub(FACTORS) {
            None => voice.say(part.name, (&key, ordinal), on, found, event),
            Some(_) => {
                // Each factor is an entry of its own, by its code.
                if let Some(code) = factor_of(&event) {
                    voice.say(part.name, (&format!("{key}/factor/{code}"), 0), on, found, event);
                }
            }
        }
    }
}

/// Only the latest contact is sent: those before it stand.
fn contact(voice: &mut Voice<'_>, key: &str, told: Told, block: Block<'_>, is_purged: bool) {
    voice.part(key, is_purged);
    let Some((ordinal, Some(on), event)) = told.into_iter().next() else { return };
    let key = format!("{key}/{}", dates::key(&on));
    voice.keep(CARE_LEAVERS, &key, on, &block);
    voice.say(CARE_LEAVERS, (&key, ordinal), on, block.findings, event);
}

const CARE_LEAVERS: &str = "care_leavers";

/// Whether a block holds anything beside its id.
fn says_more(fields: &Map<String, Value>, id: Option<&str>) -> bool {
    fields.iter().any(|(name, value)| name != "purge" && Some(name.as_str()) != id && !value.is_null())
}

/// Where what a block says beside its events is kept: what only changed stands beside what the whole block said, until the
/// block is sent whole again.
pub(crate) fn kept_at(key: &str, is_whole: bool, on: Date) -> String {
    if is_whole { key.to_owned() } else { format!("{key}/changed/{}", dates::key(&on)) }
}

/// Ordinals from here on are those of factors.
const FACTORS: u32 = 100;

fn factor_of(event: &Event) -> Option<String> {
    match event.kind.as_ref()? {
        proto::events::event::Kind::FactorIdentified(identified) => {
            identified.factor.as_ref().map(|factor| part_of_key(&factor.code))
        }
        _ => None,
    }
}

fn assessment(block: &mut Block<'_>) -> Told {
    let (start_on, authorised_on) = (block.date("start_date"), block.date("authorisation_date"));
    block.in_order(start_on, authorised_on, "authorisation_date");
    let started = AssessmentStarted { start_on, internal_review_on: None, child_seen: None };
    let mut told: Told = vec![(0, start_on, started.into())];
    if authorised_on.is_some() {
        let event = AssessmentCompleted { authorised_on, start_on, support_required: None };
        told.push((1, authorised_on, event.into()));
    }
    let identified_on = authorised_on.or(start_on);
    for factor in block.codes(&codes::FACTOR, "factors") {
        told.push((FACTORS, identified_on, FactorIdentified { factor: Some(factor), identified_on }.into()));
    }
    told
}

fn in_need_plan(block: &mut Block<'_>) -> Told {
    let (start_on, end_on) = (block.date("start_date"), block.date("end_date"));
    block.in_order(start_on, end_on, "end_date");
    vec![(0, start_on, ChildInNeedPlanStarted { start_on }.into()), (1, end_on, ChildInNeedPlanEnded { end_on }.into())]
}

fn enquiry(block: &mut Block<'_>) -> Told {
    let (start_on, end_on) = (block.date("start_date"), block.date("end_date"));
    let required = block.flag("icpc_required_flag");
    let held_on = block.date("icpc_date");
    block.in_order(start_on, end_on, "end_date");
    if start_on.is_none() {
        block.leave(&["icpc_required_flag"]);
    }
    let conference_not_required = required.map(|required| !required);
    let started = Section47EnquiryStarted { start_on, conference_due_on: None, conference_not_required };
    vec![
        (0, start_on, started.into()),
        (1, held_on, ConferenceHeld { held_on, plan_made: None }.into()),
        (2, end_on, Section47EnquiryEnded { ended_on: end_on, outcome: None }.into()),
    ]
}

fn protection_plan(block: &mut Block<'_>) -> Told {
    let (start_on, end_on) = (block.date("start_date"), block.date("end_date"));
    block.in_order(start_on, end_on, "end_date");
    vec![
        (0, start_on, ProtectionPlanStarted { start_on, ..ProtectionPlanStarted::default() }.into()),
        (1, end_on, ProtectionPlanEnded { end_on }.into()),
    ]
}

fn placement(block: &mut Block<'_>) -> Told {
    let (start_on, end_on) = (block.date("start_date"), block.date("end_date"));
    block.in_order(start_on, end_on, "end_date");
    let began = block.code(&codes::START_REASON, "start_reason");
    let ended = block.code(&codes::END_REASON, "end_reason");
    let placed = PlacementChanged {
        placed_on: start_on,
        placement_type: block.code(&codes::PLACE, "placement_type"),
        postcode: block.filled("postcode"),
        until_on: end_on,
        end_reason: block.code(&codes::CHANGE_REASON, "change_reason"),
        ..PlacementChanged::default()
    };
    let mut told: Told = vec![(0, start_on, placed.into())];
    if start_on.is_none() {
        block.leave(&["placement_type", "postcode", "end_date", "change_reason"]);
    }
    match began {
        Some(began) if began.code == "S" && start_on.is_some() => {
            let event = LookedAfterPeriodStarted { start_on, ..LookedAfterPeriodStarted::default() };
            told.push((1, start_on, event.into()));
        }
        // What another beginning changed no event says.
        _ => block.leave(&["start_reason"]),
    }
    match ended {
        Some(_) if end_on.is_none() => {
            block.findings.push(finding(FindingCode::FieldMissing, "end_date"));
            block.leave(&["end_reason"]);
        }
        // Care goes on.
        Some(ended) if ended.code == "X1" => {}
        Some(_) => told.push((2, end_on, LookedAfterPeriodEnded { end_on, reason: ended }.into())),
        None => {}
    }
    told
}

fn adoption(block: &mut Block<'_>) -> Told {
    let decided_on = block.date("initial_decision_date");
    let (matched_on, placed_on) = (block.date("matched_date"), block.date("placed_date"));
    block.in_order(decided_on, matched_on, "matched_date");
    block.in_order(matched_on, placed_on, "placed_date");
    vec![
        (0, decided_on, AdoptionDecided { decided_on }.into()),
        (1, matched_on, AdoptionMatched { matched_on, decided_on, ..AdoptionMatched::default() }.into()),
        (2, placed_on, AdoptionPlaced { placed_on, fostering_for_adoption: None }.into()),
    ]
}

fn care_leaver(block: &mut Block<'_>) -> Told {
    let contacted_on = block.date("contact_date");
    let event = CareLeaverContacted {
        contacted_on,
        activity: block.code(&codes::ACTIVITY, "activity"),
        accommodation: block.code(&codes::ACCOMMODATION, "accommodation"),
        ..CareLeaverContacted::default()
    };
    vec![(0, contacted_on, event.into())]
}
