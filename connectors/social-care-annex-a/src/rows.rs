//! The rows of a submission's lists, gathered by whom they are about: what is of one child stands in several lists.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use connector_kit::file_name::Authority;
use connector_kit::gather::{Gathered, Gathering};
use connector_kit::{Output, Place, Rejection, dates};
use jiff::ToSpan as _;
use jiff::civil;
use proto::quarantine::Reason;

use crate::lists::{ADOPTERS, Columns};
use crate::say::{At, date};
use crate::sheets::File;

/// A list as one sheet or file has it.
pub(crate) struct Sheet {
    /// Its file's number within the submission.
    pub(crate) file: usize,
    pub(crate) columns: Columns,
    /// Read to its end without damage.
    pub(crate) whole: bool,
    /// Whose its rows are.
    pub(crate) authorities: BTreeSet<Authority>,
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

/// Whose rows are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whose {
    /// As a file's name says it: no row may say another.
    pub(crate) named: Option<Authority>,
    /// Of rows that do not say so, where no name does.
    pub(crate) given: Option<Authority>,
}

impl Whose {
    /// Of rows that do not say so.
    pub(crate) fn own(self) -> Option<Authority> {
        self.named.or(self.given)
    }
}

/// Rows while they are read.
pub(crate) struct Rows {
    whose: Whose,
    sheets: Vec<Sheet>,
    gathering: Gathering<Row>,
    /// How often each day stands in a column of what has happened, where it is to be concluded when the lists stood so.
    days: Option<BTreeMap<civil::Date, u64>>,
    /// Files of which a row is nobody's.
    of_no_authority: BTreeSet<usize>,
}

impl Rows {
    /// None yet. With `dated`, the files say themselves of which day they are.
    pub(crate) fn new(whose: Whose, dated: bool, out: &dyn Output) -> Self {
        let days = (!dated).then(BTreeMap::new);
        let gathering = Gathering::for_output(out);
        Self { whose, sheets: Vec::new(), gathering, days, of_no_authority: BTreeSet::new() }
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

    /// Takes a row of a sheet that was begun. False when so much was refused that the rest of the file is not to be read.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub(crate) fn push(&mut self, file: &mut File, row: Row) -> io::Result<bool> {
        let Some(sheet) = self.sheets.get_mut(row.sheet as usize) else { return Ok(true) };
        let stated = sheet.columns.authority.and_then(|at| row.cells.get(at)).map_or("", |cell| cell.trim());
        let authority = match stated {
            "" => self.whose.own(),
            stated => {
                let read = Authority::stated(stated).filter(|read| self.whose.named.is_none_or(|named| named == *read));
                let Some(read) = read else {
                    return Ok(file.rejected.row(Some(sheet.columns.list.number), of_another(file, &row)));
                };
                Some(read)
            }
        };
        let Some(authority) = authority else {
            self.of_no_authority.insert(sheet.file);
            return Ok(true);
        };
        sheet.authorities.insert(authority);
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
        self.gathering.push(section as u32, &format!("{}/{id}", authority.as_str()), &row)?;
        Ok(true)
    }

    /// Everything was read.
    ///
    /// # Errors
    /// When the disk does not take the rows, or does not give them back.
    pub(crate) fn gathered(self) -> io::Result<Lists> {
        let latest = self.days.as_ref().and_then(latest);
        let Self { sheets, of_no_authority, .. } = self;
        Ok(Lists { sheets, rows: self.gathering.gathered()?, latest, of_no_authority })
    }
}

/// The lists of a submission, once all were read.
pub(crate) struct Lists {
    pub(crate) sheets: Vec<Sheet>,
    pub(crate) rows: Gathered<Row>,
    /// The day on which they stood so, by what they say, where no file says it.
    pub(crate) latest: Option<civil::Date>,
    /// Files of which a row is nobody's.
    pub(crate) of_no_authority: BTreeSet<usize>,
}

/// Whose rows these are: the authority, and the id.
pub(crate) fn of_owner(owner: &str) -> Option<(Authority, &str)> {
    let (authority, id) = owner.split_once('/')?;
    Some((Authority::parse(authority)?, id))
}

/// A row whose own word on whose it is nobody can read, or is not that of its file: it is given to neither.
fn of_another(file: &File, row: &Row) -> Rejection {
    let message = "LA is no authority's three digits or name, or not the one in the file's name: the row was given to no authority; \
                   put the code into LA, or empty the column where the file's name says whose the lists are, and send them again";
    let place = Place {
        file: file.name.clone(),
        line: row.line,
        record: row.record,
        byte_offset: row.byte_offset,
        field: "LA".to_owned(),
    };
    Rejection::of(Reason::SubjectMissing, message, place, &row.raw)
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
