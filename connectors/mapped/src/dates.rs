//! The shapes of dates that a mapping names.

use connector_kit::dates as kit;
use connector_kit::reading::Read;
use jiff::civil;
use jiff::fmt::strtime::{self, BrokenDownTime};
use proto::events::{Date, FindingCode, When};

/// Years that the log takes.
const YEARS_POSSIBLE: std::ops::RangeInclusive<i16> = 1900..=2200;

/// The day before the first that spreadsheets count, as they count.
const EXCEL_ZERO: civil::Date = civil::date(1899, 12, 30);

/// One shape.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    /// `2026-01-31`, or as far as it goes.
    Iso,
    /// `31/01/2026`, with `zz` for what is not known.
    DayFirst,
    /// Days since the end of 1899, as a spreadsheet counts them.
    Excel,
    /// As `strptime` writes patterns.
    Pattern(String),
}

impl Format {
    /// A format by its name or pattern; `None` when no date could ever be read by it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "excel" => Some(Self::Excel),
            "%Y-%m-%d" => Some(Self::Iso),
            "%d/%m/%Y" => Some(Self::DayFirst),
            pattern => {
                let day = civil::date(2026, 1, 31).at(14, 5, 9, 0).in_tz("Europe/London").ok()?;
                let written = strtime::format(pattern, &day).ok()?;
                let read = read_by(pattern, &written)?;
                (pattern.contains('%') && read.date() == day.date()).then(|| Self::Pattern(pattern.to_owned()))
            }
        }
    }

    /// How the 31st of January 2026 is written in it.
    pub(crate) fn example(&self) -> String {
        let pattern = match self {
            Self::Iso => "%Y-%m-%d",
            Self::DayFirst => "%d/%m/%Y",
            Self::Excel => return "46053".to_owned(),
            Self::Pattern(pattern) => pattern,
        };
        let day = civil::date(2026, 1, 31).at(14, 5, 0, 0).in_tz("Europe/London");
        day.and_then(|day| strtime::format(pattern, &day)).unwrap_or_else(|_| pattern.to_owned())
    }

    /// Whether it reads the month where another reads the day.
    pub(crate) fn is_month_first(&self) -> bool {
        matches!(self, Self::Pattern(pattern) if pattern.starts_with("%m/") || pattern.starts_with("%m-"))
    }

    fn at(&self, text: &str) -> Option<(Date, Option<civil::DateTime>)> {
        match self {
            Self::Iso => {
                let at = text.parse::<civil::DateTime>().ok().filter(|_| text.len() > 10);
                Some((kit::iso(text, "").value?, at))
            }
            Self::DayFirst => Some((kit::dd_mm_yyyy(text, "").value?, None)),
            Self::Excel => {
                let days: f64 = text.parse().ok()?;
                let whole = (1.0..200_000.0).contains(&days).then_some(days.floor())?;
                #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
                let day = EXCEL_ZERO.checked_add(jiff::Span::new().days(whole as i64)).ok()?;
                Some((of_civil(day)?, None))
            }
            Self::Pattern(pattern) => {
                // A month's name is written short by some and in full by others, in one column.
                let plainly = || plainly(text);
                let at = read_by(pattern, text)
                    .or_else(|| read_by(pattern, &plainly()))
                    .or_else(|| read_by(&pattern.replace("%B", "%b"), &plainly()))
                    .or_else(|| read_by(&pattern.replace("%b", "%B"), &plainly()))?;
                let has_time = pattern.contains("%H") || pattern.contains("%I") || pattern.contains("%T");
                Some((of_civil(at.date())?, has_time.then_some(at)))
            }
        }
    }
}

fn read_by(pattern: &str, text: &str) -> Option<civil::DateTime> {
    let (broken, read) = BrokenDownTime::parse_prefix(pattern, text).ok()?;
    if !kit::is_time(text.get(read..)?) {
        return None;
    }
    let date = broken.to_date().ok()?;
    let time = broken.to_time().unwrap_or_else(|_| civil::Time::midnight());
    Some(date.to_datetime(time))
}

/// `3rd  Sept 2019` as `3 Sep 2019`.
fn plainly(text: &str) -> String {
    let word = |word: &str| {
        let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let ending = word.get(digits.len()..).unwrap_or_default().to_ascii_lowercase();
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        match ending.as_str() {
            "st" | "nd" | "rd" | "th" if is_number => digits.to_owned(),
            "sept" if digits.is_empty() => "Sep".to_owned(),
            _ => word.to_owned(),
        }
    };
    text.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

fn of_civil(day: civil::Date) -> Option<Date> {
    let (month, number) = (u32::try_from(day.month()).ok()?, u32::try_from(day.day()).ok()?);
    YEARS_POSSIBLE.contains(&day.year()).then(|| kit::date(day.year().into(), Some(month), Some(number)))?
}

/// By the first format that reads it. What ISO writes is read whatever the mapping says: it can be nothing else, and it is how
/// days of workbooks and databases come.
fn readings(text: &str, formats: &[Format]) -> Option<(Date, Option<civil::DateTime>)> {
    formats.iter().chain([&Format::Iso]).find_map(|format| format.at(text))
}

/// A day, by the first format that reads it.
pub(crate) fn day(text: &str, formats: &[Format], field: &str) -> Read<Date> {
    match readings(text, formats) {
        Some((day, _)) => Read::of(day),
        None => Read::unreadable(FindingCode::DateUnreadable, field),
    }
}

/// A day, or an instant where the text has a time: in England, unless it says otherwise.
pub(crate) fn when(text: &str, formats: &[Format], field: &str) -> Read<When> {
    if text.len() > 10
        && let Some(at_us) = kit::iso_at(text, field).value
    {
        return Read::of(kit::when_at(at_us));
    }
    match readings(text, formats) {
        Some((_, Some(at))) => match kit::iso_at(&at.to_string(), field).value {
            Some(at_us) => Read::of(kit::when_at(at_us)),
            None => Read::unreadable(FindingCode::DateUnreadable, field),
        },
        Some((day, None)) => Read::of(kit::on(day)),
        None => Read::unreadable(FindingCode::DateUnreadable, field),
    }
}

/// Microseconds since 1970; a day alone is its first moment in England.
pub(crate) fn instant_us(text: &str, formats: &[Format], field: &str) -> Read<i64> {
    use proto::events::when::When as W;
    let read = when(text, formats, field);
    match read.value.and_then(|when| when.when) {
        Some(W::At(at)) => Read::of(at.seconds * 1_000_000 + i64::from(at.nanos) / 1_000),
        Some(W::On(day)) => match kit::start_of_day_us(&day) {
            Some(at_us) => Read::of(at_us),
            None => Read::unreadable(FindingCode::DateUnreadable, field),
        },
        None => Read { value: None, finding: read.finding },
    }
}

/// The day at the beginning of a file's name, after its fixed part: microseconds since 1970.
pub(crate) fn of_file_name(pattern: &str, name: &str) -> Option<i64> {
    let (broken, read) = BrokenDownTime::parse_prefix(pattern, name).ok()?;
    // Two digits of a year of four.
    if pattern.ends_with("%y") && name.get(read..)?.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let date = broken.to_date().ok()?;
    kit::start_of_day_us(&of_civil(date)?)
}
