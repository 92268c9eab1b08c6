//! Streams of a child's timeline: a frame a second for five minutes, whatever happens; and how many may be open.
//!
//! A stream is pulled and never pushed: a frame is made up when it leaves, so that nothing decided earlier waits in a buffer
//! while a consent is withdrawn. When frames come tells nothing, because each has its moment and leaves at it.

mod frames;
mod paced;
mod timeline;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use proto::sharing::DenialReason;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use frames::Frames;
use paced::Paced;
use timeline::Timeline;

use super::desk::{Credentials, Desk};
use super::limits::Who;
use super::refusal::Refusal;
use crate::disclose::Ask;

/// How streams run. The same for every reader, and no setting: readers of one service must not be told apart by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pace {
    /// A stream gives a frame so often, counted from its start.
    pub between_frames: Duration,
    /// Every stream ends after this long.
    pub lasts: Duration,
    /// A frame leaves so long after its moment, with what was decided by then, and never later.
    pub held: Duration,
    /// A reader who takes no frame for this long has its stream ended.
    pub slow_max: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            between_frames: Duration::from_secs(1),
            lasts: Duration::from_secs(300),
            held: Duration::from_millis(50),
            slow_max: Duration::from_secs(10),
        }
    }
}

/// Streams that one caller may have open.
const STREAMS_OF_A_CALLER_MAX: usize = 32;
/// Streams that all callers of an organisation may have open: who they are, it says itself.
const STREAMS_OF_AN_ORGANISATION_MAX: usize = 250;
/// Streams that a process has open.
const STREAMS_MAX: usize = 1_000;

/// The streams that are open. A handle: clones share them.
#[derive(Clone, Default)]
pub struct Watches(Arc<Shared>);

#[derive(Default)]
struct Shared {
    pace: Pace,
    open: Mutex<Counted>,
    ended: CancellationToken,
}

/// How many are open.
#[derive(Default)]
struct Counted {
    all: usize,
    by_organisation: HashMap<(String, bool), usize>,
    by_caller: HashMap<Who, usize>,
}

/// What a stream begins with.
pub(super) struct Open {
    pub(super) desk: Desk,
    pub(super) shown: Credentials,
    pub(super) ask: Ask,
    /// How long the reader means to wait for all of it.
    pub(super) deadline: Option<Duration>,
}

/// One of the streams that may be open; given back when dropped.
struct Place {
    watches: Watches,
    who: Who,
}

impl Watches {
    /// None open.
    pub fn new() -> Self {
        Self::default()
    }

    /// None open, at another pace: for tests, which have no five minutes.
    pub fn at(pace: Pace) -> Self {
        Self(Arc::new(Shared { pace, ..Shared::default() }))
    }

    /// Ends every stream, with a status that says to ask again, and opens no more: for a process that stops.
    pub fn end(&self) {
        self.0.ended.cancel();
    }

    /// How many are open.
    pub fn open_count(&self) -> usize {
        self.counted().all
    }

    pub(super) fn open(&self, open: Open) -> Result<Frames, Refusal> {
        if self.0.ended.is_cancelled() {
            return Err(ended("the service stops: ask again"));
        }
        let place = self.place(open.ask.caller.who())?;
        let (started_at, pace) = (Instant::now(), self.0.pace);
        let deadline = open.deadline.map(|after| started_at + after);
        let timeline = Timeline::of(open.desk, open.shown, open.ask);
        let stream = Paced::new(timeline, pace, started_at, deadline, self.0.ended.clone());
        Ok(Frames::of(stream, place, started_at + pace.lasts + pace.slow_max))
    }

    fn place(&self, who: Who) -> Result<Place, Refusal> {
        let mut open = self.counted();
        let too_many = |message| Err(Refusal::new(DenialReason::TooManyStreams, message));
        if open.by_caller.get(&who).is_some_and(|count| *count >= STREAMS_OF_A_CALLER_MAX) {
            return too_many("you have as many streams open as you may: close one first");
        }
        if open.by_organisation.get(&who.counted_with()).is_some_and(|count| *count >= STREAMS_OF_AN_ORGANISATION_MAX) {
            return too_many("your organisation has as many streams open as it may: close one first");
        }
        if open.all >= STREAMS_MAX {
            return too_many("the service has as many streams open as it may: ask again in a minute");
        }
        open.all += 1;
        *open.by_organisation.entry(who.counted_with()).or_default() += 1;
        *open.by_caller.entry(who.clone()).or_default() += 1;
        Ok(Place { watches: self.clone(), who })
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.watches.counted();
        open.all = open.all.saturating_sub(1);
        one_less(&mut open.by_organisation, &self.who.counted_with());
        one_less(&mut open.by_caller, &self.who);
    }
}

fn one_less<K: Eq + std::hash::Hash>(counts: &mut HashMap<K, usize>, of: &K) {
    if let Some(count) = counts.get_mut(of) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(of);
        }
    }
}

fn ended(message: &'static str) -> Refusal {
    Refusal::new(DenialReason::StreamEnded, message)
}

/// What the header `grpc-timeout` says: up to eight digits and a unit.
pub(super) fn timeout(header: &str) -> Option<Duration> {
    let (digits, unit) = header.split_at_checked(header.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(count * 3_600),
        "M" => Duration::from_secs(count * 60),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn who(person: &str) -> Who {
        Who { organisation: "school-8784001".into(), family: false, person: person.into() }
    }

    #[test]
    fn a_caller_has_so_many_streams_and_takes_none_from_another() {
        let watches = Watches::new();
        let mut held: Vec<_> = (0..STREAMS_OF_A_CALLER_MAX).map(|_| watches.place(who("a")).unwrap()).collect();
        assert_eq!(watches.place(who("a")).err().unwrap().reason, DenialReason::TooManyStreams);
        held.push(watches.place(who("b")).unwrap());
        assert_eq!(watches.open_count(), STREAMS_OF_A_CALLER_MAX + 1);
        held.remove(0);
        held.push(watches.place(who("a")).unwrap());
        held.clear();
        let open = watches.counted();
        let left = (open.all, open.by_organisation.len(), open.by_caller.len());
        assert_eq!(left, (0, 0, 0), "and nothing is left of them");
    }

    #[test]
    fn an_organisation_that_makes_up_callers_takes_no_stream_from_another() {
        let watches = Watches::new();
        let place = |organisation: &str, n: usize| {
            watches.place(Who { organisation: organisation.to_owned(), ..who(&n.to_string()) })
        };
        let held: Vec<_> = (0..STREAMS_MAX).map_while(|n| place("school-8784001", n).ok()).collect();
        assert_eq!(held.len(), STREAMS_OF_AN_ORGANISATION_MAX);
        assert!(place("hospital", 0).is_ok());
        drop(held);
        assert!(place("school-8784001", 0).is_ok());
    }

    #[test]
    fn a_process_has_so_many_streams() {
        let watches = Watches::new();
        let place =
            |n: usize| watches.place(Who { organisation: format!("organisation-{}", n % 10), ..who(&n.to_string()) });
        let held: Vec<_> = (0..STREAMS_MAX).map(|n| place(n).unwrap()).collect();
        assert!(place(STREAMS_MAX).is_err());
        drop(held);
        assert!(place(STREAMS_MAX).is_ok());
    }

    #[test]
    fn a_deadline_is_read_in_every_unit() {
        let read: Vec<_> =
            ["2H", "3M", "4S", "5m", "6u", "7n"].into_iter().map(|text| timeout(text).unwrap()).collect();
        let [h, m, s] = [7_200, 180, 4].map(Duration::from_secs);
        assert_eq!(read, [h, m, s, Duration::from_millis(5), Duration::from_micros(6), Duration::from_nanos(7)]);
        for wrong in ["", "S", "5", "-1S", "123456789S", "5 S", "5s", "é"] {
            assert_eq!(timeout(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_a_time_or_none(header in ".*") {
            let _no_panic = timeout(&header);
        }
    }
}
