//! A log of one machine, carried to Kafka with its positions and times.
//!
//! While it is carried, the topics take the times of the records in place of the broker's, and keys are not compacted, so
//! that everything can be read back and compared. Nothing is copied onto anything but a part of the same log: a copy that
//! was interrupted goes on where it stopped, and whatever else a topic holds is refused before anything is changed.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::admin::{Admin, AdminError};
use super::{Connection, KafkaLog, KafkaOptions, Times, topics};
use crate::embedded::EmbeddedLog;
use crate::log::{Ends, EventLog, LogError, StoredRecord};
use crate::position::{Offset, Position, Topic};

/// Records and bytes that are appended at once.
const BATCH_RECORDS: usize = 4_000;
const BATCH_BYTES: usize = 4 << 20;
/// Batches that may be read ahead of what is appended.
const AHEAD_MAX: usize = 2;
/// Records that are compared at once.
const COMPARED_RECORDS: usize = 4_000;
/// How long a cluster may take to show what it was told, on every broker.
const SHOWN_WITHIN: Duration = Duration::from_secs(30);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// Why a log could not be copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The topics are not as they must be.
    #[error("the topics are not as they must be: {}; `throughline topics plan` shows what is to be done", .0.join("; "))]
    Topics(Vec<String>),
    /// The cluster holds something else, or what was read back is not what was copied.
    #[error("{position} {what}")]
    Differs {
        /// Where.
        position: Position,
        /// How.
        what: &'static str,
    },
    /// One of the two logs.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The cluster could not be asked or changed.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// A broker does not show what the cluster was told.
    #[error("broker {broker} does not show the configuration that the cluster took, {} s later", SHOWN_WITHIN.as_secs())]
    NotShown {
        /// `host:port`.
        broker: String,
    },
}

/// A copy, under way.
pub struct LogCopy {
    from: Arc<EmbeddedLog>,
    to: KafkaLog,
    cluster: Cluster,
    admin: Admin,
    /// Where the source ends: what a whole copy ends at.
    ends: Ends,
    copied: Ends,
}

/// Where the copy goes.
struct Cluster {
    connection: Connection,
    prefix: String,
}

impl std::fmt::Debug for LogCopy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogCopy").field("from", &self.from).finish_non_exhaustive()
    }
}

impl LogCopy {
    /// Holds what the cluster has to be a part of this log, record by record, and prepares its topics to take the rest.
    ///
    /// # Errors
    /// [`CopyError::Topics`] and [`CopyError::Differs`] before anything is changed.
    pub async fn begin(
        from: Arc<EmbeddedLog>,
        connection: Connection,
        prefix: &str,
        mut compared: impl FnMut(u64),
    ) -> Result<Self, CopyError> {
        let mut admin = Admin::connect(&connection).await?;
        let cluster = Cluster { connection, prefix: prefix.to_owned() };
        let broken = topics::broken_or_missing(&topics::find_topics(&mut admin, prefix).await?);
        if !broken.is_empty() {
            return Err(CopyError::Topics(broken));
        }
        let ends = from.ends(&Topic::ALL).await?;
        // Anything else than a log's own configuration was left by a copy that was interrupted, wherever that was.
        let is_new = is_set(&mut admin, prefix, &copied()).await?;
        if !is_new {
            cluster.set_on_every_broker(&mut admin, &copying()).await?;
        }
        let to = cluster.open(if is_new { Times::OfTheBroker } else { Times::OfTheRecord }).await?;
        let copied = to.ends(&Topic::ALL).await?;
        for ((topic, partition), end) in &copied {
            let source_end = ends.get(&(*topic, *partition)).copied().unwrap_or_default();
            if *end > source_end {
                let position = Position { topic: *topic, partition: *partition, offset: source_end };
                let what = "is there already, and this log ends before it: a log is copied to a cluster that holds nothing else";
                return Err(CopyError::Differs { position, what });
            }
        }
        compare(&from, &to, &copied, |_, _| compared(1)).await?;
        if !is_new {
            return Ok(Self { from, to, cluster, admin, ends, copied });
        }
        cluster.set_on_every_broker(&mut admin, &copying()).await?;
        let to = cluster.open(Times::OfTheRecord).await?;
        Ok(Self { from, to, cluster, admin, ends, copied })
    }

    /// How many records there are, and how many of them the cluster held at the beginning.
    pub fn records(&self) -> (u64, u64) {
        (self.ends.values().sum(), self.copied.values().sum())
    }

    /// Appends what is missing, and says each time how many records were acknowledged.
    ///
    /// # Errors
    /// When a log fails, or somebody else writes to the cluster. The copy can be begun again in the first case.
    pub async fn append(&self, mut appended: impl FnMut(u64)) -> Result<(), CopyError> {
        let (send, mut receive) = mpsc::channel(AHEAD_MAX);
        let (from, copied) = (Arc::clone(&self.from), self.copied.clone());
        let reading = tokio::task::spawn_blocking(move || read_in_batches(&from, &copied, &send));
        while let Some(batch) = receive.recv().await {
            let records = batch.len() as u64;
            self.to.append_copied(batch).await?;
            appended(records);
        }
        Ok(reading.await.map_err(|_| LogError::Closed)??)
    }

    /// Reads everything back and compares it, giving each record of the source with its copy.
    ///
    /// # Errors
    /// [`CopyError::Differs`] names the first record that is not the same, or that should not be there.
    pub async fn compare(&self, each: impl FnMut(&StoredRecord, &StoredRecord)) -> Result<(), CopyError> {
        for ((topic, partition), end) in self.to.ends(&Topic::ALL).await? {
            let offset = self.ends.get(&(topic, partition)).copied().unwrap_or_default();
            if end != offset {
                let position = Position { topic, partition, offset: offset.min(end) };
                let what = if end > offset { "was written by somebody else" } else { "is missing on the cluster" };
                return Err(CopyError::Differs { position, what });
            }
        }
        compare(&self.from, &self.to, &self.ends, each).await
    }

    /// Gives the topics the broker's times and the compaction of keys back, and opens the log as every process will.
    ///
    /// # Errors
    /// When the cluster cannot be changed, or the log does not open.
    pub async fn finish(mut self) -> Result<(), CopyError> {
        self.cluster.set_on_every_broker(&mut self.admin, &copied()).await?;
        self.cluster.open(Times::OfTheBroker).await?;
        Ok(())
    }
}

type Settings = BTreeMap<Topic, BTreeMap<String, String>>;

/// How the topics are while a log is copied.
fn copying() -> Settings {
    settings("CreateTime", "delete")
}

/// And how they are afterwards.
fn copied() -> Settings {
    settings("LogAppendTime", "compact")
}

fn settings(times: &str, keys_policy: &str) -> Settings {
    let of = |topic: Topic| {
        let mut of = BTreeMap::from([("message.timestamp.type".to_owned(), times.to_owned())]);
        if topic == Topic::Keys {
            of.insert("cleanup.policy".to_owned(), keys_policy.to_owned());
        }
        (topic, of)
    };
    Topic::ALL.into_iter().map(of).collect()
}

impl Cluster {
    async fn open(&self, times: Times) -> Result<KafkaLog, LogError> {
        let options = KafkaOptions { times, prefix: self.prefix.clone(), ..KafkaOptions::default() };
        KafkaLog::open(self.connection.clone(), options).await
    }

    /// A leader that has not heard of it yet would still give its own times to what it takes.
    async fn set_on_every_broker(&self, admin: &mut Admin, settings: &Settings) -> Result<(), CopyError> {
        for (topic, of) in settings {
            admin.alter_configs(&format!("{}{topic}", self.prefix), of).await?;
        }
        for broker in admin.brokers().await? {
            let mut at = Admin::connect(&Connection { bootstrap: broker.clone(), ..self.connection.clone() }).await?;
            let until = Instant::now() + SHOWN_WITHIN;
            while !is_set(&mut at, &self.prefix, settings).await? {
                if Instant::now() >= until {
                    return Err(CopyError::NotShown { broker });
                }
                sleep(LOOK_AGAIN_AFTER).await;
            }
        }
        Ok(())
    }
}

async fn is_set(admin: &mut Admin, prefix: &str, settings: &Settings) -> Result<bool, AdminError> {
    let found = topics::find_topics(admin, prefix).await?;
    let is_in_force = |topic: &Topic, name: &str, value: &str| {
        let config = found.get(topic).and_then(|found| found.configs.get(name));
        config.is_some_and(|config| config.value == value)
    };
    Ok(settings.iter().all(|(topic, of)| of.iter().all(|(name, value)| is_in_force(topic, name, value))))
}

/// Every record from these offsets on, in the order in which the log took them.
fn read_in_batches(from: &EmbeddedLog, copied: &Ends, send: &mpsc::Sender<Vec<StoredRecord>>) -> Result<(), LogError> {
    let mut batch = Vec::new();
    let mut bytes = 0;
    let begin = |topic, partition| copied.get(&(topic, partition)).copied().unwrap_or_default();
    from.scan(begin, |record| {
        bytes += record.value.len();
        // A value is a slice of the megabyte that it was read in.
        let value = bytes::Bytes::copy_from_slice(&record.value);
        batch.push(StoredRecord { value, ..record });
        if batch.len() < BATCH_RECORDS && bytes < BATCH_BYTES {
            return ControlFlow::Continue(());
        }
        bytes = 0;
        // Nobody takes it any more when appending has failed.
        if send.blocking_send(std::mem::take(&mut batch)).is_err() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    if !batch.is_empty() {
        let _nobody_takes_it = send.blocking_send(batch);
    }
    Ok(())
}

/// Compares what both hold below these ends.
async fn compare(
    from: &EmbeddedLog,
    to: &KafkaLog,
    ends: &Ends,
    mut each: impl FnMut(&StoredRecord, &StoredRecord),
) -> Result<(), CopyError> {
    for ((topic, partition), end) in ends {
        let mut offset: Offset = 0;
        while offset < *end {
            let records_max = usize::try_from(end - offset).unwrap_or(usize::MAX).min(COMPARED_RECORDS);
            let source = from.read(*topic, *partition, offset, records_max).await?;
            let copy = to.read(*topic, *partition, offset, records_max).await?;
            let position = Position { topic: *topic, partition: *partition, offset };
            if source.is_empty() || copy.is_empty() {
                return Err(CopyError::Differs { position, what: "cannot be read" });
            }
            for (source, copy) in source.iter().zip(&copy) {
                if let Some(what) = difference(source, copy) {
                    return Err(CopyError::Differs { position: source.position, what });
                }
                each(source, copy);
            }
            offset += source.len().min(copy.len()) as Offset;
        }
    }
    Ok(())
}

fn difference(source: &StoredRecord, copy: &StoredRecord) -> Option<&'static str> {
    if copy.position != source.position {
        Some("is missing on the cluster")
    } else if copy.key != source.key || copy.value != source.value {
        Some("holds another record on the cluster")
    } else if copy.published_at_us != source.published_at_us {
        Some("has another time on the cluster")
    } else {
        None
    }
}
