//! What an administrator does: sees what a cluster lacks, moves a log to it, with the plug pulled in the middle, and starts a
//! node on it although the log names a key that nobody ever made.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use broker::{Broker, Kind, SUPER_USER};
use event_log::kafka::admin::Admin;
use event_log::kafka::{Connection, KafkaLog, KafkaOptions, Times};
use event_log::seal::key_record_to_append;
use event_log::{EventLog, Topic};
use proto::keys::{KeyRecord, key_record::State};
use proto::sharing::Purpose;

use crate::cluster::{LONG, connection, until};
use crate::harness::program::program;
use crate::harness::{Place, ask, line_with, number_in};
use crate::processes::block_on;

const ONE_NODE: [&str; 4] = ["--replication", "1", "--min-insync-replicas", "1"];

#[test]
fn what_a_plan_and_its_application_print_is_in_the_golden_file() {
    let broker = Broker::start(Kind::SaslSsl).unwrap();
    if broker.passes_over("topics and rights, as they are printed") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("admin.toml");
    let [ca, password] =
        [broker.papers().ca(), broker.password_file(SUPER_USER).unwrap()].map(|file| file.display().to_string());
    let log = format!(
        "[log]\nkind = \"kafka\"\nbootstrap = \"{}\"\nsecurity = \"sasl_tls\"\nca = \"{ca}\"\nusername = \"{SUPER_USER}\"\n\
         password_file = \"{password}\"\n",
        broker.bootstrap()
    );
    std::fs::write(&config, log).unwrap();
    let mut told = String::new();
    for command in [["topics", "plan"], ["topics", "apply"], ["topics", "plan"]] {
        let ended = Command::new(program()).args(command).args(ONE_NODE).arg("--config").arg(&config).output().unwrap();
        let printed = String::from_utf8(ended.stdout).unwrap();
        let (words, code) = (command.join(" "), ended.status.code().unwrap());
        told += &format!("$ throughline {words}\n{printed}exit code {code}\n");
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kafka/golden/topics.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, &told).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap_or_default();
    assert!(told == expected, "not as in {}; UPDATE_GOLDEN=1 writes it:\n{told}", golden.display());
}

#[test]
fn a_copy_whose_plug_is_pulled_is_run_again_and_a_node_starts_on_it() {
    let broker = Broker::start(Kind::Plaintext).unwrap();
    if broker.passes_over("a log that is copied to it") {
        return;
    }
    // More than is appended at once.
    let place = Place::new(300, 12);
    let up = place.up();
    place.record_facts();
    place.drop_authority();
    let events = place.settle()["events"].as_u64().unwrap();
    up.stop();
    let connection = connection(&broker);
    let log = format!("[log]\nkind = \"kafka\"\nbootstrap = \"{}\"\nsecurity = \"plaintext\"\n", connection.bootstrap);
    let config = place.path("here/copy.toml");
    std::fs::write(&config, &log).unwrap();
    let config = config.to_str().unwrap();
    place.must(&[&["topics", "apply", "--config", config], &ONE_NODE[..]].concat());
    let source = place.path("here/data/log");
    let copy = ["log", "copy", "--from", source.to_str().unwrap(), "--config", config];
    killed_when(&copy, || block_on(takes_the_records_times(&connection)));
    let some = block_on(records(&connection));
    killed_when(&copy, || block_on(records(&connection)) > some);
    let (printed, there) = (place.must(&copy), block_on(records(&connection)));
    let line = line_with(&printed, "log copy: ok");
    assert!(line.ends_with("roots equal") && number_in(line, "records") == there.to_string(), "{line}: {there}");
    assert!(!block_on(takes_the_records_times(&connection)));
    assert_eq!(place.must(&copy), printed, "once more changes nothing");

    block_on(name_a_key_that_nobody_made(&connection));
    let serve = serve(&place, &log, "");
    let waiting = place.begin_with(&["serve"], &serve);
    until("it names the key that it waits for", || place.told().contains("wrapping/invented/1.key"));
    waiting.stop();
    let serve = self::serve(&place, &log, "never = [\"invented\"]\n");
    let serving = place.begin_with(&["serve"], &serve);
    let status = place.must(&["status", "--json", "--wait", "180", "--config", serve.to_str().unwrap()]);
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!((status["events"].as_u64(), status["parked"].as_u64()), (Some(events), Some(0)), "{status}");
    assert!(place.told().contains("names a wrapping key that was never made, as `keys.never` says"));
    let (organisation, child) = (place.demo_organisation("school"), place.demo_child("UPN"));
    assert!(!ask(&place, &organisation, &child, Purpose::EducationProvision).unwrap().entries.is_empty());
    serving.stop();
}

/// A command whose plug is pulled once it is so; it must not have ended before.
fn killed_when(command: &[&str], mut is_so: impl FnMut() -> bool) {
    let mut running: Child = Command::new(program()).args(command).stdout(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while running.try_wait().unwrap().is_none() && !is_so() {
        assert!(began.elapsed() < LONG);
    }
    assert!(running.try_wait().unwrap().is_none(), "it ended before it was killed");
    running.kill().unwrap();
    running.wait().unwrap();
}

/// Whether any topic is as it is while a log is copied, and never otherwise.
async fn takes_the_records_times(connection: &Connection) -> bool {
    let names = Topic::ALL.map(Topic::name);
    let found = Admin::connect(connection).await.unwrap().topics_with_configs(&names).await.unwrap();
    found.values().any(|topic| topic.configs["message.timestamp.type"].value == "CreateTime")
}

/// How many there are on the cluster, whatever its topics are like.
async fn records(connection: &Connection) -> u64 {
    let options = KafkaOptions { times: Times::OfTheRecord, is_checked: false, ..KafkaOptions::default() };
    let log = KafkaLog::open(connection.clone(), options).await.unwrap();
    log.ends(&Topic::ALL).await.unwrap().values().sum()
}

async fn name_a_key_that_nobody_made(connection: &Connection) {
    let record = KeyRecord {
        key_id: vec![9; 16],
        state: State::Live.into(),
        controller: "invented".to_owned(),
        wrapping_epoch: 1,
        wrapped: vec![1; 48],
        subject: vec![7; 16],
        source: "invented".to_owned(),
        ..KeyRecord::default()
    };
    let options = KafkaOptions { topics: vec![Topic::Keys], ..KafkaOptions::default() };
    let log = KafkaLog::open(connection.clone(), options).await.unwrap();
    log.append(vec![key_record_to_append(&record).unwrap()]).await.unwrap();
}

fn serve(place: &Place, log: &str, keys: &str) -> PathBuf {
    let text = format!(
        "data = \"data-serve\"\n[keys]\nfolder = \"data/keys\"\nmake = true\n{keys}{log}\
         [serve]\nlisten = \"127.0.0.1:{}\"\ncertificate = \"tls/service.pem\"\nkey = \"tls/service.key\"\nclient_ca = \"tls/ca.pem\"\n\
         organisation = \"throughline-local-hub\"\nhub_contact = \"The information hub, on the council's main number\"\ndrain_s = 0\n",
        place.port
    );
    let file = place.path("here/serve.toml");
    std::fs::write(&file, text).unwrap();
    file
}
