//! From the post to its outcome, through the drop folder.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use event_log::{EventLog, Topic};
use proto::quarantine::Reason;

use super::*;
use crate::differ::Baselines;
use crate::drop_folder::{DropFolder, Options as Watched};
use crate::testing::{House as Log, pseudonyms};
use crate::toy::Toy;

const NOW_US: i64 = 1_800_000_000_000_000;

/// A drop folder over the listener's, whose callers may send for these.
async fn watch(log: &Log, house: &House, callers: &[(&str, &[&str])]) -> DropFolder {
    let toy = Toy::default();
    let publisher = log.publisher(&toy).await.into();
    let baselines = Baselines::open(&log.dir.path().join("baselines"), pseudonyms()).unwrap();
    let events: Arc<dyn EventLog> = log.log.clone();
    let callers: BTreeMap<String, Vec<String>> =
        callers.iter().map(|(name, of)| ((*name).to_owned(), of.iter().map(|of| (*of).to_owned()).collect())).collect();
    let options = Watched { callers, ..Watched::of(&house.dir.path().join("drop")) };
    DropFolder::open(Arc::new(toy), publisher, events, log.wrapping(), baselines, options).await.unwrap()
}

fn status_path(said: &Said) -> String {
    let told: serde_json::Value = serde_json::from_str(&said.body).unwrap();
    told["status_url"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_became_of_a_post_is_told_by_record_and_code_and_names_nobody() {
    let (log, house) = (Log::new(), House::new().await);
    let mut folder = watch(&log, &house, &[("one", &["school-878*"])]).await;
    let body = "id,name,start,end\n1,Invented-Ada,2024-09-01,\n,Invented-Ben,2024-09-01,\n3,Invented-Cai,2024-09-01,not a day\n";
    let said = house.post("one", "key", body).await;
    assert_eq!(folder.poll_once(NOW_US).await.unwrap(), 1, "it is whole: one look is enough");
    assert_eq!(log.events(Topic::Education).await.len(), 2);
    let told = house.get("one", &status_path(&said)).await;
    let outcome: serde_json::Value = serde_json::from_str(&told.body).unwrap();
    assert_eq!((outcome["standing"].as_str(), outcome["records"].as_u64()), (Some("DEALT_WITH"), Some(3)), "{told:?}");
    assert_eq!(outcome["outcomes"]["QUARANTINED"], 1);
    let problems: Vec<(u64, &str, &str, bool)> = outcome["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| {
            let text = |name: &str| problem[name].as_str().unwrap_or_default();
            (problem["line"].as_u64().unwrap(), text("code"), text("field"), problem["refused"].as_bool().unwrap())
        })
        .collect();
    assert_eq!(problems, [(3, "SUBJECT_MISSING", "id", true), (4, "DATE_UNREADABLE", "end", false)]);
    assert!(!told.body.contains("Invented") && !told.body.contains("not a day"), "{told:?}");
    assert_eq!(house.post("one", "key", body).await.body, said.body, "the same answer still");
    assert_eq!(folder.poll_once(NOW_US + 1).await.unwrap(), 0);
    assert!(house.names("received/taken").is_empty() && house.names("working").is_empty());
}

#[tokio::test]
async fn a_caller_speaks_for_its_own_organisations_and_for_no_other() {
    let (log, house) = (Log::new(), House::new().await);
    let mut folder = watch(&log, &house, &[("one", &["school-8784001"]), ("other", &["school-8784002"])]).await;
    house.post("other", "k1", BODY).await;
    folder.poll_once(NOW_US).await.unwrap();
    assert_eq!(log.events(Topic::Education).await.len(), 0);
    let reasons: Vec<Reason> = log.items().await.iter().map(|item| item.reason()).collect();
    assert!(!reasons.is_empty() && reasons.iter().all(|reason| *reason == Reason::ControllerNotYours), "{reasons:?}");
    house.post("one", "k1", BODY).await;
    folder.poll_once(NOW_US + 1).await.unwrap();
    assert_eq!(log.events(Topic::Education).await.len(), 3);
    // Whole, and with nothing in it: it would take back everything of the other's school.
    let later =
        String::from_utf8(request("other", "k2", "id,name,start,end\n")).unwrap().replace("2025-01-16", "2025-02-16");
    let said = house.raw(later.as_bytes()).await;
    folder.poll_once(NOW_US + 2).await.unwrap();
    assert_eq!(log.events(Topic::Education).await.len(), 3, "nothing is taken back");
    let told = house.get("other", &status_path(&said)).await;
    assert!(told.body.contains("CONTROLLER_NOT_YOURS"), "{told:?}");
}

#[tokio::test]
async fn a_process_that_ends_while_it_deals_with_a_post_leaves_it_to_the_next() {
    for step in 0..3 {
        let (log, house) = (Log::new(), House::new().await);
        let mut folder = watch(&log, &house, &[("one", &["school-878*"])]).await;
        let said = house.post("one", "key", BODY).await;
        match step {
            // The log takes nothing, and the process is as good as dead.
            0 => log.log.fail_after(0, crate::testing::Failure::Before),
            1 => log.log.fail_after(1, crate::testing::Failure::After),
            // The note of who sent it stands, and the submission was not moved.
            _ => {
                let note = house.dir.path().join("drop/received/taken").join(format!("{:020}", NOW_US));
                crate::spool::write_whole(&note, b"0123456789abcdef0123456789abcdef").unwrap();
            }
        }
        let first = folder.poll_once(NOW_US - 5).await;
        assert_eq!(first.is_err(), step < 2);
        log.log.heal();
        drop(folder);
        let mut folder = watch(&log, &house, &[("one", &["school-878*"])]).await;
        folder.poll_once(NOW_US + 10).await.unwrap();
        assert_eq!(log.folded(Topic::Education).await.len(), 3, "step {step}");
        let told = house.get("one", &status_path(&said)).await;
        assert!(told.body.contains("DEALT_WITH"), "step {step}: {told:?}");
        assert!(house.names("received/taken").is_empty(), "step {step}");
    }
}

#[tokio::test]
async fn receipts_go_once_they_are_old_and_only_of_what_was_dealt_with() {
    let (log, house) = (Log::new(), House::new().await);
    let mut folder = watch(&log, &house, &[("one", &["school-878*"])]).await;
    let done = house.post("one", "done", BODY).await;
    folder.poll_once(NOW_US).await.unwrap();
    let waiting = house.post("one", "waits", BODY).await;
    let receipts = Receipts::open(&house.dir.path().join("drop")).unwrap();
    let month = Duration::from_secs(30 * 86_400);
    assert_eq!(receipts.remove_old(month, SystemTime::now() + month / 2).unwrap(), 0);
    assert_eq!(receipts.remove_old(month, SystemTime::now() + month * 2).unwrap(), 1);
    house.get("one", &status_path(&done)).await.refused(404, "NO_SUCH_SUBMISSION");
    assert_eq!(house.get("one", &status_path(&waiting)).await.status, 200);
}

/// A row is redriven long after its sender's receipt has gone: it still says no more than they may.
#[tokio::test]
async fn who_sent_a_submission_is_known_for_as_long_as_it_is_kept_whatever_became_of_the_receipt() {
    let (log, house) = (Log::new(), House::new().await);
    let mut folder = watch(&log, &house, &[("one", &["school-878*"])]).await;
    house.post("one", "done", BODY).await;
    folder.poll_once(NOW_US).await.unwrap();
    let drop = house.dir.path().join("drop");
    let month = Duration::from_secs(30 * 86_400);
    let receipts = Receipts::open(&drop).unwrap();
    assert_eq!(receipts.remove_old(month, SystemTime::now() + month * 2).unwrap(), 1);
    let name = house.names("done").remove(0);
    let drafts = crate::Collected::of(&crate::toy::Toy::default(), &[("toy-2025-01-16.csv", BODY.as_bytes())]).drafts;
    assert!(!drafts.is_empty());
    for (controllers, taken) in [("school-878*", drafts.len()), ("school-999*", 0)] {
        let callers = [("one".to_owned(), vec![controllers.to_owned()])].into();
        let options = crate::drop_folder::Options { callers, ..crate::drop_folder::Options::of(&drop) };
        let mut received = crate::drop_folder::Received::of(&options, &drop.join("done").join(&name)).unwrap().unwrap();
        assert_eq!(received.screen(&pseudonyms(), drafts.clone(), &mut Vec::new()).len(), taken, "{controllers}");
    }
}

/// Of a part with two files both have a first record.
#[tokio::test]
async fn of_two_records_that_a_caller_may_not_send_for_each_is_told() {
    let (log, house) = (Log::new(), House::new().await);
    let mut folder = watch(&log, &house, &[("one", &["school-999*"])]).await;
    house.post("one", "key", BODY).await;
    folder.poll_once(NOW_US).await.unwrap();
    let drop = house.dir.path().join("drop");
    let name = [house.names("rejected"), house.names("done")].concat().remove(0);
    let folder =
        ["rejected", "done"].map(|away| drop.join(away).join(&name)).into_iter().find(|at| at.is_dir()).unwrap();
    let options = crate::drop_folder::Options {
        callers: [("one".to_owned(), vec!["school-999*".to_owned()])].into(),
        ..crate::drop_folder::Options::of(&drop)
    };
    let mut received = crate::drop_folder::Received::of(&options, &folder).unwrap().unwrap();
    let files = ["toy-2025-01-16.csv", "toy-2025-02-16.csv"].map(|name| (name, BODY.as_bytes()));
    let of = |file| crate::Collected::of(&crate::toy::Toy::default(), &[file]).drafts.remove(0);
    let mut refused = Vec::new();
    received.screen(&pseudonyms(), files.map(of).to_vec(), &mut refused);
    assert_eq!(refused.len(), 2);
}
