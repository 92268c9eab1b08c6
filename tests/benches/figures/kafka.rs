//! On a real Apache Kafka, one node of it, on this machine: each figure beside what librdkafka does bare, with the same settings
//! on the same bytes.

pub(crate) mod append;
mod bare;
pub(crate) mod latency;
pub(crate) mod nodes;
pub(crate) mod publish;
pub(crate) mod rebuild;
pub(crate) mod streams;
pub(crate) mod withdrawal;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use broker::{Cluster, Kind, Plan};
use event_log::kafka::admin::{Admin, NewTopic};
use event_log::kafka::{Connection, KafkaLog, KafkaOptions, Security};
use event_log::{EventLog, Partition, StoredRecord, Topic};

use crate::house::House;

/// How every part on Kafka begins.
pub(crate) const PARTS: &str = "kafka";
/// Names the broker to the process of a part.
pub(crate) const BOOTSTRAP: &str = "FIGURES_KAFKA";

const RECORDS_A_READ: usize = 8_192;

/// A broker for all parts; none where it is not a real one, of which figures would mean nothing.
pub(crate) fn broker() -> anyhow::Result<Option<Cluster>> {
    let broker = Plan::of(Kind::Plaintext).environment("KAFKA_HEAP", "512m").start()?;
    if broker.is_real() {
        return Ok(Some(broker));
    }
    crate::report::say(
        "kafka: NO FIGURES: they would be the mock cluster's, and mean nothing. `deploy/kafka/setup` says what is missing",
    )?;
    Ok(None)
}

fn connection() -> anyhow::Result<Connection> {
    let bootstrap = std::env::var(BOOTSTRAP).context("no broker is named")?;
    Ok(Connection { bootstrap, client_id: "figures".to_owned(), security: Security::Plaintext })
}

/// The house of the parts on Kafka: keys and stores of its own, the same authority.
fn house(dir: &Path) -> anyhow::Result<House> {
    let own = dir.join("on-kafka");
    if !own.exists() {
        std::fs::create_dir(&own)?;
        std::os::unix::fs::symlink(dir.join("authority"), own.join("authority"))?;
    }
    House::open(&own)
}

/// Makes the topics that a log needs, with this before their names.
async fn make_topics(prefix: &str) -> anyhow::Result<()> {
    let configs = |topic: Topic| {
        let policy = if topic == Topic::Keys { "compact" } else { "delete" };
        let configs = [
            ("cleanup.policy", policy),
            ("retention.ms", "-1"),
            ("retention.bytes", "-1"),
            ("message.timestamp.type", "LogAppendTime"),
        ];
        configs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    };
    let topics = Topic::ALL.map(|topic| NewTopic {
        name: format!("{prefix}{topic}"),
        partitions: event_log::PARTITIONS.into(),
        replicas: 1,
        configs: configs(topic),
    });
    Ok(Admin::connect(&connection()?).await?.create_topics(&topics).await?)
}

async fn open(prefix: &str) -> anyhow::Result<KafkaLog> {
    let options = KafkaOptions { prefix: prefix.to_owned(), ..KafkaOptions::default() };
    Ok(KafkaLog::open(connection()?, options).await?)
}

async fn log() -> anyhow::Result<Arc<dyn EventLog>> {
    Ok(Arc::new(open("").await?))
}

/// How many records the log holds, by topic and partition.
async fn ends(log: &dyn EventLog, topics: &[Topic]) -> anyhow::Result<BTreeMap<(Topic, Partition), u64>> {
    Ok(log.ends(topics).await?)
}

/// Every record of these topics.
async fn all(log: &dyn EventLog, topics: &[Topic]) -> anyhow::Result<Vec<StoredRecord>> {
    let mut found = Vec::new();
    for (topic, partition) in topics.iter().flat_map(|topic| Partition::all().map(move |p| (*topic, p))) {
        let mut from = 0;
        loop {
            let records = log.read(topic, partition, from, RECORDS_A_READ).await?;
            let Some(last) = records.last() else { break };
            from = last.position.offset + 1;
            found.extend(records);
        }
    }
    Ok(found)
}
