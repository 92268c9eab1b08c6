//! Where on the timeline a date or an instant stands.

use jiff::civil;
use proto::events::{Date, When, when};

const DAY_US: i64 = 86_400_000_000;

/// Days since 1970-01-01; the first day of the month or year where the source gives no more. `None` when there is no
/// such day.
pub fn day_number(date: &Date) -> Option<i64> {
    let year = i16::try_from(date.year).ok().filter(|year| (1..=9999).contains(year))?;
    let month = i8::try_from(date.month.unwrap_or(1)).ok()?;
    let day = i8::try_from(date.day.unwrap_or(1)).ok()?;
    let epoch = civil::date(1970, 1, 1);
    Some(civil::Date::new(year, month, day).ok()?.duration_since(epoch).as_hours() / 24)
}

/// Microseconds since 1970 by which the timeline is ordered: the instant, or the start of the day in UTC. `None` when
/// it says nothing or there is no such time.
pub fn sort_key_us(when: &When) -> Option<i64> {
    match when.when.as_ref()? {
        when::When::On(date) => day_number(date)?.checked_mul(DAY_US),
        when::When::At(at) => at.seconds.checked_mul(1_000_000)?.checked_add(i64::from(at.nanos) / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: i32, month: u32, day: u32) -> Date {
        Date { year, month: Some(month), day: Some(day), estimated: false }
    }

    #[test]
    fn days_are_counted_from_1970() {
        for (given, expected) in [
            (date(1970, 1, 1), Some(0)),
            (date(2000, 3, 1), Some(11_017)),
            (date(2024, 2, 29), Some(19_782)),
            (date(2023, 2, 29), None),
            (date(2024, 13, 1), None),
            (date(1969, 12, 31), Some(-1)),
            (Date { year: 2024, month: None, day: None, estimated: false }, Some(19_723)),
        ] {
            assert_eq!(day_number(&given), expected, "{given:?}");
        }
    }
}
