//! How anything is said of a child: with its subject, scope, key and place.

use std::collections::BTreeMap;
use std::io;

use connector_kit::codes::CodeList;
use connector_kit::dates::rank;
use connector_kit::reading::{self, finding};
use connector_kit::{Draft, Output, Rejection, dates, kept};
use proto::events::{Coded, Date, Event, Finding, FindingCode, Subject};
use proto::quarantine::Reason;

use crate::header::Return;
use crate::module::{Module, Node};
use crate::person::{self, Hears, Person, Persons, Unknown};
use crate::refused::{self, Why};
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

const NAMELESS: Why<'_> = Why {
    reason: Reason::SubjectMissing,
    field: "UPN",
    message: "a person has neither a UPN nor a name and a birth date: give one, and send the return again",
};
const TOO_MANY: Why<'_> = Why {
    reason: Reason::RecordTooLarge,
    field: "UPN",
    message: "more records than any person has are known by one UPN, or by one name and birth date: some were not read; look at what \
              the return says of it, and send it again",
};

impl Speaker<'_> {
    /// Takes a person of the return of this number, to be said once all are known.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub(crate) fn take(&mut self, persons: &mut Persons, number: u32, node: &Node) -> io::Result<()> {
        if !persons.take(number, node)? {
            self.refuse_with_all_under(node, NAMELESS, None);
        }
        Ok(())
    }

    /// Refuses what stands in a person's record under nothing that it can be of. False when there is any.
    pub(crate) fn refuse_misplaced(&mut self, person: &mut Node) -> bool {
        let misplaced = person.take_misplaced();
        for node in &misplaced {
            let parent = node.module.parent().map_or("", Module::name);
            let message = format!(
                "this element belongs under one of {parent}, and stands elsewhere: put it there, and send the return again"
            );
            let why = Why { reason: Reason::ParentMissing, field: node.module.name(), message: &message };
            self.refuse_with_all_under(node, why, None);
        }
        misplaced.is_empty()
    }
}

/// Says all that returns say of their persons.
pub(crate) struct Telling<'a> {
    /// File names, by the numbers that records carry.
    pub(crate) files: &'a [String],
    pub(crate) out: &'a mut dyn Output,
}

impl Hears for Telling<'_> {
    fn person(&mut self, of: &Return, person: &Person) {
        let mut speaker = Speaker { of, files: self.files, out: &mut *self.out };
        let mut child = Child::of(&mut speaker, person);
        child.described(person);
        requests::say(&mut child, person);
        plans::say(&mut child, person);
    }

    fn unknown(&mut self, of: &Return, node: &Node, why: Unknown) {
        let mut speaker = Speaker { of, files: self.files, out: &mut *self.out };
        match why {
            Unknown::Nameless => speaker.refuse_with_all_under(node, NAMELESS, None),
            // It is told of, and what was read of it is said all the same.
            Unknown::TooMany => speaker.reject(refused::one(node, speaker.files, TOO_MANY), None),
        }
    }
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

    /// A field that says yes or no, or yes by a letter that says more: a letter that no list knows says neither.
    pub(crate) fn flag_or_kind(&mut self, list: &CodeList, field: &str) -> (Option<bool>, Option<Coded>) {
        // `T` and `F` are letters here: nobody shortens true and false so.
        let is_letter = matches!(self.node.get(field), "T" | "F" | "t" | "f");
        if let Some(flag) = reading::boolean(self.node.get(field), field).value.filter(|_| !is_letter) {
            return (Some(flag), None);
        }
        let kind = list.read(self.node.get(field), self.year, field);
        let is_known = kind.value.is_some() && kind.finding.is_none();
        (is_known.then_some(true), kind.keep(&mut self.findings))
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
        let (subject, record_key) = (self.subject.clone(), format!("{}/{}/{key}", of.lea, self.subject.value));
        let place = refused::place(node, self.speaker.files, "");
        self.speaker.out.draft(Draft {
            scope_key: Some(of.scope.key.clone()),
            ordinal,
            findings,
            ..Draft::of(subject, &of.controller, table, record_key, dates::on(on), event, place)
        });
    }

    /// Gives a record of this child to quarantine; what stands under it is said.
    pub(crate) fn refuse(&mut self, node: &Node, why: Why<'_>) {
        let subject = Some(self.subject.clone());
        let rejection = refused::one(node, self.speaker.files, why);
        self.speaker.reject(rejection, subject);
    }

    /// Gives a record of this child to quarantine, and all that stands under it.
    pub(crate) fn refuse_with_all_under(&mut self, node: &Node, why: Why<'_>) {
        self.speaker.refuse_with_all_under(node, why, Some(&self.subject));
    }
}

impl Speaker<'_> {
    pub(crate) fn refuse_with_all_under(&mut self, node: &Node, why: Why<'_>, subject: Option<&Subject>) {
        refused::each(node, self.files, why, &mut |rejection| self.reject(rejection, subject.cloned()));
    }

    fn reject(&mut self, rejection: Rejection, subject: Option<Subject>) {
        let controller = Some(self.of.controller.clone());
        self.out.reject(Rejection { controller, scope_key: Some(self.of.scope.key.clone()), subject, ..rejection });
    }
}

/// A part of a key that comes from a record, in bounds.
pub(crate) fn key_part(text: &str) -> String {
    connector_kit::text::start(text, KEY_PART_CHARS_MAX)
}

/// Whether a module has anything under this person.
pub(crate) fn under(nodes: &[Node], module: Module) -> impl Iterator<Item = &Node> {
    nodes.iter().flat_map(move |node| node.each(module))
}
