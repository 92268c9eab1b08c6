//! How anything is said of a child: with its subject, scope, key and place.

use std::collections::BTreeMap;

use connector_kit::codes::CodeList;
use connector_kit::reading::{self, finding};
use connector_kit::{Draft, Output, Place, Rejection, dates, kept};
use proto::events::{Coded, Date, Event, Finding, FindingCode, Subject};
use proto::quarantine::Reason;

use crate::header::Return;
use crate::module::{Module, Node};
use crate::person::{self, Person};
use crate::{plans, requests};

/// Longest part of a record key that comes from a record.
const KEY_PART_CHARS_MAX: usize = 80;

/// Everything that drafts need, and where they go.
pub(crate) struct Speaker<'a> {
    pub(crate) of: &'a Return,
    /// File names, by the numbers that records carry.
    pub(crate) files: &'a [String],
    pub(crate) out: &'a mut dyn Output,
}

/// Says all that the return says of its persons, but of those who were `said` before. False when there were any.
pub(crate) fn persons(speaker: &mut Speaker<'_>, nodes: Vec<Node>, said: &person::Said) -> bool {
    let (again, nodes): (Vec<_>, Vec<_>) = nodes.into_iter().partition(|node| said.knows(node));
    for node in &again {
        let message = "a person with the same UPN, or the same name and birth date, has come before in this large return: the \
                       first was taken, this one was not; give each one Person element, and send the return again";
        speaker.reject(node, Reason::RecordMalformed, "UPN", message, None);
    }
    let (persons, nameless) = person::told_apart(nodes, &speaker.of.lea);
    for node in nameless {
        let message = "a person has neither a UPN nor a name and a birth date: give one, and send the return again";
        speaker.reject(&node, Reason::SubjectMissing, "UPN", message, None);
    }
    for person in persons {
        let mut child = Child::of(speaker, &person);
        child.described(&person);
        requests::say(&mut child, &person);
        plans::say(&mut child, &person);
    }
    again.is_empty()
}

/// One child's records being said.
pub(crate) struct Child<'s, 'a> {
    pub(crate) speaker: &'s mut Speaker<'a>,
    pub(crate) subject: Subject,
    pub(crate) birth_on: Option<Date>,
    numbers: BTreeMap<String, u32>,
}

/// A record's event, and the day that it is placed at.
pub(crate) type Dated = (Date, Event);

/// What is read of one record.
pub(crate) struct Reading<'n> {
    pub(crate) node: &'n Node,
    pub(crate) year: u16,
    pub(crate) findings: Vec<Finding>,
}

impl<'n> Reading<'n> {
    pub(crate) fn of(node: &'n Node, year: u16) -> Self {
        let findings = node.odd.then(|| finding(FindingCode::TextOdd, node.module.name())).into_iter().collect();
        Self { node, year, findings }
    }

    pub(crate) fn found(&mut self, code: FindingCode, field: &str) {
        self.findings.push(finding(code, field));
    }

    pub(crate) fn date(&mut self, field: &str) -> Option<Date> {
        dates::written(self.node.get(field), field).keep(&mut self.findings)
    }

    pub(crate) fn flag(&mut self, field: &str) -> Option<bool> {
        reading::boolean(self.node.get(field), field).keep(&mut self.findings)
    }

    pub(crate) fn count(&mut self, field: &str) -> Option<u32> {
        let number = reading::integer(self.node.get(field), field).keep(&mut self.findings)?;
        let count = u32::try_from(number).ok();
        if count.is_none() {
            self.found(FindingCode::ValueMalformed, field);
        }
        count
    }

    pub(crate) fn code(&mut self, list: &CodeList, field: &str) -> Option<Coded> {
        // A data frame writes a code that is a number with a fraction.
        let text = self.node.get(field);
        let text = text.strip_suffix(".0").unwrap_or(text);
        list.keep(text, self.year, field, &mut self.findings)
    }

    /// Notes an end before its start.
    pub(crate) fn in_order(&mut self, start: Option<&Date>, end: Option<&Date>, field: &str) {
        if start.zip(end).is_some_and(|(start, end)| rank(end) < rank(start)) {
            self.found(FindingCode::DatesOutOfOrder, field);
        }
    }
}

impl<'s, 'a> Child<'s, 'a> {
    fn of(speaker: &'s mut Speaker<'a>, person: &Person) -> Self {
        Self { speaker, subject: person.subject.clone(), birth_on: person.birth_on, numbers: BTreeMap::new() }
    }

    fn described(&mut self, person: &Person) {
        let mut findings = person.findings.clone();
        findings.extend(self.speaker.of.findings.iter().cloned());
        let born = person.birth_on.unwrap_or(self.speaker.of.reference_on);
        let (event, findings) = person::described(person, self.speaker.of, findings);
        let Some(node) = person.nodes.first() else { return };
        self.say(node, "person", "person", vec![(born, event.into())], findings);
    }

    /// The key, made one of its own where another of this child has it: what stands twice on a day comes in order of content.
    pub(crate) fn own_key(&mut self, key: String) -> String {
        let number = self.numbers.entry(key.clone()).and_modify(|number| *number += 1).or_insert(1);
        if *number == 1 { key } else { format!("{key}/{number}") }
    }

    /// Notes a date that cannot be right: before birth, or after the return was made.
    pub(crate) fn plausible(&self, reading: &mut Reading<'_>, on: Option<&Date>, field: &str) {
        let Some(on) = on else { return };
        let early = self.birth_on.is_some_and(|birth| rank(on) < rank(&birth));
        let late = rank(on) > rank(&self.speaker.of.made_on);
        if early || late {
            reading.found(FindingCode::DateImplausible, field);
        }
    }

    /// Says a record's events, and keeps what of it has no place.
    pub(crate) fn say(
        &mut self,
        node: &Node,
        table: &'static str,
        key: &str,
        events: Vec<Dated>,
        mut findings: Vec<Finding>,
    ) {
        let kept_on = events.first().map_or(self.speaker.of.reference_on, |(on, _)| *on);
        for ((on, event), ordinal) in events.into_iter().zip(0..) {
            // Once: the first of a record's events carries what its data say of their quality.
            self.draft(node, table, key, ordinal, (on, event), std::mem::take(&mut findings));
        }
        self.keep(node, key, kept_on, node.unmapped());
    }

    /// Keeps cells that have no place in the catalogue.
    pub(crate) fn keep<'n>(
        &mut self,
        node: &Node,
        key: &str,
        on: Date,
        cells: impl Iterator<Item = (&'n str, &'n str)>,
    ) {
        let Some(kept) = kept::columns(node.module.name(), cells) else { return };
        let findings = vec![finding(FindingCode::NotMapped, node.module.name())];
        self.draft(node, "kept", &format!("{key}/kept"), 0, (on, kept.into()), findings);
    }

    fn draft(
        &mut self,
        node: &Node,
        table: &'static str,
        key: &str,
        ordinal: u32,
        (on, event): Dated,
        findings: Vec<Finding>,
    ) {
        let of = self.speaker.of;
        self.speaker.out.draft(Draft {
            subject: self.subject.clone(),
            controller: of.controller.clone(),
            scope_key: Some(of.scope.key.clone()),
            table,
            record_key: format!("{}/{}/{key}", of.lea, self.subject.value),
            ordinal,
            effective: dates::on(on),
            observed_at_us: None,
            version: None,
            findings,
            third_parties: Vec::new(),
            clears: Vec::new(),
            labels: Vec::new(),
            event,
            place: self.speaker.place(node, ""),
        });
    }

    /// Gives a record of this child to quarantine.
    pub(crate) fn reject(&mut self, node: &Node, reason: Reason, field: &str, message: &str) {
        let subject = self.subject.clone();
        self.speaker.reject(node, reason, field, message, Some(subject));
    }
}

impl Speaker<'_> {
    fn reject(&mut self, node: &Node, reason: Reason, field: &str, message: &str, subject: Option<Subject>) {
        self.out.reject(Rejection {
            reason,
            message: message.to_owned(),
            place: self.place(node, field),
            controller: Some(self.of.controller.clone()),
            raw: node.as_row(),
            scope_key: Some(self.of.scope.key.clone()),
            subject,
            digest: None,
        });
    }

    fn place(&self, node: &Node, field: &str) -> Place {
        Place {
            file: self.files.get(node.spot.file).cloned().unwrap_or_default(),
            line: node.spot.line,
            record: node.spot.record,
            byte_offset: node.spot.offset,
            field: field.to_owned(),
        }
    }
}

/// A part of a key that comes from a record, in bounds.
pub(crate) fn key_part(text: &str) -> String {
    // No more bytes than that are no more characters.
    if text.len() <= KEY_PART_CHARS_MAX { text.to_owned() } else { text.chars().take(KEY_PART_CHARS_MAX).collect() }
}

/// Dates compare, and what a date leaves out counts as the first.
pub(crate) fn rank(date: &Date) -> (i32, u32, u32) {
    (date.year, date.month.unwrap_or(1), date.day.unwrap_or(1))
}

/// Whether a module has anything under this person.
pub(crate) fn under(nodes: &[Node], module: Module) -> impl Iterator<Item = &Node> {
    nodes.iter().flat_map(move |node| node.each(module))
}
