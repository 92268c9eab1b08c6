//! Where partitions begin and end, asked of their leaders: never a number that a client remembers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::RDKafkaErrorCode;

use super::client::{self, Names};
use super::reader::Client;
use crate::log::{Ends, LogError};
use crate::position::{Offset, Partition, Position, Topic};

const AGAIN_AFTER: Duration = Duration::from_millis(100);
/// How long one leader may take to answer before it is looked who leads now.
const ASKED_FOR_AT_MOST: Duration = Duration::from_secs(2);
/// How often it is looked whether a log still begins at its beginning.
const LOW_MARKS_EVERY: Duration = Duration::from_secs(60);

/// What is known of each partition from before: how far it went, at least.
#[derive(Debug)]
pub(super) struct Marks {
    high: BTreeMap<(Topic, Partition), AtomicU64>,
    low_looked_at: Mutex<Instant>,
}

impl Marks {
    pub(super) fn new(topics: &[Topic]) -> Self {
        let each = topics.iter().flat_map(|topic| Partition::all().map(move |partition| (*topic, partition)));
        Self { high: each.map(|key| (key, AtomicU64::new(0))).collect(), low_looked_at: Mutex::new(Instant::now()) }
    }

    /// Whether this process said that it uses the topic.
    pub(super) fn has(&self, topic: Topic) -> bool {
        Partition::new(0).is_some_and(|first| self.high.contains_key(&(topic, first)))
    }

    pub(super) fn raise(&self, topic: Topic, partition: Partition, end: Offset) {
        if let Some(high) = self.high.get(&(topic, partition)) {
            high.fetch_max(end, Ordering::AcqRel);
        }
    }

    fn high(&self, topic: Topic, partition: Partition) -> Offset {
        self.high.get(&(topic, partition)).map_or(0, |high| high.load(Ordering::Acquire))
    }

    fn is_time_for_low(&self) -> bool {
        let mut looked_at = self.low_looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = looked_at.elapsed() >= LOW_MARKS_EVERY;
        if is_time {
            *looked_at = Instant::now();
        }
        is_time
    }
}

/// Asks the leaders of partitions where these begin and end.
#[derive(Clone)]
pub(super) struct Asker {
    pub(super) consumer: Arc<Client>,
    pub(super) names: Names,
    pub(super) marks: Arc<Marks>,
    pub(super) within: Duration,
}

/// What an answer was not.
enum Not {
    Answered(LogError),
    /// Lower than it has been: not believed at once, since a leader that was cut off says so until it learns of it.
    High(LogError),
}

impl Asker {
    pub(super) async fn end(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        let ends = self.ends_of(vec![(topic, partition)]).await?;
        Ok(ends.get(&(topic, partition)).copied().unwrap_or_default())
    }

    /// The end of every partition of these topics, in one round trip for each broker.
    pub(super) async fn ends(&self, topics: &[Topic]) -> Result<Ends, LogError> {
        if self.marks.is_time_for_low() {
            self.low_marks(topics).await?;
        }
        self.ends_of(each(topics)).await
    }

    async fn ends_of(&self, partitions: Vec<(Topic, Partition)>) -> Result<Ends, LogError> {
        let deadline = Instant::now() + self.within;
        loop {
            // Before it is asked: an append may be acknowledged while the answer is on its way.
            let high: Vec<_> = partitions.iter().map(|(t, p)| ((*t, *p), self.marks.high(*t, *p))).collect();
            let not = match self.ask(partitions.clone(), rdkafka::Offset::End).await {
                Ok(ends) => match lower(&ends, &high) {
                    None => {
                        ends.iter().for_each(|((topic, partition), end)| self.marks.raise(*topic, *partition, *end));
                        return Ok(ends);
                    }
                    Some(error) => Not::High(error),
                },
                Err(error) if client::is_refusal(&error) => return Err(error),
                Err(error) => Not::Answered(error),
            };
            if Instant::now() >= deadline {
                return Err(match not {
                    Not::Answered(error) | Not::High(error) => error,
                });
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }

    /// Holds every partition of these topics to begin at offset 0.
    pub(super) async fn low_marks(&self, topics: &[Topic]) -> Result<(), LogError> {
        let deadline = Instant::now() + self.within;
        let lows = loop {
            match self.ask(each(topics), rdkafka::Offset::Beginning).await {
                Ok(lows) => break lows,
                Err(error) if client::is_refusal(&error) || Instant::now() >= deadline => return Err(error),
                Err(_) => tokio::time::sleep(AGAIN_AFTER).await,
            }
        };
        match lows.into_iter().find(|(_, low)| *low > 0) {
            None => Ok(()),
            Some(((topic, partition), low)) => Err(LogError::Damaged {
                place: Position { topic, partition, offset: 0 }.to_string(),
                what: format!("it begins at offset {low}: the records before it were deleted"),
            }),
        }
    }

    async fn ask(&self, partitions: Vec<(Topic, Partition)>, at: rdkafka::Offset) -> Result<Ends, LogError> {
        let asker = self.clone();
        let asking = move || {
            let answer = asker.ask_blocking(partitions.clone(), at);
            if answer.as_ref().is_err_and(|error| !client::is_refusal(error)) {
                asker.look_who_leads(&partitions);
            }
            answer
        };
        tokio::task::spawn_blocking(asking).await.map_err(|_| LogError::Closed)?
    }

    /// Has the client learn who leads now: by itself it would go on asking a leader that has gone for as long as it thinks
    /// that its knowledge is fresh.
    fn look_who_leads(&self, partitions: &[(Topic, Partition)]) {
        let topics: BTreeSet<Topic> = partitions.iter().map(|(topic, _)| *topic).collect();
        for topic in topics {
            if let Err(error) = self.consumer.fetch_metadata(Some(self.names.of(topic)), ASKED_FOR_AT_MOST) {
                tracing::debug!("who leads {topic} is not known: {error}");
            }
        }
    }

    fn ask_blocking(&self, partitions: Vec<(Topic, Partition)>, at: rdkafka::Offset) -> Result<Ends, LogError> {
        let faults = &self.consumer.client().context().faults;
        let first = partitions.first().map_or("", |(topic, _)| self.names.of(*topic));
        let wrong = |code: Option<RDKafkaErrorCode>, topic: &str| {
            client::said(code.unwrap_or(RDKafkaErrorCode::Fail), &format!("ask where topic {topic} ends"), faults)
        };
        let list = client::list(partitions, &self.names, at).map_err(|e| wrong(e.rdkafka_error_code(), first))?;
        // In several turns: a question to a leader that has gone waits for it, and only the next one finds the new leader.
        let within = self.within.min(ASKED_FOR_AT_MOST);
        let answer = self.consumer.offsets_for_times(list, within).map_err(|e| wrong(e.rdkafka_error_code(), first))?;
        let mut ends = Ends::new();
        for one in answer.elements() {
            one.error().map_err(|e| wrong(e.rdkafka_error_code(), one.topic()))?;
            let partition = u8::try_from(one.partition()).ok().and_then(Partition::new);
            let offset = match one.offset() {
                rdkafka::Offset::Offset(offset) => u64::try_from(offset).ok(),
                _ => None,
            };
            let (Some(topic), Some(partition), Some(offset)) = (self.names.topic(one.topic()), partition, offset)
            else {
                return Err(wrong(None, one.topic()));
            };
            ends.insert((topic, partition), offset);
        }
        Ok(ends)
    }
}

fn each(topics: &[Topic]) -> Vec<(Topic, Partition)> {
    topics.iter().flat_map(|topic| Partition::all().map(move |partition| (*topic, partition))).collect()
}

fn lower(ends: &Ends, high: &[((Topic, Partition), Offset)]) -> Option<LogError> {
    high.iter().find_map(|(key, high)| {
        let end = ends.get(key).copied().unwrap_or_default();
        (end < *high).then(|| LogError::Damaged {
            place: Position { topic: key.0, partition: key.1, offset: end }.to_string(),
            what: format!("it ends here and has been known to reach offset {high}: acknowledged records are gone"),
        })
    })
}
