//! Whether a record is past the schedule that its authority keeps it by.

use jiff::civil::Date;
use proto::sharing::RetentionScheduleRecorded;

use crate::days::birthday;
use crate::facts::ChildFacts;

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
