//! A point in time as far as FHIR tells it.

use connector_kit::dates;
use proto::events::{Date, When, when};

/// A date, dateTime or instant, and what is odd about how it is written.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Time {
    pub(crate) when: When,
    /// A year, or a month.
    pub(crate) is_partial: bool,
    /// A time of day without the zone that FHIR asks for: England's.
    pub(crate) without_zone: bool,
}

impl Time {
    /// `2019`, `2019-04`, `2019-04-03`, `2019-04-03T10:00:00+01:00`. `None` where it is none of these, or of no year in which
    /// somebody on record can have been seen or be booked.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let plain = Self { when: When::default(), is_partial: false, without_zone: false };
        let number = |part: Option<&str>| -> Option<u32> {
            part.filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
        };
        let year = i32::try_from(number(text.get(..4))?).ok().filter(|year| (1850..2200).contains(year))?;
        // Databases write a blank between the day and the time.
        if let Some((_, clock)) = text.split_once(['T', 't', ' ']) {
            let without_zone = !clock.contains(['Z', 'z', '+', '-']);
            let at = dates::iso_at(text, "").value?;
            return Some(Self { when: dates::when_at(at), without_zone, ..plain });
        }
        let date = match (text.len(), text.as_bytes().get(4), text.as_bytes().get(7)) {
            (4, ..) => dates::date(year, None, None)?,
            (7, Some(b'-'), _) => dates::date(year, Some(number(text.get(5..7))?), None)?,
            (10, Some(b'-'), Some(b'-')) => {
                dates::date(year, Some(number(text.get(5..7))?), Some(number(text.get(8..10))?))?
            }
            _ => return None,
        };
        Some(Self { when: dates::on(date), is_partial: date.day.is_none(), ..plain })
    }

    /// Microseconds since 1970. A day stands as its midnight UTC, which is the same day in England all year.
    pub(crate) fn as_us(self) -> i64 {
        match self.when.when {
            Some(when::When::At(at)) => at.seconds * 1_000_000 + i64::from(at.nanos / 1000),
            Some(when::When::On(date)) => midnight_utc_us(date).unwrap_or_default(),
            None => 0,
        }
    }

    /// Whether all of it is over at another time: of a day the whole day, of a month the whole month.
    pub(crate) fn is_over_at(self, other: Self) -> bool {
        self.ends_us() <= other.as_us()
    }

    /// The moment from which on it is over.
    fn ends_us(self) -> i64 {
        let Some(when::When::On(date)) = self.when.when else { return self.as_us() + 1 };
        let of_a_day = |next: Option<Date>| next.and_then(midnight_utc_us).unwrap_or(i64::MAX);
        match (date.month, date.day) {
            (_, Some(_)) => self.as_us() + 86_400_000_000,
            (Some(month), None) if month < 12 => of_a_day(dates::date(date.year, Some(month + 1), None)),
            _ => of_a_day(dates::date(date.year + 1, None, None)),
        }
    }

    /// The moment; of a year or a month none, which would say a day that nobody told.
    pub(crate) fn timestamp(self) -> Option<prost_types::Timestamp> {
        (!self.is_partial).then(|| dates::timestamp(self.as_us()))
    }

    /// The day, as England has it.
    pub(crate) fn day(self) -> Option<Date> {
        match self.when.when? {
            when::When::On(date) => Some(date),
            when::When::At(at) => {
                let london = jiff::tz::TimeZone::get("Europe/London").unwrap_or(jiff::tz::TimeZone::UTC);
                let day = jiff::Timestamp::new(at.seconds, at.nanos).ok()?.to_zoned(london).date();
                dates::date(day.year().into(), u32::try_from(day.month()).ok(), u32::try_from(day.day()).ok())
            }
        }
    }
}

fn midnight_utc_us(date: Date) -> Option<i64> {
    let part = |part: Option<u32>| i8::try_from(part.unwrap_or(1)).ok();
    let day = jiff::civil::Date::new(i16::try_from(date.year).ok()?, part(date.month)?, part(date.day)?).ok()?;
    Some(jiff::tz::Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()?.as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_over_once_the_next_one_begins() {
        let is_over =
            |end: &str, at: &str| Time::parse(end).zip(Time::parse(at)).is_some_and(|(end, at)| end.is_over_at(at));
        for (end, over, not_yet) in [
            ("2026-04-01", "2026-04-02", "2026-04-01T10:00:00Z"),
            ("2026-03", "2026-04-01", "2026-03-31T23:00:00Z"),
            ("2025-12", "2026-01-01", "2025-12-31"),
            ("2025", "2026-01-01T00:00:00Z", "2025-12-31"),
            ("2026-04-01T10:00:00Z", "2026-04-01T10:00:01Z", "2026-04-01T10:00:00Z"),
        ] {
            assert!(is_over(end, over) && !is_over(end, not_yet), "{end}");
        }
    }

    #[test]
    fn dates_keep_the_precision_that_they_come_with() {
        let day = |text: &str| Time::parse(text).and_then(Time::day).map(|date| dates::key(&date));
        assert_eq!(day("2019"), Some("2019".to_owned()));
        assert_eq!(day("2019-04"), Some("2019-04".to_owned()));
        assert_eq!(day("2019-04-03"), Some("2019-04-03".to_owned()));
        assert_eq!(day("2019-06-30T23:30:00Z"), Some("2019-07-01".to_owned()), "the day in England");
        assert!(Time::parse("2019-04-03T10:00:00").is_some_and(|time| time.without_zone));
        assert_eq!(Time::parse("2019-04-03 10:00:00"), Time::parse("2019-04-03T10:00:00"));
        assert_eq!(Time::parse("2019-04").and_then(Time::timestamp), None, "no day was told");
        for none in
            ["", "2019-13", "2019-02-30", "19", "2019-4-3", "0019-04-03", "201a", "2019-04-03T25:00:00Z", "nächst"]
        {
            assert_eq!(Time::parse(none), None, "{none}");
        }
    }
}
