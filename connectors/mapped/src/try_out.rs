//! A mapping tried on data: what would become of every row. Nothing is sealed, and nothing is sent.

use std::collections::{BTreeMap, BTreeSet};

use connector_kit::differ::SAME_KEY_SAID;
use connector_kit::publish::not_for_the_log;
use connector_kit::{Collected, Draft, Place, Rejection, SourceFile};
use proto::event::KindNumber;
use proto::events::FindingCode;
use proto::quarantine::Reason;
use serde::Serialize;

use crate::plan::Mapping;

/// What would become of a row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Events, with nothing odd about them.
    Published,
    /// Events that carry findings.
    PublishedWithFindings,
    /// No event of the mapping fits: the row is kept as it came.
    KeptAsItCame,
    /// Nothing, or not all of it: what could not be translated waits for a person.
    Quarantined,
    /// Not of this mapping, by its own `only_when`.
    PassedOver,
}

/// One row of the data.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RowOutcome {
    /// Its line; of a workbook, its row.
    pub line: u64,
    /// What becomes of it.
    pub outcome: Outcome,
    /// The kinds of its events.
    pub events: Vec<&'static str>,
    /// Findings: the code, and the column.
    pub findings: Vec<(String, String)>,
    /// Reasons of rejections: the code, the column, and what to do.
    pub rejected: Vec<(String, String, String)>,
}

/// A mapping tried on one file.
#[derive(Clone, Debug, Default)]
pub struct Tried {
    /// Every row, in order.
    pub rows: Vec<RowOutcome>,
    /// What is wrong with the file, and not with a row of it.
    pub of_file: Vec<Rejection>,
    /// What was said.
    pub said: Collected,
}

/// Tries a mapping on one file.
pub fn try_out(mapping: &Mapping, file: SourceFile<'_>) -> Tried {
    let (mut said, mut passed) = (Collected::default(), Vec::new());
    // Memory holds it all: there is no disk that could fail.
    let _held = mapping.translate_told(file, &mut said, &mut |row| passed.push(row));
    let mut rows: BTreeMap<u64, RowOutcome> = BTreeMap::new();
    let row = |line| RowOutcome {
        line,
        outcome: Outcome::PassedOver,
        events: Vec::new(),
        findings: Vec::new(),
        rejected: Vec::new(),
    };
    for passed in passed {
        rows.insert(passed.record, row(passed.line));
    }
    for (draft, reason, message) in take_refused(&mut said.drafts) {
        let of = rows.entry(draft.place.record).or_insert_with(|| row(draft.place.line));
        let refused = (reason.name().to_owned(), String::new(), message);
        if !of.rejected.contains(&refused) {
            of.rejected.push(refused);
        }
    }
    for draft in &said.drafts {
        let of = rows.entry(draft.place.record).or_insert_with(|| row(draft.place.line));
        of.events.push(draft.event.kind_number().map_or("", KindNumber::name));
        let code = |finding: &proto::events::Finding| {
            let name = FindingCode::try_from(finding.code).unwrap_or_default().as_str_name();
            name.trim_start_matches("FINDING_CODE_").to_owned()
        };
        of.findings.extend(draft.findings.iter().map(|finding| (code(finding), finding.field.clone())));
    }
    let mut of_file = Vec::new();
    for rejection in &said.rejections {
        if rejection.place.record == 0 {
            of_file.push(rejection.clone());
            continue;
        }
        let of = rows.entry(rejection.place.record).or_insert_with(|| row(rejection.place.line));
        of.rejected.push((
            rejection.reason.name().to_owned(),
            rejection.place.field.clone(),
            rejection.message.clone(),
        ));
    }
    let rows = rows.into_values().map(|row| RowOutcome { outcome: outcome_of(&row), ..row }).collect();
    Tried { rows, of_file, said }
}

/// Takes out what would be refused once it is read: what no reader of the log takes, and records of one key that differ.
fn take_refused(drafts: &mut Vec<Draft>) -> Vec<(Draft, Reason, String)> {
    use prost::Message as _;
    let key = |draft: &Draft| {
        let version = draft.version.map(|version| (version.as_of_us, version.sequence));
        (draft.controller.clone(), draft.subject.encode_to_vec(), draft.record_key.clone(), draft.ordinal, version)
    };
    let content = |draft: &Draft| Draft { place: Place::default(), ..draft.clone() };
    let (mut first, mut differ) = (BTreeMap::new(), BTreeSet::new());
    for draft in drafts.iter() {
        let content = content(draft);
        if *first.entry(key(draft)).or_insert_with(|| content.clone()) != content {
            differ.insert(key(draft));
        }
    }
    let why = |draft: &Draft| {
        let shared = || differ.contains(&key(draft)).then(|| (Reason::KeyShared, SAME_KEY_SAID.to_owned()));
        not_for_the_log(draft).or_else(shared)
    };
    let (mut good, mut refused) = (Vec::with_capacity(drafts.len()), Vec::new());
    for draft in std::mem::take(drafts) {
        match why(&draft) {
            Some((reason, message)) => refused.push((draft, reason, message)),
            None => good.push(draft),
        }
    }
    *drafts = good;
    refused
}

fn outcome_of(row: &RowOutcome) -> Outcome {
    if !row.rejected.is_empty() {
        return Outcome::Quarantined;
    }
    match row.events.first() {
        None => Outcome::PassedOver,
        Some(_) if row.events.contains(&"SourceRecordKept") => Outcome::KeptAsItCame,
        Some(_) if row.findings.is_empty() => Outcome::Published,
        Some(_) => Outcome::PublishedWithFindings,
    }
}

impl Tried {
    /// How many rows came to each outcome.
    pub fn counts(&self) -> BTreeMap<Outcome, u64> {
        let mut counts = BTreeMap::new();
        self.rows.iter().for_each(|row| *counts.entry(row.outcome).or_default() += 1);
        counts
    }

    /// Whether the whole of the file could be read.
    pub fn refused(&self) -> bool {
        self.rows.is_empty() && self.of_file.iter().any(|rejection| rejection.reason != Reason::ColumnsNotMapped)
    }
}

/// What one record would be under another mapping.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Change {
    /// The line of the data.
    pub line: u64,
    /// The kind of event, of the new mapping where there is one.
    pub kind: &'static str,
    /// "only before", "only now", or the fields that differ.
    pub what: String,
}

/// What would change if the second mapping took the place of the first, on the same data.
pub fn changes(before: &Tried, now: &Tried) -> Vec<Change> {
    use prost::Message as _;
    type Keyed<'d> = BTreeMap<(Vec<u8>, String, Option<(i64, u64)>), &'d Draft>;
    fn keyed(said: &Collected) -> Keyed<'_> {
        let key = |draft: &Draft| {
            let version = draft.version.map(|version| (version.as_of_us, version.sequence));
            (draft.subject.encode_to_vec(), format!("{}/{}", draft.controller, draft.record_key), version)
        };
        said.drafts.iter().map(|draft| (key(draft), draft)).collect()
    }
    let (before, now) = (keyed(&before.said), keyed(&now.said));
    let kind = |draft: &Draft| draft.event.kind_number().map_or("", KindNumber::name);
    let mut changes = Vec::new();
    for (key, draft) in &before {
        let Some(new) = now.get(key) else {
            changes.push(Change { line: draft.place.line, kind: kind(draft), what: "is said no more".to_owned() });
            continue;
        };
        let what = differs(draft, new);
        if !what.is_empty() {
            changes.push(Change { line: new.place.line, kind: kind(new), what: what.join(", ") });
        }
    }
    for (key, draft) in &now {
        if !before.contains_key(key) {
            changes.push(Change { line: draft.place.line, kind: kind(draft), what: "is new".to_owned() });
        }
    }
    changes.sort_by(|one, other| (one.line, one.kind).cmp(&(other.line, other.kind)));
    changes
}

fn differs(before: &Draft, now: &Draft) -> Vec<String> {
    let mut what = Vec::new();
    if before.effective != now.effective {
        what.push("when it happened".to_owned());
    }
    if before.findings != now.findings {
        what.push("findings".to_owned());
    }
    if before.third_parties != now.third_parties {
        what.push("third parties".to_owned());
    }
    what.extend(crate::explain::fields_that_differ(&before.event, &now.event));
    what
}
