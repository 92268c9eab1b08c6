//! What may not happen to a log, and what somebody did to it all the same.

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};

use super::*;

async fn delete_records(prefix: &str, topic: Topic, before: i64) {
    let admin: AdminClient<_> = stranger().create().unwrap();
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset(&format!("{prefix}{topic}"), 4, Offset::Offset(before)).unwrap();
    admin.delete_records(&offsets, &AdminOptions::new()).await.unwrap();
}

fn assert_damaged<T: std::fmt::Debug>(result: Result<T, LogError>, at: &str) {
    match result {
        Err(LogError::Damaged { place, what }) => assert!(place.contains(at), "{place}: {what}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_records_are_damage_that_is_named() {
    if shared().passes_over("records that somebody deletes") {
        return;
    }
    let topic = Topic::Education;
    let (log, prefix) = begin(&[topic]).await;
    log.append((0..10).map(|n| record(topic, partition(4), &n.to_string())).collect()).await.unwrap();
    delete_records(&prefix, topic, 3).await;
    for most in [5, 5_000] {
        assert_damaged(log.read(topic, partition(4), 0, most).await, "v1/4@0");
    }
    // What is after it is untouched.
    assert_eq!(log.read(topic, partition(4), 3, 100).await.unwrap().len(), 7);
    let opened = KafkaLog::open(connection(), options(&prefix, &[topic])).await;
    assert_damaged(opened.map(|_| ()), "v1/4@0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_was_made_anew_is_damage() {
    if shared().passes_over("a topic that somebody deletes") {
        return;
    }
    let topics = [Topic::Disclosure];
    let (connection, prefix) = (connection(), prefix());
    create(&connection, &prefix, &topics, &[]).await;
    let brief = KafkaOptions { answer_within: Duration::from_secs(3), ..options(&prefix, &topics) };
    let log = KafkaLog::open(connection.clone(), brief).await.unwrap();
    log.append(vec![record(topics[0], partition(4), "one"), record(topics[0], partition(4), "two")]).await.unwrap();
    let admin: AdminClient<_> = stranger().create().unwrap();
    let name = format!("{prefix}{}", topics[0]);
    admin.delete_topics(&[name.as_str()], &AdminOptions::new()).await.unwrap();
    let is_gone =
        || async { Admin::connect(&connection).await.unwrap().topics(&[name.as_str()]).await.unwrap().is_empty() };
    while !is_gone().await {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    create(&connection, &prefix, &topics, &[]).await;
    assert_damaged(log.end(topics[0], partition(4)).await, "v1/4@0");
    assert_damaged(log.ends(&topics).await, "v1/4@0");
}

#[tokio::test(flavor = "multi_thread")]
async fn compaction_of_keys_is_no_damage() {
    if shared().passes_over("compaction") {
        return;
    }
    let topics = [Topic::Keys];
    let (connection, prefix) = (connection(), prefix());
    // A segment is compacted once there is a newer one.
    let soon = [("segment.ms", "50"), ("min.cleanable.dirty.ratio", "0.0001"), ("max.compaction.lag.ms", "50")];
    create(&connection, &prefix, &topics, &soon).await;
    let log = KafkaLog::open(connection.clone(), options(&prefix, &topics)).await.unwrap();
    let of_key = |key: u8, n: u64| Record { key: [key; 16], ..record(Topic::Keys, partition(0), &n.to_string()) };
    let mut end = 0;
    // Compaction runs when the broker thinks it time: until then another record of the same key follows.
    let kept = loop {
        log.append(vec![of_key(if end == 0 { 1 } else { 2 }, end)]).await.unwrap();
        end += 1;
        let kept = log.read(Topic::Keys, partition(0), 0, 100_000).await.unwrap();
        assert_eq!(kept.last().unwrap().position.offset, end - 1);
        if (kept.len() as u64) < end {
            break kept;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!((kept[0].key, kept[0].position.offset), ([1; 16], 0));
    for most in [10_000, 100_000] {
        // From within the gap.
        let read = log.read(Topic::Keys, partition(0), 1, most).await.unwrap();
        assert!(read.is_sorted_by_key(|r| r.position.offset) && (read.len() as u64) < end - 1);
        assert_eq!(read.last().unwrap().position.offset, end - 1);
    }
    KafkaLog::open(connection, options(&prefix, &topics)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_is_damage_and_not_waited_for() {
    if shared().passes_over("a producer with transactions") {
        return;
    }
    // A transaction's marker takes an offset that no reader is given.
    let topics = [Topic::Quarantine];
    let (log, prefix) = begin(&topics).await;
    log.append(vec![record(topics[0], partition(4), "ours")]).await.unwrap();
    let mut config = stranger();
    let transactional: FutureProducer =
        config.set("transactional.id", &prefix).set("transaction.timeout.ms", "30000").create().unwrap();
    let name = format!("{prefix}{}", topics[0]);
    tokio::task::spawn_blocking(move || {
        use rdkafka::producer::Producer;
        transactional.init_transactions(Duration::from_secs(60)).unwrap();
        transactional.begin_transaction().unwrap();
        let record = FutureRecord::to(&name).partition(4).key(&[7; 16]).payload("theirs");
        drop(transactional.send_result(record).unwrap());
        transactional.commit_transaction(Duration::from_secs(60)).unwrap();
    })
    .await
    .unwrap();
    // The marker is the last: there is an end that no read reaches.
    assert_damaged(log.read(topics[0], partition(4), 0, 100).await, "v1/4@2");
    log.append(vec![record(topics[0], partition(4), "ours")]).await.unwrap();
    for most in [100, 5_000] {
        assert_damaged(log.read(topics[0], partition(4), 0, most).await, "v1/4@2");
    }
    assert_eq!(log.read(topics[0], partition(4), 0, 2).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_no_record_of_ours_stops_nobody() {
    if shared().passes_over("messages of a stranger") {
        return;
    }
    let topics = [Topic::SocialCare];
    let (log, prefix) = begin(&topics).await;
    let name = format!("{prefix}{}", topics[0]);
    let producer: FutureProducer = stranger().set("compression.codec", "gzip").create().unwrap();
    let to = || FutureRecord::<[u8], [u8]>::to(&name).partition(4);
    let header = |value: &[u8]| OwnedHeaders::new().insert(Header { key: US_HEADER, value: Some(value) });
    let no_header: OwnedHeaders = OwnedHeaders::new().insert(Header::<&[u8]> { key: US_HEADER, value: None });
    let strange = [
        to(),
        to().payload(b"no key"),
        to().key(b"short"),
        to().key(&[5; 17]).payload(b"long key"),
        to().key(&[5; 16]),
        to().key(&[5; 16]).payload(b"claims a time").timestamp(5).headers(header(&[0xff, 0xff])),
        to().key(&[5; 16]).payload(b"short header").headers(header(&[1])),
        to().key(&[5; 16]).payload(b"no header").headers(no_header),
    ];
    for message in strange {
        producer.send(message, Duration::from_secs(30)).await.unwrap();
    }
    log.append(vec![record(topics[0], partition(4), "ours")]).await.unwrap();
    let read = log.read(topics[0], partition(4), 0, 100).await.unwrap();
    let given: Vec<([u8; 16], &[u8])> = read.iter().map(|stored| (stored.key, &stored.value[..])).collect();
    let (none, five): ([u8; 16], [u8; 16]) = ([0; 16], [5; 16]);
    let expected: [([u8; 16], &[u8]); 9] = [
        (none, b""),
        (none, b"no key"),
        (none, b""),
        (none, b"long key"),
        (five, b""),
        (five, b"claims a time"),
        (five, b"short header"),
        (five, b"no header"),
        ([7; 16], b"ours"),
    ];
    assert_eq!(given, expected);
    assert!(read.is_sorted_by_key(|stored| stored.published_at_us), "a producer's clock had a part in it");
    assert!(read.iter().all(|stored| stored.published_at_us % 1_000 == 0));
}
