//! One submission: whose each row is and of which year, then child by child.

use std::collections::BTreeSet;
use std::io;

use connector_kit::file_name::{Authority, hints};
use connector_kit::gather::Owned;
use connector_kit::{Output, Place, Rejection, Scope, SourceFile, dates, identifier};
use jiff::civil;
use proto::events::{Scheme, Subject};
use proto::quarantine::Reason;

use crate::child::{self, Around};
use crate::held::{Glance, Held, Read, Row, Rows, Section, Told};
use crate::reading::{self, File, of_file};
use crate::say::{Voice, Year, scope_key};
use crate::tables::Table;

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
///
/// # Errors
/// When the disk does not hold its rows.
pub(crate) fn translate(given: Option<Authority>, files: Vec<SourceFile<'_>>, out: &mut dyn Output) -> io::Result<()> {
    let undated = files.iter().all(|file| hints(&file.name).on.is_none());
    let mut rows = Rows::new(given, undated, out);
    let mut files = reading::read(files, &mut rows, out)?;
    let read = rows.gathered()?;
    let told = &read.told;
    let concluded = told.year();
    for at in &told.of_no_authority {
        files.get_mut(*at).into_iter().for_each(|file| file.rejected.file((), unplaced(file, true)));
    }
    let mut tables = Tables::default();
    let mut of_no_year = BTreeSet::new();
    for (authority, at, year, table) in &told.there {
        match year.or_else(|| year_of_file(files.get(*at)?, concluded)) {
            Some(year) => {
                tables.there.insert((*authority, year, *table));
            }
            None => {
                of_no_year.insert(*at);
            }
        }
    }
    for at in of_no_year {
        files.get_mut(at).into_iter().for_each(|file| file.rejected.file((), unplaced(file, false)));
    }
    note_files(&files, (given, concluded), &mut tables);
    open_scopes(&tables, told, &files, out);
    let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
    let of = Submission { read: &read, files: &files, names: &names, tables: &tables, concluded };
    let mut nobody = read.rows.each(Section::Nobody as u32);
    while let Some((owner, held)) = nobody.next_row()? {
        let Some((authority, _)) = of_owner(&owner) else { continue };
        of.placed(&held).into_iter().for_each(|placed| out.reject(of_nobody(authority, placed, &names)));
    }
    let mut children = read.rows.owners(Section::Child as u32);
    while let Some(owned) = children.next_owner()? {
        of.child(&owned, out);
    }
    for (authority, year, table) in &tables.whole {
        out.whole(&scope_key(*authority, *year, *table));
    }
    for mut file in files {
        let own = file.hints.authority.or(given).zip(year_of_file(&file, concluded));
        for ((), mut rejection) in file.rejected.take() {
            if let (Some((authority, year)), [table]) = (own, file.tables.as_slice()) {
                rejection.controller = Some(authority.social_care());
                rejection.scope_key = Some(scope_key(authority, year, *table));
            }
            out.reject(rejection);
        }
    }
    Ok(())
}

/// Whose rows these are: the authority, and the child.
fn of_owner(owner: &str) -> Option<(Authority, &str)> {
    let (authority, child) = owner.split_once('/')?;
    Some((Authority::parse(authority)?, child))
}

/// All that is known of a submission once it was read.
struct Submission<'a> {
    read: &'a Read,
    files: &'a [File],
    names: &'a [String],
    tables: &'a Tables,
    concluded: Option<u16>,
}

impl<'a> Submission<'a> {
    /// A row with of when it is; `None` where nothing says it.
    fn placed<'h>(&self, held: &'h Held) -> Option<(Glance<'h>, u16)>
    where
        'a: 'h,
    {
        let row = self.read.glance(held)?;
        let of_file = || year_of_file(self.files.get(row.file())?, self.concluded);
        Some((row, row.year().or_else(of_file)?))
    }

    /// Says one child's rows, year by year.
    fn child(&self, owned: &Owned<Held>, out: &mut dyn Output) {
        let Some((authority, id)) = of_owner(&owned.owner) else { return };
        let placed = owned.rows.iter().filter_map(|held| self.placed(held));
        let mut all: Vec<(Year, Row<'_>)> = placed.map(|(row, year)| (Year::of(year), row.row())).collect();
        let place = |row: &Row<'_>| (row.file, row.place.record, row.place.line);
        all.sort_by(|(year, row), (other, than)| {
            year.cmp(other).then_with(|| row.order().cmp(&than.order())).then_with(|| place(row).cmp(&place(than)))
        });
        let Some((_, first)) = all.first() else { return };
        let subject = identifier::subject(Scheme::LaChildId, authority.as_str(), id);
        if owned.left_out > 0 {
            out.reject(too_many(authority, first, self.names, subject.clone()));
        }
        let mut rows: Vec<(Year, &Row<'_>, bool)> = Vec::with_capacity(all.len());
        for (year, row) in &all {
            match rows.last_mut() {
                Some((before, same, repeated)) if before == year && same.order() == row.order() => *repeated = true,
                _ => rows.push((*year, row, false)),
            }
        }
        let odd: Vec<bool> = self.files.iter().map(|file| file.odd_text).collect();
        let voice = Voice::new(authority, subject, self.names, out);
        child::say(voice, &rows, &Around { tables: self.tables, odd: &odd });
    }
}

/// A file's own year, by its name or by what its submission's dates say.
fn year_of_file(file: &File, concluded: Option<u16>) -> Option<u16> {
    let year = file.hints.year.or(concluded)?;
    Some(if file.hints.last_year { year.saturating_sub(1) } else { year })
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
            "nothing says of which year this is: rename it so that its year stands in its name, as in those of the other files of \
             its return (878_2025_header.csv); or send it together with the episodes of its return, none of them with a year in \
             its name",
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

fn open_scopes(tables: &Tables, told: &Told, files: &[File], out: &mut dyn Output) {
    let years: BTreeSet<u16> = tables.there.iter().map(|(_, year, _)| *year).collect();
    for year in years {
        let year = Year::of(year);
        let named = files.iter().filter_map(|file| file.hints.on);
        let named_on = named.clone().filter_map(|on| dates::day(&on)).max();
        let stood_on = match named_on {
            Some(on) => on.min(year.last),
            None => told.latest(year).unwrap_or(year.last),
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

fn of_nobody(authority: Authority, (row, year): (Glance<'_>, u16), names: &[String]) -> Rejection {
    let row = row.row();
    Rejection {
        reason: Reason::SubjectMissing,
        message: "a row has no CHILD: give it the child's id and send the return again".to_owned(),
        place: place(&row, names),
        controller: Some(authority.social_care()),
        raw: row.line(),
        scope_key: Some(scope_key(authority, year, row.table)),
        subject: None,
        digest: None,
    }
}

fn too_many(authority: Authority, row: &Row<'_>, names: &[String], subject: Subject) -> Rejection {
    Rejection {
        reason: Reason::RecordTooLarge,
        message: "one CHILD has more rows than any child: some were not read, and nothing that stands of it is taken back; look \
                  at what the return says of it, and send it again"
            .to_owned(),
        place: place(row, names),
        controller: Some(authority.social_care()),
        raw: row.line(),
        scope_key: None,
        subject: Some(subject),
        digest: None,
    }
}

fn place(row: &Row<'_>, names: &[String]) -> Place {
    Place {
        file: names.get(row.file).cloned().unwrap_or_default(),
        line: row.place.line,
        record: row.place.record,
        byte_offset: row.place.byte_offset,
        field: "CHILD".to_owned(),
    }
}
