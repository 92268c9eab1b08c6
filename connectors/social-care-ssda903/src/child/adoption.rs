//! Adoption: that it was decided, taken back, and with whom a child was matched.

use connector_kit::dates;
use jiff::civil;
use proto::events::FindingCode::{DateImplausible, DatesOutOfOrder, FieldMissing, FieldsContradict, ValueMalformed};
use proto::events::{AdoptionDecided, AdoptionDecisionReversed, AdoptionMatched};

use super::episodes::Episode;
use super::{Child, Given};
use crate::codes;
use crate::reading::date;
use crate::say::{Findings, Voice, Year};
use crate::tables::Table;

/// Says a child's rows of adoption.
pub(crate) fn say(child: &Child<'_>, voice: &mut Voice<'_>, episodes: &[Episode<'_>]) {
    for given in child.of(Table::Ad1) {
        matched(child, voice, given, episodes);
    }
    for given in child.of(Table::Placed) {
        decided(child, voice, given, episodes);
    }
}

fn matched(child: &Child<'_>, voice: &mut Voice<'_>, given: Given<'_>, episodes: &[Episode<'_>]) {
    let Given { row, year, .. } = given;
    let mut findings = child.begin(voice, given);
    let decided_on = findings.date(row, "date_int", "112");
    let matched_on = findings.date(row, "date_match", "113");
    if let (Some(decided), Some(matched)) =
        (decided_on.as_ref().and_then(dates::day), matched_on.as_ref().and_then(dates::day))
        && matched < decided
    {
        findings.broke(DatesOutOfOrder, "DATE_MATCH", "333");
    }
    // By another date it would be another match.
    let is_unread = matched_on.is_none() && !row.get("date_match").is_empty();
    let Some(on) = matched_on.or(decided_on).filter(|_| !is_unread) else {
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
    let days = (decided_on.as_ref().and_then(dates::day), matched_on.as_ref().and_then(dates::day));
    let until_year: Vec<&Episode<'_>> = episodes.iter().filter(|episode| episode.year <= year).collect();
    matched_against_care(&mut findings, days, by_foster_carers, &until_year);
    let tables = child.around.tables;
    let adopted = until_year.iter().any(|episode| episode.year == year && episode.ends_in_adoption());
    if !adopted && tables.whole(voice.authority, year.number, Table::Episodes) {
        findings.broke(FieldsContradict, "CHILD", "602");
    }
    let placed = child.of(Table::Placed).filter(|other| other.year == year);
    let mut placed_on = placed
        .filter_map(|other| date(other.row.get("date_placed"), "").value.as_ref().and_then(dates::day))
        .peekable();
    if days.0.is_some_and(|decided| placed_on.peek().is_some() && !placed_on.any(|placed| placed == decided)) {
        findings.broke(FieldsContradict, "DATE_INT", "523");
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

/// Dates of a match beside the episodes of care before it.
fn matched_against_care(
    findings: &mut Findings,
    (decided, matched): (Option<civil::Date>, Option<civil::Date>),
    by_foster_carers: Option<bool>,
    episodes: &[&Episode<'_>],
) {
    let placed_on = placed_for_adoption_on(episodes.iter().copied());
    let adopted_on = episodes.iter().filter(|episode| episode.ends_in_adoption()).find_map(|episode| episode.to);
    let after = |first: Option<civil::Date>, second: Option<civil::Date>| {
        first.zip(second).is_some_and(|(first, second)| first > second)
    };
    if after(began_on(episodes.iter().copied()), decided) {
        findings.broke(DatesOutOfOrder, "DATE_INT", "334");
    }
    if after(matched, placed_on) {
        findings.broke(DatesOutOfOrder, "DATE_MATCH", "331");
    }
    if after(decided, placed_on) {
        findings.broke(DatesOutOfOrder, "DATE_INT", "521");
    }
    if matched.is_some() && matched == adopted_on {
        findings.broke(DateImplausible, "DATE_MATCH", "582");
    }
    let last = episodes.last().map_or("", |episode| episode.place_code());
    let differs = matches!((by_foster_carers, last), (Some(false), "A3" | "A5") | (Some(true), "A4" | "A6"));
    if differs {
        findings.broke(FieldsContradict, "FOSTER_CARE", "335");
    }
}

/// When the latest period of being looked after began, as far as the episodes tell.
fn began_on<'e>(episodes: impl DoubleEndedIterator<Item = &'e Episode<'e>>) -> Option<civil::Date> {
    episodes.rev().find(|episode| episode.began_code() == "S").map(|episode| episode.from)
}

fn placed_for_adoption_on<'e>(mut episodes: impl Iterator<Item = &'e Episode<'e>>) -> Option<civil::Date> {
    episodes.find(|episode| episode.is_placed_for_adoption()).map(|episode| episode.from)
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
    let decided = decided_on.as_ref().and_then(dates::day);
    if reversed_on.is_none() != row.get("reason_placed_ceased").is_empty() {
        findings.broke(FieldMissing, "REASON_PLACED_CEASED", "119");
    }
    if reversed_on.is_some() && decided_on.is_none() {
        findings.broke(FieldMissing, "DATE_PLACED", "563");
    }
    if let (Some(decided), Some(reversed)) = (decided, reversed_on.as_ref().and_then(dates::day))
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
    let reversed = reversed_on.as_ref().and_then(dates::day);
    decided_against_care(&mut findings, (decided, reversed), year, episodes);
    decided_again(&mut findings, child, given, (decided, reversed));
    // By another date it would be another decision.
    let is_unread = decided_on.is_none() && !row.get("date_placed").is_empty();
    let Some(on) = decided_on.or(reversed_on).filter(|_| !is_unread) else {
        return voice.cannot_place((row, year), "date_placed", "115");
    };
    if reversed_on.is_none() && !row.get("date_placed_ceased").is_empty() {
        voice.cannot_date((row, year), "date_placed_ceased", "116");
    }
    let key = voice.key(year, &format!("adoption/decided/{}", dates::key(&on)));
    let unsaid = reason.as_ref().filter(|_| row.get("date_placed_ceased").is_empty());
    let unsaid = unsaid.map(|_| ("reason_placed_ceased", row.get("reason_placed_ceased")));
    voice.keep_with((row, year), &key, on, unsaid);
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

/// Dates of a decision beside the episodes of care up to its year.
fn decided_against_care(
    findings: &mut Findings,
    (decided, reversed): (Option<civil::Date>, Option<civil::Date>),
    year: Year,
    episodes: &[Episode<'_>],
) {
    let until_year = || episodes.iter().filter(|episode| episode.year <= year);
    let began = began_on(until_year());
    let ended = until_year().next_back().filter(|last| last.ends_care()).and_then(|last| last.to);
    let ordered = until_year().find(|episode| episode.legal_code() == "E1").map(|episode| episode.from);
    let after = |first: Option<civil::Date>, second: Option<civil::Date>| {
        first.zip(second).is_some_and(|(first, second)| first > second)
    };
    let last = Some(year.last);
    for (odd, code, field, rule) in [
        (after(decided, last) || after(decided, ended), DateImplausible, "DATE_PLACED", "117"),
        (after(reversed, last) || after(reversed, ended), DateImplausible, "DATE_PLACED_CEASED", "117"),
        (after(Some(year.first), reversed) || after(began, reversed), DateImplausible, "DATE_PLACED_CEASED", "118"),
        (after(began, decided), DatesOutOfOrder, "DATE_PLACED", "1003"),
        (after(decided, placed_for_adoption_on(until_year())), DatesOutOfOrder, "DATE_PLACED", "552"),
        (after(decided, ordered), DatesOutOfOrder, "DATE_PLACED", "554"),
        (
            ended.is_some() && reversed.is_none() && !until_year().any(Episode::ends_in_adoption),
            FieldMissing,
            "DATE_PLACED_CEASED",
            "557",
        ),
    ] {
        if odd {
            findings.broke(code, field, rule);
        }
    }
}

/// A decision beside the child's others of the same year.
fn decided_again(
    findings: &mut Findings,
    child: &Child<'_>,
    given: Given<'_>,
    (decided, reversed): (Option<civil::Date>, Option<civil::Date>),
) {
    let Some(decided) = decided else { return };
    let on = |given: &Given<'_>, column: &str| date(given.row.get(column), "").value.as_ref().and_then(dates::day);
    let others = || {
        let of_year = child.of(Table::Placed).filter(|other| other.year == given.year);
        of_year.filter_map(|other| Some((on(&other, "date_placed")?, on(&other, "date_placed_ceased"))))
    };
    if others().any(|(earlier, until)| earlier < decided && until.is_none_or(|until| until > decided)) {
        findings.broke(FieldsContradict, "DATE_PLACED", "579");
    }
    if reversed.is_none() && others().any(|(later, _)| later > decided) {
        findings.broke(FieldMissing, "DATE_PLACED_CEASED", "583");
    }
}
