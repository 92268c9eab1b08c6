//! The return as COLLECT exports it: nine tables, joined by numbers that every export gives anew.
//!
//! A table may come in any order, and before or after the one that it stands under. So rows are gathered by those numbers, and
//! joined from the innermost table outwards, each row with all that stands under it, until whole persons are left.

use std::collections::{BTreeMap, HashMap};
use std::io;

use connector_kit::csv_source::Table;
use connector_kit::gather::{Gathering, Owned};
use connector_kit::room::Refusals;
use connector_kit::{Output, Place, Rejection, SourceFile};
use proto::quarantine::Reason;

use crate::columns::Columns;
use crate::header::{Return, Unusable};
use crate::module::{MODULES, Module, Node, Spot, Stored, is_plumbing};
use crate::person::Persons;
use crate::refused::{self, UNDER_REFUSED, Why};
use crate::say::{Speaker, Telling};
use crate::sheets;

/// Reads one export and says what it holds.
///
/// # Errors
/// When the disk does not hold its rows.
pub(crate) fn translate(files: Vec<SourceFile<'_>>, out: &mut dyn Output) -> io::Result<()> {
    let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
    said(&names, files.into_iter().map(|file| (None, file)).enumerate(), out)
}

/// The same of a workbook.
///
/// # Errors
/// When the disk does not hold its rows.
pub(crate) fn translate_workbook(file: SourceFile<'_>, out: &mut dyn Output) -> io::Result<()> {
    let name = file.name.clone();
    match sheets::read(file) {
        Ok(tables) => {
            let tables = tables.into_iter().map(|(module, text)| (0, (Some(module), sheets::file(&name, text))));
            said(std::slice::from_ref(&name), tables, out)
        }
        Err(rejection) => {
            out.reject(*rejection);
            Ok(())
        }
    }
}

/// Says what tables hold, each by the number of its file; those of a workbook with their module.
fn said<'f>(
    names: &[String],
    tables: impl Iterator<Item = (usize, (Option<Module>, SourceFile<'f>))>,
    out: &mut dyn Output,
) -> io::Result<()> {
    let joins = MODULES.into_iter().filter(|module| module.is_parent());
    let joins = joins.map(|module| (module, Gathering::for_output(out))).collect();
    let mut export = Export { names, out, joins, read_whole: BTreeMap::new(), lost: Vec::new() };
    let opened = tables.filter_map(|(number, (sheet, file))| export.open(number, sheet, file));
    let opened: Vec<Opened<'_>> = opened.collect();
    let keys = MODULES.into_iter().map(|module| (module, key_of(module, &opened))).collect();
    for table in opened {
        export.read(table, &keys)?;
    }
    export.say()
}

/// A table whose module is known.
struct Opened<'f> {
    /// Its number among the submission's files.
    number: usize,
    module: Module,
    table: Table<'f>,
    columns: Columns,
    /// Whether it is of a workbook, of which a row ends with its last filled cell.
    is_sheet: bool,
}

/// Stands for the number of a return that has none.
const ALONE: &str = "-";

/// By module: the column by which what stands under its rows names them.
type Keys = BTreeMap<Module, String>;

/// The column that numbers the rows of a module; where the tables before the return is sent have none, that of the request:
/// each has one assessment and one plan, and where there are two of one number nothing is placed under either.
fn key_of(module: Module, opened: &[Opened<'_>]) -> String {
    let (own, of_request) = (module.own_id(), Module::Requests.own_id());
    let has_all = |column: &str| {
        let concerned = |of: Module| of == module || of.parent() == Some(module);
        opened.iter().filter(|opened| concerned(opened.module)).all(|opened| opened.columns.has(column))
    };
    // A return that is alone needs no number.
    if module == Module::Sen2 && !opened.iter().any(|opened| opened.columns.has(&own)) {
        return String::new();
    }
    let is_under_request = matches!(module, Module::Assessment | Module::NamedPlan | Module::ActivePlans);
    if is_under_request && !has_all(&own) && has_all(&of_request) { of_request } else { own }
}

/// A row, until it has found what it stands under.
#[derive(Clone, PartialEq, prost::Message)]
struct Row {
    #[prost(string, tag = "1")]
    parent_key: String,
    #[prost(message, required, tag = "2")]
    node: Stored,
}

/// What is gathered of a module under which others stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Side {
    /// Its own rows, by their own numbers.
    Own,
    /// What stands under them, by the number of what it stands under.
    Under,
}

struct Export<'a> {
    names: &'a [String],
    out: &'a mut dyn Output,
    /// By module under which others stand.
    joins: BTreeMap<Module, Gathering<Row>>,
    /// By module: whether its table was read to its end.
    read_whole: BTreeMap<Module, bool>,
    /// What could not be read, until it is known whose return it is.
    lost: Vec<Rejection>,
}

/// The returns of an export.
struct Returns {
    /// Each by its number.
    held: Vec<Return>,
    persons: Persons,
    /// Of which nothing can be made.
    unusable: Vec<(Node, Unusable)>,
    /// By the numbers of their rows.
    by_key: HashMap<String, Found>,
}

/// Most returns of one export: those of all authorities are some hundred and fifty.
const RETURNS_MAX: usize = 1_000;

/// What a number of the first table stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Found {
    Held(u32),
    Unusable,
    /// Two rows have it.
    Ambiguous,
}

impl Returns {
    /// The one return, where there is one.
    fn only(&self) -> Option<Return> {
        match self.held.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        }
    }
}

const NO_TABLE: &str = "neither the name nor the header says which of the nine tables this is: name the file after its table \
                        (requests.csv, named plan.csv), and send it with the others again";

/// What is of no return that is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Unplaced {
    /// What it stands under is not there, or not known.
    Orphan,
    /// What it stands under was refused.
    OfRefused,
}

impl Export<'_> {
    fn open<'f>(&mut self, number: usize, sheet: Option<Module>, file: SourceFile<'f>) -> Option<Opened<'f>> {
        let name = file.name.clone();
        let by_name = sheet.or_else(|| Module::of_file(&name).1);
        let table = match sheet {
            Some(module) => {
                let unknown =
                    format!("the sheet or part of {} has no header: give it its column headings", module.name());
                Table::open_where(file, |cells| sheets::is_header(module, cells), &unknown)
            }
            None => Table::open(file, &[]),
        };
        let table = match table {
            Ok(table) => table,
            Err(rejection) => {
                self.lost.push(*rejection);
                self.read_whole.extend(by_name.map(|module| (module, false)));
                return None;
            }
        };
        let Some(module) = by_name.or_else(|| Module::of_header(|column| table.has(column))) else {
            self.lost.push(of_file(&name, NO_TABLE));
            return None;
        };
        let columns = Columns::of(module, table.columns());
        Some(Opened { number, module, table, columns, is_sheet: sheet.is_some() })
    }

    fn read(&mut self, opened: Opened<'_>, keys: &Keys) -> io::Result<()> {
        let Opened { number, module, mut table, columns, is_sheet } = opened;
        let key_of = |module: Module| keys.get(&module).map_or("", String::as_str);
        // To the rows of a table under which no other stands nothing joins: what numbers them is not needed.
        let own = module.is_parent().then(|| key_of(module));
        let parent = module.parent().map(key_of);
        let keys = || own.into_iter().chain(parent).filter(|column| !column.is_empty());
        let mut missing: Vec<&str> = keys().filter(|column| !columns.has(column)).collect();
        missing.dedup();
        if !missing.is_empty() {
            let (name, what) = (self.names.get(number).map_or("", String::as_str), missing.join(", "));
            self.lost
                .push(of_file(name, &format!("the header does not name {what}: export the table with its columns")));
            self.read_whole.insert(module, false);
            return Ok(());
        }
        // Whose return it is stands in the first table, with what numbers it.
        let said: Vec<(&str, &str)> = columns.iter().filter(|(name, _)| !is_plumbing(name)).collect();
        let (mut records, mut refusals) = (0, Refusals::default());
        while let Some(row) = table.next_row() {
            let row = match row {
                Ok(row) => row,
                Err(rejection) => {
                    self.out.record();
                    records += 1;
                    if refusals.row((), *rejection) {
                        continue;
                    }
                    self.lost.extend(refusals.take().into_iter().map(|((), refusal)| refusal));
                    self.read_whole.insert(module, false);
                    return Ok(());
                }
            };
            let filled = || said.iter().filter_map(|(name, own)| Some((*name, row.get(own)?)));
            let number_of = |column: &str| columns.own(column).and_then(|own| row.get(own));
            // A template has its rows begun that nobody has filled in.
            if is_sheet && filled().next().is_none() && keys().all(|column| number_of(column).is_none()) {
                continue;
            }
            self.out.record();
            records += 1;
            let place = row.place("");
            let spot = Spot { file: number, line: place.line, record: records, offset: place.byte_offset };
            let mut node = Node::new(module, spot, row.raw().contains(&b'\0'));
            node.reserve(filled().count(), filled().map(|(_, cell)| cell.len()).sum());
            for (name, cell) in filled() {
                node.push(name, cell);
            }
            let key = |column: &str| match column {
                "" => ALONE.to_owned(),
                column => number_of(column).unwrap_or_default().trim_end_matches(".0").to_owned(),
            };
            self.gather(&own.map(key).unwrap_or_default(), parent.map(key).unwrap_or_default(), &node)?;
        }
        self.lost.extend(refusals.take().into_iter().map(|((), refusal)| refusal));
        let whole = table.whole() && !table.odd_text();
        let known = self.read_whole.entry(module).or_insert(true);
        *known &= whole;
        Ok(())
    }

    /// Puts a row where it waits for what stands under it, or for what it stands under.
    fn gather(&mut self, own_key: &str, parent_key: String, node: &Node) -> io::Result<()> {
        match self.joins.get_mut(&node.module) {
            Some(own) => own.push(Side::Own as u32, own_key, &Row { node: node.stored(), parent_key }),
            None => self.under(node.module, parent_key, node.stored()),
        }
    }

    /// Puts a row of a module with all under it where it waits for what it stands under.
    fn under(&mut self, module: Module, parent_key: String, node: Stored) -> io::Result<()> {
        let join = module.parent().and_then(|parent| self.joins.get_mut(&parent));
        let Some(join) = join else { return Ok(()) };
        join.push(Side::Under as u32, &parent_key, &Row { parent_key: String::new(), node })
    }

    fn say(mut self) -> io::Result<()> {
        let whole = MODULES.iter().all(|module| self.read_whole.get(module) == Some(&true));
        let mut returns = self.returns()?;
        let mut unplaced = Gathering::for_output(&*self.out);
        for module in MODULES.into_iter().rev().filter(|module| module.is_parent() && module.parent().is_some()) {
            self.join(module, &mut returns, &mut unplaced)?;
        }
        let only = returns.only();
        let Returns { held, persons, unusable, .. } = returns;
        persons.tell(&held, &mut Telling { files: self.names, out: &mut *self.out })?;
        let mut any_lost = false;
        let mut reject = |rejection| {
            any_lost = true;
            let controller = only.as_ref().map(|of| of.controller.clone());
            let scope_key = only.as_ref().map(|of| of.scope.key.clone());
            self.out.reject(Rejection { controller, scope_key, ..rejection });
        };
        self.lost.drain(..).for_each(&mut reject);
        for (node, unusable) in unusable {
            let why = Why { reason: unusable.reason(), field: unusable.field(), message: &unusable.to_string() };
            reject(refused::one(&node, self.names, why));
        }
        let unplaced = unplaced.gathered()?;
        for why in [Unplaced::Orphan, Unplaced::OfRefused] {
            let mut each = unplaced.each(why as u32);
            while let Some((_, node)) = each.next_row()? {
                match why {
                    Unplaced::Orphan => refuse_orphan(&node.node(), self.names, &mut reject),
                    Unplaced::OfRefused => refused::each(&node.node(), self.names, UNDER_REFUSED, &mut reject),
                }
            }
        }
        if let Some(of) = only.filter(|_| whole && !any_lost) {
            self.out.whole(&of.scope.key);
        }
        Ok(())
    }

    /// Joins to each row of a module what stands under it, and gives it on to what it stands under itself.
    fn join(&mut self, module: Module, returns: &mut Returns, unplaced: &mut Gathering<Stored>) -> io::Result<()> {
        let Some(gathering) = self.joins.remove(&module) else { return Ok(()) };
        let gathered = gathering.gathered()?;
        let (mut own, mut under) = (gathered.each(Side::Own as u32), gathered.owners(Side::Under as u32));
        let (mut next, mut below, mut last) = (own.next_row()?, under.next_owner()?, None);
        while let Some((key, Row { parent_key, mut node })) = next {
            next = own.next_row()?;
            // Under a number that two rows have, or under none, nothing can be placed.
            let is_alone =
                !key.is_empty() && last.as_ref() != Some(&key) && next.as_ref().is_none_or(|(other, _)| *other != key);
            while let Some(of) = below.take_if(|of| of.owner < key) {
                self.orphans(of, unplaced)?;
                below = under.next_owner()?;
            }
            if let Some(of) = below.take_if(|of| is_alone && of.owner == key) {
                self.too_many(&of);
                of.rows.into_iter().for_each(|row| node.stand(row.node));
                below = under.next_owner()?;
            }
            match module {
                Module::Person => self.person(&parent_key, node, returns, unplaced)?,
                _ => self.under(module, parent_key, node)?,
            }
            last = Some(key);
        }
        while let Some(of) = below {
            self.orphans(of, unplaced)?;
            below = under.next_owner()?;
        }
        Ok(())
    }

    /// Gives a person to its return.
    fn person(
        &mut self,
        parent_key: &str,
        person: Stored,
        returns: &mut Returns,
        unplaced: &mut Gathering<Stored>,
    ) -> io::Result<()> {
        let number = match returns.by_key.get(parent_key) {
            Some(Found::Held(number)) => *number,
            Some(Found::Unusable) => return unplaced.push(Unplaced::OfRefused as u32, "", &person),
            Some(Found::Ambiguous) | None => return unplaced.push(Unplaced::Orphan as u32, "", &person),
        };
        let Some(of) = returns.held.get(number as usize) else { return Ok(()) };
        let mut node = person.node();
        node.in_order();
        Speaker { of, files: self.names, out: &mut *self.out }.take(&mut returns.persons, number, &node)
    }

    fn orphans(&mut self, of: Owned<Row>, unplaced: &mut Gathering<Stored>) -> io::Result<()> {
        self.too_many(&of);
        of.rows.into_iter().try_for_each(|row| unplaced.push(Unplaced::Orphan as u32, "", &row.node))
    }

    /// Tells of rows that were left out, because more have one number than stand under any.
    fn too_many(&mut self, of: &Owned<Row>) {
        if let Some(row) = of.rows.first().filter(|_| of.left_out > 0) {
            let node = row.node.clone().node();
            let message = format!(
                "more rows stand under one number than any record has: {} of them were not read; look at the table {}, and \
                 deliver the export again",
                of.left_out,
                node.module.name()
            );
            let why = Why { reason: Reason::RecordTooLarge, field: "", message: &message };
            self.lost.push(refused::one(&node, self.names, why));
        }
    }

    /// The authorities that the first table names.
    fn returns(&mut self) -> io::Result<Returns> {
        let persons = Persons::new(&*self.out);
        let mut returns = Returns { held: Vec::new(), persons, unusable: Vec::new(), by_key: HashMap::new() };
        let Some(gathering) = self.joins.remove(&Module::Sen2) else { return Ok(returns) };
        let gathered = gathering.gathered()?;
        let mut rows = gathered.each(Side::Own as u32);
        while let Some((key, row)) = rows.next_row()? {
            let node = row.node.node();
            if returns.by_key.len() >= RETURNS_MAX {
                let message = "the table sen2 has more rows than there are authorities: neither this one was read nor any after it";
                let why = Why { reason: Reason::RecordTooLarge, field: "", message };
                self.lost.push(refused::one(&node, self.names, why));
                break;
            }
            let number = u32::try_from(returns.held.len()).unwrap_or(u32::MAX);
            let found = match Return::read(|name| node.get(name)) {
                Ok(of) => {
                    self.out.scope(of.scope.clone());
                    returns.held.push(of);
                    Found::Held(number)
                }
                Err(why) => {
                    returns.unusable.push((node, why));
                    Found::Unusable
                }
            };
            returns.by_key.entry(key).and_modify(|known| *known = Found::Ambiguous).or_insert(found);
        }
        if returns.by_key.is_empty() {
            let name = self.names.first().map_or("", String::as_str);
            let message = "the table sen2 is not there, or is empty: it says whose return this is and of which year; deliver \
                           all nine tables of the export together";
            self.lost.push(Rejection { reason: Reason::SubjectMissing, ..of_file(name, message) });
        }
        Ok(returns)
    }
}

fn refuse_orphan(node: &Node, names: &[String], reject: &mut impl FnMut(Rejection)) {
    let parent = node.module.parent().map_or("", Module::name);
    let message = format!(
        "no row of {parent}, or more than one, has the number that this row stands under: export all nine tables anew, and \
         deliver them together"
    );
    let field = node.module.parent().map_or_else(String::new, Module::own_id);
    refused::each(node, names, Why { reason: Reason::ParentMissing, field: &field, message: &message }, reject);
}

fn of_file(name: &str, message: &str) -> Rejection {
    Rejection {
        reason: Reason::HeaderMissing,
        message: message.to_owned(),
        place: Place { file: name.to_owned(), line: 1, ..Place::default() },
        controller: None,
        raw: Vec::new(),
        scope_key: None,
        subject: None,
        digest: None,
    }
}
