//! The return as COLLECT exports it: nine tables, joined by numbers that every export gives anew.

use std::collections::{BTreeMap, HashMap};

use connector_kit::csv_source::Table;
use connector_kit::room::Room;
use connector_kit::{Output, Place, Rejection, SourceFile};
use proto::quarantine::Reason;

use crate::header::{Return, Unusable};
use crate::module::{MODULES, Module, Node, Spot, is_plumbing};
use crate::person;
use crate::refused::{self, Why};
use crate::say::{self, Speaker};

/// Most memory that the rows of one export may take, about: a county's takes some tens of megabytes.
const HELD_BYTES_MAX: usize = 512 << 20;

/// Reads one export and says what it holds.
pub(crate) fn translate(files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
    translate_within(files, Room::of(HELD_BYTES_MAX), out);
}

/// The same, with so much of it held at most.
fn translate_within(files: Vec<SourceFile<'_>>, room: Room, out: &mut dyn Output) {
    let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
    let mut export =
        Export { names: &names, out, rows: BTreeMap::new(), read_whole: BTreeMap::new(), lost: Vec::new(), room };
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

/// A row of the first table of which nothing can be made, with all under it.
type Unread = (Node, Unusable);

impl Row {
    fn weight(&self) -> usize {
        size_of::<Self>() + self.own_key.len() + self.parent_key.len() + self.node.weight()
    }
}

struct Export<'a> {
    names: &'a [String],
    out: &'a mut dyn Output,
    rows: BTreeMap<Module, Vec<Row>>,
    /// By module: whether its table was read to its end.
    read_whole: BTreeMap<Module, bool>,
    /// What could not be read, until it is known whose return it is.
    lost: Vec<Rejection>,
    room: Room,
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
            let has_room = self.room.take(read.weight());
            self.rows.entry(module).or_default().push(read);
            if !has_room {
                let most = self.room.megabytes();
                let message = format!(
                    "the export takes more than {most} MB: no more of it was read; send each authority by itself"
                );
                self.lost.push(Rejection { reason: Reason::RecordTooLarge, ..of_file(&name, &message) });
                self.read_whole.insert(module, false);
                return;
            }
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
        let (returns, unusable) = self.returns();
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
        let any_lost = !self.lost.is_empty() || !orphans.is_empty() || !unusable.is_empty();
        let mut reject = |rejection| {
            let controller = only.as_ref().map(|of| of.controller.clone());
            self.out.reject(Rejection {
                controller,
                scope_key: only.as_ref().map(|of| of.scope.key.clone()),
                ..rejection
            });
        };
        self.lost.drain(..).for_each(&mut reject);
        for (node, unusable) in unusable {
            let why = Why { reason: unusable.reason(), field: unusable.field(), message: &unusable.to_string() };
            refused::each(&node, self.names, why, &mut reject);
        }
        for node in orphans {
            refuse_orphan(&node, self.names, &mut reject);
        }
        if let Some(of) = only.filter(|_| whole && !any_lost) {
            self.out.whole(&of.scope.key);
        }
    }

    /// The authorities that the first table names, each with its persons; those of which nothing can be made come second.
    fn returns(&mut self) -> (Vec<(Node, Return)>, Vec<Unread>) {
        let rows = self.rows.remove(&Module::Sen2).unwrap_or_default();
        if rows.is_empty() {
            let name = self.names.first().map_or("", String::as_str);
            let message = "the table sen2 is not there, or is empty: it says whose return this is and of which year; deliver \
                           all nine tables of the export together";
            self.lost.push(Rejection { reason: Reason::SubjectMissing, ..of_file(name, message) });
        }
        let (mut returns, mut unusable) = (Vec::new(), Vec::new());
        for Row { node, .. } in rows {
            match Return::read(|name| node.get(name)) {
                Ok(of) => returns.push((node, of)),
                Err(why) => unusable.push((node, why)),
            }
        }
        (returns, unusable)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_rows_are_held_than_there_is_room_for() {
        let said = |room: usize| {
            let files = [
                ("sen2.csv", "sen2tableid,collection,year,lea\n1,SEN2,2025,878\n".to_owned()),
                (
                    "person.csv",
                    "persontableid,sen2tableid,surname,forename,personbirthdate\n".to_owned()
                        + "1,1,Invented,A,2010-05-09\n2,1,Invented,B,2011-05-09\n3,1,Invented,C,2012-05-09\n",
                ),
            ];
            let files = files.iter().map(|(name, text)| {
                let bytes: Box<dyn std::io::BufRead + Send> = Box::new(text.as_bytes());
                SourceFile { name: (*name).to_owned(), bytes }
            });
            let mut out = connector_kit::Collected::default();
            translate_within(files.collect(), Room::of(room), &mut out);
            let too_large = out.rejections.iter().filter(|r| r.reason == Reason::RecordTooLarge).count();
            (out.drafts.len(), too_large)
        };
        assert_eq!(said(1 << 20), (3, 0));
        assert_eq!(said(1), (1, 2), "each table tells it, and gives the row at which there was no more room");
    }
}
