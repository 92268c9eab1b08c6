//! Streams of a child's timeline: a frame a second for five minutes, whatever happens; and how many may be open.
//!
//! A stream is pulled and never pushed: nothing is decided before the reader's connection takes the frame, so that nothing
//! decided earlier waits in a buffer while a consent is withdrawn. When frames come tells nothing, because they always come.

mod frames;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use proto::sharing::DenialReason;
use proto::timeline::WatchTimelineResponse;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

pub use frames::Frames;

use super::desk::{Credentials, Desk};
use super::limits::Who;
use super::refusal::Refusal;
use super::timelines::now;
use crate::disclose::{Ask, Followed, Watching};

/// How streams run. The same for every reader, and no setting: readers of one service must not be told apart by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pace {
    /// A stream gives a frame so often, counted from its start.
    pub between_frames: Duration,
    /// Every stream ends after this long.
    pub lasts: Duration,
    /// A frame leaves so long after its moment, however long it took to decide on what is in it.
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

/// What changes again while a frame is held is decided again, at most so often; then the frame is empty and the next has it.
const DECIDED_MAX: u32 = 3;
/// Streams that one caller may have open.
const STREAMS_OF_A_CALLER_MAX: usize = 32;
/// Streams that a process has open.
const STREAMS_MAX: usize = 1_000;

/// The streams that are open. A handle: clones share them.
#[derive(Clone, Default)]
pub struct Watches(Arc<Shared>);

#[derive(Default)]
struct Shared {
    pace: Pace,
    open: Mutex<HashMap<Who, usize>>,
    ended: CancellationToken,
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
        self.open_by_caller().values().sum()
    }

    pub(super) fn open(&self, open: Open) -> Result<Frames, Refusal> {
        if self.0.ended.is_cancelled() {
            return Err(ended("the service stops: ask again"));
        }
        let who = (open.ask.caller.organisation.clone(), open.ask.caller.person.clone());
        let place = self.place(who)?;
        let started_at = Instant::now();
        let pace = self.0.pace;
        let stream = Stream {
            pace,
            ends_at: started_at + pace.lasts,
            deadline: open.deadline.map(|after| started_at + after),
            started_at,
            next_at: started_at,
            desk: open.desk,
            shown: open.shown,
            ask: open.ask,
            watching: Watching::new(),
            waiting: VecDeque::new(),
            begun: false,
            silent: false,
            ended: self.0.ended.clone(),
            _place: place,
        };
        Ok(Frames::of(stream, started_at + pace.lasts + pace.slow_max))
    }

    fn place(&self, who: Who) -> Result<Place, Refusal> {
        let mut open = self.open_by_caller();
        let too_many = |message| Err(Refusal::new(DenialReason::TooManyStreams, message));
        if open.values().sum::<usize>() >= STREAMS_MAX {
            return too_many("the service has as many streams open as it may: ask again in a minute");
        }
        let of_caller = open.entry(who.clone()).or_default();
        if *of_caller >= STREAMS_OF_A_CALLER_MAX {
            return too_many("you have as many streams open as you may: close one first");
        }
        *of_caller += 1;
        Ok(Place { watches: self.clone(), who })
    }

    fn open_by_caller(&self) -> MutexGuard<'_, HashMap<Who, usize>> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.watches.open_by_caller();
        if let Some(count) = open.get_mut(&self.who) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.who);
            }
        }
    }
}

fn ended(message: &'static str) -> Refusal {
    Refusal::new(DenialReason::StreamEnded, message)
}

/// One stream.
struct Stream {
    pace: Pace,
    desk: Desk,
    shown: Credentials,
    ask: Ask,
    watching: Watching,
    /// Decided and recorded, and not taken yet.
    waiting: VecDeque<WatchTimelineResponse>,
    /// The present view has been decided.
    begun: bool,
    /// The reader may see less than they were given: nothing but empty frames from now on.
    silent: bool,
    started_at: Instant,
    next_at: Instant,
    ends_at: Instant,
    deadline: Option<Instant>,
    ended: CancellationToken,
    _place: Place,
}

impl Stream {
    /// The next frame, at its moment; `None` at the stream's end.
    async fn next(&mut self) -> Option<Result<WatchTimelineResponse, Status>> {
        if Instant::now() > self.next_at + self.pace.slow_max {
            return Some(Err(ended("no frame was taken for too long: ask again").status()));
        }
        if self.waiting.is_empty() {
            let at = self.deadline.map_or(self.next_at, |deadline| self.next_at.min(deadline));
            tokio::select! {
                () = self.ended.cancelled() => {}
                () = sleep_until(at) => {}
            }
        }
        let now = Instant::now();
        if self.ended.is_cancelled() {
            return Some(Err(ended("the service stops: ask again").status()));
        }
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            return Some(Err(Status::new(Code::DeadlineExceeded, "the deadline of the request has passed")));
        }
        if now >= self.ends_at {
            return None;
        }
        let deliver = self.look().await;
        let frame = if deliver { self.waiting.pop_front() } else { None };
        if self.waiting.is_empty() {
            self.next_at = self.after(Instant::now());
        }
        Some(Ok(frame.unwrap_or_default()))
    }

    /// The first moment of a frame after this one.
    fn after(&self, now: Instant) -> Instant {
        let given = now.duration_since(self.started_at).as_micros() / self.pace.between_frames.as_micros().max(1);
        self.started_at + self.pace.between_frames * u32::try_from(given + 1).unwrap_or(u32::MAX)
    }

    /// Decides whatever may have changed, until nothing has changed for as long as a frame is held; whether what waits may go.
    async fn look(&mut self) -> bool {
        let mut leaves_at = self.next_at + self.pace.held;
        for _ in 0..DECIDED_MAX {
            if self.silent || !self.desk.is_fresh() {
                sleep_until(leaves_at).await;
                return false;
            }
            if self.may_have_changed() && !self.follow().await {
                sleep_until(leaves_at).await;
                return false;
            }
            // A frame of a batch that is being given goes at once; the first of a moment is held.
            sleep_until(leaves_at).await;
            if !self.may_have_changed() {
                return !self.silent && self.desk.is_fresh();
            }
            leaves_at = Instant::now() + self.pace.held;
        }
        false
    }

    fn may_have_changed(&self) -> bool {
        let generation = self.desk.registry_generation();
        self.desk.discloser.may_have_changed(&self.watching, generation, now().1)
    }

    /// Decides again; whether anything may be given after it.
    async fn follow(&mut self) -> bool {
        let (now_us, today) = now();
        // A token runs out, a certificate is taken back, while a stream is open.
        let Ok(caller) = self.desk.identify(&self.shown, today) else { return self.silence() };
        self.ask = Ask {
            caller,
            valid_on: today,
            today,
            asked_at_us: now_us,
            registry_generation: self.desk.registry_generation(),
            ..self.ask.clone()
        };
        let (ask, watching) = (self.ask.clone(), std::mem::take(&mut self.watching));
        let decided = self.desk.decide(move |discloser| Ok((discloser.follow(&ask, &watching), watching))).await;
        let Ok((followed, watching)) = decided else {
            // What was given is no longer known.
            return self.silence();
        };
        self.watching = watching;
        match followed {
            Ok(Followed::Same(unseen)) => self.watching.remember(unseen),
            Ok(Followed::Narrowed) => return self.silence(),
            Ok(Followed::Changed(undisclosed)) => {
                // Not on record: nothing of it is given, and it is decided again at the next moment.
                let Ok(changes) = self.desk.record(*undisclosed).await else { return false };
                self.waiting.extend(changes.into_frames(&mut self.watching));
                if !std::mem::replace(&mut self.begun, true)
                    && let Some(last) = self.waiting.back_mut()
                {
                    last.complete = true;
                }
            }
            Err(error) => {
                tracing::error!("a child could not be read: {error}");
                return false;
            }
        }
        true
    }

    fn silence(&mut self) -> bool {
        self.silent = true;
        self.waiting.clear();
        false
    }
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
        ("school-8784001".into(), person.into())
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
        assert_eq!((watches.open_count(), watches.open_by_caller().len()), (0, 0), "and nothing is left of them");
    }

    #[test]
    fn a_process_has_so_many_streams() {
        let watches = Watches::new();
        let held: Vec<_> = (0..STREAMS_MAX).map(|n| watches.place(who(&n.to_string())).unwrap()).collect();
        assert!(watches.place(who("one more")).is_err());
        drop(held);
        assert!(watches.place(who("one more")).is_ok());
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
