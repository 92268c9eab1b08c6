//! The shapes in which sources write dates and times.
//!
//! A day is a civil date and stays one. A time without an offset is local time in England. A blank gives no value and no
//! finding; what cannot be read gives a finding; a part that the source says it does not know (`zz/05/2020`) is left out
//! and is no finding.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use proto::events::{Date, FindingCode, When, when};

use crate::codes::push_digits;
use crate::reading::Read;

mod clock;
mod stand_in;
mod written;

pub use clock::{Clock, Timed};
pub use stand_in::stands_for_no_day;
pub use written::{written, written_at};

/// Years outside these are kept, with a finding.
const YEARS_PLAUSIBLE: std::ops::RangeInclusive<i32> = 1900..=2100;

/// Years outside these the log does not take: no child of these services was born before, and no plan ends after.
const YEARS_POSSIBLE: std::ops::RangeInclusive<i32> = 1900..=2200;

/// From the bundled rules, so that no machine's own set changes what a message says.
static LONDON: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZoneDatabase::bundled().get("Europe/London").unwrap_or(TimeZone::UTC));

/// `2022-10-06`, and as far as it goes `2022-10` or `2022`. Of a time after the day with its zone, the day in England.
pub fn iso(text: &str, field: &str) -> Read<Date> {
    iso_timed(text, field).map(|read| read.day())
}

/// The same with the time that stands behind it.
pub fn iso_timed(text: &str, field: &str) -> Read<Timed> {
    let text = text.trim();
    if text.is_empty() {
        return Read::blank();
    }
    let (day, behind) = text.split_at(text.find(['T', 't', ' ']).unwrap_or(text.len()));
    let Some(clock) = Clock::behind(behind) else {
        return Read::unreadable(FindingCode::DateUnreadable, field);
    };
    // `2022-10-06Z` and `2022-10-06+01:00`, which XML Schema allows of a date.
    let day = match day.split_at_checked(10) {
        Some((day, zone)) if matches!(zone, "Z" | "z") || hl7_offset(zone).is_some() => day,
        _ => day,
    };
    let mut parts = day.split('-');
    let part = |part: Option<&str>| part.map_or(Some(None), |digits| number(digits, 2).map(Some));
    let read = (|| {
        let year = number(parts.next()?, 4)?;
        let (month, day) = (part(parts.next())?, part(parts.next())?);
        if parts.next().is_some() { None } else { date(year, month, day) }
    })();
    dated(read, field).map(|written| Timed { written, clock })
}

/// `06/10/2022`, day first; `zz/10/2022` and `zz/zz/2022` leave out what is not known, and `zz/zz/zzzz` is nothing at all.
/// Of a time after the day with its zone, the day in England.
pub fn dd_mm_yyyy(text: &str, field: &str) -> Read<Date> {
    dd_mm_yyyy_timed(text, field).map(|read| read.day())
}

/// The same with the time that stands behind it.
pub fn dd_mm_yyyy_timed(text: &str, field: &str) -> Read<Timed> {
    let (text, behind) = first_word(text.trim());
    if text.is_empty() {
        return Read::blank();
    }
    let Some(clock) = Clock::behind(behind) else {
        return Read::unreadable(FindingCode::DateUnreadable, field);
    };
    let unknown = |part: &str| !part.is_empty() && part.bytes().all(|b| b.eq_ignore_ascii_case(&b'z'));
    let mut parts = text.split('/');
    let (Some(day), Some(month), Some(year), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Read::unreadable(FindingCode::DateUnreadable, field);
    };
    if unknown(day) && unknown(month) && unknown(year) {
        return Read::blank();
    }
    let part = |part: &str| if unknown(part) { Some(None) } else { number(part, 2).map(Some) };
    let read = (|| date(number(year, 4)?, part(month)?, part(day)?))();
    dated(read, field).map(|written| Timed { written, clock })
}

/// `2025-Feb-16 00:00:00`, as COLLECT's Blade export has it; [`iso`] as well, as exports that went through a data frame have.
pub fn blade(text: &str, field: &str) -> Read<Date> {
    blade_timed(text, field).map(|read| read.day())
}

fn blade_timed(text: &str, field: &str) -> Read<Timed> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let text = text.trim();
    let (day, behind) = first_word(text);
    let mut parts = day.split('-');
    let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return iso_timed(text, field);
    };
    let named = MONTHS.iter().zip(1..).find(|(name, _)| month.eq_ignore_ascii_case(name));
    match (named, Clock::behind(behind)) {
        (None, _) => iso_timed(text, field),
        (Some(_), None) => Read::unreadable(FindingCode::DateUnreadable, field),
        (Some((_, month)), Some(clock)) => {
            let read = (|| date(number(year, 4)?, Some(month), Some(number(day, 2)?)))();
            dated(read, field).map(|written| Timed { written, clock })
        }
    }
}

/// `2022-05-23T11:14:05`, with or without an offset: microseconds since 1970. A day alone is its first moment in England.
pub fn iso_at(text: &str, field: &str) -> Read<i64> {
    let text = text.trim();
    if text.is_empty() {
        return Read::blank();
    }
    let at = text.parse::<Timestamp>().ok().or_else(|| in_england(text.parse::<civil::DateTime>().ok()?));
    match at {
        Some(at) => Read::of(at.as_microsecond()),
        None => Read::unreadable(FindingCode::DateUnreadable, field),
    }
}

/// HL7 `YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]`: up to the day a date, beyond it an instant. What vendors write
/// with slashes is read with a finding where it can mean one day only: `01/15/2025 14:30:00`, month first, and `15/01/2025`. `01/03/2025`
/// could be two days, and is neither.
pub fn hl7_ts(text: &str, field: &str) -> Read<When> {
    let text = text.trim();
    if text.is_empty() {
        return Read::blank();
    }
    match hl7_stamp(text) {
        Some(Stamp::Day(date)) => dated(Some(date), field).map(on),
        Some(Stamp::Instant(at)) if !YEARS_POSSIBLE.contains(&year_of(at)) => {
            Read::unreadable(FindingCode::DateImplausible, field)
        }
        Some(Stamp::Instant(at)) => Read::of(when_at(at.as_microsecond())),
        None => match vendor_stamp(text) {
            Some(when) => Read::odd(when, FindingCode::ValueMalformed, field),
            None => Read::unreadable(FindingCode::DateUnreadable, field),
        },
    }
}

/// The day of an HL7 time stamp as written, whatever its offset: for dates of birth, which feeds send with a time.
pub fn hl7_date(text: &str, field: &str) -> Read<Date> {
    let digits: &str = text.trim();
    if digits.is_empty() {
        return Read::blank();
    }
    let end = digits.bytes().take_while(u8::is_ascii_digit).count().min(8);
    let rest = digits.get(end..).unwrap_or("");
    let rest_is_time = match rest.find(['+', '-']) {
        Some(at) => rest.get(at..).and_then(hl7_offset).is_some(),
        None => rest.is_empty() || end == 8,
    } && rest.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'+' | b'-' | b':'));
    match if rest_is_time { digits.get(..end).and_then(hl7_day) } else { None } {
        Some(date) => dated(Some(date), field),
        None => match vendor_parts(digits) {
            Some((date, _)) => Read::odd(date, FindingCode::ValueMalformed, field),
            None => Read::unreadable(FindingCode::DateUnreadable, field),
        },
    }
}

fn first_word(text: &str) -> (&str, &str) {
    text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))
}

/// A day, as a point in time.
pub fn on(date: Date) -> When {
    When { when: Some(when::When::On(date)) }
}

/// An instant in microseconds since 1970, as a point in time.
pub fn when_at(at_us: i64) -> When {
    When { when: Some(when::When::At(timestamp(at_us))) }
}

/// Microseconds since 1970 in the contract's own type.
pub fn timestamp(at_us: i64) -> prost_types::Timestamp {
    let nanos = i32::try_from(at_us.rem_euclid(1_000_000) * 1000).unwrap_or(0);
    prost_types::Timestamp { seconds: at_us.div_euclid(1_000_000), nanos }
}

/// The first moment of a day in England, microseconds since 1970: where files say when they stood by a day alone. What the
/// date leaves out is the first of it.
pub fn start_of_day_us(date: &Date) -> Option<i64> {
    let (year, month, day) = rank(date);
    let day = civil_date(year, month, day)?;
    Some(in_england(day.at(0, 0, 0, 0))?.as_microsecond())
}

/// The day of the calendar; `None` of a date that is known to less.
pub fn day(date: &Date) -> Option<civil::Date> {
    civil_date(date.year, date.month?, date.day?)
}

/// A day of the calendar, as the contract has it.
pub fn date_on(day: civil::Date) -> Date {
    let part = |part: i8| Some(u32::from(part.unsigned_abs()));
    Date { year: day.year().into(), month: part(day.month()), day: part(day.day()), estimated: false }
}

/// By which dates compare: what one leaves out counts as the first.
pub fn rank(date: &Date) -> (i32, u32, u32) {
    (date.year, date.month.unwrap_or(1), date.day.unwrap_or(1))
}

/// A year, month and day as the contract has them; `None` when there is no such day.
pub fn date(year: i32, month: Option<u32>, day: Option<u32>) -> Option<Date> {
    civil_date(year, month.unwrap_or(1), day.unwrap_or(1))?;
    match (month, day) {
        (None, Some(_)) => None,
        _ => Some(Date { year, month, day, estimated: false }),
    }
}

/// The same date, marked as an estimate. Only where the source or its guidance says so: an unknown day of birth is written
/// as the 15th, and yet most 15ths are birthdays.
pub fn estimated(date: Date) -> Date {
    Date { estimated: true, ..date }
}

/// `2024-05-01`, `2024-05` or `2024`: for record keys.
pub fn key(date: &Date) -> String {
    // Years before the first do not come out of any reading.
    let mut key = String::with_capacity("2024-05-01".len());
    push_digits(&mut key, u32::try_from(date.year).unwrap_or(0), 4);
    let parts = [date.month, date.month.and(date.day)];
    for part in parts.into_iter().flatten() {
        key.push('-');
        push_digits(&mut key, part, 2);
    }
    key
}

enum Stamp {
    Day(Date),
    Instant(Timestamp),
}

fn hl7_stamp(text: &str) -> Option<Stamp> {
    let (local, offset) = match text.find(['+', '-']) {
        Some(at) => (text.get(..at)?, Some(hl7_offset(text.get(at..)?)?)),
        None => (text, None),
    };
    let (whole, fraction) = match local.split_once('.') {
        Some((whole, fraction)) if whole.len() == 14 && (1..=9).contains(&fraction.len()) => (whole, fraction),
        Some(_) => return None,
        None => (local, ""),
    };
    if !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let day = hl7_day(whole.get(..whole.len().min(8))?)?;
    let part = |from: usize| whole.get(from..from + 2).map_or(Some(0), |digits| digits.parse::<i8>().ok());
    match whole.len() {
        4 | 6 | 8 => Some(Stamp::Day(day)),
        10 | 12 | 14 => {
            let nanos = format!("{fraction:0<9}").parse().ok()?;
            let date = civil_date(day.year, day.month?, day.day?)?;
            // Midnight at the end of the day is written 24 by some, and a leap second 60: both are the next moment.
            let at = civil::Time::new(part(8)?, part(10)?, part(12)?, nanos).ok()?;
            let local = date.to_datetime(at);
            let instant = match offset {
                Some(offset) => offset.to_timestamp(local).ok()?,
                None => in_england(local)?,
            };
            Some(Stamp::Instant(instant))
        }
        _ => None,
    }
}

fn hl7_day(digits: &str) -> Option<Date> {
    let part = |from: usize, to: usize| digits.get(from..to).and_then(|d| number(d, 2));
    match digits.len() {
        4 => date(number(digits, 4)?, None, None),
        6 => date(number(digits.get(..4)?, 4)?, Some(part(4, 6)?), None),
        8 => date(number(digits.get(..4)?, 4)?, Some(part(4, 6)?), Some(part(6, 8)?)),
        _ => None,
    }
}

fn hl7_offset(text: &str) -> Option<Offset> {
    let (sign, digits) = text.split_at_checked(1)?;
    let digits = match digits.len() {
        4 => digits,
        5 if digits.get(2..3) == Some(":") => &digits.replace(':', ""),
        _ => return None,
    };
    let (hours, minutes): (i32, i32) = (number(digits.get(..2)?, 2)?, number(digits.get(2..)?, 2)?);
    if minutes > 59 {
        return None;
    }
    let seconds = hours * 3600 + minutes * 60;
    Offset::from_seconds(if sign == "-" { -seconds } else { seconds }).ok()
}

fn vendor_stamp(text: &str) -> Option<When> {
    match vendor_parts(text)? {
        (date, None) => Some(on(date)),
        (date, Some(time)) => {
            let local = civil_date(date.year, date.month?, date.day?)?.to_datetime(time);
            Some(when_at(in_england(local)?.as_microsecond()))
        }
    }
}

fn vendor_parts(text: &str) -> Option<(Date, Option<civil::Time>)> {
    let (day, time) = match text.split_once(' ') {
        Some((day, time)) => (day, Some(time.trim().parse().ok()?)),
        None => (text, None),
    };
    let mut parts = day.split('/');
    let (Some(one), Some(other), Some(year), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    let (one, other): (u32, u32) = (number(one, 2)?, number(other, 2)?);
    let read = |month, day| date(number(year, 4)?, Some(month), Some(day));
    match (read(one, other), read(other, one)) {
        (Some(month_first), Some(day_first)) if month_first != day_first => None,
        (month_first, day_first) => Some((month_first.or(day_first)?, time)),
    }
}

fn in_england(local: civil::DateTime) -> Option<Timestamp> {
    Some(local.to_zoned(LONDON.clone()).ok()?.timestamp())
}

fn year_of(at: Timestamp) -> i32 {
    at.to_zoned(TimeZone::UTC).year().into()
}

fn civil_date(year: i32, month: u32, day: u32) -> Option<civil::Date> {
    civil::Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()
}

/// A number of at most this many ASCII digits; a year takes all four.
fn number<N: std::str::FromStr>(digits: &str, length: usize) -> Option<N> {
    let enough = if length == 4 { digits.len() == 4 } else { (1..=length).contains(&digits.len()) };
    if enough && digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok() } else { None }
}

fn dated(read: Option<Date>, field: &str) -> Read<Date> {
    match read {
        None => Read::unreadable(FindingCode::DateUnreadable, field),
        Some(date) if !YEARS_POSSIBLE.contains(&date.year) => Read::unreadable(FindingCode::DateImplausible, field),
        Some(date) if !YEARS_PLAUSIBLE.contains(&date.year) => Read::odd(date, FindingCode::DateImplausible, field),
        Some(date) => Read::of(date),
    }
}

#[cfg(test)]
mod tests;
