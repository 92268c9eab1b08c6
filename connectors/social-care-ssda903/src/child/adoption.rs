//! Adoption: that it was decided, taken back, and with whom a child was matched.

use connector_kit::dates;
use proto::events::FindingCode::{DateImplausible, DatesOutOfOrder, FieldMissing, FieldsContradict, ValueMalformed};
use proto::events::{AdoptionDecided, AdoptionDecisionReversed, AdoptionMatched};

use super::episodes::Episode;
use super::{Child, Given};
use crate::codes;
use crate::reading::day;
use crate::say::{Findings, Voice};
use crate::tables::Table;

/// Says a child's rows of adoption.
pub(crate) fn say(child: &Child<'_>, voice: &mut Voice<'_>, episodes: &[Episode<'_>]) {
    for given in child.of(Table::Ad1) {
        matched(child, voice, given);
    }
    for given in child.of(Table::Placed) {
        decided(child, voice, given, episodes);
    }
}

fn matched(child: &Child<'_>, voice: &mut Voice<'_>, given: Given<'_>) {
    let Given { row, year, .. } = given;
    let mut findings = child.begin(voice, given);
    let decided_on = findings.date(row, "date_int", "112");
    let matched_on = findings.date(row, "date_match", "113");
    if let (Some(decided), Some(matched)) = (decided_on.as_ref().and_then(day), matched_on.as_ref().and_then(day))
        && matched < decided
    {
        findings.broke(DatesOutOfOrder, "DATE_MATCH", "333");
    }
    let Some(on) = matched_on.or(decided_on) else {
        return voice.cannot_place((row, year), "date_match", "113");
    };
    let by_foster_carers = findings.flag(row, "foster_care", "114");
    let adopters = findings.count(row, "nb_adoptr", "175");
    if adopters.is_some_and(|number| !(1..=2).contains(&number)) {
        findings.broke(ValueMalformed, "NB_ADOPTR", "175");
    }
    let sex = findings.code(&codes::ADOPTERS_SEX, year, row, "sex_adoptr", "176");
    let status = findings.code(&codes::ADOPTERS_STATUS, year, row, "ls_adoptr", "177");
    adopters_agree(adopters, sex.as_ref(), status.as_ref(), &mut findings);
    let some_blank =
        row.table.columns().iter().filter(|column| **column != "dob").any(|column| row.get(column).is_empty());
    if some_blank {
        findings.broke(FieldMissing, "DATE_MATCH", "151");
    }
    let key = voice.key(year, &format!("adoption/matched/{}", dates::key(&on)));
    voice.keep((row, year), &key, on);
    let event = AdoptionMatched {
        matched_on,
        decided_on,
        by_foster_carers,
        adopters,
        adopters_sex: sex,
        adopters_status: status,
    };
    voice.say((row, year), (&key, 0), on, findings.0, event);
}

fn adopters_agree(
    adopters: Option<u32>,
    sex: Option<&proto::events::Coded>,
    status: Option<&proto::events::Coded>,
    findings: &mut Findings,
) {
    let Some(sex) = sex.map(|sex| sex.code.as_str()) else { return };
    let couple = matches!(sex, "MM" | "FF" | "MF");
    if adopters == Some(2) && !couple {
        findings.broke(FieldsContradict, "SEX_ADOPTR", "511");
    }
    let (holds, rule) = match status.map(|status| status.code.as_str()) {
        Some("L0") => (!couple, "514"),
        Some("L11") => (sex == "MF", "520"),
        Some("L12") => (matches!(sex, "MM" | "FF"), "524"),
        Some("L2") => (couple, "519"),
        Some("L3") => (sex == "MF", "517"),
        Some("L4") => (matches!(sex, "MM" | "FF"), "518"),
        _ => (true, ""),
    };
    if !holds {
        findings.broke(FieldsContradict, "LS_ADOPTR", rule);
    }
}

fn decided(child: &Child<'_>, voice: &mut Voice<'_>, given: Given<'_>, episodes: &[Episode<'_>]) {
    let Given { row, year, .. } = given;
    let mut findings = child.begin(voice, given);
    let decided_on = findings.date(row, "date_placed", "115");
    let reversed_on = findings.date(row, "date_placed_ceased", "116");
    let reason = findings.code(&codes::REVERSED, year, row, "reason_placed_ceased", "120");
    let decided = decided_on.as_ref().and_then(day);
    if reversed_on.is_none() != row.get("reason_placed_ceased").is_empty() {
        findings.broke(FieldMissing, "REASON_PLACED_CEASED", "119");
    }
    if reversed_on.is_some() && decided_on.is_none() {
        findings.broke(FieldMissing, "DATE_PLACED", "563");
    }
    if let (Some(decided), Some(reversed)) = (decided, reversed_on.as_ref().and_then(day))
        && reversed < decided
    {
        findings.broke(DatesOutOfOrder, "DATE_PLACED_CEASED", "522");
    }
    if child.birth.zip(decided).is_some_and(|(birth, decided)| decided < birth) {
        findings.broke(DateImplausible, "DATE_PLACED", "184");
    }
    if reversed_on.is_some() && episodes.iter().any(Episode::ends_in_adoption) {
        findings.broke(FieldsContradict, "DATE_PLACED_CEASED", "558");
    }
    let Some(on) = decided_on.or(reversed_on) else {
        return voice.cannot_place((row, year), "date_placed", "115");
    };
    let key = voice.key(year, &format!("adoption/decided/{}", dates::key(&on)));
    voice.keep((row, year), &key, on);
    let mut findings = Some(findings.0);
    if let Some(decided_on) = decided_on {
        let found = findings.take().unwrap_or_default();
        voice.say((row, year), (&key, 0), decided_on, found, AdoptionDecided { decided_on: Some(decided_on) });
    }
    if let Some(reversed_on) = reversed_on {
        let found = findings.take().unwrap_or_default();
        let event = AdoptionDecisionReversed { reversed_on: Some(reversed_on), reason, decided_on };
        voice.say((row, year), (&key, 1), reversed_on, found, event);
    }
}
