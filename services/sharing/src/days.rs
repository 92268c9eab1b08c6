//! Days: of dates that may be partial, of ages, of working weeks.

use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use proto::events::{When, when};

/// The first day that a date to the source's precision can mean.
pub(crate) fn first_day(date: &proto::events::Date) -> Option<Date> {
    civil(date.year, date.month.unwrap_or(1), date.day.filter(|_| date.month.is_some()).unwrap_or(1))
}

/// The last day that it can mean.
pub(crate) fn last_day(date: &proto::events::Date) -> Option<Date> {
    let month = date.month.unwrap_or(12);
    match (date.month, date.day) {
        (Some(_), Some(day)) => civil(date.year, month, day),
        _ => Some(civil(date.year, month, 1)?.last_of_month()),
    }
}

fn civil(year: i32, month: u32, day: u32) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// The day of a moment, in universal time.
pub(crate) fn day_of(microseconds: i64) -> Option<Date> {
    Some(Timestamp::from_microsecond(microseconds).ok()?.to_zoned(TimeZone::UTC).date())
}

/// The day of a timestamp of the wire.
pub(crate) fn day_of_timestamp(at: &prost_types::Timestamp) -> Option<Date> {
    day_of(microseconds(at)?)
}

/// A timestamp of the wire in microseconds since 1970.
pub(crate) fn microseconds(at: &prost_types::Timestamp) -> Option<i64> {
    at.seconds.checked_mul(1_000_000)?.checked_add(i64::from(at.nanos) / 1_000)
}

/// The first day that a moment or a date can mean.
pub(crate) fn first_day_of_when(when: &When) -> Option<Date> {
    match when.when.as_ref()? {
        when::When::On(date) => first_day(date),
        when::When::At(at) => day_of_timestamp(at),
    }
}

/// The last day that it can mean.
pub(crate) fn last_day_of_when(when: &When) -> Option<Date> {
    match when.when.as_ref()? {
        when::When::On(date) => last_day(date),
        when::When::At(at) => day_of_timestamp(at),
    }
}

/// This many days later, or earlier when negative; the far end of the calendar where there is no such day.
pub(crate) fn plus_days(day: Date, days: i64) -> Date {
    day.saturating_add(days.days())
}

/// The birthday of this age. Somebody born on 29 February comes of age on 28 February of a common year.
pub(crate) fn birthday(born: Date, age: i64) -> Date {
    born.saturating_add(age.years())
}

/// The last day of compulsory school age in England: the last Friday in June of the school year (from 1 September) in
/// which the child turns sixteen. Education Act 1996 s8 and the School Leaving Date Order 1997.
pub(crate) fn end_of_compulsory_school_age(born: Date) -> Date {
    let sixteen = birthday(born, 16);
    let year = if sixteen.month() >= 9 { sixteen.year().saturating_add(1) } else { sixteen.year() };
    let mut day = Date::new(year, 6, 30).unwrap_or(Date::MAX);
    while day.weekday() != Weekday::Friday {
        day = plus_days(day, -1);
    }
    day
}

/// The day this many weekdays after; bank holidays count as working days, so the answer is never too late.
pub(crate) fn plus_weekdays(day: Date, weekdays: u32) -> Date {
    let mut day = day;
    let mut left = weekdays;
    while left > 0 && day < Date::MAX {
        day = plus_days(day, 1);
        if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            left -= 1;
        }
    }
    day
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn compulsory_school_age_ends_on_the_last_friday_of_june() {
        for (born, ends) in [
            (date(2010, 2, 1), date(2026, 6, 26)),
            (date(2010, 8, 31), date(2026, 6, 26)),
            (date(2009, 9, 1), date(2026, 6, 26)),
            (date(2010, 9, 1), date(2027, 6, 25)),
        ] {
            assert_eq!(end_of_compulsory_school_age(born), ends, "born {born}");
        }
    }

    #[test]
    fn weekdays_skip_weekends() {
        assert_eq!(plus_weekdays(date(2026, 11, 20), 1), date(2026, 11, 23));
        assert_eq!(plus_weekdays(date(2026, 11, 23), 45), date(2027, 1, 25));
    }

    #[test]
    fn a_partial_date_spans_its_days() {
        let year = proto::events::Date { year: 2012, month: None, day: None, estimated: false };
        assert_eq!(first_day(&year), Some(date(2012, 1, 1)));
        assert_eq!(last_day(&year), Some(date(2012, 12, 31)));
        let month = proto::events::Date { year: 2012, month: Some(2), day: None, estimated: false };
        assert_eq!(last_day(&month), Some(date(2012, 2, 29)));
        let wrong = proto::events::Date { year: 2012, month: Some(13), day: Some(1), estimated: false };
        assert_eq!(first_day(&wrong), None);
    }
}
