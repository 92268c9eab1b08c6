//! A point in time as far as the sender told it.

use connector_kit::dates;
use proto::events::{Date, When, when};

/// What a time stamp told: a day, or an instant.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Time(When);

impl Time {
    pub(crate) fn new(when: When) -> Self {
        Self(when)
    }

    /// For ordering an entry: an instant, or a day where no more was told.
    pub(crate) fn when(self) -> When {
        self.0
    }

    /// Microseconds since 1970. A day stands as its midnight UTC, which is the same day in England all year; a month or a
    /// year as its first day.
    pub(crate) fn as_us(self) -> i64 {
        match self.0.when {
            Some(when::When::At(at)) => at.seconds * 1_000_000 + i64::from(at.nanos / 1000),
            Some(when::When::On(date)) => midnight_utc_us(date).unwrap_or_default(),
            None => 0,
        }
    }

    /// For a field that holds an instant.
    pub(crate) fn timestamp(self) -> prost_types::Timestamp {
        dates::timestamp(self.as_us())
    }

    /// For a record key: the same however many digits the sender wrote.
    pub(crate) fn key(self) -> String {
        match self.0.when {
            Some(when::When::At(at)) => {
                jiff::Timestamp::new(at.seconds, at.nanos).map(|at| at.to_string()).unwrap_or_default()
            }
            Some(when::When::On(date)) => dates::key(&date),
            None => String::new(),
        }
    }

    /// In the years in which somebody on record can have been seen or be booked.
    pub(crate) fn is_of_our_age(self) -> bool {
        const START_OF_1850_US: i64 = -3_786_825_600_000_000;
        const START_OF_2200_US: i64 = 7_258_118_400_000_000;
        (START_OF_1850_US..START_OF_2200_US).contains(&self.as_us())
    }

    /// As the last time of something: it is over at this one. A day is over when it is, and a month or a year as well.
    pub(crate) fn is_over_at(self, at: Self) -> bool {
        let ends_us = match self.0.when {
            Some(when::When::On(date)) => end_utc_us(date),
            _ => Some(self.as_us()),
        };
        ends_us.is_some_and(|ends| ends <= at.as_us())
    }

    /// It is wholly before this day began.
    pub(crate) fn is_before_day(self, day: Date) -> bool {
        // Two days' grace: the zone of a birth abroad, and a day that was told as an instant elsewhere.
        const GRACE_US: i64 = 2 * 86_400 * 1_000_000;
        let whole = day.month.is_some() && day.day.is_some();
        whole && midnight_utc_us(day).is_some_and(|start| self.as_us() + GRACE_US < start)
    }
}

fn midnight_utc_us(date: Date) -> Option<i64> {
    starts_us(first_day(date)?)
}

/// When the day, the month or the year is over.
fn end_utc_us(date: Date) -> Option<i64> {
    let first = first_day(date)?;
    let last = match (date.month, date.day) {
        (Some(_), Some(_)) => first,
        (Some(_), None) => first.last_of_month(),
        (None, _) => first.last_of_year(),
    };
    starts_us(last.tomorrow().ok()?)
}

fn first_day(date: Date) -> Option<jiff::civil::Date> {
    let part = |part: Option<u32>| i8::try_from(part.unwrap_or(1)).ok();
    jiff::civil::Date::new(i16::try_from(date.year).ok()?, part(date.month)?, part(date.day)?).ok()
}

fn starts_us(day: jiff::civil::Date) -> Option<i64> {
    let start = jiff::tz::Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()?;
    Some(start.as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        Time::new(dates::hl7_ts(text, "field").value.unwrap())
    }

    #[test]
    fn what_ends_on_a_day_stands_all_of_it() {
        let sent = time("20260501130000");
        for over in ["20260430", "202604", "2025", "20260501120000"] {
            assert!(time(over).is_over_at(sent), "{over}");
        }
        for stands in ["20260501", "202605", "2026", "20260501140000", "20991231"] {
            assert!(!time(stands).is_over_at(sent), "{stands}");
        }
    }

    #[test]
    fn a_day_is_the_same_day_in_a_field_of_instants() {
        assert_eq!(time("20260701").timestamp().seconds, 1_782_864_000);
        assert_eq!(time("20260701090000").timestamp().seconds, 1_782_892_800);
    }

    #[test]
    fn another_age_is_told_apart() {
        let ages = ["01/01/1800 10:00:00", "20260101"].map(|text| time(text).is_of_our_age());
        assert_eq!(ages, [false, true]);
    }

    #[test]
    fn keys_do_not_depend_on_how_many_digits_were_written() {
        assert_eq!(time("202601010900").key(), time("20260101090000.000+0000").key());
        assert_eq!(time("20260101").key(), "2026-01-01");
        assert_eq!(time("202601010900").key(), "2026-01-01T09:00:00Z");
    }

    #[test]
    fn before_a_day_means_before_all_of_it() {
        let day = |text| dates::hl7_date(text, "field").value.unwrap();
        assert!(time("20260101").is_before_day(day("20260201")));
        assert!(!time("20260131235959").is_before_day(day("20260201")));
        assert!(!time("20260101").is_before_day(day("202602")));
    }
}
