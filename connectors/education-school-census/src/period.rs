//! Which collection a file is of, and what that says about dates.

use std::fmt;

use jiff::civil::{self, Weekday};
use proto::events::Date;

/// The school census is taken three times a year.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Term {
    Autumn,
    Spring,
    Summer,
}

impl Term {
    /// Of a word in a file's name, or the code in a return, in any letter case.
    pub(crate) fn named(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "autumn" | "aut" => Some(Self::Autumn),
            "spring" | "spr" => Some(Self::Spring),
            "summer" | "sum" => Some(Self::Summer),
            _ => None,
        }
    }
}

/// Years that a return may be of.
pub(crate) const YEARS: std::ops::RangeInclusive<u16> = 2000..=2100;

/// One collection: "2025-spring".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Period {
    /// The calendar year of the census day.
    pub(crate) year: u16,
    pub(crate) term: Term,
}

/// What sessions are counted over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Span {
    /// The term before the census.
    Term,
    /// The second half of the summer term, which the autumn census counts by itself.
    SecondHalf,
    /// The school year before: so special schools until 2016, and pupil referral units.
    Year,
}

/// Every span.
pub(crate) const SPANS: [Span; 3] = [Span::Term, Span::SecondHalf, Span::Year];

/// The time whose attendance a census reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Attended {
    /// The first calendar year of its school year.
    pub(crate) school_year: u16,
    /// AUT, SPR or SUM; `None` of a whole school year.
    pub(crate) term: Option<&'static str>,
    /// By convention the last day of December, March or July: the census does not state the term's dates.
    pub(crate) last_day: Date,
}

impl Period {
    /// As a return says it itself: by its year and term, or by its census day.
    pub(crate) fn stated(year: Option<&str>, term: Option<&str>, reference: Option<Date>) -> Option<Self> {
        let of_day = reference.as_ref().and_then(|day| {
            let term = match day.month? {
                1..=3 => Term::Spring,
                4..=7 => Term::Summer,
                _ => Term::Autumn,
            };
            Some((u16::try_from(day.year).ok()?, term))
        });
        let year = year.and_then(|year| year.strip_suffix(".0").unwrap_or(year).parse().ok());
        let year = year.filter(|year| YEARS.contains(year)).or(of_day.map(|(year, _)| year))?;
        let term = term.and_then(Term::named).or(of_day.map(|(_, term)| term))?;
        // A return that gives its school year's first year is still of the year of its census day.
        Some(Self { year: of_day.map_or(year, |(year, _)| year), term })
    }

    /// The census day: the first Thursday of October, the third of January, the third of May. Stands in for the reference
    /// date where the return does not say it.
    pub(crate) fn census_day(self) -> Date {
        let (month, nth) = match self.term {
            Term::Autumn => (10, 1),
            Term::Spring => (1, 3),
            Term::Summer => (5, 3),
        };
        let year = i16::try_from(self.year).unwrap_or(i16::MAX);
        let day = civil::Date::new(year, month, 1).and_then(|first| first.nth_weekday_of_month(nth, Weekday::Thursday));
        let day = day.map_or(1, |day| day.day().unsigned_abs().into());
        Date { year: self.year.into(), month: Some(month.unsigned_abs().into()), day: Some(day), estimated: false }
    }

    /// The autumn census reports attendance in the summer term, the spring census in the autumn term, and the summer
    /// census in the spring term. Of a year, each reports the last that had ended.
    pub(crate) fn attended(self, span: Span) -> Attended {
        let before = self.year.saturating_sub(1);
        let (school_year, term, year, month) = match (span, self.term) {
            (Span::Year, Term::Autumn) => (before, None, self.year, 7),
            (Span::Year, Term::Spring | Term::Summer) => (before.saturating_sub(1), None, before, 7),
            (_, Term::Autumn) => (before, Some("SUM"), self.year, 7),
            (_, Term::Spring) => (before, Some("AUT"), before, 12),
            (_, Term::Summer) => (before, Some("SPR"), self.year, 3),
        };
        let last_day = Date { year: year.into(), month: Some(month), day: Some(31), estimated: false };
        Attended { school_year, term, last_day }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let term = match self.term {
            Term::Autumn => "autumn",
            Term::Spring => "spring",
            Term::Summer => "summer",
        };
        write!(f, "{}-{term}", self.year)
    }
}

#[cfg(test)]
mod tests {
    use connector_kit::dates;

    use super::*;

    #[test]
    fn a_return_says_its_collection_itself() {
        let day = |text| dates::written(text, "").value;
        for (year, term, reference, expected) in [
            (Some("2024"), Some("AUT"), day("2024-Oct-03 00:00:00"), Some("2024-autumn")),
            (Some("2024.0"), Some("spr"), None, Some("2024-spring")),
            (None, None, day("2023-05-18"), Some("2023-summer")),
            (Some("2024"), Some("SPR"), day("2025-01-16"), Some("2025-spring")),
            (Some("24"), Some("SPR"), None, None),
            (Some("2024"), Some("603"), None, None),
            (None, Some("SPR"), None, None),
        ] {
            let read = Period::stated(year, term, reference).map(|period| period.to_string());
            assert_eq!(read.as_deref(), expected, "{year:?} {term:?}");
        }
    }

    #[test]
    fn census_days_are_thursdays() {
        for (year, term, day) in [
            (2024, Term::Autumn, "2024-10-03"),
            (2025, Term::Autumn, "2025-10-02"),
            (2025, Term::Spring, "2025-01-16"),
            (2026, Term::Spring, "2026-01-15"),
            (2025, Term::Summer, "2025-05-15"),
            (2024, Term::Summer, "2024-05-16"),
        ] {
            assert_eq!(dates::key(&Period { year, term }.census_day()), day);
        }
    }

    #[test]
    fn a_census_reports_attendance_in_the_term_before_it() {
        for (year, term, school_year, code, last_day) in [
            (2024, Term::Autumn, 2023, "SUM", "2024-07-31"),
            (2025, Term::Spring, 2024, "AUT", "2024-12-31"),
            (2025, Term::Summer, 2024, "SPR", "2025-03-31"),
        ] {
            let attended = Period { year, term }.attended(Span::Term);
            assert_eq!((attended.school_year, attended.term), (school_year, Some(code)));
            assert_eq!(dates::key(&attended.last_day), last_day);
        }
    }

    #[test]
    fn a_census_reports_the_last_school_year_that_had_ended() {
        for (year, term, school_year, last_day) in [
            (2012, Term::Autumn, 2011, "2012-07-31"),
            (2013, Term::Spring, 2011, "2012-07-31"),
            (2013, Term::Summer, 2011, "2012-07-31"),
        ] {
            let attended = Period { year, term }.attended(Span::Year);
            assert_eq!((attended.school_year, attended.term), (school_year, None));
            assert_eq!(dates::key(&attended.last_day), last_day);
        }
    }

    #[test]
    fn times_of_day_order_returns_of_one_day() {
        let at = |text| dates::written_at(text, "").value;
        assert_eq!(at("2025-Jan-31 00:00:00"), at("2025-01-31"));
        assert_eq!(
            at("2025-Jan-31 14:22:05").unwrap() - at("2025-Jan-31").unwrap(),
            (14 * 3600 + 22 * 60 + 5) * 1_000_000
        );
        assert_eq!(at("2025-Jan-31 half past"), at("2025-Jan-31"));
        assert_eq!(at(""), None);
        assert_eq!(at("soon"), None);
    }
}
