//! The lease of a source.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use event_log::kafka::lease::{Lease, LeaseOptions, LeasedLog};

use super::*;

fn named(name: &str) -> Connection {
    Connection { client_id: name.to_owned(), ..connection() }
}

fn lease_options(prefix: &str) -> LeaseOptions {
    LeaseOptions { prefix: prefix.to_owned(), session: Duration::from_secs(6) }
}

#[tokio::test(flavor = "multi_thread")]
async fn has_one_holder_and_goes_to_another_when_it_is_given_back() {
    if shared().passes_over("a lease") {
        return;
    }
    let options = lease_options(&prefix());
    let first = Lease::take(&named("first"), "invented", &options).await.unwrap();
    let others: Vec<Lease> = ["second", "third"].map(|name| Lease::claim(&named(name), "invented", &options)).into();
    for other in &others {
        let mut standing = other.standing();
        standing.wait_for(|standing| standing.holder.as_deref() == Some("first")).await.unwrap();
    }
    let elsewhere = Lease::take(&named("second"), "another source", &options).await.unwrap();
    assert!(first.is_held() && elsewhere.is_held() && others.iter().all(|other| !other.is_held()));
    first.release().await;
    tokio::select! {
        held = others[0].held() => held.unwrap(),
        held = others[1].held() => held.unwrap(),
    }
    assert_eq!(others.iter().filter(|other| other.is_held()).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn is_lost_when_nothing_is_heard_and_held_again_when_nobody_else_is() {
    let mut broker = Broker::start(Kind::Plaintext).unwrap();
    if broker.passes_over("a lease on a broker that goes away") {
        return;
    }
    let lease = Lease::take(&connection_to(&broker), "invented", &lease_options("")).await.unwrap();
    broker.kill().unwrap();
    let begun = std::time::Instant::now();
    lease.lost().await;
    assert!(!lease.is_held() && begun.elapsed() < Duration::from_secs(7), "{:?}", begun.elapsed());
    broker.start_again().unwrap();
    lease.held().await.unwrap();
}

/// Run by the test below, as a process of its own: holds the lease, and says what it sees whenever it is asked.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a part of another test"]
async fn a_process_that_holds_it() {
    let bootstrap = std::env::var("LEASE_BOOTSTRAP").unwrap();
    let prefix = std::env::var("LEASE_PREFIX").unwrap();
    let connection = Connection { bootstrap, client_id: "first".to_owned(), security: Security::Plaintext };
    let log = KafkaLog::open(connection.clone(), options(&prefix, &[Topic::Health])).await.unwrap();
    let lease = Lease::take(&connection, "invented", &lease_options(&prefix)).await.unwrap();
    let leased = LeasedLog::new(Arc::new(log), lease.clone());
    let append = || leased.append(vec![record(Topic::Health, partition(0), "from the first")]);
    append().await.unwrap();
    println!("held");
    for asked in std::io::stdin().lines() {
        match asked.unwrap().as_str() {
            "append" => println!("{}", append().await.unwrap_err()),
            "holder" => {
                let mut standing = lease.standing();
                let told = standing.wait_for(|standing| standing.holder.as_deref() == Some("second")).await;
                println!("{}", told.unwrap().holder.clone().unwrap());
            }
            other => panic!("{other}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_held_still_finds_it_lost_before_it_appends() {
    if shared().passes_over("a process that is held still") {
        return;
    }
    let (log, prefix) = begin(&[Topic::Health]).await;
    let bootstrap = connection().bootstrap;
    let mut first = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "lease::a_process_that_holds_it"])
        .env("LEASE_BOOTSTRAP", bootstrap)
        .env("LEASE_PREFIX", &prefix)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let process = rustix::process::Pid::from_child(&first);
    let mut said = BufReader::new(first.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut ask = first.stdin.take().unwrap();
    assert!(said.by_ref().any(|line| line == "held"));
    let second = Lease::claim(&named("second"), "invented", &lease_options(&prefix));
    let mut standing = second.standing();
    standing.wait_for(|standing| standing.holder.as_deref() == Some("first")).await.unwrap();

    rustix::process::kill_process(process, rustix::process::Signal::STOP).unwrap();
    second.held().await.unwrap();
    // The first thing that it does when it wakes.
    ask.write_all(b"append\n").unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::CONT).unwrap();
    let refused = said.next().unwrap();
    assert!(refused.contains("does not hold the lease of `invented`"), "{refused}");
    ask.write_all(b"holder\n").unwrap();
    assert_eq!(said.next().unwrap(), "second");
    assert!(second.is_held(), "whoever wakes takes nothing from who holds it");
    assert_eq!(log.end(Topic::Health, partition(0)).await.unwrap(), 1);
    drop(ask);
    assert!(first.wait().unwrap().success());
}
