//! What is odd about a child's episodes: the published rules as far as one child's own rows of one year decide them.
//!
//! A broken rule rejects nothing; it is a finding on the episode that it is about.

use jiff::civil;
use proto::events::FindingCode::{DateImplausible, DatesOutOfOrder, FieldMissing, FieldsContradict};

use crate::child::Child;
use crate::child::episodes::Episode;

pub(crate) mod years;

/// The freeing order went with the Act of 2002, in force on this day; the placement order came with it.
const ACT_OF_2002: civil::Date = civil::date(2005, 12, 30);
/// The Children Act 1989 came into force.
const ACT_OF_1989: civil::Date = civil::date(1991, 10, 14);

/// Checks the episodes of one year, in order of their beginning.
pub(crate) fn check(child: &Child<'_>, episodes: &mut [Episode<'_>]) {
    for at in 0..episodes.len() {
        let (before, rest) = episodes.split_at_mut(at);
        let Some((episode, after)) = rest.split_first_mut() else { break };
        alone(child, episode);
        placement(child, episode);
        ending(child, episode, after.first());
        lasting(episode);
        match before.last() {
            Some(before) => following(before, episode),
            // The first that a return tells of, of who had not been in care when its year began.
            None if episode.from >= episode.year.first && episode.began_code() != "S" => {
                episode.findings.broke(FieldsContradict, "RNE", "357");
            }
            None => {}
        }
    }
}

fn alone(child: &Child<'_>, episode: &mut Episode<'_>) {
    let age = child.age_on(episode.from);
    let (began, legal, from) = (episode.began_code().to_owned(), episode.legal_code().to_owned(), episode.from);
    let row = episode.row;
    for (column, rule) in [("rne", "143"), ("ls", "144"), ("cin", "145"), ("place", "146")] {
        if row.get(column).is_empty() {
            episode.findings.broke(FieldMissing, &column.to_ascii_uppercase(), rule);
        }
    }
    if row.get("dec").is_empty() != row.get("rec").is_empty() {
        episode.findings.broke(FieldMissing, if row.get("dec").is_empty() { "DEC" } else { "REC" }, "148");
    }
    if child.birth.is_some_and(|birth| from < birth) {
        episode.findings.broke(DateImplausible, "DECOM", "302");
    }
    if from < ACT_OF_1989 {
        episode.findings.broke(DateImplausible, "DECOM", "353");
    }
    if from > episode.year.last {
        episode.findings.broke(DateImplausible, "DECOM", "354");
    }
    if began == "S" && age.is_some_and(|age| age >= 18) {
        episode.findings.broke(DateImplausible, "DECOM", "352");
    }
    if matches!(legal.as_str(), "J1" | "J2" | "J3") && age.is_some_and(|age| age < 10) {
        episode.findings.broke(FieldsContradict, "LS", "358");
    }
    if legal == "D1" && from >= ACT_OF_2002 {
        episode.findings.broke(FieldsContradict, "LS", "445");
    }
    if legal == "E1" && from < ACT_OF_2002 {
        episode.findings.broke(FieldsContradict, "LS", "446");
    }
}

fn placement(child: &Child<'_>, episode: &mut Episode<'_>) {
    let age = child.age_on(episode.from);
    let (began, legal) = (episode.began_code().to_owned(), episode.legal_code().to_owned());
    let (place, provider) = (episode.place_code().to_owned(), episode.provider_code().to_owned());
    let is_short_break = matches!(legal.as_str(), "V3" | "V4");
    let is_temporary = is_temporary(&place);
    let younger_than = |limit: i16| age.is_some_and(|age| age < limit);
    let findings = &mut episode.findings;
    for (too_young, rule) in [
        (matches!(place.as_str(), "H5" | "K3" | "P2") && younger_than(16), "371"),
        (place == "R5" && younger_than(10), "372"),
        (place == "S1" && younger_than(4), "373"),
        (place == "P3" && younger_than(14), "374"),
    ] {
        if too_young {
            findings.broke(FieldsContradict, "PLACE", rule);
        }
    }
    if place == "P1" && legal == "V2" {
        findings.broke(FieldsContradict, "PLACE", "378");
    }
    if began == "S" && is_temporary {
        findings.broke(FieldsContradict, "PLACE", "380");
    }
    if is_short_break && is_temporary {
        findings.broke(FieldsContradict, "PLACE", "382");
    }
    if is_short_break && matches!(place.as_str(), "U1" | "U4") {
        findings.broke(FieldsContradict, "PLACE", "384");
    }
    if matches!(place.as_str(), "A3" | "A5") && !matches!(began.as_str(), "S" | "T" | "U" | "") {
        findings.broke(FieldsContradict, "RNE", "217");
    }
    let has_none = matches!(place.as_str(), "T0" | "T1" | "T2" | "T3" | "T4" | "Z1");
    match provider.as_str() {
        // A return of before there was one has no such column.
        "" if !has_none && !place.is_empty() && !is_short_break && episode.row.has("place_provider") => {
            findings.broke(FieldMissing, "PLACE_PROVIDER", "526");
        }
        "PR0" if place != "P1" => findings.broke(FieldsContradict, "PLACE_PROVIDER", "550"),
        "PR1" if matches!(place.as_str(), "P1" | "R2" | "R5") => {
            findings.broke(FieldsContradict, "PLACE_PROVIDER", "527");
        }
        "PR2" if matches!(place.as_str(), "P1" | "R2" | "R5") => {
            findings.broke(FieldsContradict, "PLACE_PROVIDER", "528");
        }
        "PR3" if matches!(place.as_str(), "P1" | "K1" | "K2") || place.starts_with(['A', 'U']) => {
            findings.broke(FieldsContradict, "PLACE_PROVIDER", "529");
        }
        "PR4" if place == "P1" => findings.broke(FieldsContradict, "PLACE_PROVIDER", "530"),
        "PR5" if place == "P1" => findings.broke(FieldsContradict, "PLACE_PROVIDER", "531"),
        _ => {}
    }
}

fn ending(child: &Child<'_>, episode: &mut Episode<'_>, next: Option<&Episode<'_>>) {
    let ceased = episode.ceased_code().to_owned();
    let age = episode.to.and_then(|to| child.age_on(to));
    let older_than = |limit: i16| age.is_some_and(|age| age >= limit);
    let place = episode.place_code().to_owned();
    let is_temporary = is_temporary(&place);
    let moves = next.is_some_and(|next| next.row.get("place") != episode.row.get("place") && next.began_code() != "S");
    let has_reason = !episode.row.get("reason_place_change").is_empty();
    let findings = &mut episode.findings;
    if episode.to.is_some_and(|to| to > episode.year.last) {
        findings.broke(DateImplausible, "DEC", "385");
    }
    match episode.to {
        Some(to) if to < episode.from => findings.broke(DatesOutOfOrder, "DEC", "356"),
        Some(to) if to == episode.from => findings.broke(DatesOutOfOrder, "DEC", "355"),
        _ => {}
    }
    match (ceased.as_str(), next) {
        ("X1", None) if episode.to.is_none_or(|to| to < episode.year.last) => {
            findings.broke(FieldsContradict, "REC", "388");
        }
        ("X1", Some(next)) if episode.to.is_some_and(|to| to != next.from) => {
            findings.broke(FieldsContradict, "REC", "388");
        }
        ("E2" | "E15", Some(_)) => findings.broke(FieldsContradict, "REC", "437"),
        _ => {}
    }
    for (odd, rule) in [
        (matches!(ceased.as_str(), "E11" | "E12") && older_than(18), "386"),
        (matches!(ceased.as_str(), "E5" | "E6") && age.is_some_and(|age| age < 14), "387"),
        (ceased == "E7" && age.is_some_and(|age| age < 16), "389"),
        (matches!(ceased.as_str(), "E11" | "E12") && !matches!(place.as_str(), "A3" | "A4" | "A5" | "A6"), "390"),
        (matches!(ceased.as_str(), "E45" | "E46" | "E47" | "E48") && older_than(18), "407"),
        (ceased == "E17" && age.is_some_and(|age| age < 18), "460"),
        (!matches!(ceased.as_str(), "" | "X1") && is_temporary, "381"),
    ] {
        if odd {
            findings.broke(FieldsContradict, "REC", rule);
        }
    }
    let is_short_break = matches!(code(&episode.legal), "V3" | "V4");
    if ceased == "X1" && moves && !has_reason && !is_short_break && !is_temporary {
        episode.findings.broke(FieldMissing, "REASON_PLACE_CHANGE", "225");
    }
    if has_reason && (ceased != "X1" || next.is_some_and(|next| next.began_code() == "L")) {
        episode.findings.broke(FieldsContradict, "REASON_PLACE_CHANGE", "226");
    }
}

/// How long a status or a placement may last, in days.
fn lasting(episode: &mut Episode<'_>) {
    let Some(to) = episode.to else { return };
    let days = to.since(episode.from).map_or(0, |span| span.get_days());
    for (is_of_it, days_max, field, rule) in [
        (episode.legal_code() == "L1", 3, "LS", "361"),
        (episode.legal_code() == "L2", 21, "LS", "362"),
        (episode.legal_code() == "L3", 7, "LS", "363"),
        (episode.legal_code() == "J2", 3, "LS", "364"),
        (episode.legal_code() == "V3", 17, "LS", "365"),
        (episode.place_code() == "T1", 42, "PLACE", "375"),
        (episode.place_code() == "T3", 21, "PLACE", "376"),
        (episode.place_code() == "T4", 7, "PLACE", "379"),
    ] {
        if is_of_it && days > days_max {
            episode.findings.broke(DateImplausible, field, rule);
        }
    }
}

fn following(before: &Episode<'_>, episode: &mut Episode<'_>) {
    let began = episode.began_code().to_owned();
    let ended = before.to;
    let ended_care = before.ends_care();
    let same = |column: &str| before.row.get(column).eq_ignore_ascii_case(episode.row.get(column));
    let (same_legal, same_place) = (same("ls"), same("place"));
    let same_home = same_place && same("place_provider") && same("pl_post") && same("urn");
    let same_need = same("cin");
    let findings = &mut episode.findings;
    match ended {
        None => findings.broke(FieldsContradict, "DECOM", "142"),
        Some(to) if to > episode.from => findings.broke(DatesOutOfOrder, "DECOM", "501"),
        Some(to) if began == "S" && to == episode.from && !ended_care => {
            findings.broke(FieldsContradict, "RNE", "431");
        }
        Some(to) if began != "S" && !ended_care && to < episode.from => {
            findings.broke(FieldsContradict, "RNE", "433");
        }
        _ => {}
    }
    if ended_care && began != "S" {
        findings.broke(FieldsContradict, "RNE", "432");
    }
    if began == "S" {
        return;
    }
    match began.as_str() {
        "L" if same_legal || !same_home => findings.broke(FieldsContradict, "RNE", "434"),
        "P" | "T" if !same_legal || same_home => findings.broke(FieldsContradict, "RNE", "435"),
        "B" | "U" if same_legal || same_home => findings.broke(FieldsContradict, "RNE", "436"),
        _ => {}
    }
    if !same_need {
        findings.broke(FieldsContradict, "CIN", "504");
    }
}

fn is_temporary(place: &str) -> bool {
    matches!(place, "T0" | "T1" | "T2" | "T3" | "T4")
}

fn code(coded: &Option<proto::events::Coded>) -> &str {
    coded.as_ref().map_or("", |coded| coded.code.as_str())
}
