//! A submission that is all in memory: a part of one that is read again, and whatever a test makes.

use std::collections::{BTreeMap, BTreeSet};

use event_log::Pseudonym;
use event_log::seal::PseudonymKey;
use proto::events::Version;

use super::baseline::{Kept, Past};
use super::baselines::BaselineError;
use super::decide::{Held, Keeps, KeptChildren, decide};
use super::survey::Survey;
use super::verdict::{Comes, Verdicts};
use super::{Baseline, HeldBack, Retractions};
use crate::body::{Statement, Subjects};
use crate::connector::{Draft, Rejection, Scope};
use crate::runs::Runs;

/// Everything that one submission says of one scope.
#[derive(Clone, PartialEq, Debug)]
pub struct Submission {
    /// The scope's key.
    pub scope_key: String,
    /// When the source stood so, microseconds since 1970.
    pub as_of_us: i64,
    /// The order among submissions with one as-of.
    pub sequence: u64,
    /// Of the mapping that translated it.
    pub mapping_revision: u32,
    /// What it says, in its order.
    pub drafts: Vec<Draft>,
    /// It was read to its end without structural error.
    pub whole: bool,
    /// Of these, something could not be read.
    pub unread: BTreeSet<Pseudonym>,
    /// Of these, everything was read, whether or not the whole scope was.
    pub covered: BTreeSet<Pseudonym>,
    /// Things that have parts: whose, their record keys, and whether all of their parts are told.
    pub parts: Vec<(Pseudonym, String, bool)>,
}

/// What a submission changes.
#[derive(Clone, PartialEq, Debug)]
pub struct Diff {
    /// What to publish, in order.
    pub statements: Vec<Statement>,
    /// What the scope holds once all of it is acknowledged.
    pub baseline: Baseline,
    /// Retractions that were too many.
    pub held: Option<HeldBack>,
    /// Records that cannot stand beside another of the same key.
    pub rejections: Vec<Rejection>,
    /// States of a late submission that later ones have overtaken.
    pub superseded: u64,
}

/// Diffs a submission with what its scope holds. Pure: the same submission and baseline give the same.
#[expect(clippy::expect_used, reason = "what is in memory can be read and written")]
pub fn diff(
    key: &PseudonymKey,
    source: &'static str,
    baseline: Baseline,
    submission: Submission,
    allowed: Retractions,
) -> Diff {
    diffed(key, source, baseline, submission, allowed).expect("all of it is in memory")
}

fn diffed(
    key: &PseudonymKey,
    source: &'static str,
    baseline: Baseline,
    submission: Submission,
    allowed: Retractions,
) -> Result<Diff, BaselineError> {
    let unsorted = super::unsorted;
    let Submission { scope_key, as_of_us, sequence, mapping_revision, mut drafts, whole, unread, covered, parts } =
        submission;
    let mut survey = Survey::new(key, source, Runs::in_memory);
    survey.scope(Scope { key: scope_key.clone(), as_of_us: Some(as_of_us), sequence });
    if whole {
        survey.whole(&scope_key);
    }
    survey.in_memory(&scope_key, &unread, &covered, &parts).map_err(unsorted)?;
    let mut subjects = Subjects::new(key);
    for (number, draft) in (0..).zip(&mut drafts) {
        draft.scope_key = Some(scope_key.clone());
        let subject = subjects.of(&draft.subject);
        survey.draft(number, subject, draft).map_err(unsorted)?;
    }
    let surveyed = survey.end().map_err(unsorted)?;
    let mut verdicts = Verdicts::new(Runs::in_memory());
    let mut after = Baseline::default();
    let stated = Version { as_of_us, sequence, mapping_revision };
    let stating = surveyed.scopes().into_iter().next();
    let Some(stating) = stating else {
        let (statements, rejections) = (Vec::new(), Vec::new());
        return Ok(Diff { statements, baseline, held: None, rejections, superseded: 0 });
    };
    let decided = decide(&surveyed, &stating, stated, allowed, (&baseline, &mut after), &mut verdicts)?;
    let given = verdicts.end().map_err(unsorted)?;
    let (mut statements, mut rejections) = (Vec::new(), Vec::new());
    let mut of_drafts = given.of_drafts().map_err(unsorted)?;
    for (number, draft) in (0..).zip(drafts) {
        let Some(verdict) = of_drafts.take(number).map_err(unsorted)? else { continue };
        match verdict.of(&mut subjects, (source, &[]), draft, decided.version) {
            Comes::Statement(statement) => statements.push(*statement),
            Comes::Rejection(rejection) => rejections.push(*rejection),
            Comes::IsAnother => {}
        }
    }
    let mut gone = given.gone();
    while let Some((_, statement)) = gone.next(key, source, |_| scope_key.as_str()).map_err(unsorted)? {
        statements.push(statement);
    }
    Ok(Diff { statements, baseline: after, held: decided.held, rejections, superseded: decided.superseded })
}

impl Held for Baseline {
    fn submissions(&self) -> &[Past] {
        &self.submissions
    }

    fn children(&self) -> Result<KeptChildren<'_>, BaselineError> {
        Ok(Box::new(self.children.values().cloned().map(Ok)))
    }
}

impl Keeps for Baseline {
    fn begin(&mut self, submissions: &[Past]) -> Result<(), BaselineError> {
        (self.submissions, self.children) = (submissions.to_vec(), BTreeMap::new());
        Ok(())
    }

    fn child(&mut self, kept: Kept) -> Result<(), BaselineError> {
        self.children.insert(kept.subject, kept);
        Ok(())
    }
}
