//! Whether a record is past the schedule that its authority keeps it by, and whether a person decided to keep it all the same.

use std::collections::BTreeMap;

use jiff::civil::Date;
use proto::events::event::Kind;
use proto::sharing::RetentionScheduleRecorded;
use proto::sharing::retention_decided::Outcome;

use crate::classify::RecordClass;
use crate::days::{birthday, first_day};
use crate::facts::ChildFacts;
use crate::facts::versions::Stated;

/// What organisations keep past its schedule, of which categories of their own records, and until which day.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept(BTreeMap<(String, i32), Date>);

impl Kept {
    /// Of two decisions of one organisation about one category the later stands.
    pub(crate) fn fold(stated: &[Stated]) -> Self {
        let mut kept = BTreeMap::new();
        for event in stated {
            let Some(Kind::RetentionDecided(decided)) = &event.event.kind else { continue };
            for category in &decided.categories {
                let of = (event.acting.clone(), *category);
                match decided.until.as_ref().and_then(first_day).filter(|_| decided.outcome() == Outcome::Kept) {
                    Some(until) => kept.insert(of, until),
                    None => kept.remove(&of),
                };
            }
        }
        Self(kept)
    }

    /// Whether records of this class are kept on this day.
    pub(crate) fn has(&self, class: &RecordClass, on: Date) -> bool {
        let of = (class.source_org.clone(), class.category.into());
        self.0.get(&of).is_some_and(|until| on <= *until)
    }
}

impl ChildFacts {
    /// Whether the schedule lets go of a record of something that happened on this day. Where it has two terms the later
    /// counts; where one cannot be told, the record is kept.
    pub(crate) fn past_retention(&self, schedule: &RetentionScheduleRecorded, happened_on: Option<Date>) -> bool {
        let on = self.valid_on();
        let past = |day: Date, years: u32| on >= birthday(day, years.into());
        if let (Some(years), Some(died_on)) = (schedule.years_from_death, self.life().died_on)
            && !self.births().maybe_aged(18, died_on)
        {
            return past(died_on, years);
        }
        let of_birth = schedule.years_from_birth.map(|years| self.births().surely_aged(years.into(), on));
        let of_entry = schedule.years_from_entry.map(|years| happened_on.is_some_and(|day| past(day, years)));
        let terms = [of_birth, of_entry];
        terms.iter().flatten().count() > 0 && terms.iter().flatten().all(|past| *past)
    }
}
