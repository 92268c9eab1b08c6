//! A value of SQL Server's as text.

use std::fmt::Write as _;

use jiff::civil::{self, Time};
use tiberius::{ColumnData, ColumnType, numeric::Numeric, time};

/// The first day that `date` and `datetime2` count from, and that of `datetime`.
const YEAR_ONE: civil::Date = civil::date(1, 1, 1);
const YEAR_1900: civil::Date = civil::date(1900, 1, 1);

const NANOS_A_SECOND: u64 = 1_000_000_000;

/// Writes a cell as PostgreSQL would cast it: days and times as ISO writes them, decimals to their last place, and nothing for a
/// null. Of a time with an offset, the clock where it was written, since that says which day it was.
pub(super) fn write(data: &ColumnData<'_>, kind: ColumnType, out: &mut String) {
    // Writing to a string does not fail.
    let _written = match data {
        ColumnData::U8(Some(number)) => write!(out, "{number}"),
        ColumnData::I16(Some(number)) => write!(out, "{number}"),
        ColumnData::I32(Some(number)) => write!(out, "{number}"),
        ColumnData::I64(Some(number)) => write!(out, "{number}"),
        ColumnData::F32(Some(number)) => write!(out, "{number}"),
        // The client gives `money` as a float; four places are what it has.
        ColumnData::F64(Some(number)) if matches!(kind, ColumnType::Money | ColumnType::Money4) => {
            write!(out, "{number:.4}")
        }
        ColumnData::F64(Some(number)) => write!(out, "{number}"),
        ColumnData::Bit(Some(is)) => write!(out, "{is}"),
        ColumnData::String(Some(text)) if matches!(kind, ColumnType::NChar | ColumnType::BigChar) => {
            out.write_str(text.trim_end_matches(' '))
        }
        ColumnData::String(Some(text)) => out.write_str(text),
        ColumnData::Guid(Some(id)) => write!(out, "{id}"),
        ColumnData::Binary(Some(bytes)) => bytes.iter().fold(out.write_str("0x"), |_, byte| write!(out, "{byte:02X}")),
        ColumnData::Numeric(Some(number)) => decimal(*number, out),
        ColumnData::Xml(Some(text)) => write!(out, "{text}"),
        ColumnData::DateTime(Some(at)) => {
            // Three hundredths of a second, to the nearest thousandth: as the server itself writes them.
            let millis = (u64::from(at.seconds_fragments()) * 10 + 1) / 3;
            moment(YEAR_1900, i64::from(at.days()), millis * 1_000_000, out)
        }
        // The second half of a `smalldatetime` is minutes, whatever the client's name for it.
        ColumnData::SmallDateTime(Some(at)) => {
            moment(YEAR_1900, i64::from(at.days()), u64::from(at.seconds_fragments()) * 60 * NANOS_A_SECOND, out)
        }
        ColumnData::Time(Some(at)) => clock(nanos(*at), out),
        ColumnData::Date(Some(day)) => moment_or_day(YEAR_ONE, i64::from(day.days()), None, out),
        ColumnData::DateTime2(Some(at)) => moment(YEAR_ONE, i64::from(at.date().days()), nanos(at.time()), out),
        ColumnData::DateTimeOffset(Some(at)) => offset(*at, out),
        _ => Ok(()),
    };
}

fn decimal(number: Numeric, out: &mut String) -> std::fmt::Result {
    let (scale, digits) = (usize::from(number.scale()), number.value().unsigned_abs());
    let sign = if number.value() < 0 { "-" } else { "" };
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if fraction.is_empty() { write!(out, "{sign}{whole}") } else { write!(out, "{sign}{whole}.{fraction}") }
}

/// Since midnight.
fn nanos(at: time::Time) -> u64 {
    10_u64.checked_pow(9_u32.saturating_sub(at.scale().into())).map_or(0, |unit| at.increments().saturating_mul(unit))
}

fn moment(first: civil::Date, days: i64, nanos: u64, out: &mut String) -> std::fmt::Result {
    moment_or_day(first, days, Some(nanos), out)
}

/// What no calendar has is left as it came, so that it is read as what it is: no date.
fn moment_or_day(first: civil::Date, days: i64, nanos: Option<u64>, out: &mut String) -> std::fmt::Result {
    let day = jiff::Span::new().try_days(days).and_then(|span| first.checked_add(span));
    match day {
        Ok(day) => write!(out, "{day}")?,
        Err(_) => return write!(out, "day {days}"),
    }
    match nanos {
        Some(nanos) => {
            out.push(' ');
            clock(nanos, out)
        }
        None => Ok(()),
    }
}

/// `10:00:00`, and as much of the second as there is.
fn clock(nanos: u64, out: &mut String) -> std::fmt::Result {
    let (seconds, fraction) = (nanos / NANOS_A_SECOND, nanos % NANOS_A_SECOND);
    write!(out, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
    if fraction > 0 {
        let fraction = format!("{fraction:09}");
        write!(out, ".{}", fraction.trim_end_matches('0'))?;
    }
    Ok(())
}

/// It comes as the moment in Greenwich, and how far the clock was from there.
fn offset(at: time::DateTimeOffset, out: &mut String) -> std::fmt::Result {
    let (utc, minutes) = (at.datetime2(), i64::from(at.offset()));
    let nanos = i64::try_from(nanos(utc.time())).unwrap_or(i64::MAX);
    let local = YEAR_ONE
        .checked_add(jiff::Span::new().days(i64::from(utc.date().days())))
        .map(|day| day.to_datetime(Time::midnight()))
        // One after the other: a span has one sign for all of it.
        .and_then(|day| day.checked_add(jiff::Span::new().nanoseconds(nanos)))
        .and_then(|utc| utc.checked_add(jiff::Span::new().minutes(minutes)));
    let Ok(local) = local else { return write!(out, "day {}", utc.date().days()) };
    write!(out, "{} ", local.date())?;
    let time = local.time();
    let seconds =
        u64::try_from(i32::from(time.hour()) * 3600 + i32::from(time.minute()) * 60 + i32::from(time.second()));
    let fraction = u64::try_from(time.subsec_nanosecond()).unwrap_or(0);
    clock(seconds.unwrap_or(0) * NANOS_A_SECOND + fraction, out)?;
    let sign = if minutes < 0 { '-' } else { '+' };
    write!(out, "{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

#[cfg(test)]
mod tests;
