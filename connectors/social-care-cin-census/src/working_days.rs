//! Working days at the end of a census year.
//!
//! The census counts back from 31 March by no more than 45 of them, and from 1 April by one. Between 27 January and 1 April the
//! only bank holidays of England are those of Easter, so that no list of holidays is needed for any year.

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan as _};

/// The day that is so many working days before another; `days` is at most 45, and `from` a 31 March or 1 April.
pub(crate) fn before(from: Date, days: u32) -> Date {
    let mut on = from;
    for _ in 0..days {
        on = back(on);
        while !is_working(on) {
            on = back(on);
        }
    }
    on
}

fn back(on: Date) -> Date {
    on.saturating_sub(1.day())
}

fn is_working(on: Date) -> bool {
    let easter = easter(on.year());
    let is_holiday = [-2, 1].into_iter().any(|days| easter.saturating_add(Span::new().days(days)) == on);
    !is_holiday && !matches!(on.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// Easter Sunday by the Gregorian reckoning (Meeus, Jones, Butcher).
fn easter(year: i16) -> Date {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - b / 4 - g + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let (month, day) = ((h + l - 7 * m + 114) / 31, (h + l - 7 * m + 114) % 31 + 1);
    let parts = i8::try_from(month).ok().zip(i8::try_from(day).ok());
    parts.and_then(|(month, day)| Date::new(year, month, day).ok()).unwrap_or(Date::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_of_known_years() {
        for (year, month, day) in [
            (2018, 4, 1),
            (2019, 4, 21),
            (2021, 4, 4),
            (2024, 3, 31),
            (2025, 4, 20),
            (2026, 4, 5),
            (2027, 3, 28),
            (2035, 3, 25),
        ] {
            assert_eq!(easter(year), Date::constant(year, month, day));
        }
    }

    #[test]
    fn weekends_and_the_days_of_easter_are_no_working_days() {
        let on = Date::constant;
        assert_eq!(before(on(2025, 3, 31), 1), on(2025, 3, 28));
        assert_eq!(before(on(2025, 3, 31), 15), on(2025, 3, 10));
        assert_eq!(before(on(2025, 3, 31), 45), on(2025, 1, 27));
        // Good Friday was 29 March.
        assert_eq!(before(on(2024, 4, 1), 1), on(2024, 3, 28));
        assert_eq!(before(on(2024, 3, 31), 15), on(2024, 3, 8));
        // Good Friday was 30 March, and 31 March a Saturday.
        assert_eq!(before(on(2018, 3, 31), 1), on(2018, 3, 29));
    }
}
