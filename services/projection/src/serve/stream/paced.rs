//! The pace of a stream: frames that leave at fixed moments, whatever becomes of the view.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use proto::timeline::WatchTimelineResponse;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use super::{Pace, ended};

/// While a frame with something in it is held, the view is looked at again so often.
const LOOKS_WHILE_HELD: u32 = 10;

/// A view that is followed.
pub(super) trait Follow: Send + Sized + 'static {
    /// Something may be given of it now.
    fn is_fresh(&self) -> bool;

    /// It may be another than when it was last decided on. Waits for nothing.
    fn may_have_changed(&self) -> bool;

    /// Decides again.
    fn follow(self) -> impl Future<Output = (Self, Looked)> + Send;
}

/// What deciding again gave.
pub(super) enum Looked {
    /// The reader sees the same.
    Same,
    /// The reader may see less than they were given: nothing but empty frames from now on.
    Narrowed,
    /// What is new, on record.
    Changed(Vec<WatchTimelineResponse>),
    /// It could not be decided or recorded, and is to be decided again.
    NotDone,
}

/// One stream.
pub(super) struct Paced<V> {
    pace: Pace,
    view: View<V>,
    /// Decided and recorded, and not taken yet.
    waiting: VecDeque<WatchTimelineResponse>,
    /// The present view has been decided.
    begun: bool,
    started_at: Instant,
    next_at: Instant,
    ends_at: Instant,
    deadline: Option<Instant>,
    ended: CancellationToken,
}

enum View<V> {
    Standing(V),
    /// On its own: no frame waits for it.
    Deciding(JoinHandle<(V, Looked)>),
    /// Nothing more is given of it.
    Silent,
}

impl<V: Follow> Paced<V> {
    /// A stream that starts at this moment.
    pub(super) fn new(
        view: V,
        pace: Pace,
        started_at: Instant,
        deadline: Option<Instant>,
        ended: CancellationToken,
    ) -> Self {
        Self {
            pace,
            view: View::Standing(view),
            waiting: VecDeque::new(),
            begun: false,
            started_at,
            next_at: started_at,
            ends_at: started_at + pace.lasts,
            deadline,
            ended,
        }
    }

    /// The next frame, at its moment; `None` at the stream's end.
    pub(super) async fn next(&mut self) -> Option<Result<WatchTimelineResponse, Status>> {
        let asked_at = Instant::now();
        if asked_at > self.next_at + self.pace.slow_max {
            return Some(Err(ended("no frame was taken for too long: ask again").status()));
        }
        if asked_at >= self.next_at + self.pace.held {
            // Taken late: it leaves at the next moment, and not when it happens to be decided.
            self.next_at = self.after(asked_at);
        }
        let at = self.deadline.map_or(self.next_at, |deadline| self.next_at.min(deadline)).min(self.ends_at);
        tokio::select! {
            () = self.ended.cancelled() => {}
            () = sleep_until(at) => {}
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
        let leaves_at = self.next_at + self.pace.held;
        self.look_until(leaves_at).await;
        self.next_at += self.pace.between_frames;
        let frame = if self.may_give() { self.waiting.pop_front() } else { None };
        Some(Ok(frame.unwrap_or_default()))
    }

    /// The first moment of a frame after this one.
    fn after(&self, now: Instant) -> Instant {
        let given = now.duration_since(self.started_at).as_micros() / self.pace.between_frames.as_micros().max(1);
        self.started_at + self.pace.between_frames * u32::try_from(given + 1).unwrap_or(u32::MAX)
    }

    /// Decides on whatever changes, and returns at this moment, neither before nor after it. What is not decided by then
    /// comes with a later frame.
    async fn look_until(&mut self, leaves_at: Instant) {
        let between_looks = (self.pace.held / LOOKS_WHILE_HELD).max(Duration::from_millis(1));
        loop {
            // Once at least: a process that wakes late still gets on, for the next frame.
            self.decide_if_changed();
            if let View::Deciding(deciding) = &mut self.view
                && let Ok(decided) = timeout_at(leaves_at, deciding).await
            {
                match decided {
                    Ok((view, looked)) => self.take(view, looked),
                    // What was given is no longer known.
                    Err(_) => self.silence(),
                }
            }
            // Only a frame that gives something is worth saving from what changes meanwhile.
            let again_at = if self.waiting.is_empty() { leaves_at } else { Instant::now() + between_looks };
            sleep_until(again_at.min(leaves_at)).await;
            if Instant::now() >= leaves_at {
                return;
            }
        }
    }

    fn decide_if_changed(&mut self) {
        self.view = match std::mem::replace(&mut self.view, View::Silent) {
            View::Standing(view) if view.is_fresh() && view.may_have_changed() => {
                View::Deciding(tokio::spawn(view.follow()))
            }
            view => view,
        };
    }

    fn take(&mut self, view: V, looked: Looked) {
        self.view = View::Standing(view);
        match looked {
            Looked::Same | Looked::NotDone => {}
            Looked::Narrowed => self.silence(),
            Looked::Changed(mut frames) => {
                if !std::mem::replace(&mut self.begun, true)
                    && let Some(last) = frames.last_mut()
                {
                    last.complete = true;
                }
                self.supersede(&frames);
                self.waiting.extend(frames);
            }
        }
    }

    /// Takes out of what waits whatever these say otherwise: what its source has taken back or stated anew, and the
    /// services as they were.
    fn supersede(&mut self, by: &[WatchTimelineResponse]) {
        let stated_anew = by.iter().flat_map(|frame| &frame.entries).map(|entry| &entry.id);
        let ids: BTreeSet<_> = by.iter().flat_map(|frame| &frame.withdrawn).chain(stated_anew).collect();
        let services = by.iter().any(|frame| frame.services.is_some());
        for frame in &mut self.waiting {
            frame.entries.retain(|entry| !ids.contains(&entry.id));
            if services {
                frame.services = None;
            }
        }
    }

    /// Whether anything may be given at this very moment: it is as it was decided.
    fn may_give(&self) -> bool {
        match &self.view {
            View::Standing(view) => view.is_fresh() && !view.may_have_changed(),
            View::Deciding(_) | View::Silent => false,
        }
    }

    fn silence(&mut self) {
        self.view = View::Silent;
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests;
