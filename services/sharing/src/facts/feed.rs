//! How far a source is believed in what it says of now: a person always, a live feed as long as it confirms, a return not at all.

use jiff::civil::Date;

use crate::days::plus_days;
use crate::registry::Registry;

/// Whether what was said of a time without an end still counts.
#[derive(Clone, Debug)]
pub(crate) enum Believed {
    /// What a person recorded.
    Always,
    /// A live feed, for so many days after it said so or was read whole.
    While(Feed),
    /// A return cannot say when something ended.
    Never,
}

/// A source that is believed for so many days.
#[derive(Clone, Debug)]
pub(crate) struct Feed {
    pub(crate) controller: String,
    pub(crate) source: String,
    pub(crate) said_on: Date,
    pub(crate) stale_after_days: u32,
}

impl Feed {
    /// The last day on which the source said it, or was read whole.
    pub(crate) fn confirmed_on(&self, registry: &Registry) -> Date {
        registry.feed_confirmed_on(&self.controller, &self.source).map_or(self.said_on, |on| on.max(self.said_on))
    }

    pub(crate) fn is_confirmed(&self, registry: &Registry, on: Date) -> bool {
        on <= plus_days(self.confirmed_on(registry), i64::from(self.stale_after_days))
    }
}
