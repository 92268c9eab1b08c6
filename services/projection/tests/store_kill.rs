//! A process that commits is killed outright at random moments, many times over on one store.

use crate::store_model;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use projection::store::{Engine, Fresh, Shards, Store, StoreError};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use store_model::{Rows, apply, batch, batches_in, held, options};

const ROUNDS: u32 = 15;
const DIR: &str = "STORE_KILL_DIR";
const ENGINE: &str = "STORE_KILL_ENGINE";

#[test]
fn sled_survives_being_killed() {
    survives_being_killed(Engine::Sled);
}

#[test]
fn fjall_survives_being_killed() {
    survives_being_killed(Engine::Fjall);
}

/// Goes on from where the store is, for ever, saying what is durable.
#[test]
#[ignore = "the process that the tests kill"]
fn the_process_that_is_killed() {
    let say = |line: String| {
        let mut out = std::io::stdout().lock();
        out.write_all(format!("\n{line}\n").as_bytes()).unwrap();
        out.flush().unwrap();
    };
    let dir = std::env::var(DIR).expect("started by a test");
    let engine: Engine = std::env::var(ENGINE).unwrap().parse().unwrap();
    say("opening".to_owned());
    let opened = Store::open(Path::new(&dir), &options(engine)).unwrap();
    let mut next = opened.store.read(Shards::ALL, batches_in).unwrap();
    say(format!("{} {next}", if matches!(opened.fresh, Fresh::SetAside { .. }) { "lost" } else { "opened" }));
    loop {
        for _ in 0..=next % 5 {
            opened.store.commit(&batch(next)).unwrap();
            next += 1;
        }
        opened.store.durable().unwrap();
        say(format!("durable {next}"));
    }
}

fn start(dir: &Path, engine: Engine) -> (Child, Receiver<String>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store_kill::the_process_that_is_killed", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .env(ENGINE, engine.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let (said, says) = channel();
    std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| said.send(line)));
    (child, says)
}

/// What the parent knows of the store.
struct Known {
    /// Batches that the killed process said were durable.
    durable: u64,
    /// What the first `batches` leave.
    rows: Rows,
    batches: u64,
    rng: StdRng,
    /// Rounds killed before the first durable point, and after it.
    early_and_late: (u32, u32),
}

impl Known {
    /// One line of the killed process.
    fn hear(&mut self, line: &str) {
        let (word, number) = line.split_once(' ').unwrap_or((line, ""));
        match (word, number.parse::<u64>()) {
            ("durable", Ok(batches)) => self.durable = batches,
            ("opened", Ok(batches)) => assert!(batches >= self.durable, "{batches} of {} durable", self.durable),
            ("lost", Ok(_)) => assert_eq!(self.durable, 0, "a store with acknowledged rows was set aside"),
            _ => {}
        }
    }

    /// Lets the process run for a random number of lines and a little more, then kills it.
    fn round(&mut self, dir: &Path, engine: Engine) {
        let (mut child, says) = start(dir, engine);
        let durable_before = self.durable;
        let (lines, tail_us) = (self.rng.random_range(1..40), self.rng.random_range(0..4_000));
        for _ in 0..lines {
            let line = says.recv().expect("it runs until it is killed");
            self.hear(&line);
            if line.starts_with("durable") && self.rng.random_ratio(1, 20) {
                assert!(matches!(Store::open(dir, &options(engine)), Err(StoreError::Locked(_))));
            }
        }
        while let Ok(line) = says.recv_timeout(Duration::from_micros(tail_us)) {
            self.hear(&line);
            if self.rng.random_ratio(1, 3) {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        while let Ok(line) = says.recv() {
            self.hear(&line);
        }
        if self.durable == durable_before {
            self.early_and_late.0 += 1;
        } else {
            self.early_and_late.1 += 1;
        }
    }

    /// The store holds a whole number of batches, all of each, and none that was durable is missing.
    fn check(&mut self, dir: &Path, engine: Engine) {
        let opened = Store::open(dir, &options(engine)).unwrap();
        if let Fresh::SetAside { because, .. } = opened.fresh {
            assert_eq!(self.durable, 0, "a store with acknowledged rows was set aside: {because}");
        }
        opened.store.check().unwrap();
        let (rows, batches) = held(&opened.store);
        assert!(batches >= self.durable, "{batches} batches of {} durable", self.durable);
        if batches < self.batches {
            (self.rows, self.batches) = (Rows::new(), 0);
        }
        (self.batches..batches).for_each(|number| apply(&mut self.rows, number));
        self.batches = batches;
        assert!(rows == self.rows, "the rows are not those of {batches} batches");
    }
}

fn survives_being_killed(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let seed = rand::random();
    println!("seed {seed}");
    let mut known =
        Known { durable: 0, rows: Rows::new(), batches: 0, rng: StdRng::seed_from_u64(seed), early_and_late: (0, 0) };
    for round in 0..ROUNDS {
        known.round(dir.path(), engine);
        // Every other time the next process finds what the kill left, so that recovery is killed too.
        if round % 2 == 0 || round + 1 == ROUNDS {
            known.check(dir.path(), engine);
        }
    }
    println!("{} batches; killed before and after a durable point: {:?}", known.batches, known.early_and_late);
    assert!(known.early_and_late.1 > 0, "no round reached a durable point");
}
