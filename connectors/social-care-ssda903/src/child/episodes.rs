//! Episodes of care: read, repaired, checked, and told as periods, statuses and placements.

use connector_kit::dates;
use jiff::civil;
use proto::events::{
    Coded, Date, LegalStatusChanged, LookedAfterPeriodEnded, LookedAfterPeriodStarted, PlacementChanged,
};

use super::{Child, Given};
use crate::codes;
use crate::held::Row;
use crate::repair;
use crate::rules;
use crate::say::{Findings, Voice, Year};
use crate::tables::Table;

/// An episode: a stretch of time in one placement under one legal status.
pub(crate) struct Episode<'r> {
    pub(crate) row: &'r Row<'r>,
    pub(crate) year: Year,
    pub(crate) from: civil::Date,
    from_on: Date,
    /// Its last day, as the return has it or as it was repaired.
    pub(crate) to: Option<civil::Date>,
    /// A date that stands there and is known to less than the day.
    to_on: Option<Date>,
    pub(crate) began: Option<Coded>,
    pub(crate) legal: Option<Coded>,
    need: Option<Coded>,
    pub(crate) place: Option<Coded>,
    pub(crate) provider: Option<Coded>,
    pub(crate) ceased: Option<Coded>,
    pub(crate) reason: Option<Coded>,
    pub(crate) findings: Findings,
}

/// What changed when an episode began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Change {
    /// The child began to be looked after.
    Started,
    Legal,
    Placement,
    Both,
}

impl Episode<'_> {
    pub(crate) fn began_code(&self) -> &str {
        code(&self.began)
    }

    pub(crate) fn legal_code(&self) -> &str {
        code(&self.legal)
    }

    pub(crate) fn place_code(&self) -> &str {
        code(&self.place)
    }

    pub(crate) fn provider_code(&self) -> &str {
        code(&self.provider)
    }

    pub(crate) fn ceased_code(&self) -> &str {
        code(&self.ceased)
    }

    /// Whether the child ceased to be looked after with it.
    pub(crate) fn ends_care(&self) -> bool {
        (self.to.is_some() || self.to_on.is_some()) && self.ceased_code() != "X1"
    }

    pub(crate) fn ends_in_adoption(&self) -> bool {
        matches!(self.ceased_code(), "E11" | "E12")
    }

    pub(crate) fn is_placed_for_adoption(&self) -> bool {
        matches!(self.place_code(), "A3" | "A4" | "A5" | "A6")
    }

    pub(crate) fn holds(&self, on: civil::Date) -> bool {
        self.from <= on && self.to.is_none_or(|to| on <= to)
    }

    /// Whether another goes on where this one stopped.
    pub(crate) fn leads_to(&self, next: &Self) -> bool {
        !self.ends_care() && self.to.is_none_or(|to| to == next.from)
    }
}

fn code(coded: &Option<Coded>) -> &str {
    coded.as_ref().map_or("", |coded| coded.code.as_str())
}

/// Reads a child's episodes of every year, in order of year and beginning, repaired and checked.
pub(crate) fn read<'r>(child: &Child<'r>, voice: &mut Voice<'_>) -> Vec<Episode<'r>> {
    let (mut episodes, mut unplaced) = (Vec::<Episode<'r>>::new(), Vec::new());
    for given in child.of(Table::Episodes) {
        match one(child, voice, given) {
            Some(episode) => episodes.push(episode),
            None => unplaced.push(given.year.number),
        }
    }
    // Rows of one day stay in order of what they say.
    episodes.sort_by_key(|episode| (episode.year, episode.from));
    for same_year in episodes.chunk_by_mut(|a, b| a.year == b.year) {
        rules::check(child, same_year);
    }
    let mut at = 0;
    while let Some(year) = episodes.get(at).map(|episode| episode.year) {
        let count = episodes.iter().skip(at).take_while(|episode| episode.year == year).count();
        if let Some((before, rest)) = episodes.split_at_mut_checked(at)
            && let Some(of_year) = rest.get_mut(..count)
        {
            rules::years::check(child, voice, before, of_year);
        }
        at += count;
    }
    let whole = |year: u16| child.around.tables.whole(voice.authority, year, Table::Episodes);
    let replaced = repair::replaced(&mut episodes, &|year| whole(year) && !unplaced.contains(&year));
    repair::repair(&mut episodes, &|year| whole(year.saturating_add(1)));
    for Episode { row, year, from_on, findings, .. } in replaced {
        let key = voice.key(year, &format!("episode/{}", dates::key(&from_on)));
        voice.keep_row((row, year), &key, from_on, findings);
    }
    episodes
}

fn one<'r>(child: &Child<'r>, voice: &mut Voice<'_>, given: Given<'r>) -> Option<Episode<'r>> {
    let Given { row, year, .. } = given;
    let mut findings = child.begin(voice, given);
    let Some((from_on, from)) = findings.day(row, "decom", "141") else {
        voice.cannot_place((row, year), "decom", "141");
        return None;
    };
    let to_on = findings.date(row, "dec", "147");
    if to_on.is_none() && !row.get("dec").is_empty() {
        voice.cannot_date((row, year), "dec", "147");
    }
    Some(Episode {
        row,
        year,
        from,
        from_on,
        to: to_on.as_ref().and_then(dates::day),
        to_on,
        began: findings.code(&codes::RNE, year, row, "rne", "143"),
        legal: findings.code(&codes::LEGAL_STATUS, year, row, "ls", "144"),
        need: findings.code(&codes::NEED, year, row, "cin", "145"),
        place: findings.code(&codes::PLACE, year, row, "place", "146"),
        provider: findings.code(&codes::PROVIDER, year, row, "place_provider", "178"),
        ceased: findings.code(&codes::REC, year, row, "rec", "149"),
        reason: findings.code(&codes::CHANGE_REASON, year, row, "reason_place_change", "1009"),
        findings,
    })
}

/// Says what episodes tell, each in the scope of its own year.
pub(crate) fn say(mut episodes: Vec<Episode<'_>>, voice: &mut Voice<'_>) {
    for of_year in episodes.chunk_by_mut(|a, b| a.year == b.year) {
        let changes = changes(of_year);
        let placements = placements(of_year, &changes);
        for ((episode, change), placement) in of_year.iter_mut().zip(changes).zip(placements) {
            tell(episode, change, placement, voice);
        }
    }
}

/// What each episode of a year changed: as its code says, else as it differs from the one before.
fn changes(episodes: &[Episode<'_>]) -> Vec<Change> {
    let mut before: Option<&Episode<'_>> = None;
    let mut changes = Vec::with_capacity(episodes.len());
    for episode in episodes {
        // What is blank tells of no change.
        let differ = |before: &str, now: &str| !before.is_empty() && !now.is_empty() && before != now;
        let differs = |before: &Episode<'_>| match (
            differ(before.legal_code(), episode.legal_code()),
            differ(before.place_code(), episode.place_code()),
        ) {
            (true, true) => Change::Both,
            (true, false) => Change::Legal,
            _ => Change::Placement,
        };
        changes.push(match episode.began_code() {
            "S" => Change::Started,
            "L" => Change::Legal,
            "P" | "T" => Change::Placement,
            "B" | "U" => Change::Both,
            _ => before.filter(|before| before.leads_to(episode)).map_or(Change::Started, differs),
        });
        before = Some(episode);
    }
    changes
}

/// A placement as an episode tells of it.
struct Placement {
    /// It began with the episode, and was not only found there.
    is_new: bool,
    until: Option<civil::Date>,
    reason: Option<Coded>,
}

/// The placement that each episode tells of: the first of those that lie in one placement, a change of legal status alone
/// apart. Of the first episode of a year every child's placement is told.
fn placements(episodes: &[Episode<'_>], changes: &[Change]) -> Vec<Option<Placement>> {
    let mut told: Vec<Option<Placement>> = Vec::with_capacity(episodes.len());
    let mut current = None;
    for (at, (episode, change)) in episodes.iter().zip(changes).enumerate() {
        let goes_on = *change == Change::Legal
            && at.checked_sub(1).and_then(|before| episodes.get(before)).is_some_and(|before| before.leads_to(episode));
        let next_moves = changes.get(at + 1).is_some_and(|next| *next != Change::Legal);
        let ended = episode.ends_care() || episode.reason.is_some() || next_moves;
        let until = episode.to.filter(|_| ended);
        match current.filter(|_| goes_on).and_then(|at: usize| told.get_mut(at)) {
            Some(Some(placement)) => {
                (placement.until, placement.reason) = (until, episode.reason.clone());
                told.push(None);
            }
            _ => {
                current = Some(at);
                let is_new = *change != Change::Legal;
                told.push(Some(Placement { is_new, until, reason: episode.reason.clone() }));
            }
        }
    }
    told
}

fn tell(episode: &mut Episode<'_>, change: Change, placement: Option<Placement>, voice: &mut Voice<'_>) {
    let (row, year, on) = (episode.row, episode.year, episode.from_on);
    let key = voice.key(year, &format!("episode/{}", dates::key(&on)));
    // Why it ceased is said where care ends, or goes on: else of a row without its day, or of a word that is no code.
    let said = episode.ceased.as_ref().filter(|_| episode.to.is_some() || episode.to_on.is_some());
    let is_unsaid = said.is_none_or(|said| said.code_set == repair::CODE_SET) && !row.get("rec").is_empty();
    voice.keep_with((row, year), &key, on, is_unsaid.then(|| ("rec", row.get("rec"))));
    // What is odd about the row rides on its first event.
    let mut findings = Some(std::mem::take(&mut episode.findings.0));
    let mut found = || findings.take().unwrap_or_default();
    if change == Change::Started {
        let event = LookedAfterPeriodStarted {
            start_on: Some(on),
            legal_status: episode.legal.clone(),
            primary_need: episode.need.clone(),
        };
        voice.say((row, year), (&key, 1), on, found(), event);
    }
    if matches!(change, Change::Legal | Change::Both) {
        let event = LegalStatusChanged { changed_on: Some(on), legal_status: episode.legal.clone() };
        voice.say((row, year), (&key, 2), on, found(), event);
    }
    if let Some(placement) = placement {
        let event = PlacementChanged {
            placed_on: placement.is_new.then_some(on),
            placement_type: episode.place.clone(),
            provider: episode.provider.clone(),
            postcode: text(row, "pl_post"),
            home_postcode: text(row, "home_post"),
            urn: text(row, "urn"),
            until_on: placement.until.map(dates::date_on),
            end_reason: placement.reason,
            ..PlacementChanged::default()
        };
        voice.say((row, year), (&key, 0), on, found(), event);
    }
    if episode.ends_care()
        && let Some(end_on) = episode.to.map(dates::date_on).or(episode.to_on)
    {
        let event = LookedAfterPeriodEnded { end_on: Some(end_on), reason: episode.ceased.clone() };
        voice.say((row, year), (&key, 3), end_on, found(), event);
    }
}

fn text(row: &Row<'_>, column: &str) -> Option<String> {
    let text = row.get(column);
    (!text.is_empty()).then(|| text.to_owned())
}
