//! The return as COLLECT exports it: nine tables, joined by numbers that every export gives anew.

use std::collections::{BTreeMap, HashMap};

use connector_kit::csv_source::Table;
use connector_kit::{Output, Place, Rejection, SourceFile};
use proto::quarantine::Reason;

use crate::header::Return;
use crate::module::{MODULES, Module, Node, Spot, is_plumbing};
use crate::person;
use crate::say::{self, Speaker};

/// Reads one export and says what it holds.
pub(crate) fn translate(files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
    let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
    let mut export =
        Export { names: &names, out, rows: BTreeMap::new(), read_whole: BTreeMap::new(), lost: Vec::new() };
    for (number, file) in files.into_iter().enumerate() {
        export.read(number, file);
    }
    export.say();
}

/// A row, until it has found what it stands under.
struct Row {
    own_key: String,
    parent_key: String,
    node: Node,
}

struct Export<'a> {
    names: &'a [String],
    out: &'a mut dyn Output,
    rows: BTreeMap<Module, Vec<Row>>,
    /// By module: whether its table was read to its end.
    read_whole: BTreeMap<Module, bool>,
    /// What could not be read, until it is known whose return it is.
    lost: Vec<Rejection>,
}

impl Export<'_> {
    fn read(&mut self, number: usize, file: SourceFile<'_>) {
        let name = file.name.clone();
        let (_, by_name) = Module::of_file(&name);
        let mut table = match Table::open(file, &[]) {
            Ok(table) => table,
            Err(rejection) => {
                self.lost.push(*rejection);
                self.read_whole.extend(by_name.map(|module| (module, false)));
                return;
            }
        };
        let Some(module) = by_name.or_else(|| Module::of_header(|column| table.has(column))) else {
            self.lost.push(of_file(&name, "neither the name nor the header says which of the nine tables this is"));
            return;
        };
        let (own, parent) = (module.own_id(), module.parent().map(Module::own_id));
        let needed = [Some(own.clone()), parent.clone()];
        let missing: Vec<String> = needed.into_iter().flatten().filter(|column| !table.has(column)).collect();
        if !missing.is_empty() {
            let what = missing.join(", ");
            self.lost
                .push(of_file(&name, &format!("the header does not name {what}: export the table with its columns")));
            self.read_whole.insert(module, false);
            return;
        }
        let mut columns: Vec<String> = table.columns().map(str::to_owned).collect();
        columns.sort_unstable();
        // Whose return it is stands in the first table, with what numbers it.
        columns.retain(|column| !is_plumbing(column));
        let mut records = 0;
        while let Some(row) = table.next_row() {
            self.out.record();
            records += 1;
            let row = match row {
                Ok(row) => row,
                Err(rejection) => {
                    self.lost.push(*rejection);
                    continue;
                }
            };
            let place = row.place("");
            let spot = Spot { file: number, line: place.line, record: records, offset: place.byte_offset };
            let mut node = Node::new(module, spot, row.raw().contains(&b'\0'));
            let filled = || columns.iter().filter_map(|name| Some((name, row.get(name)?)));
            node.reserve(filled().count(), filled().map(|(_, cell)| cell.len()).sum());
            for (name, cell) in filled() {
                node.push(name, cell);
            }
            let key = |column: &str| row.get(column).unwrap_or_default().trim_end_matches(".0").to_owned();
            let parent_key = parent.as_deref().map(key).unwrap_or_default();
            let read = Row { own_key: key(&own), parent_key, node };
            self.rows.entry(module).or_default().push(read);
        }
        let whole = table.whole() && !table.odd_text();
        let known = self.read_whole.entry(module).or_insert(true);
        *known &= whole;
    }

    fn say(mut self) {
        let whole = MODULES.iter().all(|module| self.read_whole.get(module) == Some(&true));
        // From the innermost module outwards, so that each row takes with it all that stands under it.
        let mut orphans = Vec::new();
        for module in MODULES.into_iter().rev() {
            let Some(parent) = module.parent() else { continue };
            let rows = self.rows.remove(&module).unwrap_or_default();
            let parents = self.rows.entry(parent).or_default();
            let mut index: HashMap<&str, Option<usize>> = HashMap::new();
            for (at, row) in parents.iter().enumerate() {
                index.entry(row.own_key.as_str()).and_modify(|known| *known = None).or_insert(Some(at));
            }
            let found: Vec<Option<usize>> =
                rows.iter().map(|row| index.get(row.parent_key.as_str()).copied().flatten()).collect();
            for (row, found) in rows.into_iter().zip(found) {
                match found.and_then(|at| parents.get_mut(at)) {
                    Some(parent) => parent.node.under.push(row.node),
                    None => orphans.push(row.node),
                }
            }
        }
        let returns: Vec<(Node, Return)> = self.returns();
        let only = match returns.as_slice() {
            [(_, only)] => Some(only.clone()),
            _ => None,
        };
        for (mut authority, of) in returns {
            self.out.scope(of.scope.clone());
            authority.in_order();
            let mut speaker = Speaker { of: &of, files: self.names, out: &mut *self.out };
            say::persons(&mut speaker, authority.under, &person::Said::default());
        }
        let any_lost = !self.lost.is_empty() || !orphans.is_empty();
        let orphaned = orphans.into_iter().map(|node| orphan(&node, self.names));
        for rejection in self.lost.drain(..).chain(orphaned) {
            let controller = only.as_ref().map(|of| of.controller.clone());
            self.out.reject(Rejection {
                controller,
                scope_key: only.as_ref().map(|of| of.scope.key.clone()),
                ..rejection
            });
        }
        if let Some(of) = only.filter(|_| whole && !any_lost) {
            self.out.whole(&of.scope.key);
        }
    }

    /// The authorities that the first table names, each with its persons.
    fn returns(&mut self) -> Vec<(Node, Return)> {
        let rows = self.rows.remove(&Module::Sen2).unwrap_or_default();
        if rows.is_empty() {
            let name = self.names.first().map_or("", String::as_str);
            let message = "the table sen2 is not there, or is empty: it says whose return this is and of which year; deliver \
                           all nine tables of the export together";
            self.lost.push(Rejection { reason: Reason::SubjectMissing, ..of_file(name, message) });
        }
        let mut returns = Vec::new();
        for row in rows {
            match Return::read(|name| row.node.get(name)) {
                Ok(of) => returns.push((row.node.clone(), of)),
                Err(unusable) => {
                    let message = unusable.to_string();
                    self.lost.push(rejection(unusable.reason(), &message, unusable.field(), &row.node, self.names));
                }
            }
        }
        returns
    }
}

fn orphan(node: &Node, names: &[String]) -> Rejection {
    let parent = node.module.parent().map_or("", Module::name);
    let message = format!(
        "no row of {parent}, or more than one, has the number that this row stands under: export all nine tables anew, and \
         deliver them together"
    );
    rejection(
        Reason::ParentMissing,
        &message,
        &node.module.parent().map_or_else(String::new, Module::own_id),
        node,
        names,
    )
}

fn rejection(reason: Reason, message: &str, field: &str, node: &Node, names: &[String]) -> Rejection {
    Rejection {
        reason,
        message: message.to_owned(),
        place: Place {
            file: names.get(node.spot.file).cloned().unwrap_or_default(),
            line: node.spot.line,
            record: node.spot.record,
            byte_offset: node.spot.offset,
            field: field.to_owned(),
        },
        controller: None,
        raw: node.as_row(),
        scope_key: None,
        subject: None,
        digest: None,
    }
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
