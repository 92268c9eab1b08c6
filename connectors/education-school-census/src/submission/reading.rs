//! Reading the rows of a table, and finding whose each is.

use std::collections::BTreeSet;
use std::io;

use connector_kit::{Output, Rejection, dates};
use proto::quarantine::Reason;

use super::{Opened, Progress, lost};
use crate::children;
use crate::period::{Period, SPANS};
use crate::roll::{COLUMNS, NotFound, OTHER_NAMES, session_columns, which_roll};
use crate::rows::{Gathers, Rows, Stood};
use crate::say::Speaker;
use crate::schools::Schools;
use crate::source::Row;
use crate::tables::{Holds, Parent, TABLES, Table};

/// Reads the table of returns.
pub(super) fn read_returns(
    file: &mut Opened<'_>,
    schools: &mut Schools,
    period: Period,
    progress: &mut Progress,
    out: &mut dyn Output,
) {
    while let Some(row) = file.rows.next_row() {
        out.record();
        match row {
            Ok(row) if schools.read_return(row, period) => {}
            Ok(row) => {
                let message = "the authority or establishment number cannot be read: put it right in the return";
                out.reject(row.reject(Reason::RecordMalformed, "estab", message));
                lost(Some(file.table), progress);
            }
            Err(rejection) => out.reject(*rejection),
        }
    }
    close(file, progress);
}

/// Once a table gives no more rows.
pub(super) fn close(file: &Opened<'_>, progress: &mut Progress) {
    if !file.rows.whole() {
        lost(Some(file.table), progress);
    }
}

/// Whose enrolment has no date: which roll, the row key, the school, and the row's rejection.
pub(super) type Undated = (bool, String, u32, Rejection);

/// Reads one of the two rolls into `rolls`, whose owners are schools.
pub(super) fn read_roll(
    file: &mut Opened<'_>,
    schools: &mut Schools,
    period: Period,
    rolls: &mut Rows,
    undated: &mut Vec<Undated>,
    progress: &mut Progress,
    out: &mut dyn Output,
) {
    let own_id = file.table.own_id();
    let mut damaged = false;
    while let Some(row) = file.rows.next_row() {
        out.record();
        let row = match row {
            Ok(row) => row,
            Err(rejection) => {
                out.reject(*rejection);
                continue;
            }
        };
        let Some(school) = schools.of_pupil(row, period) else {
            damaged = true;
            let message = "the pupil's school is not in the table of returns: send that table whole, with this one";
            out.reject(row.reject(Reason::ParentMissing, "schoolcensustableid", message));
            continue;
        };
        let Some(row_key) = row.get(&own_id) else {
            damaged = true;
            let message = "the row has no key, so nothing can be joined to it: export the table again";
            out.reject(row.reject(Reason::SubjectMissing, &own_id, message));
            continue;
        };
        if row.read("entrydate", dates::written).value.is_none() {
            let message = "the enrolment has no readable entry date: put it right in the return";
            let rejection = row.reject(Reason::DateMissing, "entrydate", message);
            undated.push((file.table.is_off_roll(), row_key.to_owned(), school, rejection));
        }
        let cell = |column: &str| row.get(column).unwrap_or("");
        let mapped = COLUMNS.iter().map(|&column| {
            let named = row.get(column);
            let other = || OTHER_NAMES.iter().filter(|(of, _)| *of == column).find_map(|(_, name)| row.get(name));
            named.or_else(other).unwrap_or("")
        });
        let unmapped = file.unmapped.iter().map(|column| cell(column));
        let sessions = SPANS.into_iter().flat_map(session_columns).map(cell);
        let cells = [which_roll(file.table)].into_iter().chain(mapped).chain(sessions).chain(unmapped);
        if !rolls.push(stood(school, file.number, row), cells.chain([row_key])) {
            damaged = true;
            out.reject(row.reject(Reason::RecordTooLarge, "", TOO_LARGE));
            break;
        }
    }
    if damaged {
        lost(Some(file.table), progress);
    }
    close(file, progress);
}

/// Told of the row at which there was no more room: itself it was taken.
pub(crate) const TOO_LARGE: &str = "the rows of the submission take more memory than any authority's: none from here on was read; send fewer schools together";

fn stood(owner: u32, file: u32, row: Row<'_>) -> Stood {
    Stood::new(owner, file, row.line(), row.record())
}

/// Reads a table under the rolls into `rows`, whose owners are children. Gives those some of whose rows are lost.
///
/// # Errors
/// When the disk does not take them.
pub(super) fn read_children(
    file: &mut Opened<'_>,
    group: &str,
    speaker: &mut Speaker<'_>,
    rows: &mut Gathers,
    progress: &mut Progress,
) -> io::Result<BTreeSet<u32>> {
    let table = file.table;
    let (own_id, parent_id) = (table.own_id(), table.parent_id().unwrap_or_default());
    let is_parent = TABLES.iter().any(|other| other.parent == Parent::Row(table.name));
    let per_row = matches!(table.holds, Holds::Sessions(_));
    let mut incomplete = BTreeSet::new();
    let mut last = None;
    while let Some(row) = file.rows.next_row() {
        speaker.out.record();
        let row = match row {
            Ok(row) => row,
            Err(rejection) => {
                incomplete.extend(owner_of_broken(speaker, table, &rejection.raw));
                speaker.reject(group, None, None, *rejection);
                continue;
            }
        };
        let school = speaker.schools.of_row(row);
        let person = match find(speaker, progress, table, row.get(&parent_id).unwrap_or(""), school) {
            Ok(person) => person,
            Err(why) => {
                if school.is_none() {
                    lost(Some(table), progress);
                }
                let rejection = row.reject(Reason::ParentMissing, &parent_id, orphan(why));
                speaker.reject(group, None, school, rejection);
                continue;
            }
        };
        last = Some(person);
        if let Some((reason, column, message)) = children::unfit(table.holds, row) {
            incomplete.insert(person);
            speaker.reject(group, Some(person), school, row.reject(reason, column, message));
            continue;
        }
        let lead = [which_roll(table), row.get(&parent_id).unwrap_or("")];
        let lead = lead.iter().copied().filter(|_| per_row);
        let mapped = children::columns(table.holds).iter().copied();
        let mapped = mapped.map(|column| children::cell(table.holds, row, column).unwrap_or(""));
        let unmapped = file.unmapped.iter().map(|column| match children::stands_in(table.holds, row, column) {
            true => "",
            false => row.get(column).unwrap_or(""),
        });
        let named = mapped.chain(unmapped);
        rows.push(stood(person, file.number, row), lead.chain(named))?;
        if let Some(key) = row.get(&own_id).filter(|_| is_parent) {
            let of = progress.rows_of.entry(table.name).or_default();
            of.entry(key.to_owned()).and_modify(|of| *of = of.filter(|of| *of == person)).or_insert(Some(person));
        }
    }
    close(file, progress);
    if !file.rows.whole() {
        incomplete.extend(last);
    }
    Ok(incomplete)
}

fn find(
    speaker: &Speaker<'_>,
    progress: &Progress,
    table: &Table,
    key: &str,
    school: Option<u32>,
) -> Result<u32, NotFound> {
    match table.parent {
        Parent::OnRoll => speaker.roll.find(false, key, school),
        Parent::OffRoll => speaker.roll.find(true, key, school),
        Parent::Row(parent) => {
            let known = progress.rows_of.get(parent).and_then(|of| of.get(key)).ok_or(NotFound::Nobody)?;
            known.ok_or(NotFound::Ambiguous)
        }
        Parent::Return => Err(NotFound::Nobody),
    }
}

fn orphan(why: NotFound) -> &'static str {
    match why {
        NotFound::Nobody => "the row joins to no row of its parent table: send the two tables of one export together",
        NotFound::OfOtherSchool => "the row joins to a pupil of another school than it names: export both tables again",
        NotFound::Ambiguous => "the row joins to two pupils: the parent table gives one row key twice; export it again",
    }
}

/// The child of a row that could not be read, where one of its cells is a row key.
fn owner_of_broken(speaker: &Speaker<'_>, table: &Table, raw: &[u8]) -> Option<u32> {
    let text = String::from_utf8_lossy(raw);
    let mut cells = text.split(',').map(|cell| cell.trim().trim_matches('"'));
    cells.find_map(|cell| speaker.roll.find(table.parent == Parent::OffRoll, cell, None).ok())
}
