//! What a process is told that may not, or not so.

use super::*;

async fn refused(connection: Connection, options: KafkaOptions) -> String {
    match KafkaLog::open(connection, options).await.map(|_| ()) {
        Err(LogError::Refused { because }) => because,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_would_break_positions_or_times_are_refused_by_name() {
    if shared().passes_over("the configuration of topics") {
        return;
    }
    let connection = connection();
    let cases = [
        (Topic::Health, "cleanup.policy", "compact"),
        (Topic::Health, "retention.ms", "86400000"),
        (Topic::Health, "retention.bytes", "1000000"),
        (Topic::Health, "message.timestamp.type", "CreateTime"),
        (Topic::Keys, "cleanup.policy", "delete"),
        (Topic::Keys, "cleanup.policy", "compact,delete"),
    ];
    for (topic, setting, value) in cases {
        let prefix = prefix();
        create(&connection, &prefix, &[topic, Topic::Sharing], &[]).await;
        let mut admin = Admin::connect(&connection).await.unwrap();
        let altered = BTreeMap::from([(setting.to_owned(), value.to_owned())]);
        let name = format!("{prefix}{topic}");
        admin.alter_configs(&name, &altered).await.unwrap();
        while admin.topics_with_configs(&[&name]).await.unwrap()[&name].configs[setting].value != value {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let because = refused(connection.clone(), options(&prefix, &[topic, Topic::Sharing])).await;
        assert!(because.contains(&format!("topic {prefix}{topic} has {setting}={value}")), "{because}");
        // Whoever does not use it does not mind.
        KafkaLog::open(connection.clone(), options(&prefix, &[Topic::Sharing])).await.unwrap();
    }
    let prefix = prefix();
    let because = refused(connection.clone(), options(&prefix, &[Topic::Health])).await;
    assert!(because.contains(&format!("topic {prefix}throughline.health.v1 is not there")), "{because}");
    let few = NewTopic {
        name: format!("{prefix}{}", Topic::Health),
        partitions: 4,
        replicas: 1,
        configs: configs(Topic::Health, &[]),
    };
    Admin::connect(&connection).await.unwrap().create_topics(&[few]).await.unwrap();
    let because = refused(connection, options(&prefix, &[Topic::Health])).await;
    assert!(because.contains("has 4 partitions and not 16"), "{because}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_was_not_asked_for_is_refused() {
    if shared().passes_over("a log of few topics") {
        return;
    }
    let (log, _) = begin(&[Topic::Health]).await;
    let health = record(Topic::Health, partition(0), "a");
    let both = vec![health, record(Topic::Identity, partition(0), "b")];
    assert!(matches!(log.append(both).await, Err(LogError::Refused { .. })));
    assert!(matches!(log.end(Topic::Identity, partition(0)).await, Err(LogError::Refused { .. })));
    assert!(matches!(log.read(Topic::Identity, partition(0), 0, 1).await, Err(LogError::Refused { .. })));
    let grown = log.grown(&[Topic::Identity], 0, Duration::ZERO).await;
    assert!(matches!(grown, Err(LogError::Refused { .. })));
    assert_eq!(log.end(Topic::Health, partition(0)).await.unwrap(), 0, "a refused append left something");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_not_there_is_unavailable_in_time() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let connection =
        Connection { bootstrap: nobody.to_string(), client_id: "test".to_owned(), security: Security::Plaintext };
    let brief = KafkaOptions { answer_within: Duration::from_secs(2), ..KafkaOptions::default() };
    let begun = std::time::Instant::now();
    let opened = KafkaLog::open(connection, brief).await.map(|_| ());
    assert!(matches!(opened, Err(LogError::Unavailable { .. })), "{opened:?}");
    assert!(begun.elapsed() < Duration::from_secs(10));
}
