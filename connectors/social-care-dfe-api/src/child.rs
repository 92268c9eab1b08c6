//! A child: who they are, their health, their plans, and their episodes.

use connector_kit::reading::finding;
use connector_kit::{dates, identifier};
use proto::events::{
    Address, Date, DisabilityRecorded, FindingCode, Identifier, PersonDescribed, PersonName, Scheme,
    StrengthsDifficultiesScored, UnaccompaniedChildRecorded, identifier::Standing,
};
use proto::quarantine::Reason;
use serde_json::{Map, Value};

use crate::codes;
use crate::episode;
use crate::say::{Block, Voice};

/// A field as text: numbers and flags are written as they would be in a table.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

/// Says all that is sent of a child.
pub(crate) fn say(voice: &mut Voice<'_>, fields: &Map<String, Value>) {
    let mut child = Block::of(fields);
    let whole = voice.subject.value.clone();
    if child.is_purged() {
        // Everything that was ever said of the child goes.
        return voice.part(&whole, true);
    }
    voice.part(&whole, false);
    // The supplier's own number is nobody else's; what is not named here is kept.
    child.skip(&["la_child_id", "mis_child_id"]);
    let details = voice.blocks(&mut child, "child_details");
    let born = details.first().and_then(|details| {
        let mut block = Block::of(details);
        block.date("date_of_birth").or_else(|| block.date("expected_date_of_birth"))
    });
    // What the data date by nothing stands at the first day that they name at all.
    let first_on = born.or_else(|| first_day(fields));
    for block in details {
        describe(voice, block, first_on);
    }
    for block in voice.blocks(&mut child, "health_and_wellbeing") {
        health(voice, block);
    }
    for block in voice.blocks(&mut child, "education_health_care_plans") {
        plan(voice, block, born);
    }
    for block in voice.blocks(&mut child, "social_care_episodes") {
        episode::say(voice, block);
    }
    let key = voice.key("child");
    match first_on {
        Some(on) => voice.keep("child", &key, on, &child),
        None if child.has_further() => voice.reject(Reason::DateMissing, "child", "date_of_birth"),
        None => {}
    }
}

/// The earliest day that stands anywhere in a child.
fn first_day(fields: &Map<String, Value>) -> Option<Date> {
    let of_value = |value: &Value| match value {
        Value::String(text) => dates::iso(text, "").value.filter(|date| date.day.is_some()),
        Value::Object(fields) => first_day(fields),
        Value::Array(items) => items.iter().filter_map(Value::as_object).filter_map(first_day).min_by_key(dates::key),
        _ => None,
    };
    fields.values().filter_map(of_value).min_by_key(dates::key)
}

fn describe(voice: &mut Voice<'_>, fields: &Map<String, Value>, first_on: Option<Date>) {
    let mut block = Block::of(fields);
    let key = voice.key("details");
    if block.is_purged() {
        return voice.part(&key, true);
    }
    let birth_on = block.date("date_of_birth");
    let expected_birth_on = block.date("expected_date_of_birth");
    let sex = block.code(&codes::SEX, "sex");
    let ethnicity = block.code(&codes::ETHNICITY, "ethnicity");
    let upn_unknown = block.code(&codes::UPN_UNKNOWN, "unique_pupil_number_unknown_reason");
    let disabilities = block.codes(&codes::DISABILITY, "disabilities");
    let mut identifiers = Vec::new();
    for (name, standing) in
        [("unique_pupil_number", Standing::Current), ("former_unique_pupil_number", Standing::Former)]
    {
        let (claimed, found) = identifier::claim(Scheme::Upn, &block.text(name), standing, name);
        block.findings.extend(found);
        identifiers.extend(claimed);
    }
    let (given, family) = (block.filled("first_name"), block.filled("surname"));
    let is_half_named = given.is_some() != family.is_some();
    let names = (given.is_some() || family.is_some()).then(|| PersonName { given, family, ..PersonName::default() });
    let postcode = block.filled("postcode");
    let addresses = postcode.map(|postcode| Address { postcode: Some(postcode), ..Address::default() });
    let uasc = block.flag("uasc_flag");
    let uasc_end_on = block.date("uasc_end_date");
    // The return's own fields of everybody: without them it is not the whole block, and what it leaves out stands.
    let missing = [("date_of_birth", birth_on.is_none() && expected_birth_on.is_none()), ("sex", sex.is_none())];
    let missing = missing.into_iter().filter_map(|(name, is_missing)| is_missing.then_some(name));
    block.findings.extend(missing.map(|name| finding(FindingCode::FieldMissing, name)));
    let is_whole = (birth_on.is_some() || expected_birth_on.is_some()) && sex.is_some();
    let Some(on) = birth_on.or(expected_birth_on).or(uasc_end_on).or(first_on) else {
        return voice.reject(Reason::DateMissing, "child_details", "date_of_birth");
    };
    voice.part(&key, is_whole && block.is_sound());
    // Of a list of which only some is sent, the rest would be lost: a name without the other, a number of before without that of
    // now. And what says that something is no more would need to take back what stands. These are kept.
    let names = names.filter(|_| is_whole || !is_half_named);
    let identifiers = if is_whole || states_current(&identifiers) { identifiers } else { Vec::new() };
    if is_whole {
        voice.keep("child_details", &key, on, &block);
    } else {
        if names.is_none() {
            block.leave(&["first_name", "surname"]);
        }
        if identifiers.is_empty() {
            block.leave(&["former_unique_pupil_number"]);
        }
        if disabilities.is_empty() {
            block.leave(&["disabilities"]);
        }
        if uasc == Some(false) {
            block.leave(&["uasc_flag"]);
        }
        voice.keep_each("child_details", &key, on, &block);
    }
    let described = PersonDescribed {
        names: names.into_iter().collect(),
        birth_on,
        expected_birth_on,
        sex,
        ethnicity,
        addresses: addresses.into_iter().collect(),
        identifiers,
        upn_unknown,
        ..PersonDescribed::default()
    };
    // Of a block of which nothing can be said what stands is not said anew.
    if is_whole || described != PersonDescribed::default() {
        voice.say("child_details", (&key, 0), on, block.findings, described);
    }
    if !disabilities.is_empty() {
        voice.say("child_details", (&key, 1), on, Vec::new(), DisabilityRecorded { disabilities });
    }
    if uasc == Some(true) || uasc_end_on.is_some() {
        let event = UnaccompaniedChildRecorded { ceased_on: uasc_end_on };
        voice.say("child_details", (&key, 2), on, Vec::new(), event);
    }
}

/// Whether the number that a child has now is among these.
fn states_current(identifiers: &[Identifier]) -> bool {
    identifiers.iter().any(|identifier| identifier.standing() == Standing::Current)
}

fn health(voice: &mut Voice<'_>, fields: &Map<String, Value>) {
    let mut block = Block::of(fields);
    let key = voice.key("health");
    // Without its list the block says nothing of what was said before, and neither does a list that could not all be read.
    let (assessments, mut told) = voice.list(&mut block, "sdq_assessments");
    if block.is_purged() {
        return voice.part(&key, true);
    }
    for fields in assessments {
        let mut block = Block::of(fields);
        let (scored_on, score) = (block.date("date"), block.number("score"));
        told &= block.is_sound();
        let Some(on) = scored_on else {
            told = false;
            voice.reject(Reason::DateMissing, "sdq_assessments", "date");
            continue;
        };
        if score.is_some_and(|score| score > 40) {
            block.findings.push(finding(FindingCode::ValueMalformed, "score"));
        }
        let key = format!("{key}/sdq/{}", dates::key(&on));
        voice.keep("sdq_assessments", &key, on, &block);
        let event = StrengthsDifficultiesScored { scored_on, score, ..StrengthsDifficultiesScored::default() };
        voice.say("sdq_assessments", (&key, 0), on, block.findings, event);
    }
    voice.part(&key, told);
}

/// An education, health and care plan is not social care's to say: it is kept whole.
fn plan(voice: &mut Voice<'_>, fields: &Map<String, Value>, born: Option<Date>) {
    let mut block = Block::of(fields);
    let Some(id) = block.filled("education_health_care_plan_id") else {
        return voice.reject(Reason::RecordMalformed, "education_health_care_plans", "education_health_care_plan_id");
    };
    let key = voice.key(&format!("ehc-plan/{}", part_of_key(&id)));
    if block.is_purged() {
        return voice.part(&key, true);
    }
    let dated = ["plan_start_date", "assessment_outcome_date", "request_outcome_date", "request_received_date"];
    let on = dated.into_iter().rev().find_map(|name| block.date(name)).or(born);
    // A plan that nobody can place is not told, and neither is one of which only what changed is here: what stands stands.
    let is_whole = block.filled("request_received_date").is_some();
    voice.part(&key, on.is_some() && is_whole);
    match on {
        Some(on) if !is_whole => {
            let key = episode::kept_at(&key, false, on);
            voice.keep_whole("education_health_care_plans", &key, on, &Value::Object(fields.clone()));
        }
        Some(on) => voice.keep_whole("education_health_care_plans", &key, on, &Value::Object(fields.clone())),
        None => voice.reject(Reason::DateMissing, "education_health_care_plans", "request_received_date"),
    }
}

/// An id as a part of a record key: a slash would make two parts of it.
pub(crate) fn part_of_key(id: &str) -> String {
    id.chars().take(64).map(|c| if c == '/' || c.is_control() { '_' } else { c }).collect()
}
