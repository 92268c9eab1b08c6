//! Topics and ACLs on a real Kafka: what the shipped file gives each role, operation by operation, and what is refused.
#![cfg(test)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use broker::{Broker, Kind, Plan, SUPER_USER};
use event_log::kafka::admin::{Admin, AdminError, NewTopic};
use event_log::kafka::lease::{Lease, LeaseOptions};
use event_log::kafka::topics::{self, ApplyError, Kind as Change, Wanted};
use event_log::kafka::{Connection, Sasl, Security, Tls};
use event_log::{LogError, PARTITIONS, Topic};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::Mutex;

const SHIPPED: &str = include_str!("../../../deploy/kafka/topics.toml");
const WITHIN: Duration = Duration::from_secs(20);

/// One broker at a time: each takes some 300 MB.
static ALONE: Mutex<()> = Mutex::const_new(());

fn plain(broker: &Broker) -> Connection {
    let bootstrap = broker.bootstrap().to_owned();
    Connection { bootstrap, client_id: "test".to_owned(), security: Security::Plaintext }
}

/// What is shipped, on one node.
fn wanted() -> Wanted {
    Wanted::shipped().unwrap().with_copies(Some(1), Some(1)).unwrap()
}

async fn plan(connection: &Connection) -> topics::Plan {
    let mut admin = Admin::connect(connection).await.unwrap();
    topics::plan(&wanted(), &topics::find(&mut admin, &wanted()).await.unwrap())
}

/// The plan, once the broker shows what this test has just changed.
async fn plan_with(connection: &Connection, kind: Change, steps: usize) -> topics::Plan {
    let until = Instant::now() + WITHIN;
    loop {
        let plan = plan(connection).await;
        if plan.said(kind).len() >= steps {
            return plan;
        }
        assert!(Instant::now() < until, "{:?}", plan.steps);
    }
}

fn configs(configs: &[(&str, &str)]) -> BTreeMap<String, String> {
    configs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn what_is_applied_is_there_and_nothing_is_left_to_do() {
    let _alone = ALONE.lock().await;
    let broker = Broker::start(Kind::Plaintext).unwrap();
    if broker.passes_over("topics on a broker of its own") {
        return;
    }
    let connection = plain(&broker);
    assert_eq!(plan(&connection).await.said(Change::CreateTopic).len(), 9);

    let mut admin = Admin::connect(&connection).await.unwrap();
    let done = topics::apply(&mut admin, &wanted(), false).await.unwrap();
    assert_eq!(done.said(Change::CreateTopic).len(), 9);
    assert!(done.open_to_all);
    assert!(plan(&connection).await.is_nothing());
    assert_eq!(topics::apply(&mut admin, &wanted(), true).await.unwrap().steps, []);

    // What somebody changed is put back, and nothing else is touched.
    admin
        .alter_configs("throughline.keys.v1", &configs(&[("min.compaction.lag.ms", "7"), ("segment.ms", "1000000")]))
        .await
        .unwrap();
    let found = plan_with(&connection, Change::SetConfig, 1).await;
    assert_eq!(found.said(Change::SetConfig), ["throughline.keys.v1 min.compaction.lag.ms=604800000 (now 7)"]);
    topics::apply(&mut admin, &wanted(), false).await.unwrap();
    assert!(plan(&connection).await.is_nothing());
    let after = admin.topics_with_configs(&["throughline.keys.v1"]).await.unwrap();
    assert_eq!(after["throughline.keys.v1"].configs["segment.ms"].value, "1000000");
}

const BOMB_RECORDS: usize = 40;

/// So many records of half a megabyte of zeros, in one batch that lz4 makes some 80 kB of; what became of them.
async fn send_a_bomb(connection: &Connection, topic: Topic) -> Vec<Option<RDKafkaErrorCode>> {
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", &connection.bootstrap)
        .set("compression.codec", "lz4")
        .set("message.max.bytes", "100000000")
        .set("batch.size", "100000000")
        // Longer than it takes to hand them over, so that they go together.
        .set("linger.ms", "1000")
        .create()
        .unwrap();
    let zeros = vec![0; 500_000];
    let record = || FutureRecord::to(topic.name()).partition(3).key(&[7; 16][..]).payload(&zeros[..]);
    let sent: Vec<_> =
        (0..BOMB_RECORDS).map(|_| producer.send_result(record()).map_err(|(error, _)| error).unwrap()).collect();
    let mut became = Vec::new();
    for delivery in sent {
        became.push(delivery.await.unwrap().err().and_then(|(error, _)| error.rdkafka_error_code()));
    }
    became
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_unpacks_to_more_than_a_record_may_be_is_not_taken() {
    let _alone = ALONE.lock().await;
    let broker = Broker::start(Kind::Plaintext).unwrap();
    if broker.passes_over("topics on a broker of its own") {
        return;
    }
    let connection = plain(&broker);
    let mut admin = Admin::connect(&connection).await.unwrap();
    topics::apply(&mut admin, &wanted(), false).await.unwrap();
    let refused = Some(RDKafkaErrorCode::MessageSizeTooLarge);
    assert_eq!(send_a_bomb(&connection, Topic::Health).await, [refused; BOMB_RECORDS]);
    // As the topics once were: it is what the broker is told that keeps it out.
    admin.alter_configs(Topic::Health.name(), &configs(&[("compression.type", "lz4")])).await.unwrap();
    plan_with(&connection, Change::SetConfig, 1).await;
    assert_eq!(send_a_bomb(&connection, Topic::Health).await, [None; BOMB_RECORDS]);
}

#[tokio::test]
async fn what_breaks_the_positions_is_refused_and_nothing_is_changed() {
    let _alone = ALONE.lock().await;
    let broker = Broker::start(Kind::Plaintext).unwrap();
    if broker.passes_over("topics on a broker of its own") {
        return;
    }
    let connection = plain(&broker);
    let mut admin = Admin::connect(&connection).await.unwrap();
    let topic = |name: &str, partitions, of: &[(&str, &str)]| NewTopic {
        name: name.to_owned(),
        partitions,
        replicas: 1,
        configs: configs(of),
    };
    let endless = [("retention.ms", "-1"), ("retention.bytes", "-1")];
    admin
        .create_topics(&[
            topic("throughline.health.v1", 12, &endless),
            topic("throughline.education.v1", 16, &[("retention.ms", "604800000"), ("retention.bytes", "-1")]),
            topic("throughline.identity.v1", 16, &[("cleanup.policy", "compact")]),
            topic("throughline.sharing.v1", 16, &[("retention.ms", "-1"), ("retention.bytes", "1000000000")]),
        ])
        .await
        .unwrap();
    plan_with(&connection, Change::Refused, 4).await;
    let before = topics::find(&mut admin, &wanted()).await.unwrap();
    let error = topics::apply(&mut admin, &wanted(), true).await.unwrap_err();
    let ApplyError::Refused(refused) = &error else { panic!("{error}") };
    let named: Vec<String> = refused.said(Change::Refused);
    assert_eq!(named.len(), 4, "{named:?}");
    for what in [
        "throughline.education.v1 has retention.ms=604800000",
        "throughline.health.v1 has 12 partitions and not 16",
        "throughline.identity.v1 has cleanup.policy=compact",
        "throughline.sharing.v1 has retention.bytes=1000000000",
    ] {
        assert!(error.to_string().contains(what), "{error}");
    }
    assert_eq!(topics::find(&mut admin, &wanted()).await.unwrap(), before);
}

#[tokio::test]
async fn a_broker_that_is_not_there_or_not_one_is_named() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let answers = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt as _;
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let connection = Connection {
        bootstrap: format!("127.0.0.1:1, {address}"),
        client_id: "t".to_owned(),
        security: Security::Plaintext,
    };
    let error = Admin::connect(&connection).await.unwrap_err();
    assert!(matches!(&error, AdminError::Unavailable { broker, .. } if *broker == address), "{error}");
    answers.abort();
    let gone = Connection { bootstrap: "127.0.0.1:1".to_owned(), ..connection };
    assert!(Admin::connect(&gone).await.unwrap_err().to_string().contains("127.0.0.1:1"));
}

/// Everybody whom the file gives a role, a source of each sector, and one whom it gives nothing.
const PEOPLE: [&str; 8] = [
    "throughline-admin",
    "throughline-auditor",
    "throughline-education-school-census",
    "throughline-health-hl7v2",
    "throughline-log-copy",
    "throughline-serve",
    "throughline-social-care-cin-census",
    "stranger",
];

struct Cluster {
    broker: Broker,
}

impl Cluster {
    fn connection(&self, user: &str) -> Connection {
        let sasl = Sasl::Scram { username: user.to_owned(), password_file: self.broker.password_file(user).unwrap() };
        self.with(sasl)
    }

    fn with(&self, sasl: Sasl) -> Connection {
        let tls = Some(Tls { ca: self.ca(), identity: None });
        let bootstrap = self.broker.bootstrap().to_owned();
        Connection { bootstrap, client_id: "test".to_owned(), security: Security::Sasl { tls, sasl } }
    }

    fn ca(&self) -> PathBuf {
        self.broker.papers().ca().to_owned()
    }

    fn client(&self, user: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        let password = std::fs::read_to_string(self.broker.password_file(user).unwrap()).unwrap();
        config
            .set("bootstrap.servers", self.broker.bootstrap())
            .set("security.protocol", "SASL_SSL")
            .set("ssl.ca.location", self.ca().to_str().unwrap())
            .set("sasl.mechanism", "SCRAM-SHA-512")
            .set("sasl.username", user)
            .set("sasl.password", password.trim())
            .set("message.timeout.ms", "20000");
        config
    }
}

/// Whether it was allowed; anything but a denial fails the test.
fn allowed<T>(result: Result<T, KafkaError>) -> bool {
    match result.map_err(|error| match error {
        KafkaError::AdminOp(code) => Some(code),
        other => other.rdkafka_error_code(),
    }) {
        Ok(_) => true,
        Err(Some(
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed,
        )) => false,
        Err(other) => panic!("neither allowed nor denied: {other:?}"),
    }
}

fn admitted<T>(result: Result<T, AdminError>) -> bool {
    match result {
        Ok(_) => true,
        Err(AdminError::Refused { because, .. }) if because.to_lowercase().contains("auth") => false,
        Err(other) => panic!("neither allowed nor denied: {other}"),
    }
}

/// What one user can do to each topic, by doing it.
async fn done_by(cluster: &Cluster, user: &str) -> Vec<String> {
    let client = cluster.client(user);
    let producer: FutureProducer = client.create().unwrap();
    let read = readable(&client);
    let deleting: AdminClient<DefaultClientContext> = client.create().unwrap();
    let mut admin = Admin::connect(&cluster.connection(user)).await.unwrap();
    let mut done = Vec::new();
    for topic in Topic::ALL.map(Topic::name) {
        let record = FutureRecord::to(topic).partition(1).key("0123456789abcdef").payload("invented");
        let wrote = allowed(producer.send(record, WITHIN).await.map_err(|(error, _)| error));
        let described = admitted(admin.topics(&[topic]).await);
        let configs_described = described && admitted(admin.topics_with_configs(&[topic]).await);
        let altered = admitted(admin.alter_configs(topic, &configs(&[("retention.ms", "-1")])).await);
        let new = NewTopic { name: topic.to_owned(), partitions: 16, replicas: 1, configs: BTreeMap::new() };
        let created = admitted(admin.create_topics(&[new]).await);
        let deleted = deleting.delete_topics(&[topic], &AdminOptions::new()).await.unwrap().remove(0);
        let deleted = allowed(deleted.map_err(|(_, code)| KafkaError::AdminOp(code)));
        let flags = [
            (read.contains(&topic), 'r'),
            (wrote, 'w'),
            (described, 'd'),
            (configs_described, 'c'),
            (altered, 'a'),
            (created, 'n'),
            (deleted, 'X'),
        ];
        done.push(flags.into_iter().map(|(can, letter)| if can { letter } else { '-' }).collect());
    }
    done
}

/// The topics whose first record the user gets.
fn readable(client: &ClientConfig) -> Vec<&'static str> {
    let gets = |topic: &&str| {
        // It has no part in its group, which librdkafka asks after all the same.
        let consumer: BaseConsumer =
            client.clone().set("group.id", "unused").set("enable.auto.commit", "false").create().unwrap();
        // Of a topic that it may not even see, librdkafka says nothing to whoever reads.
        let seen = consumer.fetch_metadata(Some(topic), WITHIN).unwrap();
        if seen.topics()[0]
            .error()
            .is_some_and(|error| error == RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
        {
            return false;
        }
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, 0, Offset::Offset(0)).unwrap();
        consumer.assign(&list).unwrap();
        let until = Instant::now() + WITHIN;
        loop {
            assert!(Instant::now() < until, "neither a record nor a denial of {topic}");
            match consumer.poll(Duration::from_millis(100)) {
                None => {}
                Some(Err(error)) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::GroupAuthorizationFailed) => {}
                Some(result) => return allowed(result.map(drop)),
            }
        }
    };
    Topic::ALL.map(Topic::name).into_iter().filter(gets).collect()
}

/// What of a cluster one user can do: be in the lease of each source, see the ACLs, change them.
async fn done_to_the_cluster(cluster: &Cluster, user: &str) -> String {
    let mut said = Vec::new();
    for source in ["education-school-census", "health-hl7v2", "social-care-cin-census"] {
        match Lease::take(&cluster.connection(user), source, &LeaseOptions::default()).await {
            Ok(lease) => {
                lease.release().await;
                said.push(format!("lease of {source}"));
            }
            Err(LogError::Refused { .. }) => {}
            Err(error) => panic!("neither allowed nor denied: {error}"),
        }
    }
    let mut admin = Admin::connect(&cluster.connection(user)).await.unwrap();
    let one = wanted().acls().into_iter().next().unwrap();
    if admitted(admin.acls().await) {
        said.push("see ACLs".to_owned());
    }
    if admitted(admin.create_acls(&[one]).await) {
        said.push("change ACLs".to_owned());
    }
    if said.is_empty() { "nothing".to_owned() } else { said.join(", ") }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_can_do_what_it_should_and_is_denied_the_rest() {
    let _alone = ALONE.lock().await;
    let broker: Broker = Plan::of(Kind::SaslSsl).users(&PEOPLE).start().unwrap().into();
    if broker.passes_over("ACLs") {
        return;
    }
    let cluster = Cluster { broker };
    let text = SHIPPED.replacen("principals = []", "principals = [\"User:throughline-log-copy\"]", 1);
    let wanted = Wanted::read(&text).unwrap().with_copies(Some(1), Some(1)).unwrap();
    let mut admin = Admin::connect(&cluster.connection(SUPER_USER)).await.unwrap();
    let before = topics::plan(&wanted, &topics::find(&mut admin, &wanted).await.unwrap());
    assert_eq!(before.new_acls.len(), wanted.acls().len());
    topics::apply(&mut admin, &wanted, false).await.unwrap();
    assert_eq!(topics::apply(&mut admin, &wanted, true).await.unwrap().steps, []);

    // Somebody is given a right by hand: shown, left, and taken away when that is asked for.
    let mut extra = wanted.acls().into_iter().next().unwrap();
    extra.principal = "User:stranger".to_owned();
    admin.create_acls(std::slice::from_ref(&extra)).await.unwrap();
    let until = Instant::now() + WITHIN;
    while !admin.acls().await.unwrap().unwrap().contains(&extra) {
        assert!(Instant::now() < until, "the ACL does not appear");
    }
    let shown = topics::apply(&mut admin, &wanted, false).await.unwrap();
    assert_eq!(shown.surplus_acls, [extra.clone()]);
    assert!(admin.acls().await.unwrap().unwrap().contains(&extra));
    topics::apply(&mut admin, &wanted, true).await.unwrap();
    assert!(!admin.acls().await.unwrap().unwrap().contains(&extra));

    let first: FutureProducer = cluster.client(SUPER_USER).create().unwrap();
    for topic in Topic::ALL.map(Topic::name) {
        let record = FutureRecord::to(topic).partition(0).key("0123456789abcdef").payload("invented");
        first.send(record, WITHIN).await.unwrap();
    }
    let mut table =
        String::from("# r read, w write, d describe, c describe configs, a alter configs, n create, X delete\n");
    for user in PEOPLE {
        table += &format!("\n{user}\n");
        for (topic, can) in Topic::ALL.into_iter().zip(done_by(&cluster, user).await) {
            table += &format!("    {can}  {topic}\n");
        }
        table += &format!("    cluster: {}\n", done_to_the_cluster(&cluster, user).await);
    }
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/rights.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, &table).unwrap();
    }
    assert_eq!(table, std::fs::read_to_string(&golden).unwrap());
    let made = admin.topics(&Topic::ALL.map(Topic::name)).await.unwrap();
    assert!(made.len() == 9 && made.values().all(|topic| topic.partitions == usize::from(PARTITIONS)));

    wrong_credentials_are_said(&cluster).await;
}

/// Who cannot say who they are is told so, and a token does as well as a password.
async fn wrong_credentials_are_said(cluster: &Cluster) {
    let refused =
        |error: AdminError| matches!(&error, AdminError::Refused { what, .. } if what == "accept who this is");
    let wrong = cluster.broker.folder().unwrap().join("wrong.password");
    std::fs::write(&wrong, "invented-and-wrong").unwrap();
    let sasl = Sasl::Scram { username: "throughline-serve".to_owned(), password_file: wrong };
    assert!(refused(Admin::connect(&cluster.with(sasl)).await.unwrap_err()));
    let gone = Sasl::Scram { username: "throughline-serve".to_owned(), password_file: "/nowhere/at/all".into() };
    assert!(matches!(Admin::connect(&cluster.with(gone)).await.unwrap_err(), AdminError::File { .. }));

    let token_file = cluster.broker.token_file("throughline-serve").unwrap();
    let mut serve = Admin::connect(&cluster.with(Sasl::OAuthBearer { token_file })).await.unwrap();
    assert!(serve.topics(&["throughline.keys.v1"]).await.is_ok());

    // Without TLS there is nothing to understand, and another authority's broker is not believed.
    let plain = Connection { security: Security::Plaintext, ..cluster.connection("throughline-serve") };
    assert!(matches!(Admin::connect(&plain).await.unwrap_err(), AdminError::Unavailable { .. }));
    let other = rcgen::generate_simple_self_signed(["other.invalid".to_owned()]).unwrap();
    let ca = cluster.broker.folder().unwrap().join("other.pem");
    std::fs::write(&ca, other.cert.pem()).unwrap();
    let mut mistaken = cluster.connection("throughline-serve");
    if let Security::Sasl { tls: Some(tls), .. } = &mut mistaken.security {
        tls.ca = ca;
    }
    let error = Admin::connect(&mistaken).await.unwrap_err().to_string();
    assert!(error.contains("TLS"), "{error}");
}
