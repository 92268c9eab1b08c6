//! Who a child's social worker was.

use connector_kit::dates;
use jiff::civil;
use proto::events::FindingCode::{DateImplausible, DatesOutOfOrder, FieldMissing, FieldsContradict, ValueMalformed};
use proto::events::SocialWorkerAllocated;

use super::episodes::Episode;
use super::{Child, Given};
use crate::codes;
use crate::reading::date;
use crate::say::{Voice, Year};
use crate::tables::Table;

/// Says the rows of every year.
pub(super) fn say(child: &Child<'_>, voice: &mut Voice<'_>, episodes: &[Episode<'_>]) {
    let from_of = |given: &Given<'_>| date(given.row.get("sw_decom"), "").value.as_ref().and_then(dates::day);
    let mut rows: Vec<Given<'_>> = child.of(Table::Workers).collect();
    rows.sort_by_key(|given| (given.year, from_of(given)));
    let mut before: Option<(Year, Option<civil::Date>)> = None;
    for (at, given) in rows.iter().copied().enumerate() {
        let Given { row, year, .. } = given;
        let mut findings = child.begin(voice, given);
        let Some((from_on, from)) = findings.day(row, "sw_decom", "SW04STG1") else {
            voice.cannot_place((row, year), "sw_decom", "SW04STG1");
            continue;
        };
        let until_on = findings.date(row, "sw_dec", "SW05STG1");
        let worker = row.get("sw_id").to_uppercase();
        if worker.is_empty() || row.get("sw_reason").is_empty() {
            findings.broke(FieldMissing, if worker.is_empty() { "SW_ID" } else { "SW_REASON" }, "SW03STG1");
        } else if !worker.starts_with("SW") && !worker.starts_with("XX") {
            findings.broke(ValueMalformed, "SW_ID", "SW02STG1");
        }
        let until = until_on.as_ref().and_then(dates::day);
        if until.is_some_and(|until| until <= from) {
            findings.broke(DatesOutOfOrder, "SW_DEC", "SW09STG2");
        }
        match before.filter(|(of, _)| *of == year) {
            Some((_, None)) => findings.broke(FieldsContradict, "SW_DEC", "SW108STG2"),
            Some((_, Some(ended))) if ended > from => findings.broke(FieldsContradict, "SW_DECOM", "SW10STG2"),
            _ => {}
        }
        before = Some((year, until));
        if from > year.last {
            findings.broke(DateImplausible, "SW_DECOM", "SW06STG2");
        }
        if until.is_some_and(|until| until < year.first || until > year.last) {
            findings.broke(DateImplausible, "SW_DEC", "SW07STG2");
        }
        let is_last = rows.get(at + 1).is_none_or(|next| next.year != year);
        let looked_after = episodes.iter().any(|episode| episode.year == year && episode.holds(year.last));
        if is_last && looked_after && until.is_some_and(|until| until < year.last) {
            findings.broke(FieldMissing, "SW_DECOM", "SW11STG2");
        }
        let change_reason = findings.code(&codes::WORKER_REASON, year, row, "sw_reason", "SW13STG1");
        let key = voice.key(year, &format!("social-worker/{}", dates::key(&from_on)));
        voice.keep((row, year), &key, from_on);
        let event = SocialWorkerAllocated {
            worker: (!worker.is_empty()).then_some(worker),
            team: None,
            from_on: Some(from_on),
            until_on,
            change_reason,
            role: None,
        };
        voice.say((row, year), (&key, 0), from_on, findings.0, event);
    }
}
