//! One submission: whose each row is and of which year, then child by child.

use std::collections::{BTreeMap, BTreeSet};

use connector_kit::file_name::Authority;
use connector_kit::{Output, Place, Rejection, Scope, SourceFile, dates, identifier};
use jiff::civil;
use proto::events::{Scheme, Subject};
use proto::quarantine::Reason;

use crate::child::{self, Around};
use crate::held::{Glance, Row, Rows};
use crate::reading::{self, File, of_file};
use crate::say::{Voice, Year, scope_key};
use crate::tables::Table;

/// Columns whose dates lie in the year that a return is of, the surest first.
const DATED: &[(Table, &[&str])] = &[
    (Table::Episodes, &["dec"]),
    (Table::Missing, &["mis_start", "mis_end"]),
    (Table::Reviews, &["review"]),
    (Table::Workers, &["sw_dec", "sw_decom"]),
    (Table::Episodes, &["decom"]),
    (Table::Placed, &["date_placed", "date_placed_ceased"]),
    (Table::Ad1, &["date_match", "date_int"]),
    (Table::Liberty, &["dolo_start"]),
];

/// A row with of when it is.
#[derive(Clone, Copy)]
struct Placed<'r> {
    row: Glance<'r>,
    year: u16,
}

/// What is known of the submission's files by table and year.
#[derive(Default)]
pub(crate) struct Tables {
    /// Read whole.
    whole: BTreeSet<(Authority, u16, Table)>,
    there: BTreeSet<(Authority, u16, Table)>,
}

impl Tables {
    pub(crate) fn has(&self, authority: Authority, year: u16, table: Table) -> bool {
        self.there.contains(&(authority, year, table))
    }

    pub(crate) fn whole(&self, authority: Authority, year: u16, table: Table) -> bool {
        self.whole.contains(&(authority, year, table))
    }
}

/// Translates the files of a submission.
pub(crate) fn translate(given: Option<Authority>, files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
    let (mut files, rows) = reading::read(files, out);
    let concluded = conclude_year(&rows, &files);
    let mut tables = Tables::default();
    let mut by_authority: BTreeMap<Authority, BTreeMap<String, Vec<Placed<'_>>>> = BTreeMap::new();
    let mut nobody: Vec<(Authority, Placed<'_>)> = Vec::new();
    let mut told = BTreeSet::new();
    for row in rows.all() {
        let Some(file) = files.get_mut(row.file()) else { continue };
        let authority = row.authority().or(file.hints.authority).or(given);
        let year = row.year().or_else(|| year_of_file(file, concluded));
        let (Some(authority), Some(year)) = (authority, year) else {
            if told.insert((row.file(), authority.is_none())) {
                let refused = unplaced(file, authority.is_none());
                file.rejected.push(refused);
            }
            continue;
        };
        tables.there.insert((authority, year, row.table()));
        let placed = Placed { row, year };
        let child = proto::subject::normalise_value(row.get("child"));
        if child.is_empty() {
            nobody.push((authority, placed));
        } else {
            by_authority.entry(authority).or_default().entry(child).or_default().push(placed);
        }
    }
    note_files(&files, (given, concluded), &mut tables);
    open_scopes(&tables, &rows, &files, out);
    let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
    for (authority, placed) in nobody {
        out.reject(of_nobody(authority, &placed, &names));
    }
    for (authority, children) in by_authority {
        for (id, placed) in children {
            let subject = identifier::subject(Scheme::LaChildId, authority.as_str(), &id);
            let voice = Voice::new(authority, subject, &names, out);
            of_child(voice, &placed, &files, &tables);
        }
    }
    for (authority, year, table) in &tables.whole {
        out.whole(&scope_key(*authority, *year, *table));
    }
    for file in files {
        let own = file.hints.authority.or(given).zip(year_of_file(&file, concluded));
        for mut rejection in file.rejected {
            if let (Some((authority, year)), [table]) = (own, file.tables.as_slice()) {
                rejection.controller = Some(authority.social_care());
                rejection.scope_key = Some(scope_key(authority, year, *table));
            }
            out.reject(rejection);
        }
    }
}

/// A file's own year, by its name or by what its submission's dates say.
fn year_of_file(file: &File, concluded: Option<u16>) -> Option<u16> {
    let year = file.hints.year.or(concluded)?;
    Some(if file.hints.last_year { year.saturating_sub(1) } else { year })
}

/// The year in which most of the dates lie that a return's own year holds.
fn conclude_year(rows: &Rows, files: &[File]) -> Option<u16> {
    let unnamed = |row: &Glance<'_>| {
        let of_no_year = |file: &File| file.hints.year.is_none() && !file.hints.last_year;
        row.year().is_none() && files.get(row.file()).is_some_and(of_no_year)
    };
    for (table, columns) in DATED {
        let mut years: BTreeMap<u16, usize> = BTreeMap::new();
        for row in rows.all().filter(|row| row.table() == *table).filter(unnamed) {
            for column in *columns {
                let on = reading::date(row.get(column), "").value.as_ref().and_then(dates::day);
                if let Some(on) = on {
                    *years.entry(Year::with(on)).or_default() += 1;
                }
            }
        }
        // Of two with as many the later.
        if let Some((year, _)) = years.into_iter().max_by_key(|(year, count)| (*count, *year)) {
            return Some(year);
        }
    }
    None
}

fn unplaced(file: &File, no_authority: bool) -> Rejection {
    let (reason, message) = if no_authority {
        (
            Reason::SubjectMissing,
            "nothing says whose return this is: put the authority's three digits into the file's name (878_2025_episodes.csv), \
             or name its social care alone in the connector's controllers",
        )
    } else {
        (
            Reason::HeaderMissing,
            "nothing says of which year this is: put it into the file's name (878_2025_header.csv), or send it with the \
             episodes of its return",
        )
    };
    of_file(&file.name, reason, message.to_owned())
}

/// A table is there, and whole, also where no row of it is.
fn note_files(files: &[File], (given, concluded): (Option<Authority>, Option<u16>), tables: &mut Tables) {
    for file in files {
        let own = file.hints.authority.or(given).zip(year_of_file(file, concluded));
        // The XML holds every table that is about anybody.
        if let (Some((authority, year)), [only]) = (own, file.tables.as_slice()) {
            tables.there.insert((authority, year, *only));
        }
    }
    let broken: BTreeSet<Table> = files
        .iter()
        .filter(|file| !file.whole || !file.rejected.is_empty())
        .flat_map(|file| file.tables.clone())
        .collect();
    tables.whole = tables.there.iter().filter(|(.., table)| !broken.contains(table)).copied().collect();
}

fn open_scopes(tables: &Tables, rows: &Rows, files: &[File], out: &mut dyn Output) {
    let years: BTreeSet<u16> = tables.there.iter().map(|(_, year, _)| *year).collect();
    for year in years {
        let year = Year::of(year);
        let named = files.iter().filter_map(|file| file.hints.on);
        let named_on = named.clone().filter_map(|on| dates::day(&on)).max();
        let stood_on = match named_on {
            Some(on) => on.min(year.last),
            None => latest(rows, year).unwrap_or(year.last),
        };
        // A name's day also orders what was sent again for one year.
        let sequence =
            named_on.map_or(0, |on| u64::try_from(on.year()).unwrap_or_default() * 10_000 + rank_in_year(on));
        for (authority, _, table) in tables.there.iter().filter(|(_, of, _)| *of == year.number) {
            out.scope(Scope {
                key: scope_key(*authority, year.number, *table),
                as_of_us: dates::start_of_day_us(&dates::date_on(stood_on)),
                sequence,
            });
        }
    }
}

fn rank_in_year(on: civil::Date) -> u64 {
    u64::from(on.month().unsigned_abs()) * 100 + u64::from(on.day().unsigned_abs())
}

/// How far into its year a return reaches: to its end when anything happened in its last month, which in the return of a
/// whole year something always has.
fn latest(rows: &Rows, year: Year) -> Option<civil::Date> {
    let dates = DATED.iter().flat_map(|(table, columns)| {
        let of_table = rows.all().filter(move |row| row.table() == *table);
        of_table.flat_map(move |row| columns.iter().filter_map(move |column| reading::date(row.get(column), "").value))
    });
    let within = |on: &civil::Date| (year.first..=year.last).contains(on);
    let latest = dates.filter_map(|date| dates::day(&date)).filter(within).max()?;
    Some(if latest.month() == 3 { year.last } else { latest })
}

fn of_nobody(authority: Authority, placed: &Placed<'_>, names: &[String]) -> Rejection {
    let row = placed.row.row();
    Rejection {
        reason: Reason::SubjectMissing,
        message: "a row has no CHILD: give it the child's id and send the return again".to_owned(),
        place: Place {
            file: names.get(row.file).cloned().unwrap_or_default(),
            line: row.place.line,
            record: row.place.record,
            byte_offset: row.place.byte_offset,
            field: "CHILD".to_owned(),
        },
        controller: Some(authority.social_care()),
        raw: row.line(),
        scope_key: Some(scope_key(authority, placed.year, row.table)),
        subject: None::<Subject>,
        digest: None,
    }
}

/// Says one child's rows, year by year.
fn of_child(voice: Voice<'_>, placed: &[Placed<'_>], files: &[File], tables: &Tables) {
    let mut all: Vec<(Year, Row<'_>)> = placed.iter().map(|placed| (Year::of(placed.year), placed.row.row())).collect();
    all.sort_by(|(year, row), (other, than)| year.cmp(other).then_with(|| row.order().cmp(&than.order())));
    let mut rows: Vec<(Year, &Row<'_>, bool)> = Vec::with_capacity(all.len());
    for (year, row) in &all {
        match rows.last_mut() {
            Some((before, same, repeated)) if before == year && same.order() == row.order() => *repeated = true,
            _ => rows.push((*year, row, false)),
        }
    }
    let odd: Vec<bool> = files.iter().map(|file| file.odd_text).collect();
    child::say(voice, &rows, &Around { tables, odd: &odd });
}
