//! Which schools returned, and when.

use std::collections::HashMap;

use connector_kit::{dates, reading};
use proto::events::Date;

use crate::period::Period;
use crate::source::Row;

/// As much of an export's own id of a school as an organisation id takes.
const ISSUER_CHARS_MAX: usize = 56;

/// A school of the submission.
pub(crate) struct School {
    /// Local authority and establishment number, seven digits, or the export's own id of it.
    pub(crate) issuer: String,
    /// Its organisation id.
    pub(crate) controller: String,
    /// When its return stood so.
    pub(crate) as_of_us: Option<i64>,
    /// The return's serial number.
    pub(crate) sequence: u64,
    /// The census day, as the return says it or as it is appointed.
    pub(crate) reference_on: Date,
    /// The last day that the return can tell of.
    pub(crate) latest_on: Option<Date>,
}

/// The schools, and how a row names one.
#[derive(Default)]
pub(crate) struct Schools {
    schools: Vec<School>,
    by_issuer: HashMap<String, u32>,
    by_return: HashMap<String, Option<u32>>,
    /// `None` where two schools have one.
    by_native: HashMap<String, Option<u32>>,
    /// Whether the submission has the table of returns. Then a school that it does not name is damage, not a new school.
    returns_given: bool,
}

impl Schools {
    pub(crate) fn get(&self, at: u32) -> Option<&School> {
        self.schools.get(at as usize)
    }

    /// The table of returns is there, whatever can be read of it.
    pub(crate) fn expect_returns(&mut self) {
        self.returns_given = true;
    }

    /// Reads a row of `schoolcensus`. False when it does not name a school.
    pub(crate) fn read_return(&mut self, row: Row<'_>, period: Period) -> bool {
        let digits = |column: &str, count: usize| {
            let number = row.read(column, reading::integer).value?;
            let digits = format!("{number:0count$}");
            (number > 0 && digits.len() == count).then_some(digits)
        };
        let (Some(authority), Some(establishment)) = (digits("lea", 3), digits("estab", 4)) else { return false };
        let at = self.of_issuer(format!("{authority}{establishment}"), period);
        let name = |map: &mut HashMap<String, Option<u32>>, key: Option<&str>| {
            if let Some(key) = key {
                map.entry(key.to_owned())
                    .and_modify(|held| *held = held.filter(|held| *held == at))
                    .or_insert(Some(at));
            }
        };
        name(&mut self.by_return, row.get("schoolcensustableid"));
        name(&mut self.by_native, row.get("nativeid"));
        let Some(school) = self.schools.get_mut(at as usize) else { return false };
        let stated = row.read("referencedate", dates::written).value;
        let reference_on = stated.unwrap_or_else(|| period.census_day());
        let taken = row.get("datetime");
        let as_of_us = taken
            .and_then(|taken| dates::written_at(taken, "").value)
            .or_else(|| stated.as_ref().and_then(dates::start_of_day_us));
        let sequence = row.read("serialno", reading::integer).value.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
        // Of two returns of one school the later speaks for both.
        if (as_of_us, sequence) >= (school.as_of_us, school.sequence) {
            let taken_on = taken.and_then(|taken| dates::written(taken, "").value);
            let latest_on = taken_on.into_iter().chain(stated).max_by_key(dates::rank);
            *school = School { as_of_us, sequence, reference_on, latest_on, ..take(school) };
        }
        true
    }

    /// The school of a pupil's row.
    pub(crate) fn of_pupil(&mut self, row: Row<'_>, period: Period) -> Option<u32> {
        let native = row.get("nativeid");
        if self.returns_given {
            let stated = row.get("schoolcensustableid");
            if stated.is_none() && native.is_none() {
                // A return of one school need not name it on every row.
                return (self.schools.len() == 1).then_some(0);
            }
            let named = stated.and_then(|id| self.by_return.get(id).copied());
            return named.or_else(|| native.and_then(|id| self.by_native.get(id).copied())).flatten();
        }
        let native = native?;
        if let Some(known) = self.by_native.get(native) {
            return *known;
        }
        let at = self.of_issuer(native.to_owned(), period);
        self.by_native.insert(native.to_owned(), Some(at));
        Some(at)
    }

    /// The school of any other row, where it says one that is known.
    pub(crate) fn of_row(&self, row: Row<'_>) -> Option<u32> {
        self.by_native.get(row.get("nativeid")?).copied().flatten()
    }

    fn of_issuer(&mut self, issuer: String, period: Period) -> u32 {
        if let Some(at) = self.by_issuer.get(&issuer) {
            return *at;
        }
        let at = u32::try_from(self.schools.len()).unwrap_or(u32::MAX);
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let controller = format!("school-{}", issuer.chars().take(ISSUER_CHARS_MAX).map(plain).collect::<String>());
        self.schools.push(School {
            issuer: issuer.clone(),
            controller,
            as_of_us: None,
            sequence: 0,
            reference_on: period.census_day(),
            latest_on: None,
        });
        self.by_issuer.insert(issuer, at);
        at
    }
}

/// A school's names, out of the place that is about to be written.
fn take(school: &mut School) -> School {
    School { issuer: std::mem::take(&mut school.issuer), controller: std::mem::take(&mut school.controller), ..*school }
}
