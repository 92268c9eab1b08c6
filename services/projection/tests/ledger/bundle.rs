//! A bundle, and everything that can be done to its files, as this program and as the script that knows the formats alone see it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ledger::note::VerifierKey;
use ledger::tile::{bundle, entries};
use projection::ledger::bundle::{export, signed_in, verify_bundle};
use projection::ledger::read_key;
use projection::ledger::verify::{Report, Said};

use super::place::*;

async fn exported(place: &Place) -> PathBuf {
    let out = place.path("bundle");
    let exported = export(place.log.as_ref(), &place.folder(), &out).await.unwrap();
    assert_eq!((exported.trees, exported.records, exported.statements), (2, SIGNED + 5, 2));
    out
}

async fn verified(dir: &Path, trusted: &VerifierKey) -> Report {
    let (notes, keys) = signed_in(dir, trusted).unwrap();
    verify_bundle(dir, &Said::believed(&notes, &keys, &[]).unwrap(), &keys).await.unwrap()
}

/// What the script in Python says, and its exit code. `None`, loudly, where there is no Python.
fn by_the_script(dir: &Path, key: &Path, more: &[&Path]) -> Option<(i32, String)> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/audit/verify_bundle.py");
    let mut command = Command::new("python3");
    command.arg(script).arg(dir).arg(key).args(more).env("PYTHONDONTWRITEBYTECODE", "1").env("VERIFY_BY_HAND", "1");
    match command.output() {
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

fn says(dir: &Path, key: &Path, expected_code: i32, expected: &str) {
    if let Some((code, told)) = by_the_script(dir, key, &[]) {
        assert_eq!(code, expected_code, "{told}");
        assert!(told.starts_with(&format!("verify_bundle: {expected}")), "`{told}` should say `{expected}`");
    }
}

#[tokio::test]
async fn a_bundle_that_is_as_it_was_signed_is_found_so_by_both() {
    let place = Place::signed().await;
    let key = place.keys.public_path(1);
    let dir = exported(&place).await;
    let report = verified(&dir, &read_key(&key).unwrap()).await;
    assert_eq!(report.findings, []);
    assert_eq!((report.trees, report.records, report.statements), (2, SIGNED + 5, 2));
    says(&dir, &key, 0, "ok trees=2 records=705 statements=2 signed_at=2000");
    // A bundle is written once, and holds nothing that was on the log.
    assert!(export(place.log.as_ref(), &place.folder(), &dir).await.is_err());
    let tile = fs::read(dir.join("trees").join(TREE).join("tile/entries/000")).unwrap();
    assert_eq!(tile.len(), 256 * 83);
    assert!(!tile.windows(8).any(|window| window == b"invented"));
}

/// The files of one tree, to do something to.
struct Files(PathBuf);

impl Files {
    fn change(&self, of: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let path = self.0.join(of);
        let mut bytes = fs::read(&path).unwrap_or_else(|_| panic!("{}", path.display()));
        change(&mut bytes);
        fs::write(path, bytes).unwrap();
    }

    /// All entries, written back in whole tiles.
    fn change_entries(&self, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
        let paths = ["tile/entries/000", "tile/entries/001", "tile/entries/002.p/188"];
        let read =
            |path: &&str| entries(&fs::read(self.0.join(path)).unwrap()).unwrap().iter().map(|e| e.to_vec()).collect();
        let mut all: Vec<Vec<u8>> = paths.iter().flat_map(|path| -> Vec<Vec<u8>> { read(path) }).collect();
        change(&mut all);
        fs::remove_dir_all(self.0.join("tile/entries")).unwrap();
        for (n, chunk) in all.chunks(256).enumerate() {
            let partial = if chunk.len() < 256 { format!(".p/{}", chunk.len()) } else { String::new() };
            let path = self.0.join(format!("tile/entries/{n:03}{partial}"));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bundle(chunk)).unwrap();
        }
    }
}

/// Entries say their offset: whoever moves them writes the right one.
fn renumber(entries: &mut [Vec<u8>]) {
    (0u64..).zip(entries).for_each(|(n, entry)| entry[1..9].copy_from_slice(&n.to_be_bytes()));
}

type Doing = (&'static str, fn(&Files), &'static str);

const DOINGS: [Doing; 14] = [
    ("a flipped bit of an entry", |f| f.change_entries(|e| e[257][80] ^= 1), "@257: changed"),
    ("a flipped bit of an entry's format", |f| f.change_entries(|e| e[600][0] ^= 1), "@600: changed"),
    ("another time", |f| f.change_entries(|e| e[3][16] ^= 1), "@3: changed"),
    ("a deleted entry", |f| f.change_entries(|e| drop(e.remove(256))), "@256: deleted: 1 record(s)"),
    (
        "a deleted entry, and the rest renumbered",
        |f| {
            f.change_entries(|e| {
                e.remove(256);
                renumber(e);
            });
        },
        "@256: deleted: 1 record(s)",
    ),
    (
        "an inserted entry",
        |f| {
            f.change_entries(|e| {
                e.insert(511, [&[1][..], &[9; 80]].concat());
                renumber(e);
            });
        },
        "@511: inserted: 1 record(s)",
    ),
    (
        "two that changed places",
        |f| {
            f.change_entries(|e| {
                e.swap(20, 340);
                renumber(e);
            });
        },
        "@20: swapped: this record and the one at offset 340",
    ),
    ("a truncated partition", |f| f.change_entries(|e| e.truncate(650)), "@650: truncated"),
    ("entries that break off", |f| f.change("tile/entries/002.p/188", |b| b.truncate(100)), "@513: truncated"),
    ("no entries at all", |f| fs::remove_dir_all(f.0.join("tile/entries")).unwrap(), "@0: truncated"),
    ("a flipped bit of a leaf hash", |f| f.change("tile/0/001", |b| b[32 * 5 + 7] ^= 1), "@261: tiles"),
    ("a flipped bit of a hash above", |f| f.change("tile/1/000.p/2", |b| b[32] ^= 1), "@256: tiles"),
    ("a tile that is gone", |f| fs::remove_file(f.0.join("tile/0/001")).unwrap(), "@256: tiles"),
    ("another checkpoint", |f| f.change("checkpoint", |b| b.truncate(b.len() - 9)), ": missing: its checkpoint"),
];

#[tokio::test]
async fn whatever_is_done_to_a_bundle_is_named_and_located_by_both() {
    for (what, tamper, expected) in DOINGS {
        let place = Place::signed().await;
        let key = place.keys.public_path(1);
        let dir = exported(&place).await;
        tamper(&Files(dir.join("trees").join(TREE)));
        let report = verified(&dir, &read_key(&key).unwrap()).await;
        let [finding] = report.findings.as_slice() else { panic!("{what}: {:?}", report.findings) };
        assert!(finding.to_string().starts_with(&format!("{TREE}{expected}")), "{what}: {finding}");
        says(&dir, &key, 4, &finding.to_string());
    }
}

/// An entry and its leaf hash changed alike: the tree has no such root, and two statements say between which records.
#[tokio::test]
async fn tiles_that_were_changed_with_the_entries_prove_nothing() {
    let place = Place::signed().await;
    let (key, dir) = (place.keys.public_path(1), exported(&place).await);
    let files = Files(dir.join("trees").join(TREE));
    let mut forged = [0; 32];
    files.change_entries(|entries| {
        entries[400][80] ^= 1;
        forged = ledger::Entry::decode(&entries[400]).unwrap().hash();
    });
    files.change("tile/0/001", |bytes| bytes[144 * 32..145 * 32].copy_from_slice(&forged));
    let report = verified(&dir, &read_key(&key).unwrap()).await;
    assert_eq!(report.findings.len(), 1);
    let told = report.findings[0].to_string();
    assert_eq!(told, format!("{TREE}@300..700: changed: these records are not those that were signed"));
    says(&dir, &key, 4, &told);
}

#[tokio::test]
async fn a_forked_history_is_found_in_a_bundle_by_both() {
    let place = Place::signed().await;
    let (key, dir) = (place.keys.public_path(1), exported(&place).await);
    let mut records = place.records().await;
    records[350].key[0] ^= 1;
    let forger = Place::new();
    let mut keeper = forger.keeper_of(Tampered::over(place.log.clone(), records)).await.unwrap();
    keeper.follow().await.unwrap();
    keeper.sign(LAST_AT + 500).unwrap();
    fs::copy(forger.path("ledger/statement"), dir.join("statements/other.note")).unwrap();
    let report = verified(&dir, &read_key(&key).unwrap()).await;
    assert!(!report.findings.is_empty());
    let told = report.findings[0].to_string();
    assert!(told.starts_with(&format!("{TREE}@300..700: forked: the statements signed at 2000 and at 2500")), "{told}");
    says(&dir, &key, 4, &told);
}

#[tokio::test]
async fn a_statement_that_was_changed_is_not_believed_by_either() {
    let place = Place::signed().await;
    let (key, dir) = (place.keys.public_path(1), exported(&place).await);
    let statement = fs::read_to_string(dir.join("statement")).unwrap();
    fs::write(dir.join("statement"), statement.replace("time 2000", "time 2001")).unwrap();
    let (notes, keys) = signed_in(&dir, &read_key(&key).unwrap()).unwrap();
    assert!(Said::believed(&notes, &keys, &[]).is_err());
    says(&dir, &key, 4, "cannot be believed: a signature of a note does not hold");
    // Nor under a key that is not the ledger's.
    fs::write(dir.join("statement"), statement).unwrap();
    let stranger = projection::ledger::KeyFolder::new(&place.path("stranger"));
    stranger.make("example.org/ledger", [2; 32]).unwrap();
    says(&dir, &stranger.public_path(1), 4, "cannot be believed: a statement is not signed by a trusted key");
}

#[tokio::test]
async fn a_bundle_leads_from_the_first_key_to_the_next() {
    let place = Place::signed().await;
    place.keys.rotate([2; 32], LAST_AT).unwrap();
    let mut keeper = place.keeper().await.unwrap();
    keeper.follow().await.unwrap();
    keeper.sign(LAST_AT + 1).unwrap();
    let out = place.path("bundle");
    export(place.log.as_ref(), &place.folder(), &out).await.unwrap();
    for number in [1, 2] {
        let key = place.keys.public_path(number);
        assert_eq!(verified(&out, &read_key(&key).unwrap()).await.findings, []);
        says(&out, &key, 0, "ok trees=2 records=705");
    }
    // Without the note that the second followed the first, the first proves nothing of what the second signed.
    fs::remove_file(out.join("keys/2.note")).unwrap();
    says(&out, &place.keys.public_path(1), 4, "cannot be believed");
}
