//! `rules/statuses.toml`: which events open and close which status, and whom they are believed of.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use proto::event::KindNumber;
use proto::sharing::statutory_status_changed::Status;
use serde::Deserialize;

use crate::classify::TableUnusable;
use crate::days::{day_of, first_day, first_day_of_when};
use crate::engine::Engine;
use crate::facts::feed::{Believed, Feed};
use crate::facts::versions::Stated;
use crate::terms::{Condition, Terms};
use crate::wire::Opened;

/// The table, parsed.
#[derive(Debug)]
pub(crate) struct StatusTable {
    /// By live source, for how many days it is believed without confirming.
    stale_after_days: BTreeMap<String, Option<u32>>,
    rows: BTreeMap<Status, Row>,
    kinds: BTreeMap<KindNumber, Vec<(Status, Step)>>,
}

/// What holds of a status.
#[derive(Debug)]
pub(crate) struct Row {
    group: String,
    weekdays_max: Option<u32>,
}

#[derive(Clone, Debug)]
struct Step {
    opens: bool,
    says: Arc<Says>,
}

/// What an event does to a status.
#[derive(Debug)]
pub(crate) struct Stepped {
    pub(crate) status: Status,
    pub(crate) opens: bool,
    pub(crate) on: Date,
    pub(crate) organisation: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[expect(dead_code, reason = "read by people and by the hash, which is over the text")]
    revision: u32,
    source: Vec<Source>,
    status: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    name: String,
    stale_after_days: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    of: String,
    group: Option<String>,
    weekdays_max: Option<u32>,
    opened_by: Vec<Says>,
    closed_by: Vec<Says>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Says {
    kind: String,
    on: Option<String>,
    when: Option<Condition>,
    unless: Option<String>,
    of_organisation: Option<String>,
}

impl Engine {
    /// Whether statuses may come from what this source says: it is read as it changes, and not once a year.
    pub fn is_live(&self, source: &str) -> bool {
        self.statuses().stale_after_days.contains_key(source)
    }
}

impl StatusTable {
    pub(crate) fn parse(text: &str, terms: &Terms) -> Result<Self, TableUnusable> {
        let unusable = |problem: String| TableUnusable { table: "statuses", problem };
        let table: Table = toml::from_str(text).map_err(|error| unusable(error.message().to_owned()))?;
        let stale_after_days = table.source.into_iter().map(|source| (source.name, source.stale_after_days)).collect();
        let mut loaded = Self { stale_after_days, rows: BTreeMap::new(), kinds: BTreeMap::new() };
        for written in table.status {
            let name = format!("STATUS_{}", written.of.to_ascii_uppercase());
            let status = Status::from_str_name(&name).ok_or_else(|| unusable(format!("no status {}", written.of)))?;
            let group = written.group.unwrap_or_else(|| written.of.clone());
            loaded.rows.insert(status, Row { group, weekdays_max: written.weekdays_max });
            let opened = written.opened_by.into_iter().map(|says| (true, says));
            for (opens, says) in opened.chain(written.closed_by.into_iter().map(|says| (false, says))) {
                let kind = checked(&says, terms).map_err(unusable)?;
                loaded.kinds.entry(kind).or_default().push((status, Step { opens, says: says.into() }));
            }
        }
        Ok(loaded)
    }

    /// The kinds that open or close a status.
    pub(crate) fn reads(&self, kind: KindNumber) -> bool {
        self.kinds.contains_key(&kind)
    }

    /// The statuses of which a child has one at a time beside this one, and this one.
    pub(crate) fn group(&self, status: Status) -> &str {
        self.rows.get(&status).map_or("", |row| &row.group)
    }

    pub(crate) fn weekdays_max(&self, status: Status) -> Option<u32> {
        self.rows.get(&status).and_then(|row| row.weekdays_max)
    }

    /// How far its source is believed in what this says of now.
    pub(crate) fn believed(&self, event: &Stated) -> Believed {
        let stale_after_days = match self.stale_after_days.get(&event.source) {
            None => return Believed::Never,
            Some(None) => return Believed::Always,
            Some(Some(days)) => *days,
        };
        let as_of = Some(event.as_of_us).filter(|us| *us != 0).and_then(day_of);
        Believed::While(Feed {
            controller: event.controller.clone(),
            source: event.source.clone(),
            // Of a source that cannot say when it stood so, nothing is known to be confirmed.
            said_on: as_of.or(event.published_on).unwrap_or(Date::MIN),
            stale_after_days,
        })
    }

    /// What this event does to statuses; nothing where its source is not live.
    pub(crate) fn steps(&self, event: &Stated, terms: &Terms) -> Vec<Stepped> {
        let steps = event.event.kind_number().and_then(|kind| self.kinds.get(&kind));
        let (Some(steps), Some(opened)) = (steps, Opened::of(&event.event)) else { return Vec::new() };
        if !self.stale_after_days.contains_key(&event.source) {
            return Vec::new();
        }
        let read = |(status, step): &(Status, Step)| {
            let says = &step.says;
            let stated = says.on.as_deref().and_then(|on| opened.message::<proto::events::Date>(on));
            let happened = || event.effective.as_ref().and_then(first_day_of_when).or(event.published_on);
            let on = stated.as_ref().and_then(first_day).or_else(happened)?;
            if says.unless.as_deref().is_some_and(|flag| opened.flag(flag))
                || !says.when.as_ref().is_none_or(|when| when.holds(&opened, terms, on))
            {
                return None;
            }
            let organisation = match says.of_organisation.as_deref() {
                None => event.acting.clone(),
                Some(field) => opened.text(field).filter(|id| !id.is_empty())?,
            };
            // Nobody opens a status of another: that would let it read by its own word alone.
            let may = !step.opens || organisation == event.acting;
            may.then_some(Stepped { status: *status, opens: step.opens, on, organisation })
        };
        steps.iter().filter_map(read).collect()
    }
}

/// The kind, if all that is said of it can be read.
fn checked(says: &Says, terms: &Terms) -> Result<KindNumber, String> {
    let kind = KindNumber::named(&says.kind).ok_or_else(|| format!("there is no kind {}", says.kind))?;
    let message = kind.info().and_then(|info| info.message());
    for name in [&says.on, &says.unless, &says.of_organisation].into_iter().flatten() {
        if !message.is_some_and(|message| message.fields.iter().any(|field| field.name == *name)) {
            return Err(format!("{} has no field {name}", says.kind));
        }
    }
    match says.when.as_ref().and_then(|when| when.problem(message, terms)) {
        Some(problem) => Err(format!("{}: {problem}", says.kind)),
        None => Ok(kind),
    }
}
