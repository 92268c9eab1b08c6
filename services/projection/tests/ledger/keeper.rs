//! What the keeper signs, and what it refuses to.

use std::fs;
use std::os::unix::fs::FileExt as _;

use ledger::note::{KeyKind, Note, SigningKey};
use ledger::statement::Statement;
use projection::ledger::LedgerError;
use projection::ledger::verify::{Said, verify_log};

use super::place::*;

fn last(place: &Place) -> Statement {
    Statement::of(&place.folder().last().unwrap().unwrap()).unwrap()
}

#[tokio::test]
async fn it_goes_on_where_it_stopped_and_signs_what_the_log_is() {
    let place = Place::signed().await;
    let one = last(&place);
    place.append(tree(), SIGNED..SIGNED + 300).await;
    let mut keeper = place.keeper().await.unwrap();
    assert!(
        !keeper.sign(LAST_AT + 1).unwrap(),
        "nothing is signed that does not reach what was there at the beginning"
    );
    assert!(keeper.follow().await.unwrap());
    // The clock was set back: the statement's time is not.
    assert!(keeper.sign(LAST_AT - 500).unwrap());
    let two = last(&place);
    assert_eq!((two.head(TREE).unwrap().size, two.signed_at), (SIGNED + 300, LAST_AT));
    assert_eq!(one.contradicted_by(&two), None);
    assert!(!keeper.sign(LAST_AT + 59).unwrap(), "nothing has changed");
    assert!(keeper.sign(LAST_AT + 60).unwrap(), "it is said again once a minute");
    // A ledger that is kept from the beginning by another process is the same.
    let other = Place::new();
    let mut again = other.keeper_of(place.log.clone()).await.unwrap();
    again.follow().await.unwrap();
    again.sign(LAST_AT + 60).unwrap();
    assert_eq!(place.folder().last().unwrap(), other.folder().last().unwrap());
}

#[tokio::test]
async fn two_do_not_sign_in_one_folder() {
    let place = Place::signed().await;
    let keeper = place.keeper().await.unwrap();
    assert!(matches!(place.keeper().await, Err(LedgerError::Locked(_))));
    drop(keeper);
    place.keeper().await.unwrap();
}

#[tokio::test]
async fn a_log_that_is_not_what_was_signed_is_not_signed() {
    let place = Place::signed().await;
    let refused = async |records: Vec<event_log::StoredRecord>| {
        let refused = place.keeper_of(Tampered::over(place.log.clone(), records)).await;
        refused.err().expect("it is not signed").to_string()
    };
    let mut records = place.records().await;
    records.truncate(699);
    assert!(refused(records).await.contains(&format!("{TREE}@699: truncated")));
    let mut records = place.records().await;
    records[699].key[0] ^= 1;
    assert!(refused(records).await.contains(&format!("{TREE}@699: changed")));
    // Where the files are gone too, the tree is made again from the log, and held to what was signed.
    let mut records = place.records().await;
    records[5].key[0] ^= 1;
    let log = Tampered::over(place.log.clone(), records);
    fs::remove_dir_all(place.path("ledger/trees")).unwrap();
    let mut keeper = place.keeper_of(log).await.unwrap();
    let error = keeper.follow().await.unwrap_err().to_string();
    assert!(error.contains(&format!("{TREE}@0..700: changed")), "{error}");
    assert!(!keeper.sign(LAST_AT + 100).unwrap());
    assert_eq!(last(&place).signed_at, LAST_AT);
}

#[tokio::test]
async fn files_that_are_not_whole_are_made_again_from_the_log() {
    for (level, damage) in [("0", 5_000u64), ("1", 40), ("0", u64::MAX), ("1", u64::MAX)] {
        let place = Place::signed().await;
        let file = place.path("ledger/trees").join(TREE).join(level);
        let before = fs::read(&file).unwrap();
        if damage == u64::MAX {
            fs::File::options().write(true).open(&file).unwrap().set_len(31).unwrap();
        } else {
            let file = fs::File::options().write(true).open(&file).unwrap();
            file.write_all_at(&[before[damage as usize] ^ 1], damage).unwrap();
        }
        place.append(tree(), SIGNED..SIGNED + 1).await;
        let mut keeper = place.keeper().await.unwrap();
        keeper.follow().await.unwrap();
        assert!(keeper.sign(LAST_AT + 1).unwrap());
        assert!(fs::read(&file).unwrap().starts_with(&before), "level {level}");
        assert_eq!(place.verify(place.log.clone()).await.findings, []);
    }
}

/// What is beyond the last statement was not synced, and may be anything after a crash of the machine: it is read again.
#[tokio::test]
async fn what_is_not_signed_is_read_again() {
    let place = Place::signed().await;
    place.append(tree(), SIGNED..SIGNED + 100).await;
    place.keeper().await.unwrap().follow().await.unwrap();
    let file = place.path("ledger/trees").join(TREE).join("0");
    let file = fs::File::options().write(true).open(file).unwrap();
    file.write_all_at(&[0; 64], (SIGNED + 50) * 32).unwrap();
    let mut keeper = place.keeper().await.unwrap();
    keeper.follow().await.unwrap();
    keeper.sign(LAST_AT + 1).unwrap();
    let report = place.verify(place.log.clone()).await;
    assert_eq!((report.findings.len(), report.records), (0, SIGNED + 105));
}

#[tokio::test]
async fn a_new_key_signs_on_and_the_old_one_still_proves_what_it_signed() {
    let place = Place::signed().await;
    let first = place.keys.public().unwrap();
    let second = place.keys.rotate([2; 32], LAST_AT).unwrap();
    let mut keeper = place.keeper().await.unwrap();
    keeper.follow().await.unwrap();
    assert!(keeper.sign(LAST_AT + 1).unwrap(), "a new key says what the old one said");
    let notes = place.folder().statements().unwrap();
    notes.last().unwrap().check(std::slice::from_ref(&second)).unwrap();
    // Whoever has the first key, or the second alone, believes all of them.
    for trusted in [&first[0], &second] {
        let keys = ledger::rotation::keys_from(trusted, &place.keys.rotations().unwrap()).unwrap();
        let said = Said::believed(&notes, &keys, &[]).unwrap();
        let report = verify_log(place.log.clone(), place.folder(), &said).await.unwrap();
        assert_eq!((report.findings.len(), report.statements), (0, notes.len()));
    }
    // Without the note that one followed the other, neither does.
    assert!(Said::believed(&notes, &first, &[]).is_err());
}

#[tokio::test]
async fn a_witness_is_heard_and_a_stranger_is_not() {
    let place = Place::signed().await;
    let [witness, stranger] =
        [7, 8].map(|seed| SigningKey::new("witness.example.org", KeyKind::Witness, [seed; 32]).unwrap());
    let known = [witness.public().clone()];
    let keys = place.keys.public().unwrap();
    let last = place.folder().last().unwrap().unwrap();
    let cosigned = |by: &SigningKey| {
        let mut note = last.clone();
        note.add(by.sign(last.text(), LAST_AT + 3));
        Note::parse(note.to_string().as_bytes()).unwrap()
    };
    assert!(place.folder().accept(&cosigned(&stranger), &keys, &known).is_err());
    let names = place.folder().accept(&cosigned(&witness), &keys, &known).unwrap();
    assert_eq!(names, ["witness.example.org"]);
    let notes = place.folder().statements().unwrap();
    let said = Said::believed(&notes, &keys, &known).unwrap();
    let report = verify_log(place.log.clone(), place.folder(), &said).await.unwrap();
    assert_eq!(report.witnesses.into_iter().collect::<Vec<_>>(), [("witness.example.org".to_owned(), LAST_AT + 3)]);
    // Nobody's text but the ledger's own.
    let mut foreign = Note::new("example.org/ledger\nthroughline ledger v1\ntime 5\n".to_owned()).unwrap();
    foreign.add(witness.sign(foreign.text(), 6));
    assert!(place.folder().accept(&foreign, &keys, &known).is_err());
}
