//! What is told of a child once for a year: health and behaviour of who was looked after all year (OC2), and what a young
//! person does who has left care (OC3).

use connector_kit::dates;
use connector_kit::reading::finding;
use jiff::civil;
use proto::events::FindingCode::{DateImplausible, FieldMissing, FieldsContradict, ValueMalformed};
use proto::events::{
    CareLeaverContacted, ConvictionRecorded, LookedAfterHealthRecorded, StrengthsDifficultiesScored,
    SubstanceMisuseIdentified,
};

use super::episodes::Episode;
use super::{Child, Given, age};
use crate::codes;
use crate::say::{Voice, Year};
use crate::tables::Table;

/// Highest score of the questionnaire.
const SCORE_MAX: u32 = 40;

/// Says the rows of a year.
pub(crate) fn say(child: &Child<'_>, voice: &mut Voice<'_>, episodes: &[Episode<'_>]) {
    for given in child.of(Table::Oc2) {
        looked_after_all_year(child, voice, given, episodes);
    }
    for given in child.of(Table::Oc3) {
        care_leaver(child, voice, given, episodes);
    }
}

fn looked_after_all_year(child: &Child<'_>, voice: &mut Voice<'_>, given: Given<'_>, episodes: &[Episode<'_>]) {
    let Given { row, year, .. } = given;
    let mut findings = child.begin(voice, given);
    let (at_start, at_end) = (child.age_on(year.first), child.age_on(year.last));
    let year_end_on = Some(dates::date_on(year.last));
    let on = dates::date_on(year.last);

    let score = findings.count(row, "sdq_score", "180");
    if score.is_some_and(|score| score > SCORE_MAX) {
        findings.broke(ValueMalformed, "SDQ_SCORE", "180");
    }
    let reason = findings.code(&codes::SDQ_REASON, year, row, "sdq_reason", "196");
    if score.is_some() && reason.is_some() {
        findings.broke(FieldsContradict, "SDQ_REASON", "197a");
    }
    let told = score.is_some() || reason.is_some();
    if told && at_end.is_some_and(|age| age < 4) {
        findings.broke(FieldsContradict, "SDQ_SCORE", "188");
    }
    if told && at_start.is_some_and(|age| age >= 17) {
        findings.broke(FieldsContradict, "SDQ_SCORE", "189");
    }
    let too_young_or_old = reason.as_ref().is_some_and(|reason| reason.code == "SDQ1");
    if too_young_or_old && at_start.is_some_and(|age| age >= 4) && at_end.is_some_and(|age| age <= 16) {
        findings.broke(FieldsContradict, "SDQ_REASON", "157");
    }

    let convicted = findings.flag(row, "convicted", "181");
    if convicted.is_some() && at_end.is_some_and(|age| age < 10) {
        findings.broke(FieldsContradict, "CONVICTED", "542");
    }
    let development_checked = findings.flag(row, "health_check", "181");
    if development_checked.is_some() && at_end.is_some_and(|age| age >= 5) {
        findings.broke(FieldsContradict, "HEALTH_CHECK", "546");
    }
    let immunisations_up_to_date = findings.flag(row, "immunisations", "181");
    let teeth_checked = findings.flag(row, "teeth_check", "181");
    let health_assessed = findings.flag(row, "health_assessment", "181");
    let identified = findings.flag(row, "substance_misuse", "181");
    let required = [immunisations_up_to_date, teeth_checked, health_assessed, identified];
    if required.iter().any(Option::is_some) && required.contains(&None) {
        findings.broke(FieldMissing, "HEALTH_ASSESSMENT", "182");
    }
    let received = findings.flag(row, "intervention_received", "181");
    let offered = findings.flag(row, "intervention_offered", "181");
    match (identified, received, offered) {
        (Some(true), None, _) => findings.broke(FieldMissing, "INTERVENTION_RECEIVED", "192"),
        (Some(true), Some(true), Some(_)) => findings.broke(FieldsContradict, "INTERVENTION_OFFERED", "158"),
        (Some(true), Some(false), None) => findings.broke(FieldMissing, "INTERVENTION_OFFERED", "159"),
        (Some(false) | None, Some(true), _) | (Some(false) | None, _, Some(true)) => {
            findings.broke(FieldsContradict, "SUBSTANCE_MISUSE", "193");
        }
        _ => {}
    }

    let all = required.into_iter().chain([convicted, development_checked, received, offered]);
    if child.around.tables.whole(voice.authority, year.number, Table::Episodes) {
        let was = was_all_year(episodes, year);
        for (odd, code, field, rule) in [
            (!was && score.is_some(), FieldsContradict, "SDQ_SCORE", "185"),
            (!was && reason.is_some(), FieldsContradict, "SDQ_REASON", "198"),
            (!was && all.flatten().next().is_some(), FieldsContradict, "HEALTH_ASSESSMENT", "190"),
            (was && required.contains(&None), FieldMissing, "HEALTH_ASSESSMENT", "191"),
        ] {
            if odd {
                findings.broke(code, field, rule);
            }
        }
    }

    // Each is of another class, so each is an event of its own; what is odd about the row rides on the first.
    let key = voice.key(year, &format!("oc2/{}", year.number));
    let mut findings = Some(findings.0);
    let mut found = || findings.take().unwrap_or_default();
    let health = [development_checked, immunisations_up_to_date, teeth_checked, health_assessed];
    if health.iter().any(Option::is_some) {
        let event = LookedAfterHealthRecorded {
            year_end_on,
            development_checked,
            immunisations_up_to_date,
            teeth_checked,
            health_assessed,
            ..LookedAfterHealthRecorded::default()
        };
        voice.say((row, year), (&key, 0), on, found(), event);
    }
    if told {
        let event = StrengthsDifficultiesScored { scored_on: None, year_end_on, score, not_scored_reason: reason };
        voice.say((row, year), (&key, 1), on, found(), event);
    }
    if identified.is_some() || received.is_some() || offered.is_some() {
        let event = SubstanceMisuseIdentified {
            year_end_on,
            identified,
            intervention_received: received,
            intervention_offered: offered,
        };
        voice.say((row, year), (&key, 2), on, found(), event);
    }
    if convicted.is_some() {
        voice.say((row, year), (&key, 3), on, found(), ConvictionRecorded { year_end_on, convicted });
    }
    voice.keep((row, year), &key, on);
    if let Some(mut left) = findings.take() {
        // A row without a value that can be told still stood there.
        left.push(finding(FieldMissing, ""));
        let event = LookedAfterHealthRecorded { year_end_on, ..LookedAfterHealthRecorded::default() };
        voice.say((row, year), (&key, 0), on, left, event);
    }
}

/// Whether a child was looked after through the whole of a year, other than for short breaks.
fn was_all_year(episodes: &[Episode<'_>], year: Year) -> bool {
    let of_year: Vec<&Episode<'_>> = episodes.iter().filter(|episode| episode.year == year).collect();
    let begins = of_year.first().is_some_and(|first| first.from <= year.first);
    let lasts = of_year.last().is_some_and(|last| last.holds(year.last));
    let goes_on = of_year.windows(2).all(|pair| matches!(pair, [before, next] if before.leads_to(next)));
    begins && lasts && goes_on && !of_year.iter().any(|episode| matches!(episode.legal_code(), "V3" | "V4"))
}

fn care_leaver(child: &Child<'_>, voice: &mut Voice<'_>, given: Given<'_>, episodes: &[Episode<'_>]) {
    let Given { row, year, .. } = given;
    let mut findings = child.begin(voice, given);
    let in_touch = findings.code(&codes::IN_TOUCH, year, row, "in_touch", "131");
    let activity = findings.code(&codes::ACTIVITY, year, row, "activ", "132");
    let accommodation = findings.code(&codes::ACCOMMODATION, year, row, "accom", "133");
    let told = [in_touch.is_some(), activity.is_some(), accommodation.is_some()];
    if told.contains(&true) && told.contains(&false) {
        findings.broke(FieldMissing, "IN_TOUCH", "153");
    }
    let is_zero = |coded: &Option<proto::events::Coded>| coded.as_ref().is_some_and(|coded| coded.code == "0");
    if in_touch.as_ref().is_some_and(|coded| coded.code == "YES") && (is_zero(&activity) || is_zero(&accommodation)) {
        findings.broke(FieldsContradict, "IN_TOUCH", "345");
    }
    let last = episodes.iter().rfind(|episode| episode.year <= year).map(Episode::ceased_code);
    match last {
        Some("E2") => findings.broke(FieldsContradict, "IN_TOUCH", "1000"),
        Some("E3") => findings.broke(FieldsContradict, "IN_TOUCH", "1011"),
        _ => {}
    }
    // It is asked about the time around the birthday in the year.
    let birthday = child.birth.and_then(|birth| birthday_in(birth, year.first, year.last));
    let turned = birthday.zip(child.birth).and_then(|(on, birth)| age(birth, on));
    if turned.is_some_and(|age| !(17..=21).contains(&age)) {
        findings.broke(DateImplausible, "DOB", "391");
    }
    let on = dates::date_on(birthday.unwrap_or(year.last));
    let key = voice.key(year, &format!("oc3/{}", year.number));
    voice.keep((row, year), &key, on);
    let event = CareLeaverContacted { in_touch, activity, accommodation, ..CareLeaverContacted::default() };
    voice.say((row, year), (&key, 0), on, findings.0, event);
}

fn birthday_in(birth: civil::Date, first: civil::Date, last: civil::Date) -> Option<civil::Date> {
    let in_year = |year: i16| {
        // Who was born on 29 February has a birthday on the 28th in other years.
        civil::Date::new(year, birth.month(), birth.day()).or_else(|_| civil::Date::new(year, 2, 28)).ok()
    };
    [first.year(), last.year()].into_iter().filter_map(in_year).find(|on| (first..=last).contains(on))
}
