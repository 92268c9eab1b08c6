//! A log on a cluster that a test has for itself.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use broker::Cluster;
use bytes::{Buf, BufMut, BytesMut};
use event_log::kafka::admin::{Admin, NewTopic};
use event_log::kafka::{Connection, KafkaLog, KafkaOptions, Security};
use event_log::{Partition, Topic};
use kafka_protocol::messages::alter_partition_reassignments_request::{ReassignablePartition, ReassignableTopic};
use kafka_protocol::messages::{
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse, ApiKey, BrokerId, RequestHeader,
    ResponseHeader, TopicName,
};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

/// The topic that carries the load.
pub(crate) const TOPIC: Topic = Topic::Education;
/// Longer than any of these takes on a busy machine.
pub(crate) const LONG: Duration = Duration::from_secs(180);

pub(crate) fn connection(cluster: &Cluster) -> Connection {
    let bootstrap = cluster.bootstrap().to_owned();
    Connection { bootstrap, client_id: "bad-day".to_owned(), security: Security::Plaintext }
}

/// An append gives up soon, so that a test sees that it does.
pub(crate) fn options() -> KafkaOptions {
    KafkaOptions {
        topics: vec![TOPIC],
        delivery_within: Duration::from_secs(3),
        answer_within: Duration::from_secs(30),
        ..KafkaOptions::default()
    }
}

/// Makes the topic, of so many replicas, of which so many must have a record before it is acknowledged.
pub(crate) async fn make_topic(connection: &Connection, replicas: i16, in_sync_min: u8) {
    make_topics(connection, &[TOPIC], replicas, in_sync_min).await;
}

pub(crate) async fn make_topics(connection: &Connection, topics: &[Topic], replicas: i16, in_sync_min: u8) {
    let in_sync_min = in_sync_min.to_string();
    let configs = |topic: Topic| {
        let configs = [
            ("cleanup.policy", if topic == Topic::Keys { "compact" } else { "delete" }),
            ("retention.ms", "-1"),
            ("retention.bytes", "-1"),
            ("message.timestamp.type", "LogAppendTime"),
            ("min.insync.replicas", &in_sync_min),
        ];
        BTreeMap::from(configs.map(|(key, value)| (key.to_owned(), value.to_owned())))
    };
    let new =
        |topic: &Topic| NewTopic { name: topic.name().to_owned(), partitions: 16, replicas, configs: configs(*topic) };
    let topics: Vec<NewTopic> = topics.iter().map(new).collect();
    Admin::connect(connection).await.unwrap().create_topics(&topics).await.unwrap();
}

pub(crate) async fn open(connection: &Connection) -> KafkaLog {
    // A node of several hears of a new topic a moment after the one that was asked to make it.
    let until = std::time::Instant::now() + LONG;
    loop {
        match KafkaLog::open(connection.clone(), options()).await {
            Ok(log) => return log,
            Err(error) => assert!(std::time::Instant::now() < until, "{error}"),
        }
    }
}

/// Who keeps a partition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Kept {
    /// The node that leads.
    pub(crate) leader: usize,
    /// All that keep it.
    pub(crate) by: Vec<usize>,
    /// Those of them that have all of it.
    pub(crate) in_sync: Vec<usize>,
}

/// Who keeps each partition of the topic, as a broker that answers sees it.
pub(crate) fn kept(connection: &Connection) -> BTreeMap<Partition, Kept> {
    let client: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", &connection.bootstrap).set("log_level", "0").create().unwrap();
    let metadata = client.fetch_metadata(Some(TOPIC.name()), LONG).unwrap();
    let nodes = |ids: &[i32]| {
        let mut nodes: Vec<usize> = ids.iter().map(|id| usize::try_from(*id).unwrap()).collect();
        nodes.sort_unstable();
        nodes
    };
    let partitions = metadata.topics()[0].partitions();
    let of = |partition: &rdkafka::metadata::MetadataPartition| Kept {
        leader: usize::try_from(partition.leader()).unwrap_or(0),
        by: nodes(partition.replicas()),
        in_sync: nodes(partition.isr()),
    };
    partitions.iter().map(|one| (Partition::new(u8::try_from(one.id()).unwrap()).unwrap(), of(one))).collect()
}

/// Looks until it is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < LONG, "after {LONG:?} it is not so: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
    began.elapsed()
}

/// Has a partition kept by these nodes from now on, the first of them leading by preference.
pub(crate) fn move_to(connection: &Connection, partition: Partition, nodes: &[usize]) {
    let replicas = nodes.iter().map(|node| BrokerId(i32::try_from(*node).unwrap())).collect();
    let partition =
        ReassignablePartition::default().with_partition_index(partition.number().into()).with_replicas(Some(replicas));
    let topic = ReassignableTopic::default()
        .with_name(TopicName(StrBytes::from_static_str(TOPIC.name())))
        .with_partitions(vec![partition]);
    let request = AlterPartitionReassignmentsRequest::default().with_timeout_ms(30_000).with_topics(vec![topic]);

    let key = ApiKey::AlterPartitionReassignments;
    let header = RequestHeader::default().with_request_api_key(key as i16).with_request_api_version(0);
    let mut body = BytesMut::new();
    header.encode(&mut body, key.request_header_version(0)).unwrap();
    request.encode(&mut body, 0).unwrap();
    let mut stream = TcpStream::connect(connection.bootstrap.split(',').next().unwrap()).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    let mut frame = BytesMut::new();
    frame.put_u32(u32::try_from(body.len()).unwrap());
    frame.extend_from_slice(&body);
    stream.write_all(&frame).unwrap();
    let mut size = [0; 4];
    stream.read_exact(&mut size).unwrap();
    let mut answer = vec![0; usize::try_from(u32::from_be_bytes(size)).unwrap()];
    stream.read_exact(&mut answer).unwrap();
    let mut answer = &answer[..];
    ResponseHeader::decode(&mut answer, key.response_header_version(0)).unwrap();
    let answered = AlterPartitionReassignmentsResponse::decode(&mut answer, 0).unwrap();
    assert!(!answer.has_remaining());
    assert_eq!((answered.error_code, answered.responses[0].partitions[0].error_code), (0, 0), "{answered:?}");
}
