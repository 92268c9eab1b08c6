//! The auditor's commands, on the log of a whole process and on what somebody made of it.

#![cfg(test)]

mod forged;
#[path = "../journeys/harness/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the journeys' harness, of which this uses its part")]
mod harness;

use std::fs;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use event_log::EmbeddedLog;
use forged::{DOINGS, Journal, is_said, within_a_value};
use harness::{Place, line_with, number_in};
use projection::ledger::{Folder, Keeper, KeyFolder, Options};

const DIFFERS: Option<i32> = Some(4);

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A process that has read an authority, was audited while it ran, and is stopped.
#[test]
fn what_was_done_to_a_log_of_one_machine_is_named_and_located() {
    let place = Place::new(40, 3);
    let witness = place.path("witness.key");
    let public = place.must(&["audit", "witness", "make", "--name", "witness.example.org", "--out", text(&witness)]);
    let witnesses = format!("[ledger]\nwitnesses = [\"{}\"]\n\n[telemetry]", public.trim());
    place.configure("[telemetry]", &witnesses);
    let key = place.path("here/data/keys/ledger/1.vkey");
    let (before, cosigned) = (place.path("before.note"), place.path("cosigned.note"));
    while_it_runs(&place, &key, &before, &cosigned, &witness);

    let with_key = ["--key", text(&key)];
    let ok = place.ours(&[&["audit", "verify"][..], &with_key].concat());
    let records: u64 = number_in(line_with(&ok, "audit verify: ok"), "records").parse().unwrap();
    assert!(records > 500, "{ok}");
    assert_eq!(number_in(line_with(&ok, "audit verify: ok"), "unsigned"), "0", "all that was acknowledged is signed");
    let (log, ledger) = (place.path("here/data/log"), place.path("here/data/ledger"));

    // A bundle, by our own verifier and by the one that knows the formats alone.
    let bundle = place.path("bundle");
    place.ours(&["audit", "export", "--out", text(&bundle)]);
    let ok = place.must(&[&["audit", "verify", "--bundle", text(&bundle)][..], &with_key].concat());
    assert_eq!(number_in(line_with(&ok, "audit verify: ok"), "records"), records.to_string());
    // A cosigned statement says who else saw it.
    let arguments =
        ["audit", "verify", "--log", text(&log), "--statement", text(&cosigned), "--witness", public.trim()];
    let ok = place.must(&[&arguments[..], &with_key].concat());
    line_with(&ok, "witness: witness.example.org saw it at ");

    let journal = || Journal::read(&log);
    let (&busiest, _) =
        journal().records.iter().filter(|((topic, _), _)| *topic == 3).max_by_key(|(_, of)| of.len()).unwrap();
    let tree = format!("throughline.health.v1/{}", busiest.1);
    assert!(journal().records[&busiest].len() > 12);
    let verify = |log: &Path, more: &[&str]| {
        let own = ["audit", "verify", "--log", text(log), "--ledger", text(&ledger)];
        place.run(&[&own[..], &with_key, more].concat())
    };
    for (n, (what, tamper, expected)) in DOINGS.into_iter().enumerate() {
        let (dir, mut forged) = (place.path(&format!("forged-{n}/log")), journal());
        tamper(forged.records.get_mut(&busiest).unwrap());
        forged.write(&dir);
        let output = verify(&dir, &[]);
        assert_eq!(output.status.code(), DIFFERS, "{what}: {}", said(&output));
        assert!(is_said(&said(&output), &tree, expected), "{what}: {}", said(&output));
    }
    // Nothing done, by the same way, is nothing found.
    let same = place.path("same/log");
    journal().write(&same);
    assert!(verify(&same, &[]).status.success());

    a_byte_on_the_disk(&place, &log, &verify);
    another_history(&place, &journal(), busiest, &tree, &|more| verify(&log, more));
}

/// What can be asked of a running process, and that it is on record.
fn while_it_runs(place: &Place, key: &Path, before: &Path, cosigned: &Path, witness: &Path) {
    let running = place.up();
    place.record_facts();
    fs::write(before, signed(place, "throughline.sharing.v1")).unwrap();
    place.drop_authority();
    place.settle();
    let statement = signed(place, "throughline.health.v1");
    let line = statement.lines().find(|line| line.starts_with("throughline.health.v1")).unwrap();
    let tree = line.split(' ').next().unwrap();
    let checkpoint = place.ours(&["audit", "checkpoint", "--tree", tree]);
    assert!(checkpoint.lines().next().unwrap().ends_with(tree), "{checkpoint}");
    let proof = place.path("record.tlog-proof");
    fs::write(&proof, place.ours(&["audit", "prove", &format!("{tree}@0")])).unwrap();
    let ok = place.must(&["audit", "verify", "--proof", text(&proof), "--key", text(key)]);
    assert!(line_with(&ok, "audit verify: ok").contains(&format!("{tree}@0")), "{ok}");
    let forged = fs::read_to_string(&proof).unwrap().replacen("index 0", "index 1", 1);
    fs::write(&proof, forged).unwrap();
    assert_eq!(place.run(&["audit", "verify", "--proof", text(&proof), "--key", text(key)]).status.code(), DIFFERS);
    let since = place.ours(&["audit", "prove", "--since", text(before), "--key", text(key)]);
    let since = line_with(&since, "audit prove: ok");
    assert_ne!(number_in(since, "from"), "0");
    // A witness signs what it was shown, and the process takes it in; from a stranger it does not.
    let sign =
        |with: &Path| place.must(&["audit", "witness", "sign", text(before), "--with", text(with), "--key", text(key)]);
    fs::write(cosigned, sign(witness)).unwrap();
    let taken = place.ours(&["audit", "witness", "add", text(cosigned)]);
    assert_eq!(taken.trim(), "audit witness: ok witness.example.org");
    let stranger = place.path("stranger.key");
    place.must(&["audit", "witness", "make", "--name", "witness.example.org", "--out", text(&stranger)]);
    let foreign = place.path("foreign.note");
    fs::write(&foreign, sign(&stranger)).unwrap();
    let config = place.config();
    let refused = place.run(&["audit", "witness", "add", text(&foreign), "--config", text(&config)]);
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
    // An auditor's look is on record like anybody's.
    let disclosures = place.listed(&["disclosures", "--limit", "100"]);
    for look in ["operator: audit checkpoint", "operator: audit prove"] {
        assert!(disclosures.iter().any(|disclosure| disclosure["purpose"] == look), "{look}");
    }
    running.stop();
}

/// The statement, once it says something of this topic: one is signed a second.
fn signed(place: &Place, topic: &str) -> String {
    for _ in 0..400 {
        let output = place.run(&["audit", "checkpoint", "--config", text(&place.config())]);
        if String::from_utf8_lossy(&output.stdout).contains(topic) {
            return String::from_utf8(output.stdout).unwrap();
        }
    }
    panic!("nothing of {topic} is signed");
}

/// A flipped byte, as a disk does it: the log's own checksum sees it, and it is located.
fn a_byte_on_the_disk(place: &Place, log: &Path, verify: &dyn Fn(&Path, &[&str]) -> Output) {
    let dir = place.path("flipped/log");
    fs::create_dir_all(&dir).unwrap();
    fs::copy(log.join("mark"), dir.join("mark")).unwrap();
    let mut bytes = fs::read(log.join("journal-000001.log")).unwrap();
    let at = within_a_value(&bytes);
    bytes[at] ^= 1;
    fs::write(dir.join("journal-000001.log"), bytes).unwrap();
    let output = verify(&dir, &[]);
    let told = said(&output);
    assert_eq!(output.status.code(), DIFFERS, "{told}");
    assert!(
        told.starts_with("audit verify: damaged: the log is damaged at throughline.") && told.contains('@'),
        "{told}"
    );
}

/// The same key signs another history: whoever was shown that statement has the proof.
fn another_history(place: &Place, journal: &Journal, at: (u8, u8), tree: &str, verify: &dyn Fn(&[&str]) -> Output) {
    let (dir, ledger) = (place.path("other/log"), place.path("other/ledger"));
    let mut records = journal.records.clone();
    records.get_mut(&at).unwrap()[5].value[9] ^= 1;
    journal.with(records).write(&dir);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let log = Arc::new(EmbeddedLog::open_read_only(&dir).unwrap());
        let keys = KeyFolder::new(&place.path("here/data/keys/ledger"));
        let (mut keeper, _) = Keeper::open(log, &ledger, &keys, Options::default()).await.unwrap();
        keeper.follow().await.unwrap();
        assert!(keeper.sign(1).unwrap());
    });
    assert!(Folder::new(&ledger).last().unwrap().is_some());
    let output = verify(&["--statement", text(&ledger.join("statement"))]);
    assert_eq!(output.status.code(), DIFFERS, "{}", said(&output));
    assert!(
        said(&output).contains(&format!("audit verify: {tree}@")) && said(&output).contains(": forked: "),
        "{}",
        said(&output)
    );
}
