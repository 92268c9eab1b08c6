//! What became of a submission, counted: for the people who sent it and those who look after the feed.
//!
//! Nothing of it tells of a child: counts, names of fields and codes, and the keys of scopes. File names are left out, since a
//! file may be named after a child. What is counted is kept by the organisation that answers for it, so that a school can be
//! sent its own part and no other's.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use proto::events::event::Kind;
use proto::events::{Cause, FindingCode, Scheme};
use serde::{Deserialize, Serialize};

use crate::connector::{Draft, Place, Rejection};
use crate::differ::Diff;

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
    /// It was there before, and is gone.
    Retracted,
}

impl Outcome {
    /// Every outcome, in order.
    pub const ALL: [Self; 5] =
        [Self::Published, Self::PublishedWithFindings, Self::Unchanged, Self::Quarantined, Self::Retracted];

    /// Its code: `PUBLISHED_WITH_FINDINGS`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Published => "PUBLISHED",
            Self::PublishedWithFindings => "PUBLISHED_WITH_FINDINGS",
            Self::Unchanged => "UNCHANGED",
            Self::Quarantined => "QUARANTINED",
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
    /// Begins with what was read.
    pub(crate) fn begin(source: &str, picked_up_us: i64, files: usize, records: u64) -> Self {
        Self { source: source.to_owned(), picked_up_us, files, records, ..Self::default() }
    }

    /// Counts what the records became.
    pub(crate) fn read(&mut self, drafts: &[Draft], rejections: &[Rejection]) {
        // The records of which something was said, or which were given to quarantine.
        let record_of = |place: &Place| if place.record > 0 { place.record } else { place.line };
        let mut told: BTreeSet<(&str, u64)> = BTreeSet::new();
        let mut last: Option<(&str, u64)> = None;
        let mut children: BTreeMap<(&str, &str, &str), Children> = BTreeMap::new();
        for draft in drafts {
            let at = (draft.place.file.as_str(), record_of(&draft.place));
            if last != Some(at) {
                told.insert(at);
                last = Some(at);
            }
            let tally = self.organisations.entry(draft.controller.clone()).or_default();
            // Until the differ says otherwise.
            *tally.outcomes.entry(Outcome::Unchanged).or_default() += 1;
            for finding in &draft.findings {
                let code = FindingCode::try_from(finding.code).unwrap_or_default().as_str_name();
                let code = code.trim_start_matches("FINDING_CODE_");
                count(&mut tally.findings, code, &finding.field, finding.rule.as_deref().unwrap_or_default());
            }
            if let Some(Kind::PersonDescribed(person)) = &draft.event.kind {
                let of = (draft.controller.as_str(), draft.subject.issuer.as_str(), draft.subject.value.as_str());
                let known = children.entry(of).or_default();
                for identifier in &person.identifiers {
                    let is_national = identifier.subject.as_ref().is_some_and(|subject| {
                        matches!(subject.scheme(), Scheme::NhsNumber | Scheme::Upn | Scheme::Uln)
                    });
                    known.usable |= u64::from(is_national && identifier.usable);
                    known.unusable |= u64::from(is_national && !identifier.usable);
                }
            }
        }
        for ((controller, ..), known) in children {
            let all = &mut self.organisations.entry(controller.to_owned()).or_default().children;
            match (known.usable, known.unusable) {
                (1.., _) => all.usable += 1,
                (0, 1..) => all.unusable += 1,
                (0, 0) => all.without += 1,
            }
        }
        told.extend(rejections.iter().map(|r| (r.place.file.as_str(), record_of(&r.place))));
        self.silent = self.records.saturating_sub(told.len() as u64);
    }

    /// Counts what one scope's submission changes.
    pub(crate) fn diffed(&mut self, of: OfScope, diff: &Diff) {
        for statement in &diff.statements {
            let body = &statement.body;
            let tally = self.organisations.entry(body.controller.clone()).or_default();
            let kind = body.event.as_ref().and_then(|event| event.kind_number()).map_or("", |kind| kind.name());
            let cause = Cause::try_from(body.cause).unwrap_or_default();
            let word = cause.as_str_name().trim_start_matches("CAUSE_").to_ascii_lowercase();
            let outcome = match cause {
                Cause::Retracted => Outcome::Retracted,
                // The entry that a corrected one takes the place of.
                Cause::Corrected if kind == "EntryCorrected" => continue,
                _ if body.findings.is_empty() => Outcome::Published,
                _ => Outcome::PublishedWithFindings,
            };
            *tally.changes.entry(kind.to_owned()).or_default().entry(word).or_default() += 1;
            *tally.outcomes.entry(outcome).or_default() += 1;
            if outcome != Outcome::Retracted {
                take_from(tally.outcomes.entry(Outcome::Unchanged).or_default());
            }
        }
        let standing = diff.baseline.entries_standing();
        let retractions_held = diff.held.map_or(0, |held| held.retractions);
        self.scopes.push(OfScope { standing, retractions_held, superseded: diff.superseded, ..of });
    }

    /// Counts what was published without being compared.
    pub(crate) fn published(&mut self, drafts: &[Draft]) {
        for draft in drafts {
            let tally = self.organisations.entry(draft.controller.clone()).or_default();
            let outcome = if draft.findings.is_empty() { Outcome::Published } else { Outcome::PublishedWithFindings };
            let kind = draft.event.kind_number().map_or("", |kind| kind.name());
            *tally.changes.entry(kind.to_owned()).or_default().entry("started".to_owned()).or_default() += 1;
            *tally.outcomes.entry(outcome).or_default() += 1;
            take_from(tally.outcomes.entry(Outcome::Unchanged).or_default());
        }
    }

    /// Counts what is in quarantine, and ends the count.
    pub(crate) fn end(&mut self, rejections: &[Rejection]) {
        for rejection in rejections {
            let tally = self.organisations.entry(rejection.controller.clone().unwrap_or_default()).or_default();
            *tally.outcomes.entry(Outcome::Quarantined).or_default() += 1;
            count(&mut tally.quarantined, rejection.reason.name(), &rejection.place.field, &rejection.message);
        }
        for tally in self.organisations.values_mut() {
            tally.outcomes.retain(|_, count| *count > 0);
            for list in [&mut tally.findings, &mut tally.quarantined] {
                list.sort_by(|a, b| (b.count, &a.code, &a.field).cmp(&(a.count, &b.code, &b.field)));
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
            for (list, into) in [(&tally.findings, &mut total.findings), (&tally.quarantined, &mut total.quarantined)] {
                for one in list {
                    add(into, &one.code, &one.field, &one.says, one.count);
                }
            }
            total.children.usable += tally.children.usable;
            total.children.unusable += tally.children.unusable;
            total.children.without += tally.children.without;
        }
        for list in [&mut total.findings, &mut total.quarantined] {
            list.sort_by(|a, b| (b.count, &a.code, &a.field).cmp(&(a.count, &b.code, &b.field)));
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

fn count(list: &mut Vec<Counted>, code: &str, field: &str, says: &str) {
    add(list, code, field, says, 1);
}

fn add(list: &mut Vec<Counted>, code: &str, field: &str, says: &str, count: u64) {
    match list.iter_mut().find(|one| one.code == code && one.field == field) {
        Some(one) => one.count += count,
        None => list.push(Counted { code: code.to_owned(), field: field.to_owned(), says: says.to_owned(), count }),
    }
}
