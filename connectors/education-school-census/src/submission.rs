//! One export, read table by table: the returns, the two rolls, then what stands under them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use connector_kit::csv_source::{Row, Table as Csv};
use connector_kit::{Output, Place, Rejection, SourceFile, dates};
use proto::events::Date;
use proto::quarantine::Reason;

use crate::attendance::{self, Sessions};
use crate::children::{self, About};
use crate::kept;
use crate::period::Period;
use crate::pupils::{self, PUPILS};
use crate::roll::{COLUMNS, HALF_TERM_POSSIBLE, NotFound, Roll, which_roll};
use crate::rows::{Held, Rows, cells_after};
use crate::say::{Ordinals, Said, Speaker};
use crate::schools::Schools;
use crate::tables::{Holds, Parent, TABLES, Table, is_plumbing};

/// A table's file, opened.
struct Opened<'a> {
    table: &'static Table,
    /// Its number among the submission's files.
    number: u32,
    csv: Csv<'a>,
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

/// Translates one export.
pub(crate) fn translate(period: Period, files: Vec<(Option<&'static Table>, SourceFile<'_>)>, out: &mut dyn Output) {
    let mut progress = Progress::default();
    let names = files.iter().map(|(_, file)| file.name.clone()).collect();
    let mut opened = open(files, &mut progress, out);
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
        say_group(files, group, &mut speaker, &mut progress);
    }
    for file in &mut opened {
        pass_over(file, &mut speaker, &mut progress);
    }
    finish(&mut speaker, &progress);
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
            out.reject(of_file(&name, "neither the name nor the header says which table of the census this is"));
            continue;
        };
        progress.read_whole.entry(table.name).or_insert(true);
        let missing: Vec<String> = table.required().into_iter().filter(|column| !csv.has(column)).collect();
        if !missing.is_empty() {
            lost(Some(table), progress);
            let what = missing.join(", ");
            out.reject(of_file(&name, &format!("the header does not name {what}: export the table with its column names")));
            continue;
        }
        let mut unmapped: Vec<String> =
            csv.columns().filter(|column| !is_mapped(table, column)).map(str::to_owned).collect();
        unmapped.sort();
        progress.unmapped.insert(number, unmapped.clone());
        opened.push(Opened { table, number, csv, unmapped });
    }
    opened.sort_by_key(|file| (file.table.rank(), file.number));
    opened
}

fn is_mapped(table: &Table, column: &str) -> bool {
    is_plumbing(column)
        || column.is_empty()
        || children::columns(table.holds).contains(&column)
        || table.holds == Holds::Pupils && (COLUMNS.contains(&column) || column == HALF_TERM_POSSIBLE || ["gender", "ncyearleaving"].contains(&column))
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
    }
}

fn lost(table: Option<&Table>, progress: &mut Progress) {
    if let Some(whole) = table.and_then(|table| progress.read_whole.get_mut(table.name)) {
        *whole = false;
    }
}

fn read_returns(
    file: &mut Opened<'_>,
    schools: &mut Schools,
    period: Period,
    progress: &mut Progress,
    out: &mut dyn Output,
) {
    while let Some(row) = file.csv.next_row() {
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
fn close(file: &Opened<'_>, progress: &mut Progress) {
    if !file.csv.whole() {
        lost(Some(file.table), progress);
    }
}

/// Whose enrolment has no date: which roll, the row key, the school, and the row's rejection.
type Undated = (bool, String, u32, Rejection);

fn read_roll(
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
    while let Some(row) = file.csv.next_row() {
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
        if row.read("entrydate", dates::blade).value.is_none() {
            let message = "the enrolment has no readable entry date: put it right in the return";
            let rejection = row.reject(Reason::DateMissing, "entrydate", message);
            undated.push((file.table.is_off_roll(), row_key.to_owned(), school, rejection));
        }
        let cell = |column: &str| row.get(column).unwrap_or("");
        let mapped = COLUMNS.iter().map(|&column| match column {
            "sex" => row.get("sex").or_else(|| row.get("gender")).unwrap_or(""),
            "ncyearactual" => row.get("ncyearactual").or_else(|| row.get("ncyearleaving")).unwrap_or(""),
            _ => cell(column),
        });
        let unmapped = file.unmapped.iter().map(|column| cell(column));
        let cells = [which_roll(file.table)].into_iter().chain(mapped).chain([cell(HALF_TERM_POSSIBLE)]).chain(unmapped);
        rolls.push(held(school, file.number, row), cells.chain([row_key]));
    }
    if damaged {
        lost(Some(file.table), progress);
    }
    close(file, progress);
}

fn held(owner: u32, file: u32, row: Row<'_>) -> Held {
    Held::new(owner, file, row.line(), row.place("").record)
}

/// Reads a table under the rolls into `rows`, whose owners are children. Returns those some of whose rows are lost.
fn read_children(
    file: &mut Opened<'_>,
    group: &str,
    speaker: &mut Speaker<'_>,
    rows: &mut Rows,
    progress: &mut Progress,
) -> BTreeSet<u32> {
    let table = file.table;
    let (own_id, parent_id) = (table.own_id(), table.parent_id().unwrap_or_default());
    let is_parent = TABLES.iter().any(|other| other.parent == Parent::Row(table.name));
    let per_row = matches!(table.holds, Holds::Sessions | Holds::HalfTermSessions);
    let mut incomplete = BTreeSet::new();
    let mut last = None;
    while let Some(row) = file.csv.next_row() {
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
        let named = mapped.chain(file.unmapped.iter().map(String::as_str)).map(|column| row.get(column).unwrap_or(""));
        rows.push(held(person, file.number, row), lead.chain(named));
        if let Some(key) = row.get(&own_id).filter(|_| is_parent) {
            let of = progress.rows_of.entry(table.name).or_default();
            of.entry(key.to_owned()).and_modify(|of| *of = of.filter(|of| *of == person)).or_insert(Some(person));
        }
    }
    close(file, progress);
    if !file.csv.whole() {
        incomplete.extend(last);
    }
    incomplete
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

/// Reads the tables of one group and says what they hold.
fn say_group(files: Vec<Opened<'_>>, group: &'static str, speaker: &mut Speaker<'_>, progress: &mut Progress) {
    let mut rows = Rows::default();
    let mut incomplete = BTreeSet::new();
    let Some(holds) = files.first().map(|file| file.table.holds) else { return };
    let rolls_read = [false, true].map(|left| files.iter().any(|file| file.table.is_off_roll() == left));
    for mut file in files {
        incomplete.extend(read_children(&mut file, group, speaker, &mut rows, progress));
    }
    rows.sort();
    if matches!(holds, Holds::Sessions | Holds::HalfTermSessions) {
        let whole = is_whole(group, speaker.period, progress);
        attendance::say(speaker, &Sessions { holds, group, rows: &rows, rolls_read, whole, incomplete });
        return;
    }
    if holds == Holds::Addresses {
        pupils::say_addresses(speaker, &rows);
        return;
    }
    for (owner, of_child) in rows.by_owner() {
        let about = about(speaker, owner);
        let mut ordinals = Ordinals::default();
        for same in of_child.chunk_by(|a, b| rows.text(a) == rows.text(b)) {
            let Some(row) = same.first() else { continue };
            for mut said in say_row(holds, group, rows.text(row), &about, row, progress) {
                said.key = ordinals.tell_apart(said.key);
                if same.len() > 1 {
                    let repeated = proto::events::FindingCode::RecordRepeated;
                    said.findings.push(connector_kit::reading::finding(repeated, ""));
                }
                speaker.say(owner, group, row, said);
            }
        }
    }
}

/// The record that a row is, and what of it has no place.
fn say_row(
    holds: Holds,
    group: &'static str,
    text: &str,
    about: &About,
    row: &Held,
    progress: &Progress,
) -> Vec<Said> {
    let said = children::said(holds, text, about);
    let names = progress.unmapped.get(&row.file).map_or(&[][..], Vec::as_slice);
    let mapped = children::columns(holds).len();
    let key = match &said {
        Some(said) => format!("{}/kept", said.key),
        None => format!("{group}/{}/{}", about.period, kept::content_key(cells_after(text, mapped))),
    };
    let rest = names.iter().map(String::as_str).zip(cells_after(text, mapped));
    let kept = kept::said(group, key, about.reference_on, rest);
    said.into_iter().chain(kept).collect()
}

fn about(speaker: &Speaker<'_>, owner: u32) -> About {
    let person = speaker.roll.person(owner);
    let school = person.and_then(|person| speaker.school(person));
    let birth: Option<Date> = person
        .and_then(|person| person.spells.iter().find_map(|at| dates::blade(speaker.roll.spell(*at).birth, "").value));
    About {
        period: speaker.period,
        birth,
        reference_on: school.map_or_else(|| speaker.period.census_day(), |school| school.reference_on),
        latest_on: school.and_then(|school| school.latest_on),
    }
}

/// Tables that are about the school are counted and give nothing.
fn pass_over(file: &mut Opened<'_>, speaker: &mut Speaker<'_>, progress: &mut Progress) {
    while let Some(row) = file.csv.next_row() {
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
