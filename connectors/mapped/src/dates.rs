//! The shapes of dates that a mapping names.

use connector_kit::dates::{self as kit, Clock, Timed};
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
                let read = kit::day(&read_by(pattern, &written)?.written)?;
                (pattern.contains('%') && read == day.date()).then(|| Self::Pattern(pattern.to_owned()))
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

    fn read(&self, text: &str) -> Option<Timed> {
        match self {
            Self::Iso => kit::iso_timed(text, "").value.map(without_midnight),
            Self::DayFirst => kit::dd_mm_yyyy_timed(text, "").value.map(without_midnight),
            Self::Excel => {
                let days: f64 = text.parse().ok()?;
                let whole = (1.0..200_000.0).contains(&days).then_some(days.floor())?;
                #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
                let day = EXCEL_ZERO.checked_add(jiff::Span::new().days(whole as i64)).ok()?;
                #[expect(clippy::cast_possible_truncation, reason = "seconds of a day")]
                let seconds = (days.fract() * 86_400.0).round() as i64;
                let time = civil::Time::midnight().checked_add(jiff::Span::new().seconds(seconds)).ok();
                Some(without_midnight(Timed { written: of_civil(day)?, clock: Clock { time, offset: None } }))
            }
            Self::Pattern(pattern) => {
                // A month's name is written short by some and in full by others, in one column.
                let plainly = || plainly(text);
                read_by(pattern, text)
                    .or_else(|| read_by(pattern, &plainly()))
                    .or_else(|| read_by(&pattern.replace("%B", "%b"), &plainly()))
                    .or_else(|| read_by(&pattern.replace("%b", "%B"), &plainly()))
            }
        }
    }
}

/// A time that the pattern has, or else one that stands behind what it has.
fn read_by(pattern: &str, text: &str) -> Option<Timed> {
    let (broken, read) = BrokenDownTime::parse_prefix(pattern, text).ok()?;
    let behind = Clock::behind(text.get(read..)?)?;
    let written = of_civil(broken.to_date().ok()?)?;
    Some(match broken.hour() {
        Some(_) => Timed { written, clock: Clock { time: broken.to_time().ok(), offset: broken.offset() } },
        None => without_midnight(Timed { written, clock: behind }),
    })
}

/// A midnight that no pattern asked for is how systems write a day, and no time of it.
fn without_midnight(read: Timed) -> Timed {
    match read.clock.time {
        Some(time) if time == civil::Time::midnight() => Timed { clock: Clock::default(), ..read },
        _ => read,
    }
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
fn timed(text: &str, formats: &[Format], field: &str) -> Read<Timed> {
    match formats.iter().chain([&Format::Iso]).find_map(|format| format.read(text)) {
        Some(read) => Read::of(read),
        None => Read::unreadable(FindingCode::DateUnreadable, field),
    }
}

/// A day, by the first format that reads it: in England, where the text has a time and its zone.
pub(crate) fn day(text: &str, formats: &[Format], field: &str) -> Read<Date> {
    timed(text, formats, field).map(|read| read.day())
}

/// A day, or an instant where the text has a time: in England, unless it says otherwise.
pub(crate) fn when(text: &str, formats: &[Format], field: &str) -> Read<When> {
    if text.len() > 10
        && let Some(at_us) = kit::iso_at(text, field).value
    {
        return Read::of(kit::when_at(at_us));
    }
    timed(text, formats, field).map(|read| match read.clock.time.and_then(|_| read.at_us()) {
        Some(at_us) => kit::when_at(at_us),
        None => kit::on(read.day()),
    })
}

/// A day as it stands in a record's key, and a time of that day where one is asked for: however it is written, the key is one.
pub(crate) fn key(text: &str, formats: &[Format], with_time: bool) -> Option<String> {
    let read = timed(text, formats, "").value?;
    let day = read.day();
    let at_us =
        read.at_us().filter(|at_us| with_time && kit::start_of_day_us(&day).is_some_and(|start| start != *at_us));
    match at_us {
        Some(at_us) => Some(jiff::Timestamp::from_microsecond(at_us).ok()?.to_string()),
        None => Some(kit::key(&day)),
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
