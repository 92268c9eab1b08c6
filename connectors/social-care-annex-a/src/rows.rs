//! The rows of a submission's lists, gathered by whom they are about: what is of one child stands in several lists.

use std::collections::BTreeMap;
use std::io;

use connector_kit::gather::{Gathered, Gathering};
use connector_kit::{Output, dates};
use jiff::ToSpan as _;
use jiff::civil;

use crate::lists::{ADOPTERS, Columns};
use crate::say::{At, date};

/// A list as one sheet or file has it.
pub(crate) struct Sheet {
    /// Its file's number within the submission.
    pub(crate) file: usize,
    pub(crate) columns: Columns,
    /// Read to its end without damage.
    pub(crate) whole: bool,
}

/// A row of a list.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Row {
    /// Its sheet's number within the submission.
    #[prost(uint32, tag = "1")]
    pub(crate) sheet: u32,
    #[prost(uint64, tag = "2")]
    pub(crate) line: u64,
    #[prost(uint64, tag = "3")]
    pub(crate) record: u64,
    #[prost(uint64, tag = "4")]
    pub(crate) byte_offset: u64,
    #[prost(string, repeated, tag = "5")]
    pub(crate) cells: Vec<String>,
    #[prost(bytes = "vec", tag = "6")]
    pub(crate) raw: Vec<u8>,
}

/// Whose rows are gathered together, in the order in which they are said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Section {
    /// Rows without an id.
    Nobody,
    Child,
    /// People who are no children.
    Adopter,
}

impl Section {
    pub(crate) const ALL: [Self; 3] = [Self::Nobody, Self::Child, Self::Adopter];
}

/// Rows while they are read.
pub(crate) struct Rows {
    sheets: Vec<Sheet>,
    gathering: Gathering<Row>,
    /// How often each day stands in a column of what has happened, where it is to be concluded when the lists stood so.
    days: Option<BTreeMap<civil::Date, u64>>,
}

impl Rows {
    /// None yet. With `dated`, the files say themselves of which day they are.
    pub(crate) fn new(dated: bool, out: &dyn Output) -> Self {
        let days = (!dated).then(BTreeMap::new);
        Self { sheets: Vec::new(), gathering: Gathering::for_output(out), days }
    }

    /// Begins a sheet; its rows are told by the number.
    pub(crate) fn begin(&mut self, sheet: Sheet) -> u32 {
        self.sheets.push(sheet);
        u32::try_from(self.sheets.len() - 1).unwrap_or(u32::MAX)
    }

    /// The sheet of this number was read to its end.
    pub(crate) fn is_whole(&mut self, sheet: u32) {
        self.sheets.get_mut(sheet as usize).into_iter().for_each(|sheet| sheet.whole = true);
    }

    /// Takes a row of a sheet that was begun.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub(crate) fn push(&mut self, row: Row) -> io::Result<()> {
        let Some(sheet) = self.sheets.get(row.sheet as usize) else { return Ok(()) };
        let at = At { sheet, row: &row };
        if let Some(days) = &mut self.days {
            let dated = DATED.iter().filter_map(|name| date(at.get(name), "").value.as_ref().and_then(dates::day));
            dated.for_each(|on| *days.entry(on).or_default() += 1);
        }
        let id = proto::subject::normalise_value(at.get("id"));
        let section = match (id.as_str(), sheet.columns.list.number) {
            ("", _) => Section::Nobody,
            (_, ADOPTERS) => Section::Adopter,
            _ => Section::Child,
        };
        self.gathering.push(section as u32, &id, &row)
    }

    /// Everything was read.
    ///
    /// # Errors
    /// When the disk does not take the rows, or does not give them back.
    pub(crate) fn gathered(self) -> io::Result<Lists> {
        let latest = self.days.as_ref().and_then(latest);
        Ok(Lists { sheets: self.sheets, rows: self.gathering.gathered()?, latest })
    }
}

/// The lists of a submission, once all were read.
pub(crate) struct Lists {
    pub(crate) sheets: Vec<Sheet>,
    pub(crate) rows: Gathered<Row>,
    /// The day on which they stood so, by what they say, where no file says it.
    pub(crate) latest: Option<civil::Date>,
}

impl Lists {
    /// A row under its sheet's columns.
    pub(crate) fn at<'a>(&'a self, row: &'a Row) -> Option<At<'a>> {
        self.sheets.get(row.sheet as usize).map(|sheet| At { sheet, row })
    }
}

/// The latest of these days but for those of a year and more after nearly all of them: those are slips of a key.
fn latest(days: &BTreeMap<civil::Date, u64>) -> Option<civil::Date> {
    let mut left = days.values().sum::<u64>().checked_sub(1)? * 95 / 100;
    let nearly_all = days.iter().find_map(|(on, count)| match left.checked_sub(*count) {
        Some(fewer) => {
            left = fewer;
            None
        }
        None => Some(*on),
    })?;
    let limit = nearly_all.saturating_add(1.year());
    days.range(..=limit).next_back().map(|(on, _)| *on)
}

/// Columns of what has happened when a list is made.
const DATED: &[&str] = &[
    "contact_on",
    "start_on",
    "done_on",
    "referral_on",
    "authorised_on",
    "discussed_on",
    "opened_on",
    "plan_on",
    "plan_ended_on",
    "seen_on",
    "closed_on",
    "visit_on",
    "review_on",
    "end_on",
    "started_on",
    "legal_from",
    "placed_on",
    "health_on",
    "decided_on",
    "matched_on",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_of_lists_is_the_latest_that_is_no_slip_of_a_key() {
        let on = |text: &str| text.parse::<civil::Date>().unwrap();
        let days = |counts: &[(&str, u64)]| latest(&counts.iter().map(|(day, count)| (on(day), *count)).collect());
        assert_eq!(days(&[]), None);
        assert_eq!(days(&[("2025-03-04", 1)]), Some(on("2025-03-04")));
        assert_eq!(days(&[("2025-03-01", 30), ("2025-03-04", 1), ("2052-03-04", 1)]), Some(on("2025-03-04")));
        assert_eq!(days(&[("2025-03-01", 3), ("2025-09-04", 3)]), Some(on("2025-09-04")));
    }
}
