//! What is counted of a submission while it is read, of any number of records and children in little memory.

use std::collections::{BTreeMap, HashMap};
use std::io;

use event_log::Pseudonym;
use proto::events::{Scheme, event::Kind};

use super::{Children, Report};
use crate::connector::{Draft, Place, Rejection};
use crate::runs::{Fields, Runs};

/// A report that is being made.
pub(crate) struct Reading {
    pub(crate) report: Report,
    /// Records of which something was said, or which were given to quarantine: by file.
    told: HashMap<String, Numbers>,
    /// Children by organisation, each with what tells it.
    described: Runs,
    organisations: Vec<String>,
    organisation_at: HashMap<String, u32>,
}

/// Numbers, of which most follow on one another.
#[derive(Default)]
struct Numbers {
    /// Sixty-four in each.
    pages: BTreeMap<u64, u64>,
    last: Option<u64>,
}

impl Numbers {
    fn insert(&mut self, number: u64) {
        if self.last.replace(number) != Some(number) {
            *self.pages.entry(number / 64).or_default() |= 1 << (number % 64);
        }
    }

    fn count(&self) -> u64 {
        self.pages.values().map(|page| u64::from(page.count_ones())).sum()
    }
}

const USABLE: u8 = 1;
const UNUSABLE: u8 = 2;

impl Reading {
    /// Begins it. What memory does not hold goes to `runs`.
    pub(crate) fn begin(source: &str, picked_up_us: i64, files: usize, runs: Runs) -> Self {
        Self {
            report: Report::begin(source, picked_up_us, files),
            told: HashMap::new(),
            described: runs,
            organisations: Vec::new(),
            organisation_at: HashMap::new(),
        }
    }

    /// Counts what a record became, of this child.
    pub(crate) fn read(&mut self, draft: &Draft, subject: Pseudonym) -> io::Result<()> {
        self.told(&draft.place);
        self.report.read(draft);
        let Some(Kind::PersonDescribed(person)) = &draft.event.kind else { return Ok(()) };
        let mut known = 0;
        for identifier in &person.identifiers {
            let is_national = identifier
                .subject
                .as_ref()
                .is_some_and(|subject| matches!(subject.scheme(), Scheme::NhsNumber | Scheme::Upn | Scheme::Uln));
            if is_national {
                known |= if identifier.usable { USABLE } else { UNUSABLE };
            }
        }
        let organisation = self.organisation(&draft.controller);
        let mut row = [known; 17];
        let (of, _) = row.split_at_mut(16);
        of.copy_from_slice(subject.as_bytes());
        self.described.push(organisation, &row)
    }

    /// Counts what could not be read.
    pub(crate) fn refused(&mut self, rejections: &[Rejection]) {
        rejections.iter().for_each(|rejection| self.told(&rejection.place));
        self.report.refused(rejections);
    }

    /// Everything was read: so many records.
    pub(crate) fn end(self, records: u64) -> io::Result<Report> {
        let Self { mut report, told, described, organisations, .. } = self;
        let described = described.sorted()?;
        for (section, organisation) in (0..).zip(&organisations) {
            let mut children = Children::default();
            let (mut rows, mut child): (_, Option<([u8; 16], u8)>) = (described.section(section), None);
            while let Some(row) = rows.next()? {
                let mut fields = Fields(row);
                let (of, known) = (fields.bytes(), fields.byte());
                match &mut child {
                    Some((last, before)) if *last == of => *before |= known,
                    _ => children.count(child.replace((of, known))),
                }
            }
            children.count(child);
            report.of(organisation).children = children;
        }
        report.records = records;
        report.silent = records.saturating_sub(told.values().map(Numbers::count).sum());
        Ok(report)
    }

    fn told(&mut self, place: &Place) {
        let record = if place.record > 0 { place.record } else { place.line };
        match self.told.get_mut(&place.file) {
            Some(numbers) => numbers.insert(record),
            None => self.told.entry(place.file.clone()).or_default().insert(record),
        }
    }

    fn organisation(&mut self, controller: &str) -> u32 {
        if let Some(at) = self.organisation_at.get(controller) {
            return *at;
        }
        let at = u32::try_from(self.organisations.len()).unwrap_or(u32::MAX);
        self.organisations.push(controller.to_owned());
        self.organisation_at.insert(controller.to_owned(), at);
        at
    }
}

impl Children {
    fn count(&mut self, child: Option<([u8; 16], u8)>) {
        match child {
            None => {}
            Some((_, known)) if known & USABLE != 0 => self.usable += 1,
            Some((_, known)) if known & UNUSABLE != 0 => self.unusable += 1,
            Some(_) => self.without += 1,
        }
    }
}
