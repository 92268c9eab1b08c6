//! Rights that are taken away and a certificate that expires, while records are on their way.

use std::time::{Duration, Instant};

use broker::{Broker, Kind, SUPER_USER};
use event_log::kafka::admin::{Acl, Admin, Operation, Pattern, Permission, Resource};
use event_log::kafka::{Connection, KafkaLog, KafkaOptions, Sasl, Security, Tls};
use event_log::{EventLog, LogError, Partition, Record};

use crate::cluster::{LONG, TOPIC, connection, make_topic, options};
use crate::load::{Load, end};

fn scram(broker: &Broker, user: &str) -> Connection {
    let sasl = Sasl::Scram { username: user.to_owned(), password_file: broker.password_file(user).unwrap() };
    let tls = Some(Tls { ca: broker.papers().ca(), identity: None });
    Connection { security: Security::Sasl { tls, sasl }, ..connection(broker) }
}

fn right(user: &str, operation: Operation) -> Acl {
    Acl {
        principal: format!("User:{user}"),
        resource: Resource::TOPIC,
        name: TOPIC.name().to_owned(),
        pattern: Pattern::LITERAL,
        operation,
        permission: Permission::ALLOW,
        host: "*".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_taken_away_is_said_at_once_and_given_back_is_used_without_a_restart() {
    const USER: &str = "education-school-census";
    let broker = tokio::task::block_in_place(|| Broker::start(Kind::SaslSsl).unwrap());
    if broker.passes_over("rights that are taken away") {
        return;
    }
    let administrator = scram(&broker, SUPER_USER);
    make_topic(&administrator, 1, 1).await;
    let mut administrator = Admin::connect(&administrator).await.unwrap();
    let rights =
        [Operation::READ, Operation::WRITE, Operation::DESCRIBE_CONFIGS].map(|operation| right(USER, operation));
    administrator.create_acls(&rights).await.unwrap();

    let connector = scram(&broker, USER);
    let began = Instant::now();
    // A broker learns of a right a moment after it was given.
    let log = loop {
        match KafkaLog::open(connector.clone(), options()).await {
            Ok(log) => break log,
            Err(error) => assert!(began.elapsed() < LONG, "{error}"),
        }
    };
    let partition = Partition::new(1).unwrap();
    let one = |number: usize| {
        vec![Record { topic: TOPIC, partition, key: [1; 16], value: number.to_string().into_bytes().into() }]
    };
    let mut acknowledged = Vec::new();
    while acknowledged.len() < 20 {
        match log.append(one(acknowledged.len())).await {
            Ok(appended) => acknowledged.push(appended.positions[0].offset),
            Err(error) => assert!(began.elapsed() < LONG, "{error}"),
        }
    }
    administrator.delete_acls(&[right(USER, Operation::WRITE)]).await.unwrap();
    let taken = Instant::now();
    let because = loop {
        match log.append(one(acknowledged.len())).await {
            Ok(appended) => acknowledged.push(appended.positions[0].offset),
            Err(LogError::Refused { because }) => break because,
            Err(error) => panic!("{error}"),
        }
        assert!(taken.elapsed() < LONG);
    };
    println!("the right to write taken away: \"{because}\" after {:?}", taken.elapsed());
    assert!(because.contains(TOPIC.name()), "{because}");
    log.append(one(0)).await.unwrap_err();
    assert_eq!(log.end(TOPIC, partition).await.unwrap(), acknowledged.len() as u64, "what is refused is not there");

    administrator.create_acls(&[right(USER, Operation::WRITE)]).await.unwrap();
    let given = Instant::now();
    let appended = loop {
        match log.append(one(acknowledged.len())).await {
            Ok(appended) => break appended,
            Err(error) => assert!(given.elapsed() < LONG, "{error}"),
        }
    };
    println!("given back: taken again after {:?}, without a restart", given.elapsed());
    acknowledged.push(appended.positions[0].offset);
    let records = log.read(TOPIC, partition, 0, 10_000).await.unwrap();
    assert!(acknowledged.iter().enumerate().all(|(number, offset)| *offset == number as u64), "{acknowledged:?}");
    assert!(records.iter().enumerate().all(|(number, record)| record.value == number.to_string()));
    assert_eq!(records.len(), acknowledged.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_expires_under_load_is_replaced_without_a_restart() {
    let began = Instant::now();
    let mut broker = tokio::task::block_in_place(|| Broker::start(Kind::Tls).unwrap());
    // Long enough to connect and to write, on a machine that took so long to start a broker.
    let good_for = Duration::from_secs(6).max(began.elapsed() * 2);
    if broker.passes_over("a certificate that expires") {
        return;
    }
    let of = |name: &str, identity| {
        let tls = Tls { ca: broker.papers().ca(), identity: Some(identity) };
        Connection { client_id: name.to_owned(), security: Security::Tls(tls), ..connection(&broker) }
    };
    let reader = of("reader", broker.papers().client("reader").unwrap());
    make_topic(&reader, 1, 1).await;
    let writer = of("writer", broker.papers().client_for("writer", good_for).unwrap());
    let looking = KafkaOptions { files_every: Duration::from_millis(100), ..options() };
    let log = KafkaLog::open(writer, looking).await.unwrap();
    let load = Load::begin(&log, Partition::all());
    load.wait_for(500);
    tokio::time::sleep_until(tokio::time::Instant::now() + good_for).await;
    // A connection that stands goes on; the next one is refused.
    load.wait_for(100);
    println!("expired: what is connected goes on");
    broker.kill().unwrap();
    tokio::task::block_in_place(|| broker.start_again().unwrap());
    load.wait_until_unavailable();
    let held = load.acknowledged();
    load.wait_until_unavailable();
    assert_eq!(load.acknowledged(), held, "a certificate that has expired was taken");
    println!("connecting anew: refused, and nothing acknowledged");
    broker.papers().client("writer").unwrap();
    let replaced = Instant::now();
    load.wait_for(500);
    println!("replaced: taken again after {:?}, without a restart", replaced.elapsed());
    let found = end(load, &reader, "a certificate that expired").await;
    assert!(found.unavailable >= 2);
}
