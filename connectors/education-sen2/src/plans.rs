//! Plans that an authority maintains: their reviews, placements and the needs that they are for.

use std::borrow::Cow;

use connector_kit::dates;
use proto::events::{
    Coded, EhcPlacementEnded, EhcPlacementStarted, EhcPlanMaintained, EhcPlanReviewed, ElectiveHomeEducationEnded,
    ElectiveHomeEducationStarted, FindingCode, SenNeedRecorded,
};

use crate::codes;
use crate::module::{Module, Node};
use crate::person::Person;
use crate::say::{Child, Dated, Reading, key_part, under};

/// Says a child's active plans and what stands under them.
pub(crate) fn say(child: &mut Child<'_, '_>, person: &Person) {
    let active: Vec<&Node> =
        under(&person.nodes, Module::Requests).flat_map(|request| request.each(Module::ActivePlans)).collect();
    for plan in active {
        let plan = &*as_placements_say(plan);
        maintained(child, plan);
        for placement in plan.each(Module::PlacementDetail) {
            placed(child, placement);
        }
        ranked(child, plan);
    }
}

/// The return of 2023 has at the plan what those after it have at its placements: whether it is residential, or at work. That is of the
/// placement of the highest rank; which of several it is must be clear.
fn as_placements_say(plan: &Node) -> Cow<'_, Node> {
    const OF_PLACEMENT: [&str; 2] = ["res", "wbp"];
    if OF_PLACEMENT.iter().all(|name| plan.get(name).is_empty()) {
        return Cow::Borrowed(plan);
    }
    let mut plan = plan.clone();
    if let Some(at) = main_placement(&plan) {
        for name in OF_PLACEMENT {
            let of_plan = plan.take(name);
            match plan.under.get_mut(at) {
                Some(placement) if placement.get(name).is_empty() => placement.push(name, &of_plan),
                _ => plan.push(name, &of_plan),
            }
        }
    }
    Cow::Owned(plan)
}

/// Where under a plan its one placement stands, or the one of rank 1; of several such, the one that is not left.
fn main_placement(plan: &Node) -> Option<usize> {
    let of_plan = plan.under.iter().enumerate().filter(|(_, node)| node.module == Module::PlacementDetail);
    let mut main: Vec<_> = of_plan.collect();
    if main.len() > 1 {
        main.retain(|(_, node)| matches!(node.get("placementrank"), "1" | "1.0"));
    }
    if main.len() > 1 {
        main.retain(|(_, node)| node.get("leavingdate").is_empty());
    }
    match main.as_slice() {
        [(at, _)] => Some(*at),
        _ => None,
    }
}

fn maintained(child: &mut Child<'_, '_>, node: &Node) {
    let year = child.speaker.of.year;
    let mut reading = Reading::of(node, year);
    let on = child.speaker.of.reference_on;
    let transferred_from = connector_kit::codes::unlisted(node.get("transferla").trim_end_matches(".0"), "dfe.la");
    let meeting_on = reading.date("reviewmeeting");
    let concluded_on = reading.date("lastreview");
    let outcome = reading.code(&codes::REVIEW_OUTCOME, "reviewoutcome");
    child.plausible(&mut reading, meeting_on.as_ref(), "reviewmeeting");
    child.plausible(&mut reading, concluded_on.as_ref(), "lastreview");
    if outcome.is_some() && meeting_on.or(concluded_on).is_none() {
        reading.found(FindingCode::FieldMissing, "reviewmeeting");
    }
    let key = child.own_key(format!("active-plan/{year}"));
    let events = vec![(on, EhcPlanMaintained { on: Some(on), transferred_from }.into())];
    child.say(node, "active-plan", &key, events, reading.findings);
    let held_on = meeting_on.or(concluded_on).or_else(|| outcome.as_ref().map(|_| on));
    if let Some(held_on) = held_on {
        let key = child.own_key(format!("review/{}", dates::key(&held_on)));
        let reviewed = EhcPlanReviewed { meeting_on, outcome, concluded_on };
        child.say(&node.bare(), "review", &key, vec![(held_on, reviewed.into())], Vec::new());
    }
}

fn placed(child: &mut Child<'_, '_>, node: &Node) {
    let year = child.speaker.of.year;
    let mut reading = Reading::of(node, year);
    let (entry_on, leaving_on) = (reading.date("entrydate"), reading.date("leavingdate"));
    let from = entry_on.unwrap_or(child.speaker.of.reference_on);
    if entry_on.is_none() && node.get("entrydate").is_empty() {
        reading.found(FindingCode::FieldMissing, "entrydate");
    }
    reading.in_order(entry_on.as_ref(), leaving_on.as_ref(), "leavingdate");
    child.plausible(&mut reading, entry_on.as_ref(), "entrydate");
    let key = match entry_on {
        Some(on) => format!("placement/{}/{}", dates::key(&on), setting_key(node)),
        None => format!("placement/undated-{year}/{}", setting_key(node)),
    };
    let key = child.own_key(key);
    let (setting, setting_kind, setting_words) = setting(&mut reading);
    let at_home = setting_kind.as_ref().is_some_and(|kind| kind.code == "EHE");
    let (residential, residential_kind) = reading.flag_or_kind(&codes::RESIDENTIAL, "res");
    let (work_based, work_based_kind) = reading.flag_or_kind(&codes::WORK_BASED, "wbp");
    let started = EhcPlacementStarted {
        setting: setting.clone(),
        setting_kind,
        setting_words,
        entry_on,
        rank: reading.count("placementrank"),
        residential,
        work_based,
        pattern: reading.code(&codes::PATTERN, "attendancepattern"),
        in_sen_unit: reading.flag("senunitindicator"),
        in_resourced_provision: reading.flag("resourcedprovisionindicator"),
        residential_kind,
        work_based_kind,
    };
    let mut events: Vec<Dated> = vec![(from, started.into())];
    events.extend(leaving_on.map(|on| (on, EhcPlacementEnded { setting, leaving_on }.into())));
    child.say(node, "placement", &key, events, reading.findings);
    if at_home {
        let mut events: Vec<Dated> = vec![(from, ElectiveHomeEducationStarted { start_on: entry_on }.into())];
        events.extend(leaving_on.map(|on| (on, ElectiveHomeEducationEnded { end_on: Some(on) }.into())));
        child.say(&node.bare(), "home-education", &format!("{key}/at-home"), events, Vec::new());
    }
}

/// The needs of a plan: one of rank 1, and at most one of rank 2.
fn ranked(child: &mut Child<'_, '_>, plan: &Node) {
    let year = child.speaker.of.year;
    let count = plan.each(Module::SenNeed).count();
    let has_first = plan.each(Module::SenNeed).any(|need| matches!(need.get("sentyperank"), "1" | "1.0"));
    for node in plan.each(Module::SenNeed) {
        let mut reading = Reading::of(node, year);
        let need = reading.code(&codes::NEED, "sentype");
        if need.is_none() {
            reading.found(FindingCode::FieldMissing, "sentype");
        }
        let rank = reading.count("sentyperank");
        if rank.is_none_or(|rank| !(1..=2).contains(&rank)) {
            reading.found(FindingCode::ValueMalformed, "sentyperank");
        } else if count > 2 || !has_first {
            reading.found(FindingCode::FieldsContradict, "sentyperank");
        }
        let code = need.as_ref().map_or("-", |need| need.code.as_str());
        let key = child.own_key(format!("sen-need/{year}/{}", key_part(code)));
        let on = child.speaker.of.reference_on;
        child.say(
            node,
            "sen-need",
            &key,
            vec![(on, SenNeedRecorded { need, rank, since_on: None, until_on: None }.into())],
            reading.findings,
        );
    }
}

/// The setting's own number, what kind of setting it is where it has none, and the words for it. The return gives one of the
/// three.
pub(crate) fn setting(reading: &mut Reading<'_>) -> (Option<String>, Option<Coded>, Option<String>) {
    let stated = ["urn", "ukprn", "sensetting"].into_iter().filter(|field| !reading.node.get(field).is_empty()).count();
    match stated {
        0 => reading.found(FindingCode::FieldMissing, "urn"),
        1 => {}
        _ => reading.found(FindingCode::FieldsContradict, "urn"),
    }
    let kind = reading.code(&codes::SETTING, "sensetting");
    let words = Some(reading.node.get("sensettingother").to_owned()).filter(|words| !words.is_empty());
    (number(reading.node), kind, words)
}

fn number(node: &Node) -> Option<String> {
    let (_, number) = node.first(&["urn", "ukprn"]);
    let number = number.strip_suffix(".0").unwrap_or(number);
    (!number.is_empty()).then(|| number.to_owned())
}

/// What of a record's key names its setting.
pub(crate) fn setting_key(node: &Node) -> String {
    let named = number(node).unwrap_or_else(|| node.get("sensetting").to_uppercase());
    if named.is_empty() { "-".to_owned() } else { key_part(&named) }
}
