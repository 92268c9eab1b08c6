//! Everything that can be done to a log whose formats are known to whoever does it.

use event_log::EventLog as _;
use ledger::note::Note;
use projection::ledger::verify::verify_log;
use projection::ledger::{Finding, What};

use super::place::*;

#[tokio::test]
async fn a_log_that_is_as_it_was_signed_is_found_so() {
    let place = Place::signed().await;
    let report = place.verify(place.log.clone()).await;
    assert_eq!(report.findings, []);
    assert_eq!((report.trees, report.records, report.unsigned), (2, SIGNED + 5, 0));
    assert_eq!(report.signed_at, LAST_AT);
    // It may go on: what came after is counted.
    place.append(tree(), SIGNED..SIGNED + 4).await;
    let report = place.verify(place.log.clone()).await;
    assert_eq!((report.findings.len(), report.unsigned), (0, 4));
}

#[tokio::test]
async fn whatever_is_done_to_a_log_is_named_and_located() {
    let place = Place::signed().await;
    for (what, tamper, expected) in TAMPERINGS {
        let mut records = place.records().await;
        tamper(&mut records);
        let report = place.verify(Tampered::over(place.log.clone(), records)).await;
        let [finding] = report.findings.as_slice() else { panic!("{what}: {:?}", report.findings) };
        assert!(finding.to_string().starts_with(&format!("{TREE}{expected}")), "{what}: {finding}");
    }
}

/// With nothing but the statements, the place is as near as two of them are.
#[tokio::test]
async fn without_recorded_hashes_it_is_located_between_two_statements() {
    let place = Place::signed().await;
    let said = place.said();
    let elsewhere = projection::ledger::Folder::new(&place.path("nothing-here"));
    for (at, expected) in [(5, format!("{TREE}@0..300: changed")), (301, format!("{TREE}@300..700: changed"))] {
        let mut records = place.records().await;
        records[at].key[0] ^= 1;
        let log = Tampered::over(place.log.clone(), records);
        let report = verify_log(log, elsewhere.clone(), &said).await.unwrap();
        assert!(report.findings[0].to_string().starts_with(&expected), "{:?}", report.findings);
    }
    let mut records = place.records().await;
    records.truncate(400);
    let report = verify_log(Tampered::over(place.log.clone(), records), elsewhere, &said).await.unwrap();
    assert!(report.findings[0].to_string().starts_with(&format!("{TREE}@400: truncated")), "{:?}", report.findings);
}

/// The recorded hashes are changed along with the log: they say nothing, and what was signed says that something is wrong.
#[tokio::test]
async fn changing_the_recorded_hashes_as_well_helps_nobody() {
    let place = Place::signed().await;
    let mut records = place.records().await;
    records[350].key[0] ^= 1;
    let forger = Place::new();
    let log = Tampered::over(place.log.clone(), records);
    let mut keeper = forger.keeper_of(log.clone()).await.unwrap();
    keeper.follow().await.unwrap();
    let report = verify_log(log, forger.folder(), &place.said()).await.unwrap();
    let expected = Finding::within(TREE, SIGNED_FIRST, SIGNED, What::SomeRecord);
    assert_eq!(report.findings, [expected]);
}

/// Another history of the same log, signed with the same key.
async fn another_history(place: &Place, differs_at: usize, size: usize) -> Note {
    let mut records = place.records().await;
    records[differs_at].key[0] ^= 1;
    records.truncate(size);
    let forger = Place::new();
    let mut keeper = forger.keeper_of(Tampered::over(place.log.clone(), records)).await.unwrap();
    keeper.follow().await.unwrap();
    assert!(keeper.sign(LAST_AT + 500).unwrap());
    forger.folder().last().unwrap().unwrap()
}

#[tokio::test]
async fn a_forked_history_is_found_by_a_statement_that_somebody_kept() {
    let place = Place::signed().await;
    for (differs_at, size, expected) in [(350, 700, "@300..700: forked"), (10, 500, "@300..500: forked")] {
        let said = place.said_with(vec![another_history(&place, differs_at, size).await]);
        let report = verify_log(place.log.clone(), place.folder(), &said).await.unwrap();
        let [finding] = report.findings.as_slice() else { panic!("{:?}", report.findings) };
        assert!(finding.to_string().starts_with(&format!("{TREE}{expected}")), "{finding}");
        assert!(finding.to_string().contains("2000 and at 2500"), "{finding}");
    }
}

/// A later statement that says less than an earlier one, of a log that holds no more: records were taken back, and signed over.
#[tokio::test]
async fn a_log_that_was_cut_and_signed_again_is_forked() {
    let place = Place::signed().await;
    let mut records = place.records().await;
    records.truncate(600);
    let cut = Tampered::over(place.log.clone(), records);
    let forger = Place::new();
    let mut keeper = forger.keeper_of(cut.clone()).await.unwrap();
    keeper.follow().await.unwrap();
    assert!(keeper.sign(LAST_AT + 500).unwrap());
    let said = place.said_with(vec![forger.folder().last().unwrap().unwrap()]);
    let report = verify_log(cut, place.folder(), &said).await.unwrap();
    assert!(report.findings[0].to_string().starts_with(&format!("{TREE}@600..700: forked")), "{:?}", report.findings);
}

#[tokio::test]
async fn a_statement_under_another_key_is_not_believed() {
    let place = Place::signed().await;
    let stranger = projection::ledger::KeyFolder::new(&place.path("stranger"));
    stranger.make("example.org/ledger", [2; 32]).unwrap();
    let notes = place.folder().statements().unwrap();
    let said = projection::ledger::verify::Said::believed(&notes, &stranger.public().unwrap(), &[]);
    assert!(said.unwrap_err().to_string().contains("not signed by a trusted key"));
    let end = place.log.end(tree().0, tree().1).await.unwrap();
    assert_eq!(end, SIGNED);
}
