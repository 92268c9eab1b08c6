//! The return as XML: one person at a time.

use std::io;

use connector_kit::repeats::ELEMENTS_MAX;
use connector_kit::xml::{Broken, Element, Records, Shape, Start, Step, Whole};
use connector_kit::{Output, Place, Rejection, SourceFile};
use proto::quarantine::Reason;

use crate::header::{Return, Unusable};
use crate::module::{Module, Node, Spot};
use crate::person::Persons;
use crate::say::{Speaker, Telling};

const SHAPE: Shape = Shape { roots: &["message"], holders: &["sen2", "lalevel", "persons"], records: &["person"] };

/// The authority's officers, by name: of no child.
const OF_THE_AUTHORITY: [&str; 3] = ["dmo", "dco", "dsco"];

/// Reads a return and says what it holds.
///
/// # Errors
/// When the disk does not hold its persons.
pub(crate) fn translate(file: SourceFile<'_>, out: &mut dyn Output) -> io::Result<()> {
    let SourceFile { name, bytes } = file;
    let persons = Persons::new(out);
    let mut reading = Reading { files: vec![name], out, of: None, persons, records: 0, sound: true };
    match Records::open(bytes, SHAPE) {
        Ok(mut records) => reading.run(&mut records)?,
        Err(broken) => reading.stop(&broken, Spot::default(), Vec::new()),
    }
    reading.finish()
}

struct Reading<'o> {
    /// The one file's name.
    files: Vec<String>,
    out: &'o mut dyn Output,
    of: Option<Return>,
    persons: Persons,
    records: u64,
    /// Everything so far could be read.
    sound: bool,
}

impl Reading<'_> {
    fn run<R: io::BufRead>(&mut self, records: &mut Records<R>) -> io::Result<()> {
        loop {
            match records.step() {
                Ok(Step::Ended) => {
                    if self.of.is_none() {
                        self.refuse(Unusable::AuthorityMissing, Spot { line: 1, ..Spot::default() }, Vec::new());
                    }
                    return Ok(());
                }
                Ok(Step::Section(whole)) if !self.section(records, whole) => return Ok(()),
                Ok(Step::Section(_)) => {}
                Ok(Step::Record(_)) if self.of.is_none() => {
                    let message = "a person comes before the header that says whose return it is and of when: nothing of the file \
                                   was taken; put the header first, and send it again";
                    self.reject(Reason::HeaderMissing, message, "Header", self.spot(records.began()), Vec::new());
                    return Ok(());
                }
                Ok(Step::Record(whole)) => self.person(records, whole)?,
                Ok(Step::StrayText) => {
                    let message = "text stands between two persons: it may be what is left of one";
                    self.reject(Reason::RecordMalformed, message, "Persons", self.spot(records.began()), Vec::new());
                }
                Err(broken) => {
                    self.stop(&broken, self.spot(records.here()), records.raw().to_vec());
                    return Ok(());
                }
            }
        }
    }

    /// Reads what stands beside the persons. False when nothing can be made of the file.
    fn section<R: io::BufRead>(&mut self, records: &Records<R>, whole: Whole) -> bool {
        let spot = self.spot(records.began());
        let key = records.record().map_or("", |record| record.key());
        if whole == Whole::Yes && OF_THE_AUTHORITY.contains(&key) {
            self.out.record();
            return true;
        }
        let header = records.record().filter(|record| record.key() == "header" && self.of.is_none());
        let Some(header) = header else {
            let message = "the message holds something beside one header and its persons: it was not read";
            self.reject(Reason::RecordMalformed, message, "Message", spot, records.raw().to_vec());
            return true;
        };
        if whole != Whole::Yes {
            self.stop(&Broken::Unpaired, spot, records.raw().to_vec());
            return false;
        }
        match Return::read(|name| field(header, name)) {
            Ok(of) => {
                self.out.scope(of.scope.clone());
                self.of = Some(of);
                true
            }
            Err(unusable) => {
                self.refuse(unusable, spot, records.raw().to_vec());
                false
            }
        }
    }

    fn person<R: io::BufRead>(&mut self, records: &Records<R>, whole: Whole) -> io::Result<()> {
        self.records += 1;
        self.out.record();
        let spot = self.spot(records.began());
        let too_many = records.elements() > ELEMENTS_MAX;
        let (reason, message) = match whole {
            Whole::Yes if !too_many => {
                let (Some(record), Some(of)) = (records.record(), &self.of) else { return Ok(()) };
                let mut person = self.node(Module::Person, record, spot.offset);
                person.odd |= records.replaced();
                let mut speaker = Speaker { of, files: &self.files, out: &mut *self.out };
                self.sound &= speaker.refuse_misplaced(&mut person);
                person.in_order();
                return speaker.take(&mut self.persons, 0, &person);
            }
            Whole::TooLarge | Whole::Yes => {
                (Reason::RecordTooLarge, "a person longer or deeper than any real one: it was not read")
            }
            Whole::Unpaired => (Reason::RecordMalformed, "the tags of a person do not pair: it was not read"),
        };
        self.reject(reason, message, "Person", spot, records.raw().to_vec());
        Ok(())
    }

    /// A record with all under it. An element that is no module's, and holds elements, only wraps.
    /// The line is the element's own; the offset is the person's, who is read or lost as one.
    fn node(&self, module: Module, element: Element<'_>, offset: u64) -> Node {
        let start = Spot { file: 0, line: element.line(), record: self.records, offset };
        let mut node = Node::new(module, start, element.is_odd());
        self.fill(&mut node, element);
        node
    }

    fn fill(&self, node: &mut Node, element: Element<'_>) {
        let texts = element.children().map(|part| part.text().len()).filter(|length| *length > 0);
        let (cells, bytes) = texts.fold((0, 0), |(cells, bytes), length| (cells + 1, bytes + length));
        node.reserve(cells, bytes);
        for part in element.children() {
            match (Module::named(part.key()), part.has_children()) {
                (Some(module), _) if module != node.module && part.text().is_empty() && !only_wraps(part, module) => {
                    node.under.push(self.node(module, part, node.spot.offset));
                }
                (_, true) => {
                    node.odd |= part.is_odd();
                    self.fill(node, part);
                }
                (_, false) if part.text().is_empty() => {}
                (_, false) => {
                    node.odd |= part.is_odd();
                    node.push(part.key(), part.text());
                }
            }
        }
    }

    /// Says whoever was read.
    fn finish(self) -> io::Result<()> {
        let Some(of) = self.of else { return Ok(()) };
        let mut telling = Telling { files: &self.files, out: &mut *self.out };
        self.persons.tell(std::slice::from_ref(&of), &mut telling)?;
        if self.sound {
            self.out.whole(&of.scope.key);
        }
        Ok(())
    }

    fn spot(&self, start: Start) -> Spot {
        Spot { file: 0, line: start.line, record: self.records, offset: start.offset }
    }

    /// Nothing can be made of the rest of the file.
    fn stop(&mut self, broken: &Broken, spot: Spot, raw: Vec<u8>) {
        let message = broken.told("what stands before was taken; send the file again whole");
        self.reject(broken.reason(), &message, "", spot, raw);
    }

    fn refuse(&mut self, unusable: Unusable, spot: Spot, raw: Vec<u8>) {
        self.reject(unusable.reason(), &unusable.to_string(), unusable.field(), spot, raw);
    }

    fn reject(&mut self, reason: Reason, message: &str, field: &str, spot: Spot, raw: Vec<u8>) {
        self.sound = false;
        self.out.reject(Rejection {
            reason,
            message: message.to_owned(),
            place: Place {
                file: self.files.first().cloned().unwrap_or_default(),
                line: spot.line,
                record: spot.record,
                byte_offset: spot.offset,
                field: field.to_owned(),
            },
            controller: self.of.as_ref().map(|of| of.controller.clone()),
            raw,
            scope_key: self.of.as_ref().map(|of| of.scope.key.clone()),
            subject: None,
            digest: None,
        });
    }
}

/// The first text of this name in the header, however deep.
fn field<'t>(header: Element<'t>, name: &str) -> &'t str {
    let own = header.text_of(name);
    if own.is_empty() {
        header.children().map(|part| field(part, name)).find(|text| !text.is_empty()).unwrap_or_default()
    } else {
        own
    }
}

/// Whether an element of a module's name holds nothing but records of that module: `SENneeds` around each `SENneed`.
fn only_wraps(element: Element<'_>, module: Module) -> bool {
    element.has_children() && element.children().all(|part| Module::named(part.key()) == Some(module))
}
