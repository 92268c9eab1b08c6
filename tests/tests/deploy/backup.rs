//! A machine is lost, and what was acknowledged before its backup began is put back elsewhere.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use event_log::{StoredRecord, Topic};
use proto::sharing::Purpose;

use crate::harness::{Place, ask, canonical, line_with, number_in, records};

const SOURCES_AT_FIRST: [&str; 2] = ["education-school-census", "social-care-cin-census"];
const BACKUPS: usize = 3;

/// A backup's two parts.
struct Backup {
    log: PathBuf,
    keys: PathBuf,
    records: usize,
}

impl Place {
    /// The folders that backups go into.
    fn backups(&self) -> (PathBuf, PathBuf) {
        (self.path("backups"), self.path("backups-of-keys"))
    }

    fn back_up(&self) -> Backup {
        let (log, keys) = self.backups();
        fs::create_dir_all(&log).unwrap();
        fs::create_dir_all(&keys).unwrap();
        let printed = self.ours(&["backup", "--to", log.to_str().unwrap(), "--keys-to", keys.to_str().unwrap()]);
        let mut lines = printed.lines().map(PathBuf::from);
        let (log, keys) = (lines.next().unwrap(), lines.next().unwrap());
        let records = number_in(line_with(&printed, "backup: ok"), "records").parse().unwrap();
        Backup { log, keys, records }
    }

    fn restore(&self, log: &Path, keys: &Path) -> Result<String, String> {
        let output = self.run(&["restore", "--from", log.to_str().unwrap(), "--keys-from", keys.to_str().unwrap()]);
        let said = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        if output.status.success() { Ok(said(output.stdout)) } else { Err(said(output.stderr)) }
    }

    /// Takes the machine away, and everything on it but the backups. Gives a copy that only this test has.
    fn lose(&self) -> PathBuf {
        let lost = self.path("lost");
        fs::rename(self.path("here"), &lost).unwrap();
        lost
    }
}

fn now_us() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

fn modes(dir: &Path, found: &mut Vec<(PathBuf, u32)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        found.push((path.clone(), fs::metadata(&path).unwrap().permissions().mode() & 0o777));
        if path.is_dir() {
            modes(&path, found);
        }
    }
}

#[test]
fn a_lost_machine_comes_back_from_a_backup_that_was_taken_while_it_published() {
    let place = Place::new(30, 11);
    let running = place.up();
    place.record_facts();
    for source in SOURCES_AT_FIRST {
        place.drop_folder(source, &place.path("authority").join(source));
    }
    place.settle();
    let began_us = now_us();

    // Backups, while the hospital's feed comes in.
    let feed = place.path("authority/health-hl7v2");
    let backups: Vec<Backup> = std::thread::scope(|scope| {
        let feeding = scope.spawn(|| place.drop_folder("health-hl7v2", &feed));
        let backups = (0..BACKUPS).map(|_| place.back_up()).collect();
        feeding.join().unwrap();
        backups
    });
    place.settle();
    let child = place.demo_child("LA_CHILD_ID");
    let reader = place.demo_organisation("socialCare");
    let before = ask(&place, &reader, &child, Purpose::ChildProtection).unwrap();
    running.kill();
    let whole = by_partition(&place);
    let last = backups.last().unwrap();
    assert!(whole.iter().flatten().count() > last.records, "nothing was published after the last backup");
    let lost = place.lose();

    // Elsewhere: the same paths, and nothing else of the machine.
    let said = place.restore(&last.log, &last.keys).unwrap();
    assert_eq!(number_in(line_with(&said, "restored:"), "records"), last.records.to_string());
    let restored = by_partition(&place);
    for (restored, whole) in restored.iter().zip(&whole) {
        assert!(whole.starts_with(restored), "a partition is not how the lost one began");
        let due = whole.iter().take_while(|record| record.published_at_us <= began_us).count();
        assert!(restored.len() >= due, "{} of {due} acknowledged records came back", restored.len());
    }
    assert_eq!(restored.iter().map(Vec::len).sum::<usize>(), last.records);

    let rebuilt = place.ours(&["rebuild"]);
    let verified = place.ours(&["verify"]);
    let state = |printed: &str, line: &str| number_in(line_with(printed, line), "state").to_owned();
    assert_eq!(state(&rebuilt, "rebuilt:"), state(&verified, "verify: ok"));

    // Readers were never on that machine.
    for theirs in ["readers", "organisations"] {
        fs::rename(lost.join(theirs), place.path("here").join(theirs)).unwrap();
    }
    // They are answered again; and once the feed was delivered again, as if nothing had been lost.
    let running = place.up();
    assert!(!ask(&place, &reader, &child, Purpose::ChildProtection).unwrap().entries.is_empty());
    place.drop_folder("health-hl7v2", &feed);
    place.settle();
    let after = ask(&place, &reader, &child, Purpose::ChildProtection).unwrap();
    assert_eq!(canonical(&after), canonical(&before));
    running.stop();
    place.ours(&["verify"]);
    fs::remove_dir_all(lost).unwrap();
}

/// Everything that the log of a stopped process holds, a partition each.
fn by_partition(place: &Place) -> Vec<Vec<StoredRecord>> {
    let mut partitions = vec![Vec::new(); Topic::ALL.len() * 16];
    for record in records(place, &Topic::ALL) {
        let at = (record.position.topic as usize - 1) * 16 + usize::from(record.position.partition.number());
        partitions[at].push(record);
    }
    partitions
}

#[test]
fn a_backup_is_private_and_is_put_back_only_whole_untouched_and_over_nothing() {
    let place = Place::new(2, 12);
    let running = place.up();
    place.record_facts();
    place.settle();
    // Keys that are being made and destroyed, or were when their process died.
    let wrapping = place.path("here/data/keys/wrapping");
    let organisation = fs::read_dir(&wrapping).unwrap().next().unwrap().unwrap().path();
    let in_passing = ["2.new-1-0", "1.going"].map(|name| organisation.join(name));
    in_passing.iter().for_each(|file| fs::write(file, "0").unwrap());
    let (first, second) = (place.back_up(), place.back_up());
    running.stop();

    for part in [&first.log, &first.keys] {
        let mut found = vec![(part.clone(), fs::metadata(part).unwrap().permissions().mode() & 0o777)];
        modes(part, &mut found);
        for (path, mode) in found {
            assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
            assert!(in_passing.iter().all(|file| file.file_name() != path.file_name()), "{}", path.display());
        }
    }
    let refused = |log: &Path, keys: &Path, why: &str| {
        let said = place.restore(log, keys).unwrap_err();
        assert!(said.contains(why), "{said}");
    };
    refused(&first.log, &first.keys, "is there: a backup is put back where there is no log");
    let lost = place.lose();
    refused(&first.log, &second.keys, "the two parts are of different backups");
    assert!(!place.path("here").exists(), "a refused restore has written something");

    // Interrupted: what says that a part is complete is written last.
    fs::rename(first.log.join("backup.json"), place.path("kept.json")).unwrap();
    refused(&first.log, &first.keys, "making it was interrupted, or it is no backup");
    fs::rename(place.path("kept.json"), first.log.join("backup.json")).unwrap();

    // One byte of a key, one of the log.
    let key = first.keys.join("keys/pseudonym.key");
    let kept = fs::read(&key).unwrap();
    fs::write(&key, kept.iter().map(|byte| if *byte == b'a' { b'b' } else { *byte }).collect::<Vec<_>>()).unwrap();
    refused(&first.log, &first.keys, "`keys/pseudonym.key` of the backup is not what it was");
    fs::write(&key, &kept).unwrap();
    let journal = first.log.join("log/journal-000001.log");
    let kept = fs::read(&journal).unwrap();
    let mut flipped = kept.clone();
    *flipped.last_mut().unwrap() ^= 1;
    fs::write(&journal, flipped).unwrap();
    refused(&first.log, &first.keys, "the backup's log does not open");
    fs::write(&journal, kept).unwrap();
    assert!(!place.path("here").exists(), "a refused restore has written something");

    // A file of another content is there: whoever put it there wants it.
    fs::create_dir(place.path("here")).unwrap();
    fs::write(place.config(), "data = \"data\"").unwrap();
    refused(&first.log, &first.keys, "is there and is another file than the backup's");
    fs::remove_dir_all(place.path("here")).unwrap();

    place.restore(&first.log, &first.keys).unwrap();
    let mut found = Vec::new();
    modes(&place.path("here"), &mut found);
    assert!(found.iter().all(|(_, mode)| mode & 0o007 == 0), "{found:?}");
    assert!(found.iter().any(|(path, mode)| path.ends_with("1.key") && *mode == 0o600), "{found:?}");
    fs::remove_dir_all(lost).unwrap();
}

#[test]
fn a_backup_that_lacks_a_key_says_so() {
    let place = Place::new(2, 13);
    let running = place.up();
    place.record_facts();
    place.settle();
    let wrapping = place.path("here/data/keys/wrapping");
    let organisation = fs::read_dir(&wrapping).unwrap().next().unwrap().unwrap().path();
    fs::remove_file(organisation.join("1.key")).unwrap();
    let (log, keys) = place.backups();
    fs::create_dir_all(&log).unwrap();
    fs::create_dir_all(&keys).unwrap();
    let config = place.config();
    let output = place.run(&[
        "backup",
        "--config",
        config.to_str().unwrap(),
        "--to",
        log.to_str().unwrap(),
        "--keys-to",
        keys.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(4));
    let said = String::from_utf8(output.stdout).unwrap();
    line_with(&said, "backup: keys are missing");
    running.kill();
}
