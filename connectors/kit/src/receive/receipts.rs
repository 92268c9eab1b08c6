//! What was answered to whom for which bytes, and what became of it: in the drop folder, so that whoever takes over knows.
//!
//! ```text
//! received/key                    what ids and digests are made with; drawn once
//! received/<2 hex>/<id>.receipt   the answer, before anybody hears it
//! received/<2 hex>/<id>.outcome   what became of it
//! ```
//!
//! Neither a caller's key nor a body can be told from what is here: both may name a child.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::Answer;
use crate::connector::{Draft, Rejection};
use crate::spool::{list, write_whole};
use crate::submission::{Counted, Outcome, Report};

const FOLDER: &str = "received";
const RECEIPT: &str = "receipt";
const OUTCOME: &str = "outcome";
/// Problems that are told one by one; beyond these they are only counted.
const PROBLEMS_MAX: usize = 1_000;

/// What a post was answered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Receipt {
    pub(crate) caller: String,
    /// Of the bytes, made with the folder's key.
    pub(crate) digest: String,
    /// The submission's place in the order.
    pub(crate) number: i64,
    pub(crate) answer: Answer,
}

/// What became of a submission: counts, codes and places, and nothing of a child.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct SubmissionOutcome {
    /// Records read.
    pub records: u64,
    /// Entries by what became of them.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Findings by code, field and published rule.
    pub findings: Vec<Counted>,
    /// What is in quarantine, by reason and field.
    pub quarantined: Vec<Counted>,
    /// Retractions that wait for a person.
    pub retractions_held: usize,
    /// Reasons and findings by record.
    pub problems: Vec<SubmissionProblem>,
    /// Problems beyond those that are told one by one.
    pub problems_not_listed: u64,
}

/// What is the matter with one record.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SubmissionProblem {
    /// Its number, 1 first; 0 of what has none.
    pub record: u64,
    /// Its line, where it has one.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub line: u64,
    /// The source's name of the field.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub field: String,
    /// The reason or the code of the finding.
    pub code: String,
    /// Whether it keeps the record from being used.
    pub refused: bool,
    /// What is wrong and what to do.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub says: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it by reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl SubmissionOutcome {
    /// Notes what the records' findings are, before the differ takes them.
    pub(crate) fn found<'d>(&mut self, drafts: impl Iterator<Item = &'d Draft>) {
        for draft in drafts {
            for finding in &draft.findings {
                let code = finding.code().as_str_name().trim_start_matches("FINDING_CODE_").to_owned();
                self.note(SubmissionProblem {
                    record: draft.place.record,
                    line: draft.place.line,
                    field: finding.field.clone(),
                    code,
                    refused: false,
                    says: finding.rule.clone().unwrap_or_default(),
                });
            }
        }
    }

    /// Notes what was refused.
    pub(crate) fn refused(&mut self, rejections: &[Rejection]) {
        for rejection in rejections {
            self.note(SubmissionProblem {
                record: rejection.place.record,
                line: rejection.place.line,
                field: rejection.place.field.clone(),
                code: rejection.reason.name().to_owned(),
                refused: true,
                says: rejection.message.clone(),
            });
        }
    }

    /// Completes it with what was counted.
    pub(crate) fn end(&mut self, report: &Report) {
        self.problems.sort_by_key(|problem| (problem.record, problem.line, !problem.refused));
        let total = report.total();
        self.records = report.records;
        self.retractions_held = report.scopes.iter().map(|scope| scope.retractions_held).sum();
        (self.outcomes, self.findings, self.quarantined) = (total.outcomes, total.findings, total.quarantined);
    }

    fn note(&mut self, problem: SubmissionProblem) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        } else {
            self.problems_not_listed += 1;
        }
    }
}

/// The receipts of one drop folder.
#[derive(Clone)]
pub struct Receipts {
    folder: PathBuf,
    key: [u8; 32],
}

impl std::fmt::Debug for Receipts {
    /// Without the key.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Receipts").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Receipts {
    /// Opens those of this drop folder; draws the key when there is none.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn open(root: &Path) -> io::Result<Self> {
        let folder = root.join(FOLDER);
        let file = folder.join("key");
        let held = match fs::read(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let drawn: [u8; 32] = rand::random();
                write_whole(&file, &drawn)?;
                drawn.to_vec()
            }
            held => held?,
        };
        let key =
            held.try_into().map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "`received/key` is no key"))?;
        Ok(Self { folder, key })
    }

    /// The id of the submission that this caller sends under this key.
    pub(crate) fn id(&self, caller: &str, key: &[u8]) -> String {
        let mut made = self.digest();
        made.update(caller.as_bytes());
        made.update(&[0]);
        made.update(key);
        hex::encode(made.finalize().into_bytes().get(..16).unwrap_or_default())
    }

    /// Begins a digest of a body.
    pub(crate) fn digest(&self) -> Hmac<Sha256> {
        // A key of any length is taken.
        Hmac::<Sha256>::new_from_slice(&self.key).unwrap_or_else(|_| Hmac::<Sha256>::new(&Default::default()))
    }

    pub(crate) fn load(&self, id: &str) -> io::Result<Option<Receipt>> {
        read(&of_id(&self.folder, id, RECEIPT))
    }

    pub(crate) fn store(&self, id: &str, receipt: &Receipt) -> io::Result<()> {
        write_whole(&of_id(&self.folder, id, RECEIPT), &serde_json::to_vec(receipt)?)
    }

    pub(crate) fn outcome(&self, id: &str) -> io::Result<Option<SubmissionOutcome>> {
        read(&of_id(&self.folder, id, OUTCOME))
    }

    /// Removes what is older than it is kept, of submissions that were dealt with.
    pub(crate) fn remove_old(&self, keep: Duration, now: SystemTime) -> io::Result<u64> {
        let mut removed = 0;
        for folder in list(&self.folder)?.into_iter().filter(|path| path.is_dir()) {
            for outcome in list(&folder)?.into_iter().filter(|path| path.extension().is_some_and(|of| of == OUTCOME)) {
                let old = fs::metadata(&outcome)?.modified()?;
                if now.duration_since(old).is_ok_and(|age| age > keep) {
                    // The receipt first: without its outcome it would say for ever that the submission waits.
                    match fs::remove_file(outcome.with_extension(RECEIPT)) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                        _ => fs::remove_file(&outcome)?,
                    }
                    removed += 1;
                }
            }
        }
        Ok(removed)
    }
}

/// The receipt of this submission, by whoever only knows the drop folder.
pub(crate) fn receipt_of(root: &Path, id: &str) -> io::Result<Option<Receipt>> {
    read(&of_id(&root.join(FOLDER), id, RECEIPT))
}

pub(crate) fn store_outcome(root: &Path, id: &str, outcome: &SubmissionOutcome) -> io::Result<()> {
    write_whole(&of_id(&root.join(FOLDER), id, OUTCOME), &serde_json::to_vec(outcome)?)
}

fn of_id(folder: &Path, id: &str, ending: &str) -> PathBuf {
    let shelf: String = id.chars().take(2).collect();
    folder.join(shelf).join(id).with_extension(ending)
}

fn read<T: for<'a> Deserialize<'a>>(file: &Path) -> io::Result<Option<T>> {
    match fs::read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        bytes => Ok(Some(serde_json::from_slice(&bytes?)?)),
    }
}
