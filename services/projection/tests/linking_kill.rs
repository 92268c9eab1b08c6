//! A process that reads the log and links is killed outright at random moments. What it leaves, once another has gone on to the
//! end, is what a store that is made from the log alone holds: no edge is missing, and none is left over.

use crate::harness;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use event_log::EventLog;
use event_log::embedded::{EmbeddedLog, Options};
use event_log::seal::{PseudonymKey, WrappingKeys};
use harness::linking::{Person, adopted, parameters_with, says};
use harness::sayings::*;
use harness::{House, Kept, options, projector};
use projection::consume::Consumer;
use projection::linking::{Linking, Turn};
use projection::rebuild;
use projection::store::{Engine, Store};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio_util::sync::CancellationToken;

const DIR: &str = "LINKING_KILL_DIR";
const ENGINE: &str = "LINKING_KILL_ENGINE";
const KILLED: u32 = 12;

#[tokio::test]
async fn no_edge_is_missing_or_left_over_after_kills_on_fjall() {
    survives_being_killed(Engine::Fjall).await;
}

#[tokio::test]
async fn no_edge_is_missing_or_left_over_after_kills_on_sled() {
    survives_being_killed(Engine::Sled).await;
}

fn open(dir: &Path) -> (Arc<dyn EventLog>, projection::project::Projector) {
    let log = Arc::new(EmbeddedLog::open(&dir.join("log"), Options::default()).unwrap());
    let wrapping = Arc::new(WrappingKeys::open(&dir.join("keys")).unwrap());
    (log, projector(&wrapping, &Arc::new(PseudonymKey::from_bytes([7; 32]))))
}

/// Reads and links to the end, saying each turn.
#[test]
#[ignore = "the process that the tests kill"]
fn the_process_that_is_killed() {
    let dir = std::env::var(DIR).expect("started by a test");
    let dir = Path::new(&dir);
    let engine: Engine = std::env::var(ENGINE).unwrap().parse().unwrap();
    let (log, projector) = open(dir);
    let store = Store::open(&dir.join("killed"), &options(engine)).unwrap().store;
    store.check().unwrap();
    let refusals = Arc::new(Kept::default());
    let (mut consumer, progress) = Consumer::new(Arc::clone(&log), store.clone(), projector.clone(), refusals).unwrap();
    let reading = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(consumer.catch_up(&CancellationToken::new())).unwrap();
    });
    // A process reads the keys before anything else.
    let keys = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    keys.block_on(rebuild::read_keys(&log, &projector)).unwrap();
    let mut linking = Linking::new(store.clone(), projector);
    let say = |line: &str| {
        let mut out = std::io::stdout().lock();
        out.write_all(format!("\n{line}\n").as_bytes()).unwrap();
        out.flush().unwrap();
    };
    loop {
        let has_read = reading.is_finished();
        if has_read {
            linking.everything_is_read();
        }
        let turn = linking.turn().unwrap();
        say("turned");
        if has_read && turn == Turn::Idle {
            break;
        }
    }
    assert!(progress.borrow().caught_up);
    store.durable().unwrap();
    say("done");
}

async fn survives_being_killed(engine: Engine) {
    let rng = &mut StdRng::seed_from_u64(11);
    let mut house = House::new().await;
    house.record(vec![adopted(parameters_with(0.04, 12))]).await;
    for version in 1..5 {
        for n in 0..25 {
            let name = |rng: &mut StdRng, names: &[&'static str]| names[rng.random_range(0..names.len())];
            let mut person = || Person {
                given: name(rng, &["Amara", "Tomasina", "Zebedee", "Ffion", "Oluwaseun"]),
                family: name(rng, &["Inventedson", "Otherwise", "Elsewhere"]),
                born: day(2014, 3, rng.random_range(1..5)),
                sex: "F",
                postcode: name(rng, &["ZZ99 1AA", "ZZ99 9ZZ", "ZZ99 5BB"]),
            };
            let (school, hospital) = (pupil(&format!("P{n}")), hospital_person(&format!("H{n}")));
            house.say(CENSUS, [says(SCHOOL, &school, &person(), &[], version)]).await;
            house.say(HL7, [says(HOSPITAL, &hospital, &person(), &[], version)]).await;
        }
    }
    house.record(vec![adopted(parameters_with(0.4, 12))]).await;
    // The log is the killed process's alone from here on.
    let dir = {
        let house = house;
        house.dir
    };
    let (mut killed, mut turns) = (0, 0);
    loop {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "linking_kill::the_process_that_is_killed", "--ignored", "--nocapture"])
            .env(DIR, dir.path())
            .env(ENGINE, engine.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        if killed == KILLED {
            assert!(lines.any(|line| line == "done"));
            assert!(child.wait().unwrap().success());
            break;
        }
        // So many turns, and a little more.
        let (wanted, more_us) = (rng.random_range(1..12), rng.random_range(0..3_000));
        turns += lines.by_ref().filter(|line| line == "turned").take(wanted).count();
        let until = std::time::Instant::now() + std::time::Duration::from_micros(more_us);
        while std::time::Instant::now() < until {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
    }
    assert!(turns > 30, "it did too little to be disturbed at: {turns}");
    let (log, projector) = open(dir.path());
    let store = Store::open(&dir.path().join("killed"), &options(engine)).unwrap().store;
    store.check().unwrap();
    let (again, _) =
        rebuild::rebuild(log, projector.clone(), &dir.path().join("again"), &options(Engine::Fjall), |_, _| {})
            .await
            .unwrap();
    Linking::new(again.clone(), projector.clone()).catch_up().unwrap();
    assert_eq!(again.state_hash().unwrap(), store.state_hash().unwrap());
    assert_eq!(newest(&again, &projector), newest(&store, &projector));
}

/// The edges of the parameters that stand.
fn newest(store: &Store, projector: &projection::project::Projector) -> Vec<(Vec<u8>, Vec<u8>)> {
    let adoptions = projection::linking::Adoptions::new(store.clone(), projector.clone());
    let adopted = adoptions.in_force(None).unwrap().unwrap();
    let mut rows = Vec::new();
    for shard in event_log::Partition::all() {
        store
            .read(shard.into(), |view| {
                view.scan_prefix(&projection::store::keys::edges_all(shard), |key, value| {
                    if let Some(projection::store::keys::Parsed::Edge { adoption, .. }) =
                        projection::store::keys::parse(key)
                        && adoption == adopted.event
                    {
                        rows.push((key.to_vec(), value.to_vec()));
                    }
                    std::ops::ControlFlow::Continue(())
                })
            })
            .unwrap();
    }
    assert!(rows.len() > 20, "too little is linked to say anything");
    rows
}
