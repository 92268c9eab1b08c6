//! One return, from its first byte to its last.

use std::collections::HashSet;
use std::io::BufRead;

use connector_kit::file_name::hints;
use connector_kit::xml::{Broken, Records, Shape, Start, Step, Whole};
use connector_kit::{Output, Place, Rejection, SourceFile, identifier, reading};
use proto::events::{FindingCode, Scheme, Subject};
use proto::quarantine::Reason;

use crate::child::{self, Child};
use crate::drafts::Drafter;
use crate::header::{self, Return, Unusable};
use crate::rules::{self, whole::Totals};
use crate::tag::{Tag, Tagged as _};

/// The list of children.
const CHILDREN: &str = "children";
/// The message, or only the children of it: as two exports write them whose file's name says the rest.
const ROOTS: &[&str] = &["message", "cindetailscollection", CHILDREN];
const SHAPE: Shape = Shape { roots: ROOTS, holders: &[CHILDREN], records: &["child"] };

/// Reads a return and says what it holds.
pub(crate) fn translate(file: SourceFile<'_>, out: &mut dyn Output) {
    let mut reading = Reading {
        file: &file.name,
        out,
        of: None,
        record: 0,
        sound: true,
        ids: HashSet::new(),
        totals: Totals::default(),
        upns: HashSet::new(),
    };
    match Records::open(file.bytes, SHAPE) {
        Ok(mut records) => reading.run(&mut records),
        Err(broken) => reading.stop_at(&broken, None, &[]),
    }
}

const TOO_LARGE: &str = "a child longer or deeper than any real one: it was not read; see whether an end tag before it is missing, and \
                         send the return again";
const UNPAIRED: &str = "the tags of a child do not pair: it was not read; put right the one that is missing or misspelt, and send the \
                        return again";

/// Where a return has got to.
struct Reading<'a> {
    file: &'a str,
    out: &'a mut dyn Output,
    of: Option<Return>,
    /// Records of the list of children so far.
    record: u64,
    /// No tag so far was out of its pair: what is absent is not there.
    sound: bool,
    /// LAchildIDs so far.
    ids: HashSet<String>,
    totals: Totals,
    /// Usable UPNs so far. With the ids all that is kept of a child that was read: some 60 bytes.
    upns: HashSet<String>,
}

/// A record that is given to quarantine.
struct Refused<'a> {
    reason: Reason,
    message: &'a str,
    field: &'a str,
    subject: Option<Subject>,
}

impl Reading<'_> {
    fn run<R: BufRead>(&mut self, records: &mut Records<R>) {
        loop {
            let step = match records.step() {
                Ok(step) => step,
                Err(broken) => {
                    self.record += u64::from(records.record().is_some_and(|record| record.tag() == Tag::Child));
                    self.stop_at(&broken, Some(records.here()), records.raw());
                    return;
                }
            };
            let stands_with_children = step == Step::StrayText || records.holder() == CHILDREN;
            let goes_on = match step {
                Step::Section(whole) if !stands_with_children => self.section(records, whole),
                Step::Section(whole) | Step::Record(whole) => {
                    self.record += 1;
                    self.out.record();
                    self.whose(records) && self.child(records, whole)
                }
                Step::StrayText => self.refuse(
                    records,
                    Refused {
                        reason: Reason::RecordMalformed,
                        message: "text stands between two children: it may be what is left of one; put it right, and send the return again",
                        field: "Children",
                        subject: None,
                    },
                ),
                Step::Ended => {
                    self.end(records);
                    false
                }
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Whether it is known whose the return is, as its children come: without a header before them, from the file's name.
    fn whose<R: BufRead>(&mut self, records: &Records<R>) -> bool {
        if self.of.is_some() {
            return true;
        }
        match header::of_name(&hints(self.file)) {
            Ok(of) => {
                self.out.scope(of.scope.clone());
                self.of = Some(of);
                true
            }
            Err(unusable) => self.refuse_file(records, unusable),
        }
    }

    /// Reads a part of the message beside the children. False when nothing can be made of the file.
    fn section<R: BufRead>(&mut self, records: &Records<R>, whole: Whole) -> bool {
        let header = records.record().filter(|record| record.tag() == Tag::Header && self.of.is_none());
        let Some(header) = header else {
            // It is no child: its being there says nothing about who is absent.
            let message = "Message holds something beside one Header, before the children, and Children: it was not read; take it \
                 out, or put the Header first, and send the return again";
            let refused = Refused { reason: Reason::RecordMalformed, message, field: "Message", subject: None };
            return self.refuse(records, refused);
        };
        if whole != Whole::Yes {
            self.stop_at(&Broken::Unpaired, Some(records.began()), records.raw());
            return false;
        }
        match header::read(header, &hints(self.file)) {
            Ok(of) => {
                self.out.scope(of.scope.clone());
                self.of = Some(of);
                true
            }
            Err(unusable) => self.refuse_file(records, unusable),
        }
    }

    fn child<R: BufRead>(&mut self, records: &Records<R>, whole: Whole) -> bool {
        self.sound &= whole != Whole::Unpaired;
        let Some(of) = &self.of else { return false };
        let record = records.record().filter(|record| record.tag() == Tag::Child);
        let mut ids = record.map(child::la_child_ids).into_iter().flatten();
        let first = ids.next();
        let run_together =
            first.is_some_and(|first| ids.any(|other| other != first)) || record.is_some_and(child::are_of_two);
        let subject = first.map(|id| identifier::subject(Scheme::LaChildId, &of.lea, id));
        let subject = subject.filter(|subject| !run_together && !subject.value.is_empty());

        let (reason, message) = match (records.record(), &subject, whole) {
            (_, _, Whole::TooLarge) => (Reason::RecordTooLarge, TOO_LARGE),
            (_, _, Whole::Unpaired) => (Reason::RecordMalformed, UNPAIRED),
            (Some(record), Some(subject), Whole::Yes) if self.ids.insert(subject.value.clone()) => {
                let child = child::read(record, of.year);
                self.take(child, subject, records.replaced());
                return true;
            }
            (Some(_), Some(_), Whole::Yes) => (
                Reason::RecordMalformed,
                "another child of this file has the same LAchildID (cin/8510): the first was taken, this one was not; \
                 give each child one LAchildID and one Child element, and send the return again",
            ),
            _ if run_together => (
                Reason::RecordMalformed,
                "a child states two LAchildIDs, births or sexes: two children may have run together, and neither was read; give \
                 each a Child element of its own, and send the return again",
            ),
            (Some(record), ..) if record.tag() != Tag::Child => (
                Reason::RecordMalformed,
                "Children holds something that is not a Child: it was not read; take it out, and send the return again",
            ),
            _ => (Reason::SubjectMissing, "a child has no LAchildID (cin/8500): give it one and send the return again"),
        };
        let field = if reason == Reason::SubjectMissing { "LAchildID" } else { "Child" };
        self.refuse(records, Refused { reason, message, field, subject })
    }

    fn take(&mut self, mut child: Child<'_>, subject: &Subject, replaced: bool) {
        let Some(of) = &self.of else { return };
        rules::check(&mut child, of);
        self.totals.add(&child, of);
        if replaced {
            child.notes.found(FindingCode::TextOdd, Tag::Child);
        }
        // The child before was said already. Both claims stay as they are, so that identity sees the two and refuses both:
        // if this one were taken back here, the other would link.
        let current = child.identifiers.iter().filter(|upn| upn.usable && upn.standing() == CURRENT);
        let shared = current.filter_map(|upn| upn.subject.as_ref()).any(|upn| !self.upns.insert(upn.value.clone()));
        if shared {
            let finding = reading::finding_of_rule(FindingCode::IdentifierShared, Tag::Upn.name(), "cin/1520");
            child.notes.findings.push(finding);
        }
        let (file, record, offset) = (self.file, self.record, child.element.offset());
        Drafter { of, file, record, offset, subject, out: &mut *self.out }.child(child);
    }

    fn end<R: BufRead>(&mut self, records: &Records<R>) {
        let of = match &self.of {
            Some(of) if self.record > 0 || records.held(CHILDREN) => of,
            Some(_) => {
                let message = "Message has no Children: nothing of it was read; send the whole file again".to_owned();
                return self.reject(Reason::FileUnreadable, message, Some(records.here()), "", &[], None);
            }
            None => {
                self.refuse_file(records, Unusable::AuthorityMissing);
                return;
            }
        };
        if self.sound {
            self.out.whole(&of.scope.key);
        }
        for finding in self.totals.findings() {
            self.out.found(&of.controller, finding);
        }
    }

    /// Nothing can be made of the file, or of the rest of it.
    fn stop_at(&mut self, broken: &Broken, at: Option<Start>, raw: &[u8]) {
        let message = broken.told("nothing from here on was read; send the whole file again");
        // No subject, even if a child was under way: whoever came after it is not known either.
        self.reject(broken.reason(), message, at, "", raw, None);
    }

    /// False: nothing more is read.
    fn refuse_file<R: BufRead>(&mut self, records: &Records<R>, unusable: Unusable) -> bool {
        let (at, raw) = (records.began(), records.raw());
        self.reject(unusable.reason(), unusable.to_string(), Some(at), unusable.field(), raw, None);
        false
    }

    /// True: what stands behind it is read.
    fn refuse<R: BufRead>(&mut self, records: &Records<R>, refused: Refused<'_>) -> bool {
        let (at, raw) = (records.began(), records.raw());
        self.reject(refused.reason, refused.message.to_owned(), Some(at), refused.field, raw, refused.subject);
        true
    }

    fn reject(
        &mut self,
        reason: Reason,
        message: String,
        at: Option<Start>,
        field: &str,
        raw: &[u8],
        subject: Option<Subject>,
    ) {
        self.out.reject(Rejection {
            reason,
            message,
            place: Place {
                file: self.file.to_owned(),
                line: at.map_or(1, |at| at.line),
                record: self.record,
                byte_offset: at.map_or(0, |at| at.offset),
                field: field.to_owned(),
            },
            controller: self.of.as_ref().map(|of| of.controller.clone()),
            raw: raw.to_vec(),
            scope_key: self.of.as_ref().map(|of| of.scope.key.clone()),
            subject,
            digest: None,
        });
    }
}

const CURRENT: proto::events::identifier::Standing = proto::events::identifier::Standing::Current;
