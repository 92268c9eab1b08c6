//! What is measured of records on their way into the store.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use event_log::{Partition, StoredRecord, Topic, envelope};
use runtime::metrics;
use runtime::trace::{self, EventTrace, Took};

/// One batch; and the traces of those of its events that are traced.
pub(super) struct Measured {
    topic: Topic,
    /// Whether how late a record is says anything: one that is read again to fill a new store is as old as it is.
    is_live: bool,
    read: SystemTime,
    published: Vec<SystemTime>,
    checked: Vec<Checked>,
}

struct Checked {
    trace: EventTrace,
    published: SystemTime,
    check: Took,
}

impl Measured {
    /// A batch of this topic, just read.
    pub(super) fn new(topic: Topic, is_live: bool) -> Self {
        Self { topic, is_live, read: SystemTime::now(), published: Vec::new(), checked: Vec::new() }
    }

    /// So many records of a partition are on the log and not in the store.
    pub(super) fn lag(topic: Topic, partition: Partition, records: u64) {
        // As exact as a float is, up to 2^53.
        metrics::LAG.set(records as f64, [topic.name(), &partition.number().to_string()]);
    }

    /// Checks a record, and takes the time of it for an event that is traced.
    pub(super) fn checking<T>(&mut self, record: &StoredRecord, check: impl FnOnce() -> T) -> T {
        let published = UNIX_EPOCH + Duration::from_micros(u64::try_from(record.published_at_us).unwrap_or_default());
        self.published.push(published);
        let Some(trace) = of(record) else { return check() };
        let from = SystemTime::now();
        let checked = check();
        self.checked.push(Checked { trace, published, check: (from, SystemTime::now()) });
        checked
    }

    /// Commits what the batch became.
    pub(super) fn commit<E>(self, commit: impl FnOnce() -> Result<(), E>, rows: usize) -> Result<(), E> {
        let (from, began) = (SystemTime::now(), Instant::now());
        commit()?;
        metrics::COMMIT.record(began.elapsed(), []);
        let to = SystemTime::now();
        let count = |of: usize| u64::try_from(of).unwrap_or(u64::MAX);
        metrics::CONSUMED.add(count(self.published.len()), [self.topic.name()]);
        metrics::ROWS.add(count(rows), []);
        if self.is_live {
            let delays = self.published.iter().map(|published| to.duration_since(*published).unwrap_or_default());
            metrics::PROJECTION_DELAY.record_many(delays, [self.topic.name()]);
        }
        for Checked { trace, published, check } in self.checked {
            // The log's clock may be ahead of this one.
            trace.step("on the log", (published.min(self.read), self.read), &[("topic", self.topic.name())]);
            trace.step("check", check, &[]);
            trace.step("commit", (from, to), &[]);
        }
        Ok(())
    }
}

fn of(record: &StoredRecord) -> Option<EventTrace> {
    if !trace::is_on() {
        return None;
    }
    let sealed = envelope::decode(record.value.clone()).ok()?;
    trace::of_event(sealed.header.event_id.as_bytes())
}
