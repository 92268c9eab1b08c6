//! TLS, SASL and rights: on brokers that demand them.

use event_log::kafka::admin::{Acl, Operation, Pattern, Permission, Resource};
use event_log::kafka::lease::{Lease, LeaseOptions};
use event_log::kafka::{Sasl, Tls};

use super::*;

fn scram(broker: &Broker, user: &str) -> Connection {
    let sasl = Sasl::Scram { username: user.to_owned(), password_file: broker.password_file(user).unwrap() };
    let tls = Some(Tls { ca: broker.papers().ca(), identity: None });
    Connection { security: Security::Sasl { tls, sasl }, ..connection_to(broker) }
}

fn right(user: &str, resource: Resource, name: String, operation: Operation) -> Acl {
    Acl {
        principal: format!("User:{user}"),
        resource,
        name,
        pattern: Pattern::LITERAL,
        operation,
        permission: Permission::ALLOW,
        host: "*".to_owned(),
    }
}

async fn refused(connection: &Connection, options: KafkaOptions) -> String {
    match KafkaLog::open(connection.clone(), options).await.map(|_| ()) {
        Err(LogError::Refused { because }) => because,
        other => panic!("{other:?}"),
    }
}

/// Waits until the broker knows of a right that the controller has, in which it is refused for something else.
async fn refused_for(connection: &Connection, topics: &[Topic], what: &str) {
    while !refused(connection, options("", topics)).await.contains(what) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until the broker knows of every right.
async fn opened(connection: &Connection, topics: &[Topic]) -> KafkaLog {
    loop {
        match KafkaLog::open(connection.clone(), options("", topics)).await {
            Ok(log) => return log,
            Err(LogError::Refused { .. }) => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_does_what_it_may_and_nothing_else() {
    const USER: &str = "education-school-census";
    let broker = Broker::start(Kind::SaslSsl).unwrap();
    if broker.passes_over("SASL and rights") {
        return;
    }
    let admin = scram(&broker, broker::SUPER_USER);
    create(&admin, "", &Topic::ALL, &[]).await;
    let connector = scram(&broker, USER);
    let own = [Topic::Education, Topic::Keys, Topic::Quarantine];

    // Nothing yet: and it is told what.
    let because = refused(&connector, options("", &own)).await;
    assert!(because.contains(Topic::Education.name()), "{because}");
    let lease = LeaseOptions { session: Duration::from_secs(6), ..LeaseOptions::default() };
    let refused_lease = Lease::take(&connector, USER, &lease).await.map(|_| ());
    let refused_lease = refused_lease.unwrap_err().to_string();
    assert!(refused_lease.contains("throughline.lease.education-school-census"), "{refused_lease}");

    let mut rights: Vec<Acl> = own
        .iter()
        .flat_map(|topic| [Operation::READ, Operation::WRITE].map(|operation| (topic.name().to_owned(), operation)))
        .map(|(name, operation)| right(USER, Resource::TOPIC, name, operation))
        .collect();
    let group = "throughline.lease.education-school-census".to_owned();
    rights.push(right(USER, Resource::GROUP, group, Operation::READ));
    let mut administrator = Admin::connect(&admin).await.unwrap();
    administrator.create_acls(&rights).await.unwrap();
    refused_for(&connector, &own, "describe the configuration of topic").await;

    let describe: Vec<Acl> = own
        .iter()
        .map(|topic| right(USER, Resource::TOPIC, topic.name().to_owned(), Operation::DESCRIBE_CONFIGS))
        .collect();
    administrator.create_acls(&describe).await.unwrap();
    let log = opened(&connector, &own).await;
    let _lease = Lease::take(&connector, USER, &lease).await.unwrap();
    let large = Record { value: vec![1; 1_000_000].into(), ..record(Topic::Education, partition(1), "") };
    let some = vec![record(Topic::Education, partition(0), "a"), large, record(Topic::Keys, partition(0), "b")];
    log.append(some).await.unwrap();
    assert_eq!(log.read(Topic::Education, partition(0), 0, 9).await.unwrap().len(), 1);
    assert_eq!(log.read(Topic::Education, partition(1), 0, 9).await.unwrap()[0].value.len(), 1_000_000);
    let because = refused(&connector, options("", &[Topic::Education, Topic::Health])).await;
    assert!(because.contains(Topic::Health.name()), "{because}");

    // A right that is taken away: a refusal that names the topic, and not a wait.
    let write = right(USER, Resource::TOPIC, Topic::Quarantine.name().to_owned(), Operation::WRITE);
    administrator.delete_acls(&[write]).await.unwrap();
    let because = loop {
        match log.append(vec![record(Topic::Quarantine, partition(0), "c")]).await {
            Ok(_) => {}
            Err(LogError::Refused { because }) => break because,
            Err(other) => panic!("{other}"),
        }
    };
    assert!(because.contains("write to topic throughline.quarantine.v1"), "{because}");
    log.append(vec![record(Topic::Education, partition(0), "d")]).await.unwrap();

    wrong_secrets(&broker, &own).await;
    a_token(&broker, &mut administrator).await;
}

async fn wrong_secrets(broker: &Broker, own: &[Topic]) {
    let begun = std::time::Instant::now();
    let password_file = broker.folder().unwrap().join("wrong.password");
    std::fs::write(&password_file, "wrong\n").unwrap();
    let with = |password_file| {
        let sasl = Sasl::Scram { username: "education-school-census".to_owned(), password_file };
        let tls = Some(Tls { ca: broker.papers().ca(), identity: None });
        Connection { security: Security::Sasl { tls, sasl }, ..connection_to(broker) }
    };
    let because = refused(&with(password_file), options("", own)).await;
    assert!(!because.contains("wrong"), "{because}");
    let because = refused(&with(broker.folder().unwrap().join("none.password")), options("", own)).await;
    assert!(because.contains("none.password"), "{because}");
    assert!(begun.elapsed() < Duration::from_secs(20));
}

async fn a_token(broker: &Broker, administrator: &mut Admin) {
    let every = [Operation::READ, Operation::WRITE, Operation::DESCRIBE_CONFIGS];
    let rights = every.map(|o| right("serve", Resource::TOPIC, Topic::Sharing.name().to_owned(), o));
    administrator.create_acls(&rights).await.unwrap();
    let sasl = Sasl::OAuthBearer { token_file: broker.token_file("serve").unwrap() };
    let tls = Some(Tls { ca: broker.papers().ca(), identity: None });
    let serve = Connection { security: Security::Sasl { tls, sasl }, ..connection_to(broker) };
    let log = opened(&serve, &[Topic::Sharing]).await;
    log.append(vec![record(Topic::Sharing, partition(0), "a")]).await.unwrap();
    assert_eq!(log.read(Topic::Sharing, partition(0), 0, 9).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_renewed_without_a_restart() {
    let mut broker = Broker::start(Kind::Tls).unwrap();
    if broker.passes_over("TLS") {
        return;
    }
    let identity = broker.papers().client("serve").unwrap();
    let tls = Tls { ca: broker.papers().ca(), identity: Some(identity) };
    let connection = Connection { security: Security::Tls(tls), ..connection_to(&broker) };
    let topics = [Topic::Disclosure];
    create(&connection, "", &topics, &[]).await;
    let brief = KafkaOptions {
        delivery_within: Duration::from_secs(2),
        files_every: Duration::from_millis(50),
        ..options("", &topics)
    };
    let log = KafkaLog::open(connection.clone(), brief).await.unwrap();
    let one = || vec![record(Topic::Disclosure, partition(0), "one")];
    log.append(one()).await.unwrap();

    broker.papers().expired_client("serve").unwrap();
    let mut none = connection_to(&broker);
    none.security = Security::Tls(Tls { ca: broker.papers().ca(), identity: None });
    // Connections that stand are not cut: a restart of the broker is what shows that it has expired.
    broker.kill().unwrap();
    broker.start_again().unwrap();
    loop {
        match log.append(one()).await {
            Ok(_) => {}
            Err(LogError::Unavailable { because }) if because.contains("SSL") => break,
            Err(LogError::Unavailable { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    broker.papers().client("serve").unwrap();
    while let Err(error) = log.append(one()).await {
        assert!(error.is_transient(), "{error}");
    }
    let end = log.end(Topic::Disclosure, partition(0)).await.unwrap();
    assert_eq!(log.read(Topic::Disclosure, partition(0), 0, 10_000).await.unwrap().len() as u64, end);
    let without = KafkaLog::open(none, KafkaOptions { answer_within: Duration::from_secs(3), ..options("", &topics) });
    let without = without.await.map(|_| ());
    assert!(matches!(without, Err(LogError::Refused { .. } | LogError::Unavailable { .. })), "{without:?}");
}
