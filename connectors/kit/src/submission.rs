//! What became of a submission, counted: for the people who sent it and those who look after the feed.
//!
//! Nothing of it tells of a child: counts, names of fields and codes, and the keys of scopes. File names are left out, since a
//! file may be named after a child. What is counted is kept by the organisation that answers for it, so that a school can be
//! sent its own part and no other's.

mod reading;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use proto::events::{Cause, Finding};
use serde::{Deserialize, Serialize};

use crate::body::Statement;
use crate::connector::{Draft, Rejection};
pub(crate) use reading::Reading;

/// What became of one submission.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// The connector.
    pub source: String,
    /// When it was picked up, microseconds since 1970: also its name among the source's submissions.
    pub picked_up_us: i64,
    /// How many files it came in.
    pub files: usize,
    /// Records read.
    pub records: u64,
    /// Of these, records of which nothing is said by itself: of the sender, or only there to hold others.
    pub silent: u64,
    /// The scopes that it states.
    pub scopes: Vec<OfScope>,
    /// By organisation that answers for the records: "" where that is not known.
    pub organisations: BTreeMap<String, Tally>,
}

/// What it states of one scope.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct OfScope {
    /// Authority, collection, period and table.
    pub key: String,
    /// When the source stood so, microseconds since 1970.
    pub as_of_us: i64,
    /// It was read whole, so that what is absent is gone.
    pub whole: bool,
    /// Entries that stand after it.
    pub standing: usize,
    /// Retractions that wait for a person.
    pub retractions_held: usize,
    /// Entries that a later submission had overtaken already.
    pub superseded: u64,
}

/// What became of one organisation's records.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Entries by outcome.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// What changed since the last submission: by kind of event, then by cause.
    pub changes: BTreeMap<String, BTreeMap<String, u64>>,
    /// Findings by code, field and published rule.
    pub findings: Vec<Counted>,
    /// What is in quarantine, by reason and field.
    pub quarantined: Vec<Counted>,
    /// How the children described can be told.
    pub children: Children,
}

/// What becomes of an entry. The codes are stable.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// It is news, and nothing is odd about it.
    Published,
    /// It is news, and something about it is odd: the findings say what.
    PublishedWithFindings,
    /// The log said so already.
    Unchanged,
    /// It could not be used: it is in quarantine.
    Quarantined,
    /// Nothing is odd about it, but the file or the scope that it stands in is in quarantine as a whole.
    NotTaken,
    /// It was there before, and is gone.
    Retracted,
}

impl Outcome {
    /// Every outcome, in order.
    pub const ALL: [Self; 6] = [
        Self::Published,
        Self::PublishedWithFindings,
        Self::Unchanged,
        Self::Quarantined,
        Self::NotTaken,
        Self::Retracted,
    ];

    /// Its code: `PUBLISHED_WITH_FINDINGS`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Published => "PUBLISHED",
            Self::PublishedWithFindings => "PUBLISHED_WITH_FINDINGS",
            Self::Unchanged => "UNCHANGED",
            Self::Quarantined => "QUARANTINED",
            Self::NotTaken => "NOT_TAKEN",
            Self::Retracted => "RETRACTED",
        }
    }
}

/// How often something was found in one field.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counted {
    /// The code of the finding, or the reason.
    pub code: String,
    /// The source's name of the field; "" of the whole record.
    pub field: String,
    /// The published rule, where there is one; of a reason, what to do.
    pub says: String,
    /// How often.
    pub count: u64,
}

/// Children described, by whether anything links them to the same child elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Children {
    /// With a national number that can be used.
    pub usable: u64,
    /// With a national number that cannot: malformed, failing its check, shared, or a stand-in.
    pub unusable: u64,
    /// With none.
    pub without: u64,
}

impl Children {
    /// All of them.
    pub fn described(&self) -> u64 {
        self.usable + self.unusable + self.without
    }
}

impl Report {
    /// Begins a report of what is being read.
    pub(crate) fn begin(source: &str, picked_up_us: i64, files: usize) -> Self {
        Self { source: source.to_owned(), picked_up_us, files, ..Self::default() }
    }

    /// Counts what a record became.
    pub(crate) fn read(&mut self, draft: &Draft) {
        let tally = self.of(&draft.controller);
        // Until the differ says otherwise.
        *tally.outcomes.entry(Outcome::Unchanged).or_default() += 1;
        draft.findings.iter().for_each(|finding| count_finding(&mut tally.findings, finding));
    }

    /// Counts what is odd about all of an organisation's records together.
    pub(crate) fn found(&mut self, controller: &str, finding: &Finding) {
        count_finding(&mut self.of(controller).findings, finding);
    }

    /// What is counted of one organisation.
    pub(crate) fn of(&mut self, controller: &str) -> &mut Tally {
        self.organisations.entry(controller.to_owned()).or_default()
    }

    /// Counts one scope.
    pub(crate) fn scope(&mut self, of: OfScope) {
        self.scopes.push(of);
    }

    /// Counts what a scope's submission changes.
    pub(crate) fn said(&mut self, statement: &Statement) {
        let body = &statement.body;
        let tally = self.of(&body.controller);
        let kind = body.event.as_ref().and_then(|event| event.kind_number()).map_or("", |kind| kind.name());
        let cause = Cause::try_from(body.cause).unwrap_or_default();
        let word = cause.as_str_name().trim_start_matches("CAUSE_").to_ascii_lowercase();
        let outcome = match cause {
            Cause::Retracted => Outcome::Retracted,
            // The entry that a corrected one takes the place of.
            Cause::Corrected if kind == "EntryCorrected" => return,
            _ if body.findings.is_empty() => Outcome::Published,
            _ => Outcome::PublishedWithFindings,
        };
        *tally.changes.entry(kind.to_owned()).or_default().entry(word).or_default() += 1;
        *tally.outcomes.entry(outcome).or_default() += 1;
        if outcome != Outcome::Retracted {
            take_from(tally.outcomes.entry(Outcome::Unchanged).or_default());
        }
    }

    /// Counts what was published without being compared.
    pub(crate) fn published(&mut self, drafts: &[Draft]) {
        for draft in drafts {
            let tally = self.of(&draft.controller);
            let outcome = if draft.findings.is_empty() { Outcome::Published } else { Outcome::PublishedWithFindings };
            let kind = draft.event.kind_number().map_or("", |kind| kind.name());
            *tally.changes.entry(kind.to_owned()).or_default().entry("started".to_owned()).or_default() += 1;
            *tally.outcomes.entry(outcome).or_default() += 1;
            take_from(tally.outcomes.entry(Outcome::Unchanged).or_default());
        }
    }

    /// Counts what was read of a scope and is not taken.
    pub(crate) fn not_taken(&mut self, controller: &str, entries: u64) {
        let outcomes = &mut self.of(controller).outcomes;
        *outcomes.entry(Outcome::NotTaken).or_default() += entries;
        let unchanged = outcomes.entry(Outcome::Unchanged).or_default();
        *unchanged = unchanged.saturating_sub(entries);
    }

    /// Counts what was read of this organisation's as no entry: it is in quarantine.
    pub(crate) fn not_an_entry(&mut self, controller: &str) {
        take_from(self.of(controller).outcomes.entry(Outcome::Unchanged).or_default());
    }

    /// Counts what is in quarantine.
    pub(crate) fn refused(&mut self, rejections: &[Rejection]) {
        for rejection in rejections {
            let tally = self.of(rejection.controller.as_deref().unwrap_or_default());
            *tally.outcomes.entry(Outcome::Quarantined).or_default() += 1;
            let place = &rejection.place;
            add(&mut tally.quarantined, |_| true, rejection.reason.name(), &place.field, &rejection.message, 1);
        }
    }

    /// Ends the count.
    pub(crate) fn end(&mut self) {
        for tally in self.organisations.values_mut() {
            tally.outcomes.retain(|_, count| *count > 0);
            for list in [&mut tally.findings, &mut tally.quarantined] {
                list.sort_by(|a, b| (b.count, &a.code, &a.field, &a.says).cmp(&(a.count, &b.code, &b.field, &b.says)));
            }
        }
    }

    /// All organisations' together.
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        for tally in self.organisations.values() {
            for (outcome, count) in &tally.outcomes {
                *total.outcomes.entry(*outcome).or_default() += count;
            }
            for (kind, causes) in &tally.changes {
                for (cause, count) in causes {
                    *total.changes.entry(kind.clone()).or_default().entry(cause.clone()).or_default() += count;
                }
            }
            for one in &tally.findings {
                add(&mut total.findings, |other| other.says == one.says, &one.code, &one.field, &one.says, one.count);
            }
            for one in &tally.quarantined {
                add(&mut total.quarantined, |_| true, &one.code, &one.field, &one.says, one.count);
            }
            total.children.usable += tally.children.usable;
            total.children.unusable += tally.children.unusable;
            total.children.without += tally.children.without;
        }
        for list in [&mut total.findings, &mut total.quarantined] {
            list.sort_by(|a, b| (b.count, &a.code, &a.field, &a.says).cmp(&(a.count, &b.code, &b.field, &b.says)));
        }
        total
    }

    /// Writes it into this folder, in place of an earlier writing of the same submission.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn store(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let path = path_of(folder, self.picked_up_us);
        let beside = path.with_extension("new");
        let mut file = fs::File::create(&beside)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.sync_all()?;
        fs::rename(&beside, &path)
    }

    /// Reads the reports of a folder, the latest first. What is no report is passed over; a folder that is not there has none.
    ///
    /// # Errors
    /// When the folder, or a report of it, cannot be read.
    pub fn load_all(folder: &Path) -> io::Result<Vec<Self>> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut reports = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == EXTENSION) {
                reports.extend(serde_json::from_slice::<Self>(&fs::read(&path)?).ok());
            }
        }
        reports.sort_by_key(|report| std::cmp::Reverse(report.picked_up_us));
        Ok(reports)
    }
}

const EXTENSION: &str = "json";

fn path_of(folder: &Path, picked_up_us: i64) -> PathBuf {
    folder.join(format!("{picked_up_us:020}")).with_extension(EXTENSION)
}

fn take_from(count: &mut u64) {
    *count = count.saturating_sub(1);
}

fn count_finding(list: &mut Vec<Counted>, finding: &Finding) {
    let code = finding.code().as_str_name().trim_start_matches("FINDING_CODE_");
    let rule = finding.rule.as_deref().unwrap_or_default();
    add(list, |one| one.says == rule, code, &finding.field, rule, 1);
}

/// Adds to the one of this code and field that is `same`, or another.
fn add(list: &mut Vec<Counted>, same: impl Fn(&Counted) -> bool, code: &str, field: &str, says: &str, count: u64) {
    match list.iter_mut().find(|one| one.code == code && one.field == field && same(one)) {
        Some(one) => one.count += count,
        None => list.push(Counted { code: code.to_owned(), field: field.to_owned(), says: says.to_owned(), count }),
    }
}
