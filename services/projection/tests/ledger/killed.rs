//! A process that signs is killed outright at random moments, many times over on one ledger: it never signs two histories, never
//! less than before, and loses no record that the log acknowledged.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use event_log::embedded::Options as LogOptions;
use event_log::{EmbeddedLog, EventLog as _};
use ledger::note::Note;
use ledger::statement::Statement;
use projection::ledger::verify::{Said, verify_log};
use projection::ledger::{Folder, Keeper, KeyFolder};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio_util::sync::CancellationToken;

use super::place::{every_second, record, tree};

const ROUNDS: u32 = 12;
const DIR: &str = "LEDGER_KILL_DIR";

/// Appends and signs for ever, saying each statement that it was told of.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the process that the test kills"]
async fn the_process_that_is_killed() {
    let dir = std::env::var(DIR).expect("started by the test");
    let dir = Path::new(&dir);
    let log = Arc::new(EmbeddedLog::open(&dir.join("log"), LogOptions::default()).unwrap());
    let keys = KeyFolder::new(&dir.join("keys"));
    let (keeper, mut signed) = Keeper::open(log.clone(), &dir.join("ledger"), &keys, every_second()).await.unwrap();
    tokio::spawn(keeper.run(CancellationToken::new()));
    tokio::spawn(async move {
        let mut next = log.end(tree().0, tree().1).await.unwrap();
        loop {
            log.append((next..next + 7).map(|n| record(tree(), n)).collect()).await.unwrap();
            next += 7;
        }
    });
    while signed.changed().await.is_ok() {
        let said = signed.borrow_and_update().clone().unwrap();
        let head = said.statement.heads().next().cloned();
        let head = head.map_or_else(String::new, |head| format!("{} {}", head.size, hex::encode(head.root)));
        println!("\nsigned {head}");
    }
}

#[tokio::test]
async fn a_signer_that_is_killed_signs_one_history() {
    let dir = tempfile::tempdir().unwrap();
    let keys = KeyFolder::new(&dir.path().join("keys"));
    keys.make("example.org/ledger", [1; 32]).unwrap();
    let mut random = StdRng::seed_from_u64(7);
    let mut told: Vec<(u64, String)> = Vec::new();
    let mut kept: Vec<Note> = Vec::new();
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "ledger::killed::the_process_that_is_killed", "--ignored", "--nocapture"])
            .env(DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let statements = random.random_range(1..6);
        let mut heard = 0;
        for line in lines.by_ref().filter_map(|line| line.strip_prefix("signed ").map(str::to_owned)) {
            if let Some((size, root)) = line.split_once(' ') {
                told.push((size.parse().unwrap(), root.to_owned()));
                heard += 1;
            }
            if heard == statements {
                break;
            }
        }
        std::thread::sleep(Duration::from_micros(random.random_range(0..3_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(heard, statements, "round {round}: it signs");
        // Whatever it said before it was killed is a statement like any other.
        for line in lines.filter_map(|line| line.strip_prefix("signed ").map(str::to_owned)) {
            told.extend(line.split_once(' ').and_then(|(size, root)| Some((size.parse().ok()?, root.to_owned()))));
        }
        kept.extend(Folder::new(&dir.path().join("ledger")).last().unwrap());
    }
    assert!(told.is_sorted_by_key(|(size, _)| *size), "a signed size goes back");
    let statements: Vec<Statement> = kept.iter().map(|note| Statement::of(note).unwrap()).collect();
    assert!(statements.is_sorted_by(|one, other| one.contradicted_by(other).is_none()));
    let log = Arc::new(EmbeddedLog::open_read_only(&dir.path().join("log")).unwrap());
    // Every root that anybody was told is the log's own at that size.
    let records = log.read(tree().0, tree().1, 0, usize::MAX).await.unwrap();
    let mut tree = ledger::Tree::new();
    let mut told = told.into_iter().peekable();
    let mut held = 0;
    for stored in &records {
        tree.append(projection::ledger::entry_of(stored).hash());
        while let Some((_, root)) = told.next_if(|(size, _)| *size == tree.size()) {
            assert_eq!(hex::encode(tree.root()), root);
            held += 1;
        }
    }
    assert!(told.peek().is_none() && held >= ROUNDS, "{held} statements are of what the log holds");
    let folder = Folder::new(&dir.path().join("ledger"));
    let said = Said::believed(&[kept, folder.statements().unwrap()].concat(), &keys.public().unwrap(), &[]).unwrap();
    assert_eq!(verify_log(log, folder, &said).await.unwrap().findings, []);
}
