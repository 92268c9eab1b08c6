//! When a child was missing, or away from placement without authorisation.

use connector_kit::dates;
use jiff::civil;
use proto::events::FindingCode::{DateImplausible, DatesOutOfOrder, FieldMissing, FieldsContradict};
use proto::events::{MissingEpisodeEnded, MissingEpisodeStarted};

use super::episodes::Episode;
use super::{Child, Given};
use crate::codes;
use crate::reading::date;
use crate::say::{Findings, Voice, Year};
use crate::tables::Table;

/// Says the rows of every year.
pub(super) fn say(child: &Child<'_>, voice: &mut Voice<'_>, episodes: &[Episode<'_>]) {
    let mut before: Option<(Year, Option<civil::Date>)> = None;
    let mut rows: Vec<_> = child.of(Table::Missing).collect();
    rows.sort_by_key(|given| (given.year, date(given.row.get("mis_start"), "").value.as_ref().and_then(dates::day)));
    for given in rows {
        let Given { row, year, .. } = given;
        let mut findings = child.begin(voice, given);
        let absence = findings.code(&codes::MISSING, year, row, "missing", "1006");
        let Some((start_on, start)) = findings.day(row, "mis_start", "1004") else {
            let rule = if row.get("mis_start").is_empty() { "564" } else { "1004" };
            voice.cannot_place((row, year), "mis_start", rule);
            continue;
        };
        if absence.is_none() && row.get("missing").is_empty() {
            let rule = if row.get("mis_end").is_empty() { "565" } else { "566" };
            findings.broke(FieldMissing, "MISSING", rule);
        }
        let end_on = findings.date(row, "mis_end", "1005");
        if end_on.is_none() && !row.get("mis_end").is_empty() {
            voice.cannot_date((row, year), "mis_end", "1005");
        }
        let end = end_on.as_ref().and_then(dates::day);
        if end.is_some_and(|end| end < start) {
            findings.broke(DatesOutOfOrder, "MIS_END", "567");
        }
        if start > year.last {
            findings.broke(DateImplausible, "MIS_START", "570");
        }
        if end.is_some_and(|end| end < year.first || end > year.last) {
            findings.broke(DateImplausible, "MIS_END", "571");
        }
        if before.is_some_and(|(of, until)| of == year && until.is_none_or(|until| until > start)) {
            findings.broke(FieldsContradict, "MIS_START", "574");
        }
        if child.birth.is_some_and(|birth| start < birth) {
            findings.broke(DateImplausible, "MIS_START", "586");
        }
        let known = episodes.iter().any(|episode| episode.from <= start);
        if !known && !episodes.is_empty() {
            findings.broke(FieldsContradict, "MIS_START", "581");
        } else if known && !episodes.iter().any(|episode| episode.holds(start)) {
            findings.broke(FieldsContradict, "MIS_START", "578");
        }
        if end.is_none() && episodes.last().is_some_and(|last| last.year == year && last.ends_care()) {
            findings.broke(FieldMissing, "MIS_END", "577");
        }
        against_care(&mut findings, (start, end), episodes, year);
        if end.is_none() && end_on.is_none() && is_not_told_again(child, voice, given, start) {
            findings.broke(FieldsContradict, "MIS_START", "576");
        }
        before = Some((year, end));
        let key = voice.key(year, &format!("missing/{}", dates::key(&start_on)));
        voice.keep((row, year), &key, start_on);
        let event = MissingEpisodeStarted { start_on: Some(start_on), absence: absence.clone() };
        voice.say((row, year), (&key, 0), start_on, findings.0, event);
        if let Some(end_on) = end_on {
            let event = MissingEpisodeEnded { end_on: Some(end_on), absence };
            voice.say((row, year), (&key, 1), end_on, Vec::new(), event);
        }
    }
}

/// A child who is missing is so from a placement, and what became of that has to fit.
fn against_care(
    findings: &mut Findings,
    (start, end): (civil::Date, Option<civil::Date>),
    episodes: &[Episode<'_>],
    year: Year,
) {
    let mut of_year = episodes.iter().filter(|episode| episode.year == year);
    let Some(from) = of_year.rfind(|episode| episode.holds(start)) else { return };
    let Some(left) = from.to else { return };
    if from.ends_care() {
        if end.is_none_or(|end| end == left) && from.ceased_code() != "E8" {
            findings.broke(FieldsContradict, "REC", "580");
        }
    } else if end.is_none() && episodes.iter().any(|next| next.from == left && next.place_code() != from.place_code()) {
        findings.broke(FieldMissing, "MIS_END", "575");
    }
}

/// Whether the next year's rows are all here, and none of them is of this absence.
fn is_not_told_again(child: &Child<'_>, voice: &Voice<'_>, given: Given<'_>, start: civil::Date) -> bool {
    let next = given.year.number.saturating_add(1);
    let again = |other: &Given<'_>| {
        other.year.number == next
            && date(other.row.get("mis_start"), "").value.as_ref().and_then(dates::day) == Some(start)
    };
    child.around.tables.whole(voice.authority, next, Table::Missing)
        && !child.of(Table::Missing).any(|other| again(&other))
}
