//! What librdkafka does by itself, with the settings that the log gives it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::ensure;
use event_log::kafka::Connection;
use event_log::{Partition, Record, Topic};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::{Message, Offset, TopicPartitionList};

const PATIENCE: Duration = Duration::from_secs(120);

/// Sends all as fast as they are taken, and returns once all are acknowledged: how long it took.
pub(super) fn produce(to: &Connection, prefix: &str, records: &[Record]) -> anyhow::Result<Duration> {
    let producer: ThreadedProducer<DefaultProducerContext> = ClientConfig::new()
        .set("bootstrap.servers", &to.bootstrap)
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("compression.codec", "none")
        .set("linger.ms", "1")
        .set("message.max.bytes", "1048000")
        .set("batch.size", "1048000")
        .set("queue.buffering.max.messages", "0")
        .set("queue.buffering.max.kbytes", "2097151")
        .create()?;
    let names: BTreeMap<Topic, String> = Topic::ALL.map(|topic| (topic, format!("{prefix}{topic}"))).into();
    // Connected and told of the topics before the clock starts, as the log is.
    producer.client().fetch_metadata(None, PATIENCE)?;
    let begun = Instant::now();
    for record in records {
        let name = names.get(&record.topic).map_or("", String::as_str);
        let sent = BaseRecord::to(name)
            .partition(i32::from(record.partition.number()))
            .key(&record.key[..])
            .payload(record.value.as_ref());
        producer.send(sent).map_err(|(error, _)| error)?;
    }
    producer.flush(PATIENCE)?;
    Ok(begun.elapsed())
}

/// Reads every partition from its start to its end, all at once, and does nothing with it: how many records, and how long.
pub(super) fn consume(from: &Connection, ends: &BTreeMap<(Topic, Partition), u64>) -> anyhow::Result<(u64, Duration)> {
    let consumer: BaseConsumer<rdkafka::consumer::DefaultConsumerContext> = ClientConfig::new()
        .set("bootstrap.servers", &from.bootstrap)
        .set("group.id", "figures.bare")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "error")
        .set("isolation.level", "read_uncommitted")
        .set("check.crcs", "true")
        .set("fetch.wait.max.ms", "20")
        .set("fetch.queue.backoff.ms", "1")
        .set("queued.min.messages", "10000000")
        .set("queued.max.messages.kbytes", "65536")
        .set("fetch.message.max.bytes", "4194304")
        .create()?;
    consumer.fetch_metadata(None, PATIENCE)?;
    let mut list = TopicPartitionList::new();
    for ((topic, partition), _) in ends.iter().filter(|(_, end)| **end > 0) {
        list.add_partition_offset(topic.name(), i32::from(partition.number()), Offset::Beginning)?;
    }
    let wanted: u64 = ends.values().sum();
    let begun = Instant::now();
    consumer.assign(&list)?;
    let (mut read, mut bytes) = (0, 0);
    while read < wanted {
        ensure!(begun.elapsed() < PATIENCE, "the bare consumer came to {read} records of {wanted}");
        if let Some(message) = consumer.poll(Duration::from_millis(100)) {
            bytes += message?.payload().map_or(0, <[u8]>::len);
            read += 1;
        }
    }
    ensure!(bytes > 0 || wanted == 0, "the records are empty");
    Ok((read, begun.elapsed()))
}
