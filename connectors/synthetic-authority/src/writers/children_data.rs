//! The DfE's children's social care data: every child as the case system has it on the reference date, as JSON.

use std::path::Path;

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::Output;
use crate::GenerateError;
use crate::dice::{Dice, Part};
use crate::dirt::{System, describe};
use crate::life_course::care::Care;
use crate::life_course::education::number;
use crate::life_course::social_care::{Involvement, Referral};
use crate::outcomes::Outcome;
use crate::population::{AUTHORITY, Child, World};
use crate::truth::{Subject, Truth};

/// The file, as it is written.
pub(crate) struct ChildrenData {
    output: Output,
    pub(crate) children: u64,
    outcome: Outcome,
}

impl ChildrenData {
    pub(crate) fn create(folder: &Path, world: &World) -> Result<Self, GenerateError> {
        let name = format!("{AUTHORITY}_{}.json", world.settings.reference_date);
        let mut output = Output::create(&folder.join(&name))?;
        output.put(b"[")?;
        let mut outcome = Outcome::of("social-care-dfe-api", 1, vec![name]);
        // That all of them were sent on that day.
        outcome.event("FeedConfirmed");
        Ok(Self { output, children: 0, outcome })
    }

    /// Writes what the case system has of a child.
    pub(crate) fn child(
        &mut self,
        world: &World,
        child: &Child,
        involvement: &Involvement,
        care: Option<&Care>,
        truth: &mut Truth<'_>,
    ) -> Result<(), GenerateError> {
        let today = world.settings.reference_date;
        let mut same = Dice::new(world.settings.seed, Part::SocialCare, number(child) | 1 << 40);
        let told = describe(world, child, System::SocialCare, &mut same, &mut Vec::new());
        let unborn = child.birth > today;
        let mut details = json!({
            "first_name": told.given, "surname": told.surname, "sex": if unborn { "U" } else if told.girl { "F" } else { "M" },
            "ethnicity": child.ethnicity.0, "disabilities": involvement.disabilities, "postcode": child.home.postcode, "purge": false,
        });
        let birth = if unborn { "expected_date_of_birth" } else { "date_of_birth" };
        let has_number = crate::calendar::age(child.birth, today) >= 5;
        if let Some(details) = details.as_object_mut() {
            details.insert(birth.to_owned(), json!(told.birth.to_string()));
            match has_number {
                true => details.insert("unique_pupil_number".to_owned(), json!(child.upn_at_council)),
                false => details.insert("unique_pupil_number_unknown_reason".to_owned(), json!("UN1")),
            };
        }
        let episodes: Vec<Value> = involvement
            .referrals
            .iter()
            .filter(|referral| referral.on <= today)
            .enumerate()
            .map(|(at, referral)| {
                // Care stands with the first referral that led to something.
                let own = involvement.referrals.iter().position(|referral| !referral.no_further_action) == Some(at);
                episode(child, referral, at, care.filter(|_| own), today)
            })
            .collect();
        let whole = json!({
            "la_child_id": child.la_id, "mis_child_id": format!("MIS-{}", child.la_id), "purge": false,
            "child_details": details, "social_care_episodes": episodes,
        });
        truth.subjects.insert(Subject::council(child));
        if has_number {
            truth.subjects.insert(Subject::upn(child));
        }
        let before = if self.children == 0 { "\n" } else { ",\n" };
        self.output.put(format!("{before}{whole}").as_bytes())?;
        self.outcome.record();
        count(&whole, &mut self.outcome);
        self.children += 1;
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Outcome, GenerateError> {
        self.output.put(b"\n]\n")?;
        self.output.finish()?;
        Ok(self.outcome)
    }
}

/// What each day of a block is: (block, field, event).
const DAYS: [(&str, &str, &str); 15] = [
    ("", "referral_date", "ReferralReceived"),
    ("", "closure_date", "CaseClosed"),
    ("child_and_family_assessments", "start_date", "AssessmentStarted"),
    ("child_and_family_assessments", "authorisation_date", "AssessmentCompleted"),
    ("section_47_assessments", "start_date", "Section47EnquiryStarted"),
    ("section_47_assessments", "icpc_date", "ConferenceHeld"),
    ("section_47_assessments", "end_date", "Section47EnquiryEnded"),
    ("child_in_need_plans", "start_date", "ChildInNeedPlanStarted"),
    ("child_in_need_plans", "end_date", "ChildInNeedPlanEnded"),
    ("child_protection_plans", "start_date", "ProtectionPlanStarted"),
    ("child_protection_plans", "end_date", "ProtectionPlanEnded"),
    ("child_looked_after_placements", "start_date", "PlacementChanged"),
    ("adoption", "initial_decision_date", "AdoptionDecided"),
    ("adoption", "matched_date", "AdoptionMatched"),
    ("adoption", "placed_date", "AdoptionPlaced"),
];

/// Counts what is to come of a child, by what the published fields mean.
fn count(child: &Value, outcome: &mut Outcome) {
    let list = |of: &Value, name: &str| match of.get(name) {
        Some(Value::Array(items)) => items.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    };
    outcome.event("PersonDescribed");
    let disabled = list(child.get("child_details").unwrap_or(&Value::Null), "disabilities");
    outcome.events("DisabilityRecorded", u64::from(!disabled.is_empty()));
    for episode in list(child, "social_care_episodes") {
        for (name, field, event) in DAYS {
            let blocks = if name.is_empty() { vec![episode.clone()] } else { list(&episode, name) };
            outcome.events(event, blocks.iter().filter(|block| block.get(field).is_some()).count() as u64);
        }
        for assessed in list(&episode, "child_and_family_assessments") {
            outcome.events("FactorIdentified", list(&assessed, "factors").len() as u64);
        }
        for placed in list(&episode, "child_looked_after_placements") {
            let is = |field: &str, code: &str| placed.get(field).and_then(Value::as_str) == Some(code);
            let begins = is("start_reason", "S");
            outcome.events("LookedAfterPeriodStarted", u64::from(begins));
            // Why the placement changed no event says: it is kept.
            outcome.events("SourceRecordKept", u64::from(!begins && placed.get("start_reason").is_some()));
            let over = placed.get("end_date").is_some() && !is("end_reason", "X1");
            outcome.events("LookedAfterPeriodEnded", u64::from(over));
        }
    }
}

fn episode(child: &Child, referral: &Referral, number: usize, care: Option<&Care>, today: Date) -> Value {
    let id = format!("{}-{}", child.la_id, number + 1);
    let past = |on: Date| (on <= today).then(|| on.to_string());
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            fields.insert(name.to_owned(), value);
        }
    };
    put("social_care_episode_id", json!(id));
    put("referral_date", json!(referral.on.to_string()));
    put("referral_source", json!(referral.source));
    put("referral_no_further_action_flag", json!(referral.no_further_action));
    if let Some((on, reason)) = referral.closed.filter(|(on, _)| *on <= today) {
        put("closure_date", json!(on.to_string()));
        put("closure_reason", json!(reason));
    }
    put("purge", json!(false));
    if let Some(one) = referral.assessment.as_ref().filter(|one| one.start <= today) {
        let done = past(one.authorised);
        let factors = if done.is_some() { one.factors.clone() } else { Vec::new() };
        put(
            "child_and_family_assessments",
            json!([block(&[
                ("child_and_family_assessment_id", json!(format!("{id}-A"))),
                ("start_date", json!(one.start.to_string())),
                ("authorisation_date", json!(done)),
                ("factors", json!(factors)),
            ])]),
        );
    }
    if let Some(one) = referral.enquiry.as_ref().filter(|one| one.start <= today) {
        let held = one.conference.and_then(past);
        put(
            "section_47_assessments",
            json!([block(&[
                ("section_47_assessment_id", json!(format!("{id}-S"))),
                ("start_date", json!(one.start.to_string())),
                ("icpc_required_flag", json!(one.conference.is_some())),
                ("icpc_date", json!(held)),
                ("end_date", json!(if one.open { None } else { held.clone().or(past(one.target)) })),
            ])]),
        );
    }
    for (name, key, letter, span) in [
        ("child_in_need_plans", "child_in_need_plan_id", "P", referral.plan),
        (
            "child_protection_plans",
            "child_protection_plan_id",
            "C",
            referral.protection.as_ref().map(|plan| (plan.start, plan.end)),
        ),
    ] {
        if let Some((from, to)) = span.filter(|(from, _)| *from <= today) {
            let block = block(&[
                (key, json!(format!("{id}-{letter}"))),
                ("start_date", json!(from.to_string())),
                ("end_date", json!(past(to))),
            ]);
            put(name, json!([block]));
        }
    }
    if let Some(care) = care {
        put("child_looked_after_placements", placements(&id, care, today));
        if let Some((decided, matched)) = care.adoption {
            let block =
                block(&[("initial_decision_date", json!(past(decided))), ("matched_date", json!(past(matched)))]);
            put("adoption", block);
        }
    }
    Value::Object(fields)
}

fn placements(id: &str, care: &Care, today: Date) -> Value {
    let told = care.episodes.iter().enumerate().filter(|(_, episode)| episode.from <= today && episode.began != "L");
    let blocks = told.map(|(at, episode)| {
        // A placement goes on through a change of legal status alone.
        let last = care.episodes.iter().skip(at + 1).take_while(|next| next.began == "L").last().unwrap_or(episode);
        let ended = last.ended.filter(|(on, ..)| *on <= today);
        block(&[
            ("child_looked_after_placement_id", json!(format!("{id}-L{at}"))),
            ("start_date", json!(episode.from.to_string())),
            ("start_reason", json!(episode.began)),
            ("placement_type", json!(episode.place)),
            ("postcode", json!(episode.postcode)),
            ("end_date", json!(ended.map(|(on, ..)| on.to_string()))),
            ("end_reason", json!(ended.map(|(_, why, _)| why))),
            ("change_reason", json!(ended.map(|(.., reason)| reason).filter(|reason| !reason.is_empty()))),
        ])
    });
    Value::Array(blocks.collect())
}

/// A block of these fields, without those that are empty.
fn block(fields: &[(&str, Value)]) -> Value {
    let filled =
        fields.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| ((*name).to_owned(), value.clone()));
    Value::Object(filled.chain([("purge".to_owned(), json!(false))]).collect())
}
