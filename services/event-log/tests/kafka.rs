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

mod lease {
    use super::*;
    use event_log::kafka::lease::{Lease, LeaseOptions};

    #[tokio::test(flavor = "multi_thread")]
    async fn has_one_holder_and_goes_to_another_when_it_is_given_back() {
        let options = LeaseOptions { prefix: prefix(), session: Duration::from_secs(6) };
        let named = |name: &str| Connection { client_id: name.to_owned(), ..connection() };
        let first = Lease::take(&named("first"), "invented", &options).await.unwrap();
        let second = Lease::claim(&named("second"), "invented", &options);
        let mut standing = second.standing();
        standing.wait_for(|standing| standing.holder.as_deref() == Some("first")).await.unwrap();
        assert!(first.is_held() && !second.is_held());
        first.release().await;
        second.held().await.unwrap();
        assert!(second.is_held());
    }
}
