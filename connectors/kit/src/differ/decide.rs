//! One scope of a submission, compared with what the scope holds: child by child, in order, on both sides.

use std::collections::BTreeSet;
use std::io;

use proto::events::Version;

use super::baseline::{Kept, Past, SUBMISSIONS_MAX, Said, place_of};
use super::baselines::BaselineError;
use super::child::{Among, Outcome, Outcomes, Pair, Told};
use super::survey::{Children, Stating, Surveyed};
use super::verdict::Verdicts;
use super::{HeldBack, Retractions};

/// Further submissions with one as-of and one serial number that can be told apart.
const ATTEMPTS: u64 = 1 << 16;

/// What a scope holds: read as often as it takes.
pub(crate) trait Held {
    /// The submissions that are told apart, in order of version.
    fn submissions(&self) -> &[Past];

    /// What is kept of each child, in order of pseudonym.
    fn children(&self) -> Result<KeptChildren<'_>, BaselineError>;
}

pub(crate) type KeptChildren<'a> = Box<dyn Iterator<Item = Result<Kept, BaselineError>> + 'a>;

/// Where what a scope holds from now on is written.
pub(crate) trait Keeps {
    /// The submissions, before any child.
    fn begin(&mut self, submissions: &[Past]) -> Result<(), BaselineError>;

    /// A child, in order of pseudonym.
    fn child(&mut self, kept: Kept) -> Result<(), BaselineError>;
}

/// What the comparison of one scope came to.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Decided {
    /// At which version the submission stands.
    pub(crate) version: Version,
    /// Retractions that were too many.
    pub(crate) held: Option<HeldBack>,
    /// States of a late submission that later ones have overtaken.
    pub(crate) superseded: u64,
    /// Entries that stand after it.
    pub(crate) standing: usize,
    /// Organisations of which something is taken back.
    pub(crate) taken_back_of: BTreeSet<String>,
}

/// Compares one scope. Nothing follows from it before all of what the scope holds was read, so that damage is found first.
pub(crate) fn decide(
    surveyed: &Surveyed,
    stating: &Stating,
    stated: Version,
    allowed: Retractions,
    (old, new): (&dyn Held, &mut dyn Keeps),
    verdicts: &mut Verdicts,
) -> Result<Decided, BaselineError> {
    let asks = Asks { surveyed, stating, old };
    let version = asks.version(stated)?;
    let mut submissions = old.submissions().to_vec();
    let (at, is_known) = place_of(&submissions, &version);
    if !is_known {
        submissions.insert(at, Past { version, whole: false });
    }
    let whole = stating.whole;
    let (mut retractions, mut standing) = (0, 0);
    asks.each(|mut pair| {
        standing += pair.kept.standing();
        if !is_known {
            pair.kept.insert_place(at);
        }
        let among = Among { submissions: &submissions, at, whole };
        retractions += pair.outcomes(among, &surveyed.names).retractions();
        Ok(())
    })?;
    let held = allowed.hold(retractions, standing).then_some(HeldBack { retractions, standing });
    let was_whole = submissions.get(at).is_some_and(|past| past.whole);
    let before = submissions.clone();
    if let Some(past) = submissions.get_mut(at) {
        past.whole = was_whole || whole && held.is_none();
    }
    let oldest = submissions.len().saturating_sub(SUBMISSIONS_MAX);
    new.begin(submissions.get(oldest..).unwrap_or_default())?;
    let taken_back_of = BTreeSet::new();
    let mut decided = Decided { version, held, superseded: 0, standing: 0, taken_back_of };
    asks.each(|mut pair| {
        if !is_known {
            pair.kept.insert_place(at);
        }
        let outcomes = pair.outcomes(Among { submissions: &before, at, whole }, &surveyed.names);
        decided.superseded += outcomes.superseded;
        let among = Among { submissions: &submissions, at, whole };
        pair.remember(among, was_whole, held.is_some());
        Applying { scope: stating.number, among, names: &surveyed.names, verdicts, decided: &mut decided }
            .apply(&mut pair, &outcomes)?;
        let mut kept = pair.kept;
        kept.prune(oldest);
        decided.standing += kept.standing();
        if !kept.is_nothing() {
            new.child(kept)?;
        }
        Ok(())
    })?;
    Ok(decided)
}

impl Retractions {
    fn hold(self, retractions: usize, standing: usize) -> bool {
        match self {
            Self::Allowed => false,
            Self::AtMost { share, at_least } => retractions > at_least && retractions as f64 > share * standing as f64,
        }
    }
}

/// What is asked of both sides.
#[derive(Clone, Copy)]
struct Asks<'a> {
    surveyed: &'a Surveyed,
    stating: &'a Stating,
    old: &'a dyn Held,
}

impl Asks<'_> {
    /// Gives every child of either side, in order.
    fn each(&self, mut each: impl FnMut(Pair) -> Result<(), BaselineError>) -> Result<(), BaselineError> {
        let mut told = self.surveyed.children(self.stating.number);
        let mut next_told = next(&mut told)?;
        let mut kept = self.old.children()?;
        let mut next_kept = kept.next().transpose()?;
        loop {
            let subject = match (&next_kept, &next_told) {
                (None, None) => return Ok(()),
                (Some(kept), None) => kept.subject,
                (None, Some(told)) => told.subject,
                (Some(kept), Some(told)) => kept.subject.min(told.subject),
            };
            let of_kept = next_kept.take_if(|kept| kept.subject == subject);
            let of_told = next_told.take_if(|told| told.subject == subject);
            if of_kept.is_some() {
                next_kept = kept.next().transpose()?;
            }
            if of_told.is_some() {
                next_told = next(&mut told)?;
            }
            each(Pair {
                kept: of_kept.unwrap_or_else(|| Kept::nothing_of(subject)),
                told: of_told.unwrap_or_else(|| Told::nothing_of(subject)),
            })?;
        }
    }

    /// The submission's own version, or the next one free where another submission with the same as-of and serial number said
    /// something else: a return put right and exported again under its old date.
    fn version(&self, stated: Version) -> Result<Version, BaselineError> {
        let first = stated.sequence.saturating_mul(ATTEMPTS);
        let numbered = |attempt| Version { sequence: first.saturating_add(attempt), ..stated };
        let submissions = self.old.submissions();
        let place = |version: &Version| submissions.iter().position(|past| past.version == *version);
        if place(&numbered(0)).is_none() {
            return Ok(numbered(0));
        }
        let mut contradicted = vec![false; submissions.len()];
        self.each(|pair| {
            for ((at, past), contradicted) in submissions.iter().enumerate().zip(&mut contradicted) {
                *contradicted = *contradicted || pair.contradicts(at, past, self.stating.whole);
            }
            Ok(())
        })?;
        let is_free =
            |version: &Version| place(version).is_none_or(|at| !contradicted.get(at).copied().unwrap_or_default());
        Ok((0..ATTEMPTS).map(numbered).find(is_free).unwrap_or_else(|| numbered(ATTEMPTS - 1)))
    }
}

fn next(told: &mut Children<'_>) -> Result<Option<Told>, BaselineError> {
    told.next().map_err(unsorted)
}

/// What rows could not be sorted, or read back.
pub(crate) fn unsorted(source: io::Error) -> BaselineError {
    BaselineError::Io { doing: "sort what a submission says beside", path: "baselines".into(), source }
}

/// Keeps the baseline in step with what is to be said.
struct Applying<'a> {
    scope: u32,
    among: Among<'a>,
    names: &'a [String],
    verdicts: &'a mut Verdicts,
    decided: &'a mut Decided,
}

impl Applying<'_> {
    fn apply(&mut self, pair: &mut Pair, outcomes: &Outcomes) -> Result<(), BaselineError> {
        let at = self.among.at;
        for number in &pair.told.same_key {
            self.verdicts.same_key(self.scope, *number).map_err(unsorted)?;
        }
        let taking_over: BTreeSet<_> = outcomes.corrections.values().collect();
        for (id, outcome) in &outcomes.present {
            let Some(stated) = pair.told.stated.get(id) else { continue };
            let said = Said::Present(stated.digest);
            if *outcome == Outcome::Superseded {
                continue;
            }
            pair.enter(*id, self.among, self.names);
            match outcome {
                Outcome::Same | Outcome::Superseded => pair.kept.say(*id, at, said, false),
                Outcome::Published { cause } | Outcome::PublishedUntil { cause, .. } => {
                    let cause = if taking_over.contains(id) { proto::events::Cause::Corrected } else { *cause };
                    if let Some(stated) = pair.told.stated.get(id) {
                        self.verdicts.say(self.scope, *id, stated, cause).map_err(unsorted)?;
                    }
                    pair.kept.say(*id, at, said, true);
                }
            }
            if let Outcome::PublishedUntil { next, .. } = outcome
                && let Some(past) = self.among.submissions.get(*next)
            {
                self.take_back(pair, *id, &past.version, None)?;
                pair.kept.say_again(*id, *next, Said::Absent);
            }
        }
        for id in &outcomes.gone {
            let replaced_by = outcomes.corrections.get(id).copied();
            if self.decided.held.is_none() || replaced_by.is_some() || outcomes.said_gone.contains(id) {
                let version = self.decided.version;
                self.take_back(pair, *id, &version, replaced_by)?;
                pair.kept.say(*id, at, Said::Absent, true);
            }
        }
        for id in &outcomes.still_absent {
            pair.kept.say(*id, at, Said::Absent, false);
        }
        Ok(())
    }

    fn take_back(
        &mut self,
        pair: &Pair,
        id: event_log::EntryId,
        version: &Version,
        replaced_by: Option<event_log::EntryId>,
    ) -> Result<(), BaselineError> {
        let Some(held) = pair.kept.held.get(&id) else { return Ok(()) };
        if !self.decided.taken_back_of.contains(&held.controller) {
            self.decided.taken_back_of.insert(held.controller.clone());
        }
        let of = (id, pair.kept.subject, held);
        self.verdicts.gone(self.scope, of, version, replaced_by).map_err(unsorted)
    }
}
