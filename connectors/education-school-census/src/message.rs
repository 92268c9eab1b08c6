//! The return as a school's own system makes it: one XML message with everything of one school.
//!
//! Its elements have the names of the export's columns. How they are nested differs from maker to maker and year to year, and no
//! real file was at hand to check a nesting against; so they are told by their names, and groups by what they hold. Whatever is
//! not known by its name is kept with its child.

use std::collections::BTreeMap;
use std::io::BufRead;

use connector_kit::repeats::{self, ELEMENTS_MAX};
use connector_kit::room::Room;
use connector_kit::xml::{Broken, Element, Records, Shape, Start, Step, Whole};
use connector_kit::{Output, Place, Rejection, SourceFile};
use proto::quarantine::Reason;

use crate::period::Span;
use crate::roll::{COLUMNS, session_columns};
use crate::rows::HELD_BYTES_MAX;
use crate::source::{Drawn, DrawnRow};
use crate::submission::TOO_LARGE;
use crate::tables::{Parent, TABLES, Table};

const SHAPE: Shape = Shape {
    roots: &["message"],
    holders: &[
        "pupils",
        "pupilsonroll",
        "pupilsnolongeronroll",
        "pupildata",
        "pupillevel",
        "onroll",
        "offroll",
        "learners",
    ],
    records: &["pupilonroll", "pupilnolongeronroll"],
};

/// Everything that a message holds, table by table.
#[derive(Default)]
pub(crate) struct Message {
    pub(crate) tables: Vec<(&'static Table, Drawn)>,
}

/// The one school of a message, as its rows name it.
const THE_SCHOOL: &str = "1";

/// Reads a message to its end. What cannot be read is rejected.
pub(crate) fn read(file: SourceFile<'_>, out: &mut dyn Output) -> Message {
    read_within(file, Room::of(HELD_BYTES_MAX), out)
}

/// The same, with so much of it held at most.
fn read_within(file: SourceFile<'_>, room: Room, out: &mut dyn Output) -> Message {
    let SourceFile { name, bytes } = file;
    let rows = BTreeMap::new();
    let mut reading = Reading { file: name, out, rows, room, is_full: false, records: 0, sound: true, headed: false };
    match Records::open(bytes, SHAPE) {
        Ok(mut records) => reading.run(&mut records),
        Err(broken) => reading.stop(&broken, None, Vec::new()),
    }
    reading.finish()
}

struct Reading<'o> {
    file: String,
    out: &'o mut dyn Output,
    /// By place among the tables.
    rows: BTreeMap<usize, Vec<DrawnRow>>,
    room: Room,
    is_full: bool,
    records: u64,
    sound: bool,
    headed: bool,
}

impl Reading<'_> {
    fn run<R: BufRead>(&mut self, records: &mut Records<R>) {
        loop {
            match records.step() {
                Ok(Step::Ended) => return,
                Ok(Step::Record(Whole::Yes)) if records.elements() <= ELEMENTS_MAX => {
                    if let Some(element) = records.record() {
                        self.pupil(element);
                    }
                    if self.is_full {
                        let at = records.began();
                        return self.reject(Reason::RecordTooLarge, TOO_LARGE, Some(at), Vec::new());
                    }
                }
                Ok(Step::Record(whole)) => {
                    self.records += 1;
                    self.out.record();
                    let (reason, message) = match whole {
                        Whole::TooLarge | Whole::Yes => {
                            (Reason::RecordTooLarge, "a pupil longer or deeper than any real one: it was not read")
                        }
                        Whole::Unpaired => {
                            (Reason::RecordMalformed, "the tags of a pupil do not pair: it was not read")
                        }
                    };
                    self.reject(reason, message, Some(records.began()), records.raw().to_vec());
                }
                Ok(Step::Section(whole)) => {
                    if let Some(why) = self.section(records, whole) {
                        self.rows.clear();
                        return self.reject(Reason::HeaderMissing, why, Some(records.began()), Vec::new());
                    }
                }
                Ok(Step::StrayText) => {
                    let message = "text stands between two pupils: it may be what is left of one";
                    self.reject(Reason::RecordMalformed, message, Some(records.began()), Vec::new());
                }
                Err(broken) => {
                    self.stop(&broken, Some(records.here()), records.raw().to_vec());
                    return;
                }
            }
        }
    }

    /// The header says whose return it is. What else stands beside the pupils is about the school. Gives why the message is not
    /// read at all, where it is of another collection.
    fn section<R: BufRead>(&mut self, records: &Records<R>, whole: Whole) -> Option<&'static str> {
        let element = records.record().filter(|_| whole == Whole::Yes);
        let is_in_bounds = records.elements() <= ELEMENTS_MAX;
        match element {
            Some(element) if element.key() == "header" && !self.headed && is_in_bounds => {
                self.headed = true;
                let mut cells = vec![("schoolcensustableid".to_owned(), THE_SCHOOL.to_owned())];
                leaves(element, &mut cells);
                let collection = cells.iter().find(|(name, _)| name == "collection");
                if let Some(why) = collection.and_then(|(_, collection)| of_other_collection(collection)) {
                    return Some(why);
                }
                self.push("schoolcensus", DrawnRow { cells, line: element.line(), record: 1 });
            }
            Some(element) if element.key() != "header" => {
                self.out.record();
                // Beside the pupils stands what is about the school; among them no more than a number of them.
                let is_beside = SHAPE.roots.contains(&records.holder()) || !element.has_children();
                if !is_beside || is_of_a_pupil(element) {
                    let message = "what may be a pupil is called neither PupilOnRoll nor PupilNoLongerOnRoll: it was not read; \
                                   call it so, and send the file again";
                    self.reject(Reason::RecordMalformed, message, Some(records.began()), records.raw().to_vec());
                }
            }
            _ => {
                let message = "what stands beside the pupils could not be read, or is a second header";
                self.reject(Reason::RecordMalformed, message, Some(records.began()), records.raw().to_vec());
            }
        }
        None
    }

    fn pupil(&mut self, element: Element<'_>) {
        self.records += 1;
        let left = element.key() == "pupilnolongeronroll";
        let table = if left { "pupilnolongeronroll" } else { "pupilonroll" };
        let own = self.records.to_string();
        let mut cells =
            vec![(format!("{table}tableid"), own.clone()), ("schoolcensustableid".to_owned(), THE_SCHOOL.to_owned())];
        let under = Under { left, parent_table: table, parent: &own, span: Span::Term };
        self.fill(element, under, &mut cells);
        self.push(table, DrawnRow { cells, line: element.line(), record: self.records });
    }

    /// Takes an element's own cells, and the groups in it as rows of their own tables.
    fn fill(&mut self, element: Element<'_>, under: Under<'_>, cells: &mut Vec<(String, String)>) {
        for part in element.children() {
            if !part.has_children() {
                take(cells, column(part.key(), under), part.text());
                continue;
            }
            let under = Under { span: span_of(part).unwrap_or(under.span), ..under };
            let table = group(part, under).and_then(|name| table_of(name, under));
            let Some(table) = table else {
                self.fill(part, under, cells);
                continue;
            };
            self.row(part, table, under);
        }
    }

    fn row(&mut self, element: Element<'_>, table: &'static Table, under: Under<'_>) {
        let number = self.rows.get(&table.rank()).map_or(0, Vec::len) + 1;
        let (own, parent_id) = (number.to_string(), table.parent_id().unwrap_or_default());
        let mut cells = vec![(table.own_id(), own.clone()), (parent_id, under.parent.to_owned())];
        let inner = Under { parent_table: table.name, parent: &own, ..under };
        self.fill(element, inner, &mut cells);
        self.push(table.name, DrawnRow { cells, line: element.line(), record: self.records });
    }

    fn push(&mut self, table: &str, row: DrawnRow) {
        if let Some(table) = Table::named(table) {
            self.is_full |= !self.room.take(row.weight());
            self.rows.entry(table.rank()).or_default().push(row);
        }
    }

    fn stop(&mut self, broken: &Broken, at: Option<Start>, raw: Vec<u8>) {
        let message = broken.told("what stands before was taken; send the file again whole");
        self.reject(broken.reason(), &message, at, raw);
    }

    fn reject(&mut self, reason: Reason, message: &str, at: Option<Start>, raw: Vec<u8>) {
        self.sound = false;
        let (line, byte_offset) = at.map_or((1, 0), |at| (at.line, at.offset));
        self.out.reject(Rejection {
            reason,
            message: message.to_owned(),
            place: Place { file: self.file.clone(), line, record: self.records, byte_offset, field: String::new() },
            controller: None,
            raw,
            scope_key: None,
            subject: None,
            digest: None,
        });
    }

    /// A message has all tables of its term: one of which it says nothing is empty.
    fn finish(mut self) -> Message {
        if self.rows.is_empty() {
            return Message::default();
        }
        let tables = TABLES.iter().filter(|table| table.holds_of_child() || table.name == "schoolcensus");
        let tables = tables.map(|table| {
            let rows = self.rows.remove(&table.rank()).unwrap_or_default();
            (table, Drawn::of(&self.file, rows, self.sound))
        });
        Message { tables: tables.collect() }
    }
}

/// Why a message of this collection is not read. Pupil referral units made theirs as schools make the school census.
fn of_other_collection(collection: &str) -> Option<&'static str> {
    match collection.to_ascii_lowercase().as_str() {
        "sc" | "pru" => None,
        "ap" | "apc" | "ey" | "eyc" => Some(
            "the message is the alternative provision or early years census, which an authority makes of children outside its \
             schools, and which no connector reads: save its children as a table, and wire that in by a mapping file \
             (connectors/README.md)",
        ),
        _ => Some(
            "the message is of another collection than the school census: give it to the connector of that collection, or where \
             there is none save it as a table, and wire that in by a mapping file (connectors/README.md)",
        ),
    }
}

/// What an element stands in.
#[derive(Clone, Copy)]
struct Under<'p> {
    left: bool,
    parent_table: &'static str,
    parent: &'p str,
    /// What sessions in it are counted over.
    span: Span,
}

/// What the sessions of an element are counted over, where its name says it.
fn span_of(element: Element<'_>) -> Option<Span> {
    let is = |start: &str| element.key().starts_with(start);
    is("summer").then_some(Span::SecondHalf).or_else(|| is("annual").then_some(Span::Year))
}

/// Whether a pupil is named by it, or by anything in it.
fn is_of_a_pupil(element: Element<'_>) -> bool {
    const NAMED_BY: [&str; 4] = ["upn", "formerupn", "dob", "personbirthdate"];
    NAMED_BY.contains(&element.key()) || element.children().any(is_of_a_pupil)
}

/// The cells of a header, however deep.
fn leaves(element: Element<'_>, cells: &mut Vec<(String, String)>) {
    for part in element.children() {
        if part.has_children() { leaves(part, cells) } else { take(cells, part.key(), part.text()) }
    }
}

/// A cell that says something else than the one of its name before stands beside it under a name of its own.
fn take(cells: &mut Vec<(String, String)>, name: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    let known = || cells.iter().map(|(name, cell)| (name.as_str(), cell.as_str()));
    // Reasons have numbers of their own.
    let name = match name.strip_prefix("reason") {
        Some("1") if known().any(|(name, cell)| REASONS.contains(&name) && cell == text) => return,
        Some("1") => REASONS.into_iter().find(|reason| known().all(|(name, _)| name != *reason)).unwrap_or(name),
        _ => name,
    };
    let Some(name) = repeats::own_name(known(), name, text) else { return };
    let name = name.into_owned();
    cells.push((name, text.to_owned()));
}

/// What an exclusion is for, as the export names it.
const REASONS: [&str; 9] =
    ["reason1", "reason2", "reason3", "reason4", "reason5", "reason6", "reason7", "reason8", "reason9"];

/// The export's name of an element whose own name is shorter, because of where it stands.
fn column<'k>(key: &'k str, under: Under<'_>) -> &'k str {
    let [possible, authorised, unauthorised] = session_columns(under.span);
    match key.strip_prefix("termly").unwrap_or(key) {
        "sessionspossible" => possible,
        "sessionsauthorised" => authorised,
        "sessionsunauthorised" => unauthorised,
        "reason" => "reason1",
        _ => key,
    }
}

/// What a placement says as an enrolment does.
const OF_ANY_SPELL: [&str; 3] = ["entrydate", "leavingdate", "senprovision"];

/// Which group of a pupil's an element is a record of, told by what it holds.
fn group(element: Element<'_>, under: Under<'_>) -> Option<&'static str> {
    const BY_CELL: [(&str, &str); 23] = [
        ("attendancereason", "termlysessiondetails"),
        ("sentype", "senneeds"),
        ("fsmstartdate", "fsmperiod"),
        ("apsettingtype", "schoolarrangedapdetail"),
        ("placementreason", "schoolarrangedapdetail"),
        ("apsessionsperweek", "schoolarrangedapdetail"),
        ("apattendancepattern", "schoolarrangedapdetail"),
        ("applacementpostcode", "schoolarrangedapdetail"),
        ("companynumber", "schoolarrangedapdetail"),
        ("apreason", "approvisiondetail"),
        ("learnerfamtype", "learnerfam"),
        ("supportcode", "learnersupport"),
        ("learnersupportcode", "learnersupport"),
        ("fundingbasis", "fundingbasisitems"),
        ("wpstartdate", "workplaceentity"),
        ("programmestartdate", "programmeaims"),
        ("learningstartdate", "learningaims"),
        ("progtype", "programmeaims"),
        ("postcode", "addresses"),
        ("addressline1", "addresses"),
        ("paon", "addresses"),
        ("street", "addresses"),
        ("uniquepropertyreferencenumber", "addresses"),
    ];
    let holds = |name: &str| element.children().any(|part| part.key() == name && !part.has_children());
    if holds("category") && holds("startdate") {
        return Some("termlyexclusions");
    }
    let by_cell = BY_CELL.into_iter().find(|(cell, _)| holds(cell)).map(|(_, name)| name);
    // A setting that the school placed the child in, which may say where that is: an address of it is not the child's.
    let is_setting = holds("urn") || holds("ukprn");
    let name = match by_cell {
        None if is_setting && holds("entrydate") => "schoolarrangedapdetail",
        Some("addresses") if is_setting || holds("entrydate") => "schoolarrangedapdetail",
        other => other?,
    };
    // What tells of the pupil as well is a part of the pupil, and no group of its own.
    let of_pupil = |name: &str| COLUMNS.contains(&name) && !OF_ANY_SPELL.contains(&name);
    let is_place = matches!(name, "addresses" | "schoolarrangedapdetail");
    if is_place && element.children().any(|part| of_pupil(part.key())) {
        return None;
    }
    match name {
        "termlysessiondetails" => Some(match under.span {
            Span::Term => "termlysessiondetails",
            Span::SecondHalf => "summerhalfterm2sessiondetails",
            Span::Year => "annualsessiondetails",
        }),
        name => Some(name),
    }
}

/// The table of a group on this roll, where there is one that joins to what the element stands in.
fn table_of(name: &str, under: Under<'_>) -> Option<&'static Table> {
    let roll = if under.left { "offroll" } else { "onroll" };
    let table = Table::named(&format!("{name}{roll}")).or_else(|| Table::named(name).filter(|_| !under.left))?;
    let joins = match table.parent {
        Parent::Return => false,
        Parent::OnRoll => under.parent_table == "pupilonroll",
        Parent::OffRoll => under.parent_table == "pupilnolongeronroll",
        Parent::Row(parent) => under.parent_table == parent,
    };
    joins.then_some(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_pupils_are_held_than_there_is_room_for() {
        let pupil = "<PupilOnRoll><Surname>Invented</Surname><DOB>2013-07-05</DOB></PupilOnRoll>";
        let text = format!("<Message><Pupils>{}</Pupils></Message>", pupil.repeat(5));
        let held = |room: usize| {
            let bytes: Box<dyn BufRead + Send> = Box::new(text.as_bytes());
            let mut out = connector_kit::Collected::default();
            let file = SourceFile { name: "a.xml".to_owned(), bytes };
            let message = read_within(file, Room::of(room), &mut out);
            let rows: usize = message.tables.iter().map(|(_, drawn)| drawn.rows().count()).sum();
            (rows, out.rejections.iter().map(|rejection| rejection.reason).collect::<Vec<_>>())
        };
        assert_eq!(held(1 << 20), (5, vec![]));
        assert_eq!(held(1), (1, vec![Reason::RecordTooLarge]));
    }
}
