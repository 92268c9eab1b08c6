//! What an answer rests on: the break-glass that opened it, the consents without which less would have been shown. Found by asking
//! the rules again as if there were none.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::classify::RecordClass;
use crate::decide::Decision;
use crate::decide::cache::Oracle;
use crate::decide::questions::Asked;
use crate::engine::{Ladder, Ruling};
use crate::facts::Glass;
use crate::question::Question;
use crate::vocabulary::{ConsentState, Outcome};

/// Four bytes that stand for a consent: the beginning of SHA-256 over its subject and its id.
pub type ConsentMark = [u8; 4];

/// The mark of a consent of this id that was recorded of this subject.
pub fn consent_mark(subject: &[u8; 16], id: &str) -> ConsentMark {
    let digest: [u8; 32] = Sha256::new().chain_update(subject).chain_update(id).finalize().into();
    digest.first_chunk().copied().unwrap_or_default()
}

/// What a class is shown by.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Rests {
    pub(super) glass: bool,
    pub(super) consents: BTreeSet<ConsentMark>,
}

impl Rests {
    pub(super) fn of(
        oracle: Oracle<'_>,
        ladder: Ladder,
        asked: &Asked<'_>,
        class: &RecordClass,
        question: &Question,
        ruling: &Ruling,
    ) -> Self {
        let shows_less = |without: &Question| {
            let less = oracle.ask(ladder, without, &without.bytes());
            less.outcome < ruling.outcome
                || less.outcome == ruling.outcome && !less.withheld.is_subset(&ruling.withheld)
        };
        if ruling.outcome < Outcome::Existence {
            return Self::default();
        }
        let mut without = question.clone();
        without.context.break_glass = false;
        let glass = question.context.break_glass && shows_less(&without);
        let mut without = question.clone();
        without.context.consent = ConsentState::None;
        let consented = question.context.consent == ConsentState::Given && shows_less(&without);
        Self { glass, consents: if consented { asked.consents(class) } else { BTreeSet::new() } }
    }
}

impl Decision {
    /// The break-glass of this reader that stands open, and of these classes those that it opened: of which they would be shown less
    /// without it.
    pub fn opened_by_glass<'c>(
        &self,
        shown: impl IntoIterator<Item = &'c RecordClass>,
    ) -> Option<(Glass, BTreeSet<&'c RecordClass>)> {
        let glass = self.glass?;
        let opened =
            shown.into_iter().filter(|class| self.classes.get(class).is_some_and(|decided| decided.rests.glass));
        Some((glass, opened.collect()))
    }

    /// The break-glass of this reader that stands open.
    pub fn glass(&self) -> Option<Glass> {
        self.glass
    }

    /// The consents without which less of these classes would be shown.
    pub fn rests_on<'c>(&self, shown: impl IntoIterator<Item = &'c RecordClass>) -> BTreeSet<ConsentMark> {
        let decided = shown.into_iter().filter_map(|class| self.classes.get(class));
        decided.flat_map(|decided| decided.rests.consents.iter().copied()).collect()
    }
}
