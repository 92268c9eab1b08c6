//! One file, from its first byte to its last.

use std::collections::HashSet;
use std::io::BufRead;
use std::rc::Rc;

use connector_kit::xml::{Broken, Records, Shape, Start, Step, Whole};
use connector_kit::{Output, Place, Rejection, SourceFile};
use proto::events::Subject;
use proto::quarantine::Reason;

use crate::header::{Transfer, Unusable};
use crate::pupil::{self, Pupil};

const SHAPE: Shape =
    Shape { roots: &["ctfile", "atfile"], holders: &["ctfpupildata", "atfpupildata", "pupils"], records: &["pupil"] };

/// Reads a file and says what it holds.
pub(crate) fn translate(file: SourceFile<'_>, out: &mut dyn Output) {
    let SourceFile { name, bytes } = file;
    let mut reading = Reading { file: name, out, of: None, record: 0, known: HashSet::new() };
    match Records::open(bytes, SHAPE) {
        Ok(mut records) => reading.run(&mut records),
        Err(broken) => reading.stop(&broken, None, Vec::new()),
    }
}

struct Reading<'o> {
    file: String,
    out: &'o mut dyn Output,
    of: Option<Rc<Transfer>>,
    record: u64,
    /// Of whom something was said.
    known: HashSet<String>,
}

impl Reading<'_> {
    fn run<R: BufRead>(&mut self, records: &mut Records<R>) {
        loop {
            match records.step() {
                Ok(Step::Ended) => {
                    if self.of.is_none() {
                        self.refuse(Unusable::SourceMissing, records.here(), Vec::new());
                    }
                    return;
                }
                Ok(Step::Section(whole)) if !self.section(records, whole) => return,
                Ok(Step::Section(_)) => {}
                Ok(Step::Record(_)) if self.of.is_none() => {
                    self.refuse(Unusable::SourceMissing, records.began(), records.raw().to_vec());
                    return;
                }
                Ok(Step::Record(whole)) => self.pupil(records, whole),
                Ok(Step::StrayText) => {
                    let message = "text stands between two pupils: it may be what is left of one";
                    self.reject(Reason::RecordMalformed, message, "CTFpupilData", records.began(), Vec::new(), None);
                }
                Err(broken) => {
                    self.stop(&broken, Some(records.here()), records.raw().to_vec());
                    return;
                }
            }
        }
    }

    /// Reads what stands beside the pupils. False when nothing can be made of the file.
    fn section<R: BufRead>(&mut self, records: &Records<R>, whole: Whole) -> bool {
        let header = records.record().filter(|record| record.key() == "header" && self.of.is_none());
        let Some(header) = header else {
            let message = "the file holds something beside one header and its pupils: it was not read";
            self.reject(Reason::RecordMalformed, message, "CTfile", records.began(), records.raw().to_vec(), None);
            return true;
        };
        if whole != Whole::Yes {
            self.stop(&Broken::Unpaired, Some(records.began()), records.raw().to_vec());
            return false;
        }
        match Transfer::read(header, &self.file) {
            Ok(of) => {
                self.out.scope(of.scope.clone());
                self.out.scope(of.sent.clone());
                self.of = Some(Rc::new(of));
                true
            }
            Err(unusable) => {
                self.refuse(unusable, records.began(), records.raw().to_vec());
                false
            }
        }
    }

    fn pupil<R: BufRead>(&mut self, records: &Records<R>, whole: Whole) {
        self.record += 1;
        self.out.record();
        let Some(of) = self.of.clone() else { return };
        let record = records.record();
        let known = record.and_then(|record| pupil::subject(record, &of));
        let (reason, message) = match (whole, known, record) {
            (Whole::TooLarge, ..) => {
                (Reason::RecordTooLarge, "a pupil longer or deeper than any real one: it was not read")
            }
            (Whole::Unpaired, ..) => (Reason::RecordMalformed, "the tags of a pupil do not pair: it was not read"),
            (Whole::Yes, Some(subject), Some(record)) => {
                if self.known.insert(subject.value.clone()) {
                    let odd = records.replaced() || record.is_odd();
                    let (file, number, began) = (&self.file, self.record, records.began());
                    Pupil::of(&of, file, number, began, subject, &mut *self.out).say(record, odd);
                    return;
                }
                let message = "another pupil of this file has the same UPN, or the same name and birth date: the first was \
                               taken, this one was not; give each pupil one Pupil element, and send the file again";
                let (began, raw) = (records.began(), records.raw().to_vec());
                self.reject(Reason::RecordMalformed, message, "UPN", began, raw, Some(subject));
                return;
            }
            (Whole::Yes, ..) => (
                Reason::SubjectMissing,
                "a pupil has neither a UPN nor a name and a birth date: give one, and send the file again",
            ),
        };
        self.reject(reason, message, "Pupil", records.began(), records.raw().to_vec(), None);
    }

    /// Nothing can be made of the rest of the file.
    fn stop(&mut self, broken: &Broken, at: Option<Start>, raw: Vec<u8>) {
        let message = broken.told("what stands before was taken; send the file again whole");
        let place = at.map_or_else(|| Place { line: 1, ..Place::default() }, place);
        self.give(broken.reason(), message, place, "", raw, None);
    }

    fn refuse(&mut self, unusable: Unusable, at: Start, raw: Vec<u8>) {
        self.reject(unusable.reason(), &unusable.to_string(), unusable.field(), at, raw, None);
    }

    fn reject(
        &mut self,
        reason: Reason,
        message: &str,
        field: &str,
        at: Start,
        raw: Vec<u8>,
        subject: Option<Subject>,
    ) {
        self.give(reason, message.to_owned(), place(at), field, raw, subject);
    }

    fn give(
        &mut self,
        reason: Reason,
        message: String,
        at: Place,
        field: &str,
        raw: Vec<u8>,
        subject: Option<Subject>,
    ) {
        self.out.reject(Rejection {
            reason,
            message,
            place: Place { file: self.file.clone(), record: self.record, field: field.to_owned(), ..at },
            controller: self.of.as_ref().map(|of| of.controller.clone()),
            raw,
            scope_key: self.of.as_ref().map(|of| of.scope.key.clone()),
            subject,
            digest: None,
        });
    }
}

fn place(at: Start) -> Place {
    Place { line: at.line, byte_offset: at.offset, ..Place::default() }
}
