//! Which subjects commits have touched, so that what was read of a subject may be kept until it changes.
//!
//! Commits are numbered. Before a commit makes anything visible it leaves its number with every subject that it touches,
//! and when it is done it says so. A read begun when commit `n` was the last done sees all of it; what it read holds for
//! as long as none of its subjects has a number above `n`.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use event_log::Pseudonym;

use super::Batch;
use super::keys::{self, Parsed};

/// Subjects share a place by the first two bytes of their pseudonym: sharing costs a needless read, never a stale one.
const PLACES: usize = 1 << 16;

/// A moment between commits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Moment(u64);

pub(super) struct Touched {
    begun: AtomicU64,
    done: AtomicU64,
    last: Box<[AtomicU64]>,
}

impl Touched {
    pub(super) fn new() -> Self {
        let last = std::iter::repeat_with(AtomicU64::default).take(PLACES).collect();
        Self { begun: AtomicU64::new(0), done: AtomicU64::new(0), last }
    }

    /// Marks every subject of a batch. One commit at a time; its number goes to [`Self::end`] once it is visible.
    pub(super) fn begin(&self, batch: &Batch) -> u64 {
        let number = self.begun.fetch_add(1, SeqCst) + 1;
        for (key, _) in batch.changes() {
            // A claim is found from its identifier.
            if let Some(
                Parsed::Row { subject, .. }
                | Parsed::Claim { identifier: subject, .. }
                | Parsed::Edge { subject, .. }
                | Parsed::Linked { subject, .. },
            ) = keys::parse(key)
                && let Some(last) = self.last.get(place(subject))
            {
                last.store(number, SeqCst);
            }
        }
        number
    }

    pub(super) fn end(&self, number: u64) {
        self.done.store(number, SeqCst);
    }

    pub(super) fn now(&self) -> Moment {
        Moment(self.done.load(SeqCst))
    }

    pub(super) fn unchanged(&self, subject: Pseudonym, since: Moment) -> bool {
        self.last.get(place(subject)).is_some_and(|last| last.load(SeqCst) <= since.0)
    }
}

fn place(subject: Pseudonym) -> usize {
    let [first, second, ..] = subject.0;
    usize::from(u16::from_be_bytes([first, second]))
}
