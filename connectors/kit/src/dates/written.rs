//! A day in whichever order it was written, for exports that have been through a spreadsheet, a database or a person.

use jiff::ToSpan as _;
use jiff::civil::{self, Weekday};
use proto::events::{Date, FindingCode};

use super::{Clock, Timed, blade_timed, date, dated, dd_mm_yyyy_timed, number};
use crate::reading::{Read, without_zero_fraction};

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A spreadsheet counts days from here.
const SPREADSHEET_EPOCH: civil::Date = civil::date(1899, 12, 30);

/// Two digits of a year up to this one are of this century, as spreadsheets have it.
const SHORT_YEAR_MAX: i32 = 29;

/// A day as [`blade`], [`super::iso`] and [`dd_mm_yyyy`] have it, and as they are saved again: `16-02-2025`, `16.2.2025`,
/// `16 Feb 2025`, `16-Feb-2025`, `February 16, 2025`, `20250216`, and a spreadsheet's own number. Of a time after the
/// day with its zone, the day in England.
///
/// A year of two digits is read with a finding, and so is a day with somebody's remark behind it. Where month and day are both numbers the day stands before the month, or behind
/// the year: the month is never guessed from what cannot be a day, since the rest of such a file would be read wrongly. A day of the
/// week before it (`Tue 7 Jan 2025`) has to be the day's own: where it is not, day and month may stand the other way round.
pub fn written(text: &str, field: &str) -> Read<Date> {
    timed(text, field).map(|read| read.day())
}

/// The same with the time behind it, `2025-Jan-31 14:22:05`: microseconds since 1970. A day alone is its first moment in England, and so
/// is one at a time that nobody can tell: when a file was made is its day still.
pub fn written_at(text: &str, field: &str) -> Read<i64> {
    let Read { value, finding } = match timed(text, field) {
        Read { value: None, .. } => timed(text.split_whitespace().next().unwrap_or_default(), field),
        read => read,
    };
    Read { value: value.and_then(|read| read.at_us()), finding }
}

fn timed(text: &str, field: &str) -> Read<Timed> {
    let text = text.trim();
    let Some((weekday, day)) = behind_weekday(text) else { return day_and_remark(text, field) };
    let read = day_and_remark(day, field);
    let is_its_own = |read: &Timed| super::day(&read.written).is_some_and(|day| day.weekday() == weekday);
    match read.value {
        Some(day) if !is_its_own(&day) => Read::unreadable(FindingCode::DateUnreadable, field),
        _ => read,
    }
}

fn day_and_remark(text: &str, field: &str) -> Read<Timed> {
    let read = day_alone(text, field);
    match before_remark(text) {
        Some(day) if read.value.is_none() => match day_alone(day, field).value {
            Some(day) => Read::odd(day, FindingCode::ValueMalformed, field),
            None => read,
        },
        _ => read,
    }
}

/// A day of the week, in full or by its first three letters, and what stands behind it.
fn behind_weekday(text: &str) -> Option<(Weekday, &str)> {
    const DAYS: [(&str, Weekday); 7] = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    let (word, behind) = part(text, |c| !c.is_ascii_alphabetic());
    let is_it = |name: &str| {
        word.eq_ignore_ascii_case(name) || name.get(..3).is_some_and(|short| word.eq_ignore_ascii_case(short))
    };
    let (_, weekday) = DAYS.into_iter().find(|(name, _)| is_it(name))?;
    let behind = behind.trim_start_matches(is_between);
    behind.starts_with(|c: char| c.is_ascii_alphanumeric()).then_some((weekday, behind))
}

/// What stands before a remark: somebody's words, with no number in them, which would be another day.
fn before_remark(text: &str) -> Option<&str> {
    let end = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let (day, remark) = text.split_at_checked(end)?;
    let is_of_parts = day.contains(|c: char| !c.is_ascii_digit());
    (is_of_parts && remark.starts_with(char::is_whitespace)).then_some(day)
}

fn day_alone(text: &str, field: &str) -> Read<Timed> {
    let plain = blade_timed(text, field);
    if plain.finding.is_none() || plain.value.is_some() {
        return plain;
    }
    if text.contains('/') {
        let slashed = dd_mm_yyyy_timed(text, field);
        if slashed.finding.is_none() || slashed.value.is_some() {
            return slashed;
        }
    }
    match in_parts(text) {
        Some((found, whole)) if whole => dated(Some(found.written), field).map(|written| Timed { written, ..found }),
        Some((found, _)) => Read::odd(found, FindingCode::ValueMalformed, field),
        None if plain.finding.as_ref().is_some_and(|finding| finding.code() == FindingCode::DateImplausible) => plain,
        None => dated(of_digits(text), field).map(|written| Timed { written, clock: Clock::default() }),
    }
}

/// A day of three parts, whatever stands between them; false beside it where its year had two digits.
fn in_parts(text: &str) -> Option<(Timed, bool)> {
    let (first, behind) = part(text, is_between);
    let (second, behind) = part(behind, is_between);
    // `2025T00:00` where a time follows at once.
    let (third, behind) = part(behind, |c| is_between(c) || matches!(c, 'T' | 't'));
    let clock = Clock::behind(behind.trim_start_matches(['.', ',']))?;
    let timed = |written: Date| Timed { written, clock };
    let (day, month) = match (month_named(first), month_named(second)) {
        (Some(month), None) => (second, Some(month)),
        (None, month) => (first, month),
        _ => return None,
    };
    if first.len() == 4 && month_named(first).is_none() {
        let month = month.or_else(|| number(second, 2))?;
        return Some((timed(date(number(first, 4)?, Some(month), Some(number(third, 2)?))?), true));
    }
    let month = month.or_else(|| number(second, 2))?;
    let whole = third.len() == 4;
    let year = if whole { number(third, 4)? } else { in_full(number(third, 2)?) };
    Some((timed(date(year, Some(month), Some(number(day, 2)?))?), whole))
}

/// What stands before the next of these, and all that stands behind it.
fn part(text: &str, is_end: impl Fn(char) -> bool) -> (&str, &str) {
    let text = text.trim_start_matches(is_between);
    text.split_at(text.find(is_end).unwrap_or(text.len()))
}

fn is_between(c: char) -> bool {
    matches!(c, '-' | '/' | '.' | ',') || c.is_whitespace()
}

fn in_full(short: i32) -> i32 {
    if short <= SHORT_YEAR_MAX { 2000 + short } else { 1900 + short }
}

fn month_named(text: &str) -> Option<u32> {
    let named = text.len() >= 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let start = text.get(..3).filter(|_| named)?;
    MONTHS.iter().zip(1..).find(|(name, _)| name.eq_ignore_ascii_case(start)).map(|(_, month)| month)
}

/// `20250216`, or a spreadsheet's number of the day.
fn of_digits(text: &str) -> Option<Date> {
    let digits = without_zero_fraction(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match digits.len() {
        8 => {
            date(number(digits.get(..4)?, 4)?, Some(number(digits.get(4..6)?, 2)?), Some(number(digits.get(6..)?, 2)?))
        }
        5 => {
            let day = SPREADSHEET_EPOCH.checked_add(digits.parse::<i32>().ok()?.days()).ok()?;
            date(day.year().into(), Some(day.month().unsigned_abs().into()), Some(day.day().unsigned_abs().into()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dates::key;

    #[test]
    fn a_day_is_read_in_whichever_order_it_was_written() {
        for text in [
            "2025-Feb-16 00:00:00",
            "2025-02-16",
            "2025-02-16T00:00:00.000",
            "2025-02-16 00:00",
            "2025/02/16",
            "16/02/2025",
            "16/2/2025 00:00:00",
            "16-02-2025",
            "16.2.2025",
            "16-Feb-2025",
            "16 February 2025",
            "Feb 16, 2025",
            "16-FEB-2025 00:00:00.000",
            "16-02-2025T10:30",
            "16.2.2025, 9:30 am",
            "16.2.2025.",
            "Sun 16 Feb 2025",
            "Sunday, 16/02/2025",
            "sun 2025-02-16 00:00:00",
            "20250216",
            "45704",
            "45704.0",
            "16-FEB-2025 00.00.00.000000000",
            "16-FEB-2025 12.00.00.000000 AM",
            "16-FEB-2025 12.00.00.000000 AM EUROPE/LONDON",
            "2025-02-16-00.00.00.000000",
            "2025-02-16T00:00:00.000+01:00",
            "2025-02-16T0930",
            "16/02/2025 14.30",
            "16/02/2025 - 14:30",
            "16 February 2025 at 14:30",
            "16/02/2025 12:00 a.m.",
            "Feb 16 2025 12:00:00:000AM",
        ] {
            let read = written(text, "dob");
            assert_eq!((read.value.as_ref().map(key).as_deref(), read.finding), (Some("2025-02-16"), None), "{text}");
        }
    }

    #[test]
    fn a_time_with_its_zone_is_of_a_day_in_england() {
        for (text, day) in [
            ("2025-06-08T23:00:00Z", "2025-06-09"),
            ("2025-06-08 23:00:00 UTC", "2025-06-09"),
            ("2025-06-08 23:00:00+00:00", "2025-06-09"),
            ("2025-06-08 23:00:00.0000000 +00:00", "2025-06-09"),
            ("2025-06-08 23:00:00+00", "2025-06-09"),
            ("08/06/2025 11:30 PM GMT", "2025-06-09"),
            ("8 June 2025 23:00 UTC", "2025-06-09"),
            ("2025-Jun-08 23:00:00 UTC", "2025-06-09"),
            ("Sun 8 June 2025 23:00Z", "2025-06-09"),
            ("2025-06-09T00:30:00+02:00", "2025-06-08"),
            ("2025-06-08T23:30:00+01:00", "2025-06-08"),
            ("2025-06-08T23:30:00 BST", "2025-06-08"),
            ("2025-06-08T23:30:00 Europe/London", "2025-06-08"),
            ("2025-06-08T23:30:00", "2025-06-08"),
            ("2025-06-09T00:00:00Z", "2025-06-09"),
            ("2025-06-09T00:00:00+01:00", "2025-06-09"),
            ("2025-01-06T00:00:00Z", "2025-01-06"),
            ("2025-01-06T23:00:00Z", "2025-01-06"),
            ("2025-06-08Z", "2025-06-08"),
        ] {
            let read = written(text, "dob");
            assert_eq!((read.value.as_ref().map(key).as_deref(), read.finding), (Some(day), None), "{text}");
        }
        let at = written_at("2025-06-09T00:10:00+01:00", "made").value;
        for same in ["2025-06-08T23:10:00Z", "08/06/2025 11:10 pm UTC", "9 June 2025 00:10", "2025-Jun-09 00:10:00"] {
            assert_eq!(written_at(same, "made").value, at, "{same}");
        }
    }

    #[test]
    fn what_is_guessed_is_told_and_what_cannot_be_is_not_read() {
        for (text, day) in [
            ("16-Feb-25", "2025-02-16"),
            ("16/02/98", "1998-02-16"),
            ("1.9.11", "2011-09-01"),
            ("16-02-2025 cancelled", "2025-02-16"),
            ("16/02/2025 (agreed)", "2025-02-16"),
            ("2025-Feb-16 cancelled", "2025-02-16"),
            ("16/02/2025 14:30 cancelled", "2025-02-16"),
            ("16/02/2025 -", "2025-02-16"),
        ] {
            let read = written(text, "dob");
            assert_eq!(read.value.as_ref().map(key).as_deref(), Some(day), "{text}");
            assert_eq!(read.finding.map(|finding| finding.code()), Some(FindingCode::ValueMalformed), "{text}");
        }
        for text in [
            "02/16/2025",
            "Mon 16/02/2025",
            "Sun Sun 16/02/2025",
            "Sunday",
            "30-Feb-2025",
            "soon",
            "16/02",
            "Feb Mar 2025",
            "1",
            "123456",
            "2025021",
            "9999-99-99",
            "16-02-2025 or 17-02-2025",
            "16-02-2025cancelled",
            "45704 or so",
            "16/02/2025 moved to 17/02/2025",
            "16 Feb 2025 12",
            "16-02-20 25",
            "16 Feb 20 2025",
            "16.2.2025 17.12.25",
            "16.2.2025 17-12-25",
            "16/02/2025 25:30",
            "16/02/2025 9",
        ] {
            let read = written(text, "dob");
            assert_eq!(read.value, None, "{text}");
            assert_eq!(read.finding.map(|finding| finding.code()), Some(FindingCode::DateUnreadable), "{text}");
        }
        assert_eq!(written("1066-10-14", "dob").finding.unwrap().code(), FindingCode::DateImplausible);
        assert_eq!(written("  ", "dob"), Read::blank());
        assert_eq!(written("zz/02/2025", "dob").value.as_ref().map(key).as_deref(), Some("2025-02"));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_text_never_panics(text: String) {
            let _ = written(&text, "dob");
        }
    }
}
