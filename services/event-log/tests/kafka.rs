//! The log on a real Kafka: what every log must hold, and what only Kafka can do to it.
#![cfg(test)]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use event_log::conformance::{self, Backend};
use event_log::kafka::admin::{Admin, NewTopic};
use event_log::kafka::{Connection, KafkaLog, KafkaOptions, Security};
use event_log::{LogError, Topic};

static PREFIXES: AtomicU32 = AtomicU32::new(0);

fn connection() -> Connection {
    let bootstrap = std::env::var("KAFKA_BOOTSTRAP").unwrap();
    Connection { bootstrap, client_id: "test".to_owned(), security: Security::Plaintext }
}

fn prefix() -> String {
    format!("t{}-{}.", std::process::id(), PREFIXES.fetch_add(1, Ordering::Relaxed))
}

async fn create(connection: &Connection, prefix: &str) {
    let configs = |topic: Topic| {
        let policy = if topic == Topic::Keys { "compact" } else { "delete" };
        BTreeMap::from(
            [
                ("cleanup.policy", policy),
                ("retention.ms", "-1"),
                ("retention.bytes", "-1"),
                ("message.timestamp.type", "LogAppendTime"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        )
    };
    let topics = Topic::ALL.map(|topic| NewTopic {
        name: format!("{prefix}{topic}"),
        partitions: 16,
        replicas: 1,
        configs: configs(topic),
    });
    Admin::connect(connection).await.unwrap().create_topics(&topics).await.unwrap();
}

fn options(prefix: &str) -> KafkaOptions {
    KafkaOptions { prefix: prefix.to_owned(), answer_within: Duration::from_secs(20), ..KafkaOptions::default() }
}

struct OnKafka {
    connection: Connection,
    prefix: String,
}

#[async_trait]
impl Backend for OnKafka {
    type Log = KafkaLog;

    async fn begin(&mut self) -> Result<KafkaLog, LogError> {
        self.prefix = prefix();
        create(&self.connection, &self.prefix).await;
        self.reopen().await
    }

    async fn reopen(&mut self) -> Result<KafkaLog, LogError> {
        KafkaLog::open(self.connection.clone(), options(&self.prefix)).await
    }

    fn refuses_second_writer(&self) -> bool {
        false
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_what_every_log_must_hold() {
    let mut backend = OnKafka { connection: connection(), prefix: String::new() };
    conformance::run(&mut backend).await.unwrap();
}
