//! The ledger of a log on Kafka, and what somebody made of that log: a cluster's topics can be deleted, made again and filled with
//! anything, positions and times included.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use broker::{Kind, Plan};
use bytes::Bytes;
use event_log::embedded::Options as LogOptions;
use event_log::kafka::admin::Admin;
use event_log::kafka::copy::LogCopy;
use event_log::kafka::topics::{self, Wanted};
use event_log::kafka::{Connection, KafkaLog, KafkaOptions};
use event_log::{EmbeddedLog, EventLog, Partition, Record, Topic};
use projection::ledger::verify::{Said, verify_log};
use projection::ledger::{Folder, Keeper, KeyFolder, Options, bundle};

use crate::cluster::connection;
use crate::forged::{DOINGS, Journal, is_said};

/// Carries a log to topics of a prefix of their own.
async fn carried(from: &std::path::Path, to: &Connection, prefix: &str) -> Arc<KafkaLog> {
    let mut wanted = Wanted::shipped().unwrap().with_copies(Some(1), Some(1)).unwrap();
    wanted.prefix = prefix.to_owned();
    topics::apply(&mut Admin::connect(to).await.unwrap(), &wanted, false).await.unwrap();
    let log = Arc::new(EmbeddedLog::open_read_only(from).unwrap());
    let copy = LogCopy::begin(log, to.clone(), prefix, |_| {}).await.unwrap();
    copy.append(|_| {}).await.unwrap();
    copy.finish().await.unwrap();
    let options = KafkaOptions { prefix: prefix.to_owned(), ..KafkaOptions::default() };
    Arc::new(KafkaLog::open(to.clone(), options).await.unwrap())
}

/// What the script in Python says of a bundle, and its exit code. `None`, loudly, where there is no Python.
fn by_the_script(bundle: &Path, key: &Path) -> Option<(i32, String)> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/audit/verify_bundle.py");
    let mut command = Command::new("python3");
    match command.arg(script).args([bundle, key]).env("PYTHONDONTWRITEBYTECODE", "1").output() {
        Ok(output) => {
            let told = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
            Some((output.status.code().unwrap(), told))
        }
        Err(error) => {
            let stars = "*".repeat(112);
            eprintln!("{stars}\n**  NOT RUN: the independent verifier in Python: {error}\n{stars}");
            None
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_to_a_log_on_kafka_is_named_and_located() {
    let cluster = tokio::task::block_in_place(|| Plan::of(Kind::Plaintext).start().unwrap());
    if cluster.passes_over("topics with times of their own") {
        return;
    }
    let (to, place) = (connection(&cluster), tempfile::tempdir().unwrap());
    let log = EmbeddedLog::open(&place.path().join("log"), LogOptions::default()).unwrap();
    let record = |n: u64| {
        let partition = Partition::new((n % 7) as u8).unwrap();
        let value = Bytes::from(format!("an invented sealed body, number {n}"));
        Record { topic: Topic::Health, partition, key: [partition.number(); 16], value }
    };
    log.append((0..140).map(record).collect()).await.unwrap();
    log.close().await;
    drop(log);

    // Signed as it stands on Kafka, by a keeper that goes on there.
    let original = carried(&place.path().join("log"), &to, "original.").await;
    let keys = KeyFolder::new(&place.path().join("keys"));
    keys.make("example.org/ledger", [1; 32]).unwrap();
    let dir = place.path().join("ledger");
    let opened = Keeper::open(original.clone(), &dir, &keys, Options::default()).await;
    let (mut keeper, _) = opened.unwrap();
    keeper.follow().await.unwrap();
    assert!(keeper.sign(1_000).unwrap());
    drop(keeper);
    let folder = Folder::new(&dir);
    let said = Said::believed(&folder.statements().unwrap(), &keys.public().unwrap(), &[]).unwrap();
    let report = verify_log(original.clone(), folder.clone(), &said).await.unwrap();
    assert_eq!((report.findings.as_slice(), report.records, report.unsigned), (&[][..], 140, 0));
    original.append(vec![record(6)]).await.unwrap();
    let report = verify_log(original.clone(), folder.clone(), &said).await.unwrap();
    assert_eq!((report.findings.as_slice(), report.unsigned), (&[][..], 1));

    // Everything at once, in a partition of its own each; the last one is left alone.
    let mut forged = Journal::read(&place.path().join("log"));
    for (partition, (_, tamper, _)) in (0..).zip(DOINGS) {
        tamper(forged.records.get_mut(&(Topic::Health as u8, partition)).unwrap());
    }
    forged.write(&place.path().join("forged"));
    let other = carried(&place.path().join("forged"), &to, "forged.").await;
    let report = verify_log(other.clone(), folder.clone(), &said).await.unwrap();
    let told: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), DOINGS.len(), "{told:?}");
    for (partition, (what, _, expected)) in (0..).zip(DOINGS) {
        let tree = format!("{}/{partition}", Topic::Health);
        assert!(told.iter().any(|line| is_said(line, &tree, expected)), "{what}: {told:?}");
    }
    // A bundle of it is not to be had, where records that were signed are gone; of the rest, a verifier that has nothing of ours names
    // the same, in a bundle of what the cluster holds.
    let refused = bundle::export(other.as_ref(), &folder, &place.path().join("short")).await.unwrap_err().to_string();
    assert!(refused.contains(Topic::Health.name()) && refused.contains("were signed"), "{refused}");
    let mut forged = Journal::read(&place.path().join("log"));
    let is_as_long = |what: &&str| !what.contains("deleted") && !what.contains("truncated");
    let doings = || (0..).zip(DOINGS).filter(|(_, (what, ..))| is_as_long(what));
    for (partition, (_, tamper, _)) in doings() {
        tamper(forged.records.get_mut(&(Topic::Health as u8, partition)).unwrap());
    }
    forged.write(&place.path().join("changed"));
    let changed = carried(&place.path().join("changed"), &to, "changed.").await;
    for (log, out, expected) in [(&original, "whole", 0), (&changed, "changed-bundle", 1)] {
        let out = place.path().join(out);
        bundle::export(log.as_ref(), &folder, &out).await.unwrap();
        let Some((code, told)) = by_the_script(&out, &keys.public_path(1)) else { continue };
        assert_eq!(code != 0, expected != 0, "{told}");
        for (partition, (what, _, expected)) in doings().filter(|_| code != 0) {
            let tree = format!("{}/{partition}", Topic::Health);
            assert!(told.lines().any(|line| is_said(line, &tree, expected)), "{what}: {told}");
        }
    }
    // Nothing is signed over it.
    assert!(Keeper::open(other.clone(), &dir, &keys, Options::default()).await.is_err());

    // Another node that was given the same key signs the other history: two statements prove it.
    let elsewhere = place.path().join("elsewhere");
    let (mut keeper, _) = Keeper::open(other, &elsewhere, &keys, Options::default()).await.unwrap();
    keeper.follow().await.unwrap();
    assert!(keeper.sign(2_000).unwrap());
    let notes = [folder.statements().unwrap(), Folder::new(&elsewhere).statements().unwrap()].concat();
    let said = Said::believed(&notes, &keys.public().unwrap(), &[]).unwrap();
    let report = verify_log(original, folder, &said).await.unwrap();
    let told: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    assert!(
        told.iter().any(|line| line.contains("throughline.health.v1/0@") && line.contains(": forked: ")),
        "{told:?}"
    );
}
