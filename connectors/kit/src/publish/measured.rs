//! What is measured of events on their way to the log.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use event_log::EventId;
use runtime::metrics;
use runtime::trace::{self, EventTrace, Took};

/// The file or message that events come from, and the traces of those that are traced.
pub(crate) struct Measured {
    source: &'static str,
    taken_in: SystemTime,
    called: SystemTime,
    handed_over: SystemTime,
    /// Sealed, and not yet handed over.
    sealed: Vec<Traced>,
    /// Handed over, and not yet acknowledged.
    under_way: Vec<Traced>,
}

/// An event that is traced: until when it was translated, and when it was sealed.
struct Traced {
    trace: EventTrace,
    called: SystemTime,
    sealed: Took,
}

impl Measured {
    pub(super) fn new(source: &'static str, taken_in_us: i64) -> Self {
        let called = SystemTime::now();
        let taken_in = UNIX_EPOCH + Duration::from_micros(u64::try_from(taken_in_us).unwrap_or_default());
        // A clock that was set back must not make a span that ends before it begins.
        let (sealed, under_way) = (Vec::new(), Vec::new());
        Self { source, taken_in: taken_in.min(called), called, handed_over: called, sealed, under_way }
    }

    /// More is to be published.
    pub(super) fn called(&mut self) {
        self.called = SystemTime::now();
    }

    /// Seals, and takes the time of it for an event that is traced.
    pub(super) fn sealing<T, E>(&mut self, event_id: EventId, seal: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let Some(trace) = trace::of_event(event_id.as_bytes()) else { return seal() };
        let from = SystemTime::now();
        let sealed = seal()?;
        self.sealed.push(Traced { trace, called: self.called, sealed: (from, SystemTime::now()) });
        Ok(sealed)
    }

    /// What is sealed is on its way to the log. What was on its way before is acknowledged.
    pub(super) fn handed_over(&mut self) {
        self.handed_over = SystemTime::now();
        self.under_way.append(&mut self.sealed);
    }

    /// The log has acknowledged so many events: all that were handed over.
    pub(super) fn acknowledged(&mut self, events: u64) -> u64 {
        if events == 0 {
            return 0;
        }
        let now = SystemTime::now();
        metrics::EVENTS.add(events, [self.source]);
        let delay = now.duration_since(self.taken_in).unwrap_or_default();
        metrics::SOURCE_DELAY.record_many((0..events).map(|_| delay), [self.source]);
        for Traced { trace, called, sealed } in self.under_way.drain(..) {
            trace.record((self.taken_in, now), &[("source", self.source)]);
            trace.step("translate", (self.taken_in, called), &[]);
            trace.step("seal", sealed, &[]);
            trace.step("publish", (self.handed_over, now), &[]);
        }
        events
    }
}
