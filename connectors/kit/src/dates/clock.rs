//! The time that stands behind a day, and which day and instant both are in England.

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::Offset;
use proto::events::Date;

use super::{LONDON, date_on, day, in_england, number, start_of_day_us};

/// What stands behind a day: nothing, or a time, which databases write behind every day.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Clock {
    /// The time of the day; `None` where there is none.
    pub time: Option<civil::Time>,
    /// How far from Greenwich it is told; `None` where it is England's own.
    pub offset: Option<Offset>,
}

/// A day as it is written, and the time behind it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Timed {
    /// As it is written.
    pub written: Date,
    /// What stands behind it.
    pub clock: Clock,
}

impl Timed {
    /// The day in England: half past eleven of a summer's evening at Greenwich is the next day there. A midnight is how systems write
    /// a day, and it is that day, whichever zone they add to it.
    pub fn day(&self) -> Date {
        let Clock { time, offset } = self.clock;
        let moved = time.filter(|time| *time != civil::Time::midnight()).zip(offset).and_then(|(time, offset)| {
            let at = offset.to_timestamp(day(&self.written)?.to_datetime(time)).ok()?;
            Some(date_on(at.to_zoned(LONDON.clone()).date()))
        });
        moved.unwrap_or(self.written)
    }

    /// Microseconds since 1970; a day alone is its first moment in England.
    pub fn at_us(&self) -> Option<i64> {
        let Some(time) = self.clock.time else { return start_of_day_us(&self.written) };
        let local = day(&self.written)?.to_datetime(time);
        let at: Timestamp = match self.clock.offset {
            Some(offset) => offset.to_timestamp(local).ok()?,
            None => in_england(local)?,
        };
        Some(at.as_microsecond())
    }
}

impl Clock {
    /// Reads what stands behind a day: ` 00:00:00`, `T00:00:00.000Z`, ` 12.00.00.000000 AM`. `None` of anything else: it is somebody's
    /// remark, and may be no day that the record goes by.
    pub fn behind(text: &str) -> Option<Self> {
        if text.trim().is_empty() {
            return Some(Self::default());
        }
        let compact = text.strip_prefix(['T', 't']);
        let spaced = || {
            let time = text.strip_prefix(|c: char| c.is_whitespace() || c == '-')?.trim_start();
            let time = time.strip_prefix('-').map_or(time, str::trim_start);
            Some(time.strip_prefix("at ").map_or(time, str::trim_start))
        };
        let stated = compact.or_else(spaced)?;
        let (clock, words) = stated.split_at(stated.find(|c| !is_of_clock(c)).unwrap_or(stated.len()));
        let mut read = Self { time: Some(time(clock.trim_end_matches(['.', ',']), compact.is_some())?), offset: None };
        for word in words.split_whitespace() {
            read.heed(word)?;
        }
        Some(read)
    }

    /// Half of a day, or a zone: `am`, `p.m.`, `Z`, `+01:00`.
    fn heed(&mut self, word: &str) -> Option<()> {
        let hour = self.time.map_or(0, civil::Time::hour);
        let at_hour = |hour: i8| self.time.and_then(|time| time.with().hour(hour).build().ok());
        match word.replace('.', "").to_ascii_lowercase().as_str() {
            "am" if hour == 12 => self.time = at_hour(0),
            "pm" if hour < 12 => self.time = at_hour(hour + 12),
            "am" | "pm" => {}
            "z" | "utc" | "gmt" => self.offset = Some(Offset::UTC),
            "bst" => self.offset = Some(jiff::tz::offset(1)),
            "europe/london" => self.offset = None,
            _ => self.offset = Some(offset(word)?),
        }
        Some(())
    }
}

/// `+01:00`, `+0100`, `+01`, `-5`.
fn offset(word: &str) -> Option<Offset> {
    let (sign, digits) = word.split_at_checked(1).filter(|(sign, _)| matches!(*sign, "+" | "-"))?;
    let digits = digits.replace(':', "");
    let (hours, minutes) = digits.split_at_checked(digits.len().min(2))?;
    let minutes: i32 = if minutes.is_empty() { 0 } else { number(minutes, 2)? };
    let seconds = number::<i32>(hours, 2)? * 3600 + minutes * 60;
    Offset::from_seconds(if sign == "-" { -seconds } else { seconds }).ok()
}

fn is_of_clock(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, ':' | '.' | ',')
}

/// `9:30`, `14.30`, `00:00:00.000`, `12.00.00.000000`; and behind a T also `1430`. Three pairs between dots may be another day.
fn time(clock: &str, compact: bool) -> Option<civil::Time> {
    let parts: Vec<&str> = clock.split([':', '.', ',']).collect();
    let pair = |text: &str| number::<i8>(text, 2).filter(|_| text.len() == 2);
    // A leap second is read as the one before it.
    let of = |hour: &str, minute: &str, second: &str, fraction: &str| {
        let is_fraction = fraction.bytes().all(|byte| byte.is_ascii_digit());
        let nanos = is_fraction.then(|| format!("{fraction:0<9}").get(..9)?.parse::<i32>().ok())??;
        let second = pair(second).filter(|second| *second <= 60)?.min(59);
        civil::Time::new(number(hour, 2)?, pair(minute)?, second, nanos).ok()
    };
    match parts.as_slice() {
        [digits] if compact && matches!(digits.len(), 4 | 6) => {
            of(digits.get(..2)?, digits.get(2..4)?, digits.get(4..).filter(|text| !text.is_empty()).unwrap_or("00"), "")
        }
        [hour, minute] => of(hour, minute, "00", ""),
        [hour, minute, second] if compact || clock.contains(':') => of(hour, minute, second, ""),
        [hour, minute, second, fraction] if !fraction.is_empty() => of(hour, minute, second, fraction),
        _ => None,
    }
}
