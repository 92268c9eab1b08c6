//! Days: English working days, and the shapes in which the sources write dates.

use jiff::Span;
use jiff::civil::{Date, DateTime, Weekday, date};

/// Bank holidays of England that fall on weekdays, 2022 to 2026.
const BANK_HOLIDAYS: [Date; 43] = [
    date(2022, 1, 3),
    date(2022, 4, 15),
    date(2022, 4, 18),
    date(2022, 5, 2),
    date(2022, 6, 2),
    date(2022, 6, 3),
    date(2022, 8, 29),
    date(2022, 9, 19),
    date(2022, 12, 26),
    date(2022, 12, 27),
    date(2023, 1, 2),
    date(2023, 4, 7),
    date(2023, 4, 10),
    date(2023, 5, 1),
    date(2023, 5, 8),
    date(2023, 5, 29),
    date(2023, 8, 28),
    date(2023, 12, 25),
    date(2023, 12, 26),
    date(2024, 1, 1),
    date(2024, 3, 29),
    date(2024, 4, 1),
    date(2024, 5, 6),
    date(2024, 5, 27),
    date(2024, 8, 26),
    date(2024, 12, 25),
    date(2024, 12, 26),
    date(2025, 1, 1),
    date(2025, 4, 18),
    date(2025, 4, 21),
    date(2025, 5, 5),
    date(2025, 5, 26),
    date(2025, 8, 25),
    date(2025, 12, 25),
    date(2025, 12, 26),
    date(2026, 1, 1),
    date(2026, 4, 3),
    date(2026, 4, 6),
    date(2026, 5, 4),
    date(2026, 5, 25),
    date(2026, 8, 31),
    date(2026, 12, 25),
    date(2026, 12, 28),
];

/// `days` after a day, or before it.
pub(crate) fn plus(day: Date, days: i32) -> Date {
    day.saturating_add(Span::new().days(days))
}

/// Whole days from the first to the second.
pub(crate) fn days_between(first: Date, second: Date) -> i32 {
    (second.duration_since(first).as_hours() / 24) as i32
}

/// Completed years of age on a day; negative before birth.
pub(crate) fn age(birth: Date, on: Date) -> i32 {
    let years = i32::from(on.year()) - i32::from(birth.year());
    years - i32::from((on.month(), on.day()) < (birth.month(), birth.day()))
}

/// A weekday that is not a bank holiday.
pub(crate) fn is_working_day(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && BANK_HOLIDAYS.binary_search(&day).is_err()
}

/// The day itself, or the first working day after it.
pub(crate) fn working(day: Date) -> Date {
    let mut day = day;
    while !is_working_day(day) {
        day = plus(day, 1);
    }
    day
}

/// `count` working days after a day.
pub(crate) fn plus_working(day: Date, count: i32) -> Date {
    (0..count).fold(working(day), |day, _| working(plus(day, 1)))
}

/// `2025-Feb-16 00:00:00`, as the school census export writes a day.
pub(crate) fn census_shape(day: Date) -> String {
    let month = match day.month() {
        1 => "Jan",
        2 => "Feb",
        3 => "Mar",
        4 => "Apr",
        5 => "May",
        6 => "Jun",
        7 => "Jul",
        8 => "Aug",
        9 => "Sep",
        10 => "Oct",
        11 => "Nov",
        _ => "Dec",
    };
    format!("{:04}-{month}-{:02} 00:00:00", day.year(), day.day())
}

/// `20250216`.
pub(crate) fn hl7_day(day: Date) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

/// `20250216143000`.
pub(crate) fn hl7_time(at: DateTime) -> String {
    format!("{}{:02}{:02}{:02}", hl7_day(at.date()), at.hour(), at.minute(), at.second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bank_holidays_are_sorted_weekdays() {
        assert!(BANK_HOLIDAYS.is_sorted());
        assert!(BANK_HOLIDAYS.iter().all(|day| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)));
    }

    #[test]
    fn working_days_step_over_easter() {
        assert_eq!(plus_working(date(2025, 4, 17), 1), date(2025, 4, 22));
        assert_eq!(working(date(2025, 4, 18)), date(2025, 4, 22));
        assert_eq!(plus_working(date(2025, 4, 14), 3), date(2025, 4, 17));
    }

    #[test]
    fn ages_turn_on_the_birthday() {
        assert_eq!(age(date(2010, 6, 2), date(2020, 6, 1)), 9);
        assert_eq!(age(date(2010, 6, 2), date(2020, 6, 2)), 10);
        assert_eq!(days_between(date(2024, 2, 28), date(2024, 3, 1)), 2);
    }
}
