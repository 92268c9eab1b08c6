//! Full snapshots to changes.
//!
//! A submission states everything of its scope as it stood at one version. What it says anew becomes events of that
//! version, each the record whole: the fields that it holds and, cleared, all that it does not. So the highest version of
//! an entry is the entry, whatever came before or comes late, and what is unchanged is not said again. A source that sends only
//! what changed of a record says so ([`Draft::in_part`]): then the fields that it holds are changed, and the others stand.
//!
//! A submission that comes late is put between its neighbours. What it says is published where a later submission has said
//! something else of the entry since; where the later one only let stand what an earlier one said, the late state would
//! wrongly be the last word, so it is left out (`superseded`): the entry would end the same.
//!
//! Absence means something only in a scope that was read whole, and nothing for a child of whom a record could not be read.
//! More retractions than allowed are held back, and everything else goes on: the scope then counts as not read whole, until
//! a person lets the same submission through with [`Retractions::Allowed`].
//!
//! However large a submission is, little of it is in memory. It is read twice: what is read first is kept as hashes, sorted by
//! scope and child ([`survey`]); beside what the scope holds, sorted the same, they say what is news ([`decide`]); and what is
//! read again is said where a [`verdict`] waits for it. What is unchanged is not read again.

mod baseline;
mod baselines;
mod child;
mod decide;
mod in_memory;
mod rebuild;
mod stored;
mod survey;
mod verdict;

use std::collections::BTreeSet;

use event_log::seal::PseudonymKey;
use proto::events::Event;

use crate::connector::Draft;
use baseline::{Digest, digest};

pub use baseline::{Baseline, SUBMISSIONS_MAX};
pub use baselines::{BaselineError, Baselines};
pub(crate) use decide::{Decided, decide, unsorted};
pub use in_memory::{Diff, Submission, diff};
pub use rebuild::{RebuildError, rebuild};
pub(crate) use stored::Written;
pub(crate) use survey::{Stating, Survey, Surveyed};
pub use verdict::SAME_KEY_SAID;
pub(crate) use verdict::{Comes, Given, Verdicts};

/// How many retractions go through.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Retractions {
    /// As many as this share of the entries that stand, and this few in any case.
    AtMost {
        /// 0.02 is one in fifty.
        share: f64,
        /// However small the scope.
        at_least: usize,
    },
    /// All: a person has looked.
    Allowed,
}

impl Default for Retractions {
    fn default() -> Self {
        Self::AtMost { share: 0.02, at_least: 5 }
    }
}

/// Retractions that wait for a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeldBack {
    /// How many.
    pub retractions: usize,
    /// Of how many entries that stood.
    pub standing: usize,
}

/// A snapshot's record says everything of itself: what it does not hold, it empties. One that is stated in part empties nothing.
fn state_whole(draft: &mut Draft) {
    if !draft.in_part {
        draft.clears = not_held(&draft.event);
    }
}

/// Numbers of the fields that an event's message could hold and does not.
fn not_held(event: &Event) -> Vec<u32> {
    let Some(message) = event.kind_number().and_then(|kind| kind.info()).and_then(|info| info.message()) else {
        return Vec::new();
    };
    let held = asserted(event);
    message.fields.iter().map(|field| field.number).filter(|number| !held.contains(number)).collect()
}

/// Numbers of the fields that an event's message holds.
fn asserted(event: &Event) -> BTreeSet<u32> {
    use prost::Message as _;
    use prost::encoding::{DecodeContext, decode_key, decode_varint, skip_field};
    let encoded = event.encode_to_vec();
    let mut numbers = BTreeSet::new();
    let mut bytes = encoded.as_slice();
    // The outer message holds one field, the kind; then its own fields follow.
    if decode_key(&mut bytes).is_err() || decode_varint(&mut bytes).is_err() {
        return numbers;
    }
    while let Ok((number, wire_type)) = decode_key(&mut bytes) {
        numbers.insert(number);
        if skip_field(wire_type, number, &mut bytes, DecodeContext::default()).is_err() {
            break;
        }
    }
    numbers
}

/// As [`digest`] gives it of the draft's body.
pub(crate) fn digest_of(key: &PseudonymKey, draft: &Draft, labels: &[i32]) -> Digest {
    let third_parties = draft.third_parties.iter().map(|party| key.of(party).as_bytes().to_vec()).collect();
    let own = draft.labels.iter().map(|label| i32::from(*label));
    let labels = own.chain(labels.iter().copied()).collect();
    let in_part = draft.in_part && !not_held(&draft.event).is_empty();
    digest(key, (Some(&draft.effective), in_part), &draft.findings, third_parties, labels, Some(&draft.event))
}

#[cfg(test)]
mod tests;
