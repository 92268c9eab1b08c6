//! The broker that tests stand on does what they take for granted.
#![cfg(test)]

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use broker::{Broker, Cluster, Kind, Plan, SUPER_USER};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::{ClientContext, DefaultClientContext, OAuthToken};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::metadata::MetadataTopic;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};

const SOON: Duration = Duration::from_secs(60);

fn client(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap).set("log_level", "0");
    config
}

fn tls(broker: &Broker, identity: Option<&(std::path::PathBuf, std::path::PathBuf)>) -> ClientConfig {
    let mut config = client(broker.bootstrap());
    config.set("security.protocol", "ssl").set("ssl.ca.location", text(&broker.papers().ca()));
    if let Some((certificate, key)) = identity {
        config.set("ssl.certificate.location", text(certificate)).set("ssl.key.location", text(key));
    }
    config
}

fn scram(broker: &Broker, user: &str, password: &str) -> ClientConfig {
    let mut config = client(broker.bootstrap());
    config.set("security.protocol", "sasl_ssl").set("ssl.ca.location", text(&broker.papers().ca()));
    config.set("sasl.mechanism", "SCRAM-SHA-512").set("sasl.username", user).set("sasl.password", password);
    config
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The ids of the brokers that answer.
fn brokers(config: &ClientConfig, patience: Duration) -> Result<Vec<i32>, String> {
    let consumer: BaseConsumer = config.create().map_err(|problem| problem.to_string())?;
    let metadata = consumer.fetch_metadata(None, patience).map_err(|problem| problem.to_string())?;
    let mut ids: Vec<i32> = metadata.brokers().iter().map(rdkafka::metadata::MetadataBroker::id).collect();
    ids.sort_unstable();
    Ok(ids)
}

fn make(config: &ClientConfig, topic: &str, replicas: i32) -> Result<(), String> {
    let admin: AdminClient<DefaultClientContext> = config.create().map_err(|problem| problem.to_string())?;
    let topics = [NewTopic::new(topic, 2, TopicReplication::Fixed(replicas))];
    let options = AdminOptions::new().operation_timeout(Some(SOON)).request_timeout(Some(SOON));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let made = runtime.block_on(admin.create_topics(&topics, &options)).map_err(|problem| problem.to_string())?;
    made.into_iter().try_for_each(|one| one.map(drop).map_err(|(_, problem)| problem.to_string()))
}

/// Sends that many records, and returns when they are acknowledged.
fn send(config: &ClientConfig, topic: &str, count: usize) {
    let producer: ThreadedProducer<DefaultProducerContext> =
        config.clone().set("enable.idempotence", "true").create().unwrap();
    for number in 0..count {
        let payload = number.to_string();
        let record: BaseRecord<'_, (), str> = BaseRecord::to(topic).partition(0).payload(payload.as_str());
        producer.send(record).map_err(|(problem, _)| problem).unwrap();
    }
    producer.flush(SOON).unwrap();
}

fn end(config: &ClientConfig, topic: &str) -> i64 {
    let consumer: BaseConsumer = config.create().unwrap();
    consumer.fetch_watermarks(topic, 0, SOON).unwrap().1
}

#[test]
fn a_node_keeps_what_it_acknowledged_through_kill_stop_and_pause() {
    let mut broker = Broker::start(Kind::Plaintext).unwrap();
    let config = client(broker.bootstrap());
    // A broker that KAFKA_BOOTSTRAP names may have seen this test before.
    let topic = format!("kept-{}", std::process::id());
    if !broker.mock_topic(&topic, 2).unwrap() {
        make(&config, &topic, 1).unwrap();
    }
    send(&config, &topic, 10);
    assert_eq!(end(&config, &topic), 10);
    if broker.passes_over("a node that is killed keeps what it acknowledged") {
        return;
    }
    broker.kill().unwrap();
    brokers(&config, Duration::from_millis(200)).unwrap_err();
    broker.start_again().unwrap();
    assert_eq!(end(&config, &topic), 10);
    send(&config, &topic, 5);

    broker.stop().unwrap();
    broker.start_again().unwrap();
    assert_eq!(end(&config, &topic), 15);

    broker.pause().unwrap();
    brokers(&config, Duration::from_millis(200)).unwrap_err();
    broker.resume().unwrap();
    assert_eq!(brokers(&config, SOON).unwrap(), [1]);
}

#[test]
fn its_folder_goes_with_it() {
    let broker = Broker::start(Kind::Plaintext).unwrap();
    if broker.passes_over("a node leaves nothing behind") {
        return;
    }
    let folder = broker.folder().unwrap().to_owned();
    assert!(broker.data(1).unwrap().join("meta.properties").exists());
    drop(broker);
    assert!(!folder.exists());
}

#[test]
fn tls_wants_a_certificate_of_its_authority_that_is_in_date() {
    let broker = Broker::start(Kind::Tls).unwrap();
    if broker.passes_over("TLS on both sides") {
        return;
    }
    let short = Duration::from_secs(2);
    let good = broker.papers().client("a-connector").unwrap();
    assert_eq!(brokers(&tls(&broker, Some(&good)), SOON).unwrap(), [1]);
    brokers(&tls(&broker, None), short).unwrap_err();
    brokers(&client(broker.bootstrap()), short).unwrap_err();
    let yesterday = time::OffsetDateTime::now_utc() - time::Duration::DAY;
    let expired = broker.papers().client_until("late", yesterday).unwrap();
    brokers(&tls(&broker, Some(&expired)), short).unwrap_err();
    let other = Broker::start(Kind::Tls).unwrap();
    let foreign = other.papers().client("a-connector").unwrap();
    brokers(&tls(&broker, Some(&foreign)), short).unwrap_err();
}

#[test]
fn sasl_knows_its_users_and_allows_nothing_that_no_acl_allows() {
    let broker = Broker::start(Kind::SaslSsl).unwrap();
    if broker.passes_over("SCRAM, and deny by default") {
        return;
    }
    let password = |user| std::fs::read_to_string(broker.password_file(user).unwrap()).unwrap();
    let admin = scram(&broker, SUPER_USER, &password(SUPER_USER));
    make(&admin, "guarded", 1).unwrap();
    send(&admin, "guarded", 1);
    assert_eq!(end(&admin, "guarded"), 1);

    let serve = scram(&broker, "serve", &password("serve"));
    assert_eq!(brokers(&serve, SOON).unwrap(), [1]);
    let refused = make(&serve, "mine", 1).unwrap_err();
    assert!(refused.to_lowercase().contains("authorization"), "{refused}");
    let unseen: BaseConsumer = serve.create().unwrap();
    unseen.fetch_watermarks("guarded", 0, Duration::from_secs(2)).unwrap_err();

    brokers(&scram(&broker, "serve", "another"), Duration::from_secs(2)).unwrap_err();
    broker.password_file("nobody").unwrap_err();
}

/// Shows a token to whoever asks for one.
struct Token(String);

impl ClientContext for Token {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn std::error::Error>> {
        let in_an_hour = SystemTime::now().duration_since(UNIX_EPOCH)? + Duration::from_secs(3600);
        let lifetime_ms = i64::try_from(in_an_hour.as_millis())?;
        Ok(OAuthToken { token: self.0.clone(), principal_name: "any".into(), lifetime_ms })
    }
}

impl ConsumerContext for Token {}

#[test]
fn a_token_is_checked_against_the_issuers_key_and_its_subject_is_the_user() {
    let broker = Broker::start(Kind::SaslSsl).unwrap();
    if broker.passes_over("OAUTHBEARER") {
        return;
    }
    let mut config = client(broker.bootstrap());
    config.set("security.protocol", "sasl_ssl").set("ssl.ca.location", text(&broker.papers().ca()));
    config.set("sasl.mechanism", "OAUTHBEARER");
    let sees = |user: &str, token: String, patience: Duration| {
        let consumer: BaseConsumer<Token> = config.create_with_context(Token(token)).unwrap();
        // The token is asked for when the client is polled.
        drop(consumer.poll(Duration::ZERO));
        let metadata = consumer.fetch_metadata(Some("guarded"), patience).map_err(|problem| problem.to_string())?;
        let errors: Vec<_> = metadata.topics().iter().filter_map(MetadataTopic::error).collect();
        if errors.is_empty() { Ok(()) } else { Err(format!("{user}: {errors:?}")) }
    };
    let token = |user: &str| std::fs::read_to_string(broker.token_file(user).unwrap()).unwrap();
    let password = std::fs::read_to_string(broker.password_file(SUPER_USER).unwrap()).unwrap();
    make(&scram(&broker, SUPER_USER, &password), "guarded", 1).unwrap();

    sees(SUPER_USER, token(SUPER_USER), SOON).unwrap();
    let refused = sees("serve", token("serve"), SOON).unwrap_err();
    assert!(refused.contains("AUTHORIZATION_FAILED"), "{refused}");
    let other = Broker::start(Kind::SaslSsl).unwrap();
    let forged = std::fs::read_to_string(other.token_file(SUPER_USER).unwrap()).unwrap();
    sees(SUPER_USER, forged, Duration::from_secs(2)).unwrap_err();
}

#[test]
fn three_nodes_go_on_without_one() {
    let mut cluster = Cluster::start(3).unwrap();
    if cluster.passes_over("three nodes of which one is killed") {
        return;
    }
    let config = client(cluster.bootstrap());
    assert_eq!(brokers(&config, SOON).unwrap(), [1, 2, 3]);
    make(&config, "replicated", 3).unwrap();
    send(&config, "replicated", 10);
    cluster.kill(1).unwrap();
    send(&config, "replicated", 10);
    assert_eq!(end(&config, "replicated"), 20);
    cluster.start_again(1).unwrap();
    cluster.kill(2).unwrap();
    send(&config, "replicated", 10);
    assert_eq!(end(&config, "replicated"), 30);
}

#[test]
fn a_node_that_cannot_start_says_why() {
    let plan = Plan::of(Kind::Plaintext).setting("log.cleaner.threads", "several");
    if let Err(problem) = plan.nodes(1).start() {
        assert!(format!("{problem:#}").contains("log.cleaner.threads"), "{problem:#}");
    } else {
        // The mock cluster and a broker elsewhere have no settings of ours.
        assert!(Broker::start(Kind::Plaintext).unwrap().passes_over("a node that cannot start says why"));
    }
}

/// A test that is killed drops nothing: the node has to see by itself that it is alone.
#[test]
fn a_node_ends_when_whoever_started_it_is_gone() {
    const CHILD: &str = "BROKER_STARTED_BY_A_CHILD";
    if std::env::var_os(CHILD).is_some() {
        let broker = Broker::start(Kind::Plaintext).unwrap();
        let said: HashMap<&str, &str> =
            broker.folder().map_or_else(|_| HashMap::new(), |folder| [(broker.bootstrap(), text(folder))].into());
        println!("{said:?}");
        std::process::abort();
    }
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "a_node_ends_when_whoever_started_it_is_gone"])
        .env(CHILD, "yes")
        .env_remove("KAFKA_BOOTSTRAP")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    let Some((bootstrap, folder)) = said.split('"').nth(1).zip(said.split('"').nth(3)) else {
        assert!(
            Broker::start(Kind::Plaintext).unwrap().passes_over("a node ends when whoever started it is gone"),
            "{said}"
        );
        return;
    };
    let until = std::time::Instant::now() + SOON;
    while std::net::TcpStream::connect(bootstrap).is_ok() || Path::new(folder).exists() {
        assert!(std::time::Instant::now() < until, "it is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
}
