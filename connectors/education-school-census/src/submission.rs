//! One export, read table by table: the returns, the two rolls, then what stands under them.

mod reading;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use connector_kit::csv_source::Table as Csv;
use connector_kit::{Output, Place, Rejection, SourceFile, dates};
use proto::events::Date;
use proto::quarantine::Reason;

use crate::attendance::{self, Sessions};
use crate::children::{self, About};
use crate::kept;
use crate::message;
use crate::period::{Period, SPANS};
use crate::pupils::{self, PUPILS};
use crate::roll::{COLUMNS, OTHER_NAMES, Roll, session_columns};
use crate::rows::{Gathers, Rows, Stood, cells_after};
use crate::say::{Ordinals, Said, Speaker};
use crate::schools::Schools;
use crate::source::{Drawn, Row, Source};
use crate::tables::{Holds, Parent, TABLES, Table, is_plumbing};
pub(crate) use reading::TOO_LARGE;
use reading::{close, read_children, read_returns, read_roll};

const NO_TABLE: &str = "neither the name nor the header says which table of the census this is: name the file after its table, with the \
                        year and the term (2025_spring_pupilonroll.csv), and send it with the others again";

/// A table's file, opened.
struct Opened<'a> {
    table: &'static Table,
    /// Its number among the submission's files.
    number: u32,
    rows: Source<'a>,
    /// Columns of no place in the catalogue, sorted.
    unmapped: Vec<String>,
}

/// How far the tables were read.
#[derive(Default)]
struct Progress {
    /// By table: false once anything of it was lost.
    read_whole: BTreeMap<&'static str, bool>,
    /// The children of rows that are themselves joined to; `None` where two rows have one key.
    rows_of: HashMap<&'static str, HashMap<String, Option<u32>>>,
    /// By file number: the columns of no place.
    unmapped: HashMap<u32, Vec<String>>,
}

impl Progress {
    /// A table that is there to be read.
    fn add<'a>(&mut self, opened: &mut Vec<Opened<'a>>, table: &'static Table, number: u32, rows: Source<'a>) {
        self.read_whole.entry(table.name).or_insert(true);
        let columns = rows.columns();
        let has = |name: &str| columns.iter().any(|column| column == name);
        let unmapped: Vec<String> = columns.iter().filter(|column| !is_mapped(table, column, has)).cloned().collect();
        self.unmapped.insert(number, unmapped.clone());
        opened.push(Opened { table, number, rows, unmapped });
    }
}

/// Translates one export, or breaks off when the disk does not hold its rows. Without a `period` its files' names do not say of which
/// collection it is.
pub(crate) fn translate(
    period: Option<Period>,
    files: Vec<(Option<&'static Table>, SourceFile<'_>)>,
    out: &mut dyn Output,
) -> io::Result<()> {
    let mut progress = Progress::default();
    let names: Vec<String> = files.iter().map(|(_, file)| file.name.clone()).collect();
    let mut opened = open(files, &mut progress, out);
    let Some(period) = period.or_else(|| stated_by_returns(&mut opened, &names, out)) else {
        for name in &names {
            out.reject(of_file(name, NO_PERIOD));
        }
        return Ok(());
    };
    say(period, opened, names, progress, out)
}

const NO_PERIOD: &str = "neither the file's name nor a table of returns beside it says of which year and term it is: call it \
                         <year>_<term>_<table>.csv, or deliver the table schoolcensus with it";

/// Translates a school's own message, or breaks off when the disk does not hold its rows.
pub(crate) fn translate_message(by_name: Option<Period>, file: SourceFile<'_>, out: &mut dyn Output) -> io::Result<()> {
    let name = file.name.clone();
    let message = message::read(file, out);
    let mut progress = Progress::default();
    let mut opened = Vec::new();
    let mut stated = None;
    for ((table, drawn), number) in message.tables.into_iter().zip(0u32..) {
        if table.holds == Holds::Census {
            stated = drawn.rows().find_map(period_of);
        }
        progress.add(&mut opened, table, number, Source::Drawn(drawn));
    }
    let Some(period) = stated.or(by_name) else {
        if !opened.is_empty() {
            out.reject(of_file(
                &name,
                "the header has neither Term and Year nor ReferenceDate: of which collection it is is not known",
            ));
        }
        return Ok(());
    };
    let names = vec![name; opened.len()];
    say(period, opened, names, progress, out)
}

/// The collection that the returns themselves name. They are read for it, and kept.
fn stated_by_returns(opened: &mut [Opened<'_>], names: &[String], out: &mut dyn Output) -> Option<Period> {
    let mut stated = None;
    for file in opened.iter_mut().filter(|file| file.table.holds == Holds::Census) {
        if let Source::Csv(csv) = &mut file.rows {
            let name = names.get(file.number as usize).map_or("", String::as_str);
            let drawn = Drawn::of_csv(name, csv, |rejection| out.reject(rejection));
            stated = stated.or_else(|| drawn.rows().find_map(period_of));
            file.rows = Source::Drawn(drawn);
        }
    }
    stated
}

fn period_of(row: Row<'_>) -> Option<Period> {
    Period::stated(row.get("year"), row.get("term"), row.read("referencedate", dates::written).value)
}

/// Says what the opened tables hold.
fn say(
    period: Period,
    mut opened: Vec<Opened<'_>>,
    names: Vec<String>,
    mut progress: Progress,
    out: &mut dyn Output,
) -> io::Result<()> {
    keep_sessions_without_table(&mut opened, &mut progress);
    let mut schools = Schools::default();
    if progress.read_whole.contains_key("schoolcensus") {
        schools.expect_returns();
    }
    for file in &mut take(&mut opened, |holds| holds == Holds::Census) {
        read_returns(file, &mut schools, period, &mut progress, out);
    }
    let mut undated = Vec::new();
    let mut rolls = Rows::default();
    for file in &mut take(&mut opened, |holds| holds == Holds::Pupils) {
        read_roll(file, &mut schools, period, &mut rolls, &mut undated, &mut progress, out);
    }
    let mut speaker = Speaker { period, schools, roll: Roll::of(rolls), files: names, out };
    if progress.read_whole.keys().any(|name| Table::named(name).is_some_and(|table| table.holds == Holds::Pupils)) {
        speaker.open(PUPILS);
    }
    for (left, row_key, school, rejection) in undated {
        let person = speaker.roll.find(left, &row_key, Some(school)).ok();
        speaker.reject(PUPILS, person, Some(school), rejection);
    }
    pupils::say(&mut speaker, &progress.unmapped);
    for group in groups_of(&opened) {
        let files = take_group(&mut opened, group);
        speaker.open(group);
        say_group(files, group, &mut speaker, &mut progress)?;
    }
    for file in &mut opened {
        pass_over(file, &mut speaker, &mut progress);
    }
    finish(&mut speaker, &progress);
    Ok(())
}

fn take<'a>(files: &mut Vec<Opened<'a>>, which: impl Fn(Holds) -> bool) -> Vec<Opened<'a>> {
    let (taken, left) = std::mem::take(files).into_iter().partition(|file| which(file.table.holds));
    *files = left;
    taken
}

fn take_group<'a>(files: &mut Vec<Opened<'a>>, group: &str) -> Vec<Opened<'a>> {
    let (taken, left) = std::mem::take(files).into_iter().partition(|file| file.table.group == group);
    *files = left;
    taken
}

/// The groups of tables about children that are still to be read, in order.
fn groups_of(files: &[Opened<'_>]) -> Vec<&'static str> {
    let mut groups: Vec<&'static str> = Vec::new();
    for file in files.iter().filter(|file| file.table.holds != Holds::NotOfAChild) {
        if groups.last() != Some(&file.table.group) {
            groups.push(file.table.group);
        }
    }
    groups
}

/// Opens every file and tells which table it is, by name or else by header; in reading order.
fn open<'a>(
    files: Vec<(Option<&'static Table>, SourceFile<'a>)>,
    progress: &mut Progress,
    out: &mut dyn Output,
) -> Vec<Opened<'a>> {
    let mut opened = Vec::new();
    for ((table, file), number) in files.into_iter().zip(0u32..) {
        let name = file.name.clone();
        if let Some(table) = table {
            progress.read_whole.entry(table.name).or_insert(true);
        }
        let csv = match Csv::open(file, &[]) {
            Ok(csv) => csv,
            Err(rejection) => {
                lost(table, progress);
                out.reject(*rejection);
                continue;
            }
        };
        let Some(table) = table.or_else(|| Table::of_header(|column| csv.has(column))) else {
            out.reject(of_file(&name, NO_TABLE));
            continue;
        };
        progress.read_whole.entry(table.name).or_insert(true);
        let lacks = |any: &Vec<String>| !any.iter().any(|column| csv.has(column));
        let missing: Vec<String> = table.required().into_iter().filter(lacks).map(|any| any.join(" or ")).collect();
        if !missing.is_empty() {
            lost(Some(table), progress);
            let what = missing.join(", ");
            out.reject(of_file(
                &name,
                &format!("the header does not name {what}: export the table with its column names"),
            ));
            continue;
        }
        progress.add(&mut opened, table, number, Source::Csv(Box::new(csv)));
    }
    opened.sort_by_key(|file| (file.table.rank(), file.number));
    opened
}

fn is_mapped(table: &Table, column: &str, has: impl Fn(&str) -> bool) -> bool {
    // Beside the column of its own name another is kept, but for the cells that are read in its place.
    let stands_in = |of: &str| children::other_name(table.holds, of) == Some(column) && !has(of);
    let mapped = children::columns(table.holds);
    is_plumbing(column)
        || column.is_empty()
        || mapped.iter().any(|of| *of == column || stands_in(of))
        || table.holds == Holds::Pupils
            && (COLUMNS.contains(&column)
                || SPANS.into_iter().flat_map(session_columns).any(|name| name == column)
                || OTHER_NAMES.iter().any(|(_, name)| *name == column))
}

/// What a roll says of sessions goes into their summaries. Where the table of sessions is not there, of which those are drawn,
/// it is kept with the pupil.
fn keep_sessions_without_table(opened: &mut [Opened<'_>], progress: &mut Progress) {
    let tables: Vec<(Holds, bool)> = opened.iter().map(|file| (file.table.holds, file.table.is_off_roll())).collect();
    for file in opened.iter_mut().filter(|file| file.table.holds == Holds::Pupils) {
        let left = file.table.is_off_roll();
        let untold = SPANS.into_iter().filter(|span| !tables.contains(&(Holds::Sessions(*span), left)));
        let untold: Vec<&str> = untold.flat_map(session_columns).collect();
        let columns = file.rows.columns().into_iter().filter(|column| untold.contains(&column.as_str()));
        file.unmapped.extend(columns);
        progress.unmapped.insert(file.number, file.unmapped.clone());
    }
}

fn of_file(name: &str, message: &str) -> Rejection {
    let place = Place { file: name.to_owned(), line: 1, ..Place::default() };
    Rejection {
        reason: Reason::HeaderMissing,
        message: message.to_owned(),
        place,
        controller: None,
        raw: Vec::new(),
        scope_key: None,
        subject: None,
        digest: None,
    }
}

fn lost(table: Option<&Table>, progress: &mut Progress) {
    if let Some(whole) = table.and_then(|table| progress.read_whole.get_mut(table.name)) {
        *whole = false;
    }
}

/// Reads the tables of one group and says what they hold.
fn say_group(
    files: Vec<Opened<'_>>,
    group: &'static str,
    speaker: &mut Speaker<'_>,
    progress: &mut Progress,
) -> io::Result<()> {
    let mut gathers = Gathers::new(&*speaker.out);
    let mut incomplete = BTreeSet::new();
    let Some(holds) = files.first().map(|file| file.table.holds) else { return Ok(()) };
    let rolls_read = [false, true].map(|left| files.iter().any(|file| file.table.is_off_roll() == left));
    for mut file in files {
        incomplete.extend(read_children(&mut file, group, speaker, &mut gathers, progress)?);
    }
    let rows = gathers.gathered()?;
    if let Holds::Sessions(span) = holds {
        let whole = is_whole(group, speaker.period, progress);
        let unmapped = &progress.unmapped;
        return attendance::say(
            speaker,
            &Sessions { span, group, rows: &rows, unmapped, rolls_read, whole, incomplete },
        );
    }
    let mut children = rows.children();
    while let Some(of_child) = children.next()? {
        speaker.too_many(group, &of_child);
        if holds == Holds::Addresses {
            pupils::say_addresses(speaker, &of_child, &progress.unmapped);
            continue;
        }
        let about = about(speaker, of_child.owner);
        let mut ordinals = Ordinals::default();
        for same in of_child.rows.chunk_by(|(_, text), (_, other)| text == other) {
            let Some((row, text)) = same.first() else { continue };
            for mut said in say_row(holds, group, text, &about, row, progress) {
                said.key = ordinals.tell_apart(said.key);
                if same.len() > 1 {
                    let repeated = proto::events::FindingCode::RecordRepeated;
                    said.findings.push(connector_kit::reading::finding(repeated, ""));
                }
                speaker.say(of_child.owner, group, row, said);
            }
        }
    }
    Ok(())
}

/// The record that a row is, and what of it has no place.
fn say_row(
    holds: Holds,
    group: &'static str,
    text: &str,
    about: &About,
    row: &Stood,
    progress: &Progress,
) -> Vec<Said> {
    let said = children::said(holds, text, about);
    let names = progress.unmapped.get(&row.file).map_or(&[][..], Vec::as_slice);
    let mapped = children::columns(holds).len();
    let key = match &said {
        Some(said) => format!("{}/kept", said.key),
        None => format!("{group}/{}/{}", about.period, kept::content_key(cells_after(text, mapped))),
    };
    let rest = names.iter().map(String::as_str).zip(cells_after(text, mapped)).chain(children::unsaid(holds, text));
    let kept = kept::said(group, key, about.reference_on, rest);
    said.into_iter().chain(kept).collect()
}

fn about(speaker: &Speaker<'_>, owner: u32) -> About {
    let person = speaker.roll.person(owner);
    let school = person.and_then(|person| speaker.school(person));
    let birth: Option<Date> = person
        .and_then(|person| person.spells.iter().find_map(|at| dates::written(speaker.roll.spell(*at).birth, "").value));
    About {
        period: speaker.period,
        birth,
        reference_on: school.map_or_else(|| speaker.period.census_day(), |school| school.reference_on),
        latest_on: school.and_then(|school| school.latest_on),
    }
}

/// Tables that are about the school are counted and give nothing.
fn pass_over(file: &mut Opened<'_>, speaker: &mut Speaker<'_>, progress: &mut Progress) {
    while let Some(row) = file.rows.next_row() {
        speaker.out.record();
        if let Err(rejection) = row {
            speaker.out.reject(*rejection);
        }
    }
    close(file, progress);
}

/// Every table of the group, and every table that those join to, was there and was read whole.
fn is_whole(group: &str, period: Period, progress: &Progress) -> bool {
    let mut tables = Table::of_group(group, period.term).peekable();
    tables.peek().is_some() && tables.all(|table| table_is_whole(table, progress))
}

fn table_is_whole(table: &Table, progress: &Progress) -> bool {
    progress.read_whole.get(table.name) == Some(&true)
        && table.parent_table().is_none_or(|parent| table_is_whole(parent, progress))
        && progress.read_whole.get("schoolcensus") != Some(&false)
}

fn finish(speaker: &mut Speaker<'_>, progress: &Progress) {
    let mut groups: Vec<&'static str> =
        progress.read_whole.keys().filter_map(|name| Table::named(name)).map(|table| table.group).collect();
    groups.sort_unstable();
    groups.dedup();
    for group in groups {
        let about_children = group == PUPILS || TABLES.iter().any(|t| t.group == group && t.parent != Parent::Return);
        if about_children && is_whole(group, speaker.period, progress) {
            speaker.whole(group);
        }
    }
}
