//! The published repairs of episodes that do not fit together, within a return or between one year's and the next.
//!
//! Source: the London Innovation and Improvement Alliance, "fix episodes", rules 1 to 5. Theirs are written into the data; here
//! what was said before stays in the log, and what is said now takes its place, with the repair as a finding:
//! `ssda903-repair/1`. Rules 1A and 2 end a period that no return ends: their reason is `E99` and no code of the department's.
//! A row that stands twice needs nothing more than that it counts once, and of one beginning the later year's word is what
//! versions do. An open row of an earlier year that a later year tells otherwise is replaced by what the later one tells: it
//! begins on another day there (rule 3), or something that began before it stands there (rule 3A). Rule 6 is ours: a blank reason
//! ends no care that goes on, in the next episode, on the very day.

use jiff::{ToSpan as _, civil};
use proto::events::{Coded, FindingCode};

use crate::child::episodes::Episode;
use crate::codes;

/// An end that no return gives.
const NOT_RETURNED: &str = "E99";
/// A reason for a change of placement that no return gives.
const NO_REASON: &str = "LIIAF";
pub(crate) const CODE_SET: &str = "ssda903-repair";

/// Takes out the episodes that a later year's return has replaced, with the rule by which it is as a finding. `is_told` says
/// whether all that a year says of the child could be read: else what replaces one may be what could not.
pub(crate) fn replaced<'r>(episodes: &mut Vec<Episode<'r>>, is_told: &dyn Fn(u16) -> bool) -> Vec<Episode<'r>> {
    let mut rules: Vec<(usize, &str)> = Vec::new();
    let mut before: Option<usize> = None;
    let latest = latest(episodes);
    for (place, at) in latest.iter().enumerate() {
        let next = latest.get(place + 1).and_then(|next| episodes.get(*next));
        let Some(episode) = episodes.get(*at) else { continue };
        let is_later = |other: &&Episode<'_>| other.year > episode.year && is_told(other.year.number);
        let rule = if !is_open(episode) {
            None
        } else if before.and_then(|before| episodes.get(before)).is_some_and(|before| is_later(&before)) {
            Some("3A")
        } else {
            next.filter(is_later).filter(|next| same(episode, next)).map(|_| "3")
        };
        match rule {
            Some(rule) => rules.push((*at, rule)),
            None => before = Some(*at),
        }
    }
    // From the last on, so that those before stay where they are.
    rules.sort_unstable_by(|a, b| b.cmp(a));
    let taken = rules.into_iter().map(|(at, rule)| {
        let mut episode = episodes.remove(at);
        found(&mut episode, FindingCode::FieldsContradict, "DECOM", rule);
        episode
    });
    taken.collect()
}

/// Whether two tell of one placement under one status, begun for the same reason.
fn same(a: &Episode<'_>, b: &Episode<'_>) -> bool {
    let columns = ["rne", "ls", "place", "place_provider", "pl_post", "urn"];
    columns.iter().all(|column| a.row.get(column).eq_ignore_ascii_case(b.row.get(column)))
}

/// Whether why it ceased is a code of the list, of whatever year.
fn is_known(episode: &Episode<'_>) -> bool {
    codes::REC.codes.iter().any(|code| code.code.eq_ignore_ascii_case(episode.ceased_code()))
}

fn is_open(episode: &Episode<'_>) -> bool {
    episode.to.is_none() && episode.row.get("dec").is_empty()
}

/// Repairs a child's episodes. `next_year_told` says whether the episodes of the year after this one are here, whole.
pub(crate) fn repair(episodes: &mut [Episode<'_>], next_year_told: &dyn Fn(u16) -> bool) {
    let latest = latest(episodes);
    for (place, at) in latest.iter().enumerate() {
        let year = episodes.get(*at).map(|episode| episode.year);
        let next = latest.get(place + 1).and_then(|next| episodes.get(*next));
        // What an earlier year's return has changes nothing of a later one's.
        let next = next.filter(|next| Some(next.year) >= year).map(Next::of);
        let Some(episode) = episodes.get_mut(*at) else { continue };
        one(episode, next, next_year_told);
    }
}

/// In order of their beginning: of each the word of the latest year; where one year has two of one day, the last of them.
fn latest(episodes: &[Episode<'_>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..episodes.len()).collect();
    order.sort_by_key(|at| episodes.get(*at).map(|episode| (episode.from, episode.year)));
    let begins = |at: usize| episodes.get(at).map(|episode| episode.from);
    let mut latest: Vec<usize> = Vec::with_capacity(order.len());
    for at in order {
        if latest.last().is_some_and(|last| begins(*last) == begins(at)) {
            latest.pop();
        }
        latest.push(at);
    }
    latest
}

/// What a repair needs of the episode that follows.
struct Next {
    from: civil::Date,
    began: String,
}

impl Next {
    fn of(episode: &Episode<'_>) -> Self {
        Self { from: episode.from, began: episode.began_code().to_owned() }
    }
}

fn one(episode: &mut Episode<'_>, next: Option<Next>, next_year_told: &dyn Fn(u16) -> bool) {
    let is_open = is_open(episode);
    match next {
        Some(next) if is_open && next.began == "S" => {
            let before = next.from.checked_sub(1.day()).unwrap_or(next.from);
            end(episode, episode.year.last.min(before), "1A");
        }
        Some(next) if is_open => {
            episode.to = Some(next.from);
            goes_on(episode, &next);
            found(episode, FindingCode::FieldMissing, "DEC", "1");
        }
        Some(next) if next.began != "S" && episode.to == Some(next.from) && episode.row.get("rec").is_empty() => {
            goes_on(episode, &next);
            found(episode, FindingCode::FieldMissing, "REC", "6");
        }
        // A word of which nobody knows what it means ends nothing either.
        Some(next) if next.began != "S" && episode.to == Some(next.from) && !is_known(episode) => {
            goes_on(episode, &next);
            found(episode, FindingCode::CodeUnknown, "REC", "6");
        }
        Some(next) if episode.to.is_some_and(|to| to > next.from) => {
            episode.to = Some(next.from);
            found(episode, FindingCode::DatesOutOfOrder, "DEC", "4");
        }
        Some(next)
            if episode.ceased_code() == "X1" && next.began != "S" && episode.to.is_some_and(|to| to < next.from) =>
        {
            episode.to = Some(next.from);
            found(episode, FindingCode::FieldsContradict, "DEC", "5");
        }
        None if is_open && next_year_told(episode.year.number) => end(episode, episode.year.last, "2"),
        _ => {}
    }
}

/// Ends a period at a day that no return gives.
fn end(episode: &mut Episode<'_>, on: civil::Date, rule: &str) {
    episode.to = Some(on.max(episode.from));
    episode.ceased = Some(marked(NOT_RETURNED));
    found(episode, FindingCode::FieldMissing, "DEC", rule);
}

/// Care goes on in the next episode.
fn goes_on(episode: &mut Episode<'_>, next: &Next) {
    episode.ceased = Some(marked("X1"));
    if matches!(next.began.as_str(), "P" | "B" | "T" | "U") && episode.reason.is_none() {
        episode.reason = Some(marked(NO_REASON));
    }
}

fn found(episode: &mut Episode<'_>, code: FindingCode, field: &str, rule: &str) {
    let finding = connector_kit::reading::finding_of_rule(code, field, &format!("{CODE_SET}/{rule}"));
    episode.findings.0.push(finding);
}

fn marked(code: &str) -> Coded {
    Coded { code: code.to_owned(), code_set: CODE_SET.to_owned(), text: None }
}
