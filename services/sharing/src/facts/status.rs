//! Statutory statuses: from live feeds and people only, by `rules/statuses.toml`; never from a return, which cannot say when
//! one ended.

mod table;

use std::collections::BTreeMap;

use jiff::civil::Date;
use proto::events::event::Kind;
use proto::sharing::StatutoryStatusChanged;
use proto::sharing::statutory_status_changed::Status;

use crate::days::{first_day, plus_weekdays};
use crate::facts::feed::{Believed, Feed};
pub(crate) use crate::facts::status::table::StatusTable;
use crate::facts::status::table::Stepped;
use crate::facts::versions::Stated;
use crate::registry::Registry;
use crate::terms::Terms;

/// The statuses that are open, by whose they are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Statuses(BTreeMap<(i32, String), Open>);

#[derive(Clone, Debug)]
struct Open {
    /// Of a feed that must confirm what it said; nothing of what a person recorded.
    feed: Option<Feed>,
}

/// One opening or closing, ordered by day; on one day the closings come last, and then whatever the source said last.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    on: Date,
    closes: bool,
    as_of_us: i64,
    position: (i64, u64),
    status: i32,
}

impl Statuses {
    /// Per group of statuses and organisation, the last change by the day counts.
    pub(crate) fn fold(stated: &[Stated], table: &StatusTable, terms: &Terms, valid_on: Date) -> Self {
        let mut histories: BTreeMap<(&str, String), Vec<(Step, &Stated)>> = BTreeMap::new();
        for event in stated {
            for stepped in steps(event, table, terms) {
                if stepped.on > valid_on {
                    continue;
                }
                let step = Step {
                    on: stepped.on,
                    closes: !stepped.opens,
                    as_of_us: event.as_of_us,
                    position: event.position,
                    status: stepped.status.into(),
                };
                let history = (table.group(stepped.status), stepped.organisation);
                histories.entry(history).or_default().push((step, event));
            }
        }
        let mut open = BTreeMap::new();
        for ((_, organisation), mut history) in histories {
            history.sort_by(|(one, _), (other, _)| one.cmp(other));
            let mut standing: Option<(Step, &Stated)> = None;
            for (step, event) in history {
                if !step.closes {
                    standing = Some((step, event));
                } else if standing.as_ref().is_some_and(|(opened, _)| opened.status == step.status) {
                    standing = None;
                }
            }
            let Some((step, event)) = standing else { continue };
            let weekdays_max = Status::try_from(step.status).ok().and_then(|status| table.weekdays_max(status));
            if weekdays_max.is_none_or(|most| valid_on <= plus_weekdays(step.on, most)) {
                let by_hand = matches!(event.event.kind, Some(Kind::StatutoryStatusChanged(_)));
                let feed = match table.believed(event) {
                    Believed::While(feed) => Some(feed),
                    Believed::Never if !by_hand => continue,
                    Believed::Never | Believed::Always => None,
                };
                open.insert((step.status, organisation), Open { feed });
            }
        }
        Self(open)
    }

    /// Whether it is open of any organisation, and confirmed.
    pub(crate) fn open(&self, status: Status, registry: &Registry, on: Date) -> bool {
        self.of(status).any(|(_, open)| open.is_confirmed(registry, on))
    }

    /// Whether it is open of this organisation, and confirmed.
    pub(crate) fn open_of(&self, status: Status, organisation: &str, registry: &Registry, on: Date) -> bool {
        self.of(status).any(|(of, open)| of == organisation && open.is_confirmed(registry, on))
    }

    /// What would be open, and has not been confirmed for too long: each with the last day on which it was.
    pub(crate) fn unconfirmed(&self, registry: &Registry, on: Date) -> BTreeMap<Status, Date> {
        let mut found = BTreeMap::new();
        for ((status, _), open) in &self.0 {
            let Ok(status) = Status::try_from(*status) else { continue };
            if let Some(feed) = open.feed.as_ref().filter(|_| !self.open(status, registry, on)) {
                let confirmed_on = feed.confirmed_on(registry);
                let latest = found.entry(status).or_insert(confirmed_on);
                *latest = confirmed_on.max(*latest);
            }
        }
        found
    }

    fn of(&self, status: Status) -> impl Iterator<Item = (&str, &Open)> {
        let wanted = i32::from(status);
        self.0.iter().filter(move |((status, _), _)| *status == wanted).map(|((_, of), open)| (of.as_str(), open))
    }
}

impl Open {
    fn is_confirmed(&self, registry: &Registry, on: Date) -> bool {
        self.feed.as_ref().is_none_or(|feed| feed.is_confirmed(registry, on))
    }
}

fn steps(event: &Stated, table: &StatusTable, terms: &Terms) -> Vec<Stepped> {
    match &event.event.kind {
        Some(Kind::StatutoryStatusChanged(changed)) => recorded(changed, event).into_iter().collect(),
        _ => table.steps(event, terms),
    }
}

/// What a person recorded: that it opened or closed, or, again, that it is open still.
fn recorded(changed: &StatutoryStatusChanged, event: &Stated) -> Option<Stepped> {
    let on = changed.on.as_ref().and_then(first_day).or(event.published_on)?;
    let named = Some(changed.organisation()).filter(|id| !id.is_empty());
    Some(Stepped {
        status: changed.status(),
        opens: changed.open.unwrap_or(false),
        on,
        organisation: named.unwrap_or(&event.acting).to_owned(),
    })
}
