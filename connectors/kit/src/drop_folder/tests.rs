use event_log::{Partition, Topic};
use proto::events::Cause;
use proto::quarantine::Reason;

use super::refusals::{CONNECTOR_FAILED, UNCLAIMED};
use super::*;
use crate::connector::SourceFile;
use crate::publish::{Credentials, Publisher};
use crate::testing::{Failure, House};
use crate::toy::Toy;

mod ahead;
mod broke_off;
mod erased;
mod not_taken;
mod told_apart;

const FIRST: &str = "id,name,start,end\n1,a,2024-09-01,\n2,a,2024-09-01,2024-12-20\n3,a,2024-09-01,\n";
const SECOND: &str = "id,name,start,end\n1,b,2024-09-01,\n2,a,2024-09-01,2024-12-20\n4,a,2024-10-01,\n,x,2024-09-01,\n";
const NOW_US: i64 = 1_800_000_000_000_000;

async fn causes(house: &House) -> Vec<Cause> {
    let mut causes: Vec<_> = house.events(Topic::Education).await.iter().map(|event| event.body.cause()).collect();
    causes.sort();
    causes
}

#[tokio::test]
async fn files_become_events_once() {
    let house = House::new();
    let mut folder = house.drop_folder(Toy::default()).await;
    house.drop_file("toy-2025-01-16.csv", FIRST);
    house.drop_file("toy-2025-02-16.csv.part", SECOND);
    assert_eq!(folder.drain_once(NOW_US).await.unwrap(), 1);
    assert_eq!(causes(&house).await, [Cause::Started, Cause::Started, Cause::Started, Cause::Ended]);
    assert_eq!((house.files("done").len(), house.files("incoming").len()), (1, 1));

    house.drop_file("toy-2025-01-16.csv", FIRST);
    assert_eq!(folder.drain_once(NOW_US).await.unwrap(), 1);
    assert_eq!(house.events(Topic::Education).await.len(), 4, "the same file again adds nothing");
    let counts = folder.counts();
    assert_eq!((counts.records.load(Ordering::Relaxed), counts.events.load(Ordering::Relaxed)), (6, 4));
    assert_eq!((counts.rejected.load(Ordering::Relaxed), counts.pending.load(Ordering::Relaxed)), (0, 0));
}

#[tokio::test]
async fn a_file_is_left_until_it_stands_still() {
    let house = House::new();
    let mut folder = house.drop_folder(Toy::default()).await;
    house.drop_file("toy-2025-01-16.csv", "id,start\n");
    assert_eq!(folder.poll_once(NOW_US).await.unwrap(), 0);
    house.drop_file("toy-2025-01-16.csv", FIRST);
    assert_eq!(folder.poll_once(NOW_US).await.unwrap(), 0);
    assert_eq!(folder.poll_once(NOW_US).await.unwrap(), 1);
}

#[tokio::test]
async fn what_cannot_be_translated_is_in_quarantine_once() {
    let house = House::new();
    let mut folder = house.drop_folder(Toy::default()).await;
    for _ in 0..2 {
        house.drop_file("toy-2025-02-16.csv", SECOND);
        house.drop_file("toy-2025-03-16.csv", "no header at all\n");
        assert_eq!(folder.drain_once(NOW_US).await.unwrap(), 2);
    }
    let items = house.items().await;
    let told: Vec<_> = items.iter().map(|item| (item.reason(), item.place.as_ref().unwrap().line)).collect();
    assert_eq!(told.len(), 2);
    assert!(told.contains(&(Reason::SubjectMissing, 5)) && told.contains(&(Reason::HeaderMissing, 0)), "{told:?}");
    assert!(items.iter().all(|item| item.raw.is_empty()), "a list gives no raw records");
    assert_eq!(house.files("rejected"), BTreeSet::from(["toy-2025-03-16.csv".to_owned()]));

    let listed = crate::quarantine::list(house.log.as_ref(), &house.keyring().await).await.unwrap();
    let keyring = house.keyring().await;
    let mut raw = Vec::new();
    for item in &listed {
        let shown = crate::quarantine::show(house.log.as_ref(), &keyring, item.id).await.unwrap().unwrap();
        let crate::quarantine::Readable::Item(item) = shown.state else { panic!("{shown:?}") };
        raw.push(String::from_utf8(item.raw).unwrap());
    }
    raw.sort();
    assert_eq!(raw, [",x,2024-09-01,\n", "no header at all\n"]);
    let unknown = crate::quarantine::show(house.log.as_ref(), &keyring, event_log::EventId([0; 16])).await.unwrap();
    assert_eq!(unknown, None);
}

#[tokio::test]
async fn a_row_of_nobody_knows_whom_keeps_the_scope_from_retracting() {
    let house = House::new();
    let mut folder = house.drop_folder(Toy::default()).await;
    drop_both(&house);
    folder.drain_once(NOW_US).await.unwrap();
    assert!(!causes(&house).await.contains(&Cause::Retracted));
    house.drop_file("toy-2025-03-16.csv", &SECOND.replace(",x,2024-09-01,\n", ""));
    folder.drain_once(NOW_US).await.unwrap();
    assert_eq!(causes(&house).await.iter().filter(|cause| **cause == Cause::Retracted).count(), 1);
}

#[tokio::test]
async fn each_child_has_one_key_and_it_is_recorded_once() {
    let house = House::new();
    for month in ["01", "02"] {
        let mut folder = house.drop_folder(Toy::default()).await;
        let rows: String = (0..600).map(|id| format!("{id},{month},2024-09-01,\n")).collect();
        house.drop_file(&format!("toy-2025-{month}-16.csv"), &format!("id,name,start,end\n{rows}"));
        folder.drain_once(NOW_US).await.unwrap();
    }
    assert_eq!(house.events(Topic::Education).await.len(), 1200);
    assert_eq!(house.records(Topic::Keys).await.len(), 600);
}

#[tokio::test]
async fn another_organisations_record_is_refused_and_counts_as_present() {
    let house = House::new();
    let mut folder = house.drop_folder(Toy::of("school-9991234")).await;
    house.drop_file("toy-2025-01-16.csv", FIRST);
    folder.drain_once(NOW_US).await.unwrap();
    assert_eq!(house.events(Topic::Education).await.len(), 0);
    let reasons: BTreeSet<_> = house.items().await.iter().map(|item| item.reason()).collect();
    assert_eq!(reasons, BTreeSet::from([Reason::ControllerNotYours]));
}

#[tokio::test]
async fn older_after_newer_ends_the_same() {
    let (forward, backward) = (House::new(), House::new());
    for (house, order) in [(&forward, [("01", FIRST), ("02", SECOND)]), (&backward, [("02", SECOND), ("01", FIRST)])] {
        let mut folder = house.drop_folder(Toy::default()).await;
        for (at, (month, text)) in order.into_iter().enumerate() {
            house.drop_file(&format!("toy-2025-{month}-16.csv"), text);
            folder.drain_once(NOW_US + at as i64).await.unwrap();
        }
    }
    assert_eq!(forward.folded(Topic::Education).await, backward.folded(Topic::Education).await);
}

#[tokio::test]
async fn retractions_wait_until_a_person_lets_them_through() {
    let house = House::new();
    let mut folder = house.drop_folder(Toy::default()).await;
    let rows = |count: usize| {
        let rows: String = (0..count).map(|id| format!("{id},a,2024-09-01,\n")).collect();
        format!("id,name,start,end\n{rows}")
    };
    house.drop_file("toy-2025-01-16.csv", &rows(50));
    house.drop_file("toy-2025-02-16.csv", &rows(20));
    folder.drain_once(NOW_US).await.unwrap();
    assert_eq!(house.folded(Topic::Education).await.len(), 50);
    let items = house.items().await;
    assert_eq!(items.iter().map(|item| item.reason()).collect::<Vec<_>>(), [Reason::RetractionsHeld]);
    assert!(items[0].message.starts_with("30 of 50 entries"), "{}", items[0].message);

    house.drop_file("retractions-allowed/toy-2025-02-16.csv", &rows(20));
    folder.drain_once(NOW_US).await.unwrap();
    assert_eq!(house.folded(Topic::Education).await.len(), 20);
}

#[tokio::test]
async fn a_log_that_takes_nothing_now_is_waited_out() {
    let healthy = House::new();
    let mut folder = healthy.drop_folder(Toy::default()).await;
    healthy.drop_file("toy-2025-01-16.csv", FIRST);
    folder.drain_once(NOW_US).await.unwrap();
    for failure in [Failure::Full, Failure::Away] {
        let house = House::new();
        let mut folder = house.drop_folder(Toy::default()).await;
        house.drop_file("toy-2025-01-16.csv", FIRST);
        house.log.fail_after(0, failure);
        assert!(folder.drain_once(NOW_US).await.unwrap_err().may_pass());
        assert!(folder.poll_once(NOW_US).await.unwrap_err().is_transient());
        assert_eq!(house.files("working").len(), 1);
        house.log.heal();
        assert_eq!(folder.poll_once(NOW_US).await.unwrap(), 1);
        assert_eq!(house.folded(Topic::Education).await, healthy.folded(Topic::Education).await);
    }
}

#[tokio::test]
async fn what_is_tried_again_is_counted_once() {
    let house = House::new();
    let mut folder = house.drop_folder(Toy::default()).await;
    let one = |name| format!("id,name,start,end\n1,{name},2024-09-01,\n");
    for (month, text) in [("01", one("a")), ("03", one("a"))] {
        house.drop_file(&format!("toy-2025-{month}-16.csv"), &text);
        folder.drain_once(NOW_US).await.unwrap();
    }
    // What it says of the first is overtaken, and the second is news that the log does not take at once.
    house.drop_file("toy-2025-02-16.csv", &(one("b") + "2,a,2024-09-01,\n"));
    house.log.fail_after(0, Failure::Full);
    for _ in 0..2 {
        assert!(folder.drain_once(NOW_US).await.unwrap_err().is_transient());
    }
    house.log.heal();
    folder.drain_once(NOW_US).await.unwrap();
    assert_eq!(folder.counts().superseded.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_crash_at_any_append_loses_and_repeats_nothing() {
    let whole = House::new();
    let mut folder = whole.drop_folder(Toy::default()).await;
    drop_both(&whole);
    folder.drain_once(NOW_US).await.unwrap();
    let (expected, expected_items) = (whole.folded(Topic::Education).await, whole.items().await.len());

    for failure in [Failure::Before, Failure::After] {
        for appends in 0.. {
            let house = House::new();
            let mut folder = house.drop_folder(Toy::default()).await;
            drop_both(&house);
            house.log.fail_after(appends, failure);
            let outcome = folder.drain_once(NOW_US).await;
            let failed = house.log.has_failed();
            assert_eq!(outcome.is_err(), failed);
            // The process is gone; the next one begins from what is on disk, at a later time.
            drop(folder);
            house.log.heal();
            let mut folder = house.drop_folder(Toy::default()).await;
            folder.drain_once(NOW_US + 60_000_000).await.unwrap();
            assert_eq!(house.folded(Topic::Education).await, expected, "{failure:?} after {appends}");
            assert_eq!(house.items().await.len(), expected_items);
            assert_eq!(house.files("done").len(), 2);
            if !failed {
                break;
            }
        }
    }
}

fn drop_both(house: &House) {
    house.drop_file("toy-2025-01-16.csv", FIRST);
    house.drop_file("toy-2025-02-16.csv", SECOND);
}

#[tokio::test]
async fn lost_and_damaged_baselines_are_rebuilt_from_the_log() {
    let house = House::new();
    let mut folder = house.drop_folder(Toy::default()).await;
    house.drop_file("toy-2025-01-16.csv", FIRST);
    folder.drain_once(NOW_US).await.unwrap();
    drop(folder);
    let baselines = house.dir.path().join("baselines");
    std::fs::remove_dir_all(&baselines).unwrap();

    let mut folder = house.drop_folder(Toy::default()).await;
    house.drop_file("toy-2025-01-16.csv", FIRST);
    folder.drain_once(NOW_US).await.unwrap();
    assert_eq!(house.events(Topic::Education).await.len(), 4, "nothing is said again");

    let mut files = std::fs::read_dir(&baselines).unwrap().map(|entry| entry.unwrap().path());
    let file = files.find(|path| path.extension().is_some_and(|extension| extension == "scope")).unwrap();
    std::fs::write(&file, b"damaged").unwrap();
    house.drop_file("toy-2025-02-16.csv", SECOND);
    folder.drain_once(NOW_US).await.unwrap();
    let expected = House::new();
    let mut undisturbed = expected.drop_folder(Toy::default()).await;
    drop_both(&expected);
    undisturbed.drain_once(NOW_US).await.unwrap();
    assert_eq!(house.folded(Topic::Education).await, expected.folded(Topic::Education).await);
}

#[tokio::test]
async fn a_record_that_is_no_key_stops_nobody() {
    let house = House::new();
    let value = bytes::Bytes::from_static(b"no key record");
    let stray =
        event_log::Record { topic: Topic::Keys, partition: Partition::all().next().unwrap(), key: [3; 16], value };
    event_log::EventLog::append(house.log.as_ref(), vec![stray]).await.unwrap();
    let mut folder = house.drop_folder(Toy::default()).await;
    house.drop_file("toy-2025-01-16.csv", FIRST);
    folder.drain_once(NOW_US).await.unwrap();
    assert_eq!(house.records(Topic::Education).await.len(), 4);
}

#[tokio::test]
async fn a_file_of_the_future_is_refused_whole_and_touches_nothing() {
    let house = House::new();
    let mut folder = house.drop_folder(Toy::default()).await;
    house.drop_file("toy-2025-01-16.csv", FIRST);
    house.drop_file("toy-2027-01-17.csv", SECOND);
    for _ in 0..2 {
        folder.drain_once(NOW_US).await.unwrap();
        house.drop_file("toy-2027-01-17.csv", SECOND);
    }
    assert_eq!(house.events(Topic::Education).await.len(), 4);
    let items = house.items().await;
    let told: Vec<_> = items.iter().map(|item| (item.reason(), item.message.as_str())).collect();
    assert!(told.iter().any(|(reason, message)| {
        *reason == Reason::RecordMalformed && message.starts_with("the file's own date lies in the future")
    }));
    assert_eq!(house.files("rejected"), BTreeSet::from(["toy-2027-01-17.csv".to_owned()]));
    // The true one that follows is compared with what stood before.
    std::fs::remove_file(house.dir.path().join("drop/incoming/toy-2027-01-17.csv")).unwrap();
    house.drop_file("toy-2025-02-16.csv", SECOND);
    folder.drain_once(NOW_US).await.unwrap();
    let expected = House::new();
    let mut undisturbed = expected.drop_folder(Toy::default()).await;
    drop_both(&expected);
    undisturbed.drain_once(NOW_US).await.unwrap();
    assert_eq!(house.folded(Topic::Education).await, expected.folded(Topic::Education).await);
    // A day ahead is a clock, not a slip of the keyboard.
    house.drop_file("toy-2027-01-16.csv", FIRST);
    folder.drain_once(NOW_US).await.unwrap();
    assert_eq!(house.files("done").len(), 3);
}

/// The toy, but it falls over a file of this name, takes the tables of one month together and nothing else, and when told
/// to has a file go while a submission is being taken.
#[derive(Default)]
struct Faulty {
    toy: Toy,
    going: Arc<std::sync::Mutex<Option<PathBuf>>>,
}

impl Connector for Faulty {
    fn descriptor(&self) -> crate::Descriptor {
        self.toy.descriptor()
    }

    fn submissions(&self, names: &[String]) -> Vec<Vec<String>> {
        if let Some(path) = self.going.lock().unwrap().take() {
            fs::remove_file(path).unwrap();
        }
        let mut groups = BTreeMap::<&str, Vec<String>>::new();
        for name in names.iter().filter(|name| name.ends_with(".csv")) {
            groups.entry(name.get(..11).unwrap_or(name)).or_default().push(name.clone());
        }
        groups.into_values().collect()
    }

    fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn crate::Output) {
        assert!(!files.iter().any(|file| file.name.ends_with("-31.csv")), "a defect");
        self.toy.translate(files, out);
    }
}

#[tokio::test]
async fn a_defect_of_the_connector_costs_one_submission() {
    let house = House::new();
    for _ in 0..2 {
        let mut folder = house.drop_folder(Faulty::default()).await;
        house.drop_file("toy-2025-01-31.csv", FIRST);
        house.drop_file("toy-2025-02-16.csv", SECOND);
        assert_eq!(folder.drain_once(NOW_US).await.unwrap(), 2);
        assert_eq!(folder.poll_once(NOW_US).await.unwrap(), 0, "it is not taken up again");
    }
    assert_eq!(house.files("rejected"), BTreeSet::from(["toy-2025-01-31.csv".to_owned()]));
    assert_eq!(house.files("done"), BTreeSet::from(["toy-2025-02-16.csv".to_owned()]));
    assert_eq!(house.files("working"), BTreeSet::new());
    let mut items = house.items().await;
    items.retain(|item| item.reason() == Reason::FileUnreadable);
    assert_eq!(items.iter().map(|item| item.message.as_str()).collect::<Vec<_>>(), [CONNECTOR_FAILED]);
    assert_eq!(items[0].place.as_ref().unwrap().file, "toy-2025-01-31.csv");
}

#[tokio::test]
async fn a_file_that_nobody_claims_is_rejected_and_said() {
    let house = House::new();
    let mut folder = house.drop_folder(Faulty::default()).await;
    house.drop_file("toy-2025-01-16.csv", FIRST);
    for name in ["notes.txt", "toy-2025-01.xml", ".hidden", "toy-2025-01-16.txt.part"] {
        house.drop_file(name, &format!("this is {name}"));
    }
    assert_eq!(folder.poll_once(NOW_US).await.unwrap(), 0, "it may still be written to");
    // The process ends between taking a file and telling of it.
    house.log.fail_after(0, Failure::Full);
    assert!(folder.poll_once(NOW_US).await.unwrap_err().is_transient());
    house.log.heal();
    let mut folder = house.drop_folder(Faulty::default()).await;
    assert_eq!(folder.poll_once(NOW_US).await.unwrap(), 3);
    assert_eq!(house.files("rejected"), BTreeSet::from(["notes.txt", "toy-2025-01.xml"].map(str::to_owned)));
    assert_eq!(house.files("done"), BTreeSet::from(["toy-2025-01-16.csv".to_owned()]));
    assert_eq!(house.files("incoming"), BTreeSet::from([".hidden", "toy-2025-01-16.txt.part"].map(str::to_owned)));
    let counts = folder.counts();
    assert_eq!((counts.rejected.load(Ordering::Relaxed), counts.pending.load(Ordering::Relaxed)), (2, 0));
    let items = house.items().await;
    let told: BTreeSet<_> = items.iter().map(|item| item.place.as_ref().unwrap().file.as_str()).collect();
    assert_eq!((items.len(), told), (2, BTreeSet::from(["notes.txt", "toy-2025-01.xml"])));
    assert!(items.iter().all(|item| item.reason() == Reason::FileUnreadable && item.message == UNCLAIMED));
}

#[tokio::test]
async fn a_file_that_goes_while_it_is_taken_is_passed_over() {
    let house = House::new();
    let faulty = Faulty::default();
    let going = Arc::clone(&faulty.going);
    let mut folder = house.drop_folder(faulty).await;
    for name in ["toy-2025-01-16.csv", "toy-2025-01-17.csv", "toy-2025-02-16.csv"] {
        house.drop_file(name, FIRST);
    }
    assert_eq!(folder.poll_once(NOW_US).await.unwrap(), 0);
    *going.lock().unwrap() = Some(house.dir.path().join("drop/incoming/toy-2025-01-17.csv"));
    assert_eq!(folder.poll_once(NOW_US).await.unwrap(), 1);
    assert_eq!(house.files("done"), BTreeSet::from(["toy-2025-02-16.csv".to_owned()]));
    assert_eq!(house.files("incoming"), BTreeSet::from(["toy-2025-01-16.csv".to_owned()]));
    assert_eq!(folder.drain_once(NOW_US).await.unwrap(), 1, "the rest is taken as it now stands");
}

#[tokio::test]
async fn a_folder_that_cannot_be_read_is_waited_for() {
    let house = House::new();
    let mut folder = house.drop_folder(Toy::default()).await;
    let (incoming, aside) = (house.dir.path().join("drop/incoming"), house.dir.path().join("drop/aside"));
    fs::rename(&incoming, &aside).unwrap();
    assert!(folder.poll_once(NOW_US).await.unwrap_err().may_pass());
    fs::rename(&aside, &incoming).unwrap();
    house.drop_file("toy-2025-01-16.csv", FIRST);
    assert_eq!(folder.drain_once(NOW_US).await.unwrap(), 1);

    fs::rename(&incoming, &aside).unwrap();
    let stop = CancellationToken::new();
    stop.cancel();
    folder.run(stop).await.unwrap();
}

#[tokio::test]
async fn what_was_half_taken_goes_back() {
    let house = House::new();
    drop(house.drop_folder(Toy::default()).await);
    let partial = house.dir.path().join("drop/working/00000000000000000001.partial");
    std::fs::create_dir(&partial).unwrap();
    std::fs::write(partial.join("toy-2025-01-16.csv"), FIRST).unwrap();
    let mut folder = house.drop_folder(Toy::default()).await;
    assert_eq!(folder.drain_once(NOW_US).await.unwrap(), 1);
    assert_eq!(house.events(Topic::Education).await.len(), 4);
}

#[tokio::test]
async fn a_watched_folder_stops_when_told() {
    let house = House::new();
    let folder = house.drop_folder(Toy::default()).await;
    let stop = CancellationToken::new();
    stop.cancel();
    folder.run(stop).await.unwrap();
}

#[tokio::test]
async fn what_no_key_is_here_for_is_kept_until_a_person_brings_one() {
    let house = House::new();
    house.wrapping().ensure("la-878").unwrap();
    let none_made = Arc::new(WrappingKeys::open(&house.dir.path().join("keys")).unwrap().without_making());
    let credentials = Credentials { controllers: vec!["school-878*".to_owned()], home: "la-878".to_owned() };
    let log: Arc<dyn EventLog> = Arc::<crate::testing::FaultyLog>::clone(&house.log);
    let publisher =
        Publisher::open(log, crate::testing::pseudonyms(), none_made, credentials, Toy::default().descriptor()).await;
    let mut folder = house.drop_folder_of(Toy::default(), publisher.unwrap().into()).await;
    house.drop_file("toy-2025-01-16.csv", FIRST);
    folder.drain_once(NOW_US).await.unwrap();
    assert!(house.events(Topic::Education).await.is_empty());
    let items = house.items().await;
    assert!(!items.is_empty() && items.iter().all(|item| item.reason() == Reason::ControllerKeyMissing), "{items:?}");

    for item in &items {
        house.wrapping().ensure(&item.controller).unwrap();
    }
    house.drop_file("toy-2025-01-16.csv", FIRST);
    folder.drain_once(NOW_US).await.unwrap();
    assert_eq!(house.events(Topic::Education).await.len(), 4);
}

#[tokio::test]
async fn whoever_takes_over_goes_by_what_the_log_holds_and_not_by_what_it_knew_itself() {
    let house = House::new();
    let mut folder = house.drop_folder(Toy::default()).await;
    house.drop_file("toy-2025-01-16.csv", FIRST);
    folder.drain_once(NOW_US).await.unwrap();
    // What this process knew when another took over.
    let (baselines, kept) = (house.dir.path().join("baselines"), house.dir.path().join("kept"));
    copy_all(&baselines, &kept);
    house.drop_file("toy-2025-02-16.csv", "id,name,start,end\n1,a,2024-09-01,\n9,new,2024-09-01,\n");
    folder.drain_once(NOW_US).await.unwrap();
    let events = house.events(Topic::Education).await.len();
    copy_all(&kept, &baselines);

    let publisher = house.publisher(&Toy::default()).await.into();
    let log: Arc<dyn EventLog> = Arc::<crate::testing::FaultyLog>::clone(&house.log);
    let own = Baselines::open(&baselines, crate::testing::pseudonyms()).unwrap();
    let options = Options { was_another: true, ..Options::of(&house.dir.path().join("drop")) };
    let mut folder =
        DropFolder::open(Arc::new(Toy::default()), publisher, log, house.wrapping(), own, options).await.unwrap();
    house.drop_file("toy-2025-02-16.csv", "id,name,start,end\n1,a,2024-09-01,\n9,new,2024-09-01,\n");
    folder.drain_once(NOW_US + 1).await.unwrap();
    assert_eq!(house.events(Topic::Education).await.len(), events, "the log had all of it");
}

fn copy_all(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copy = to.join(crate::run::name_of(&path));
        if path.is_dir() {
            copy_all(&path, &copy);
        } else {
            std::fs::copy(&path, copy).unwrap();
        }
    }
}

#[tokio::test]
async fn what_became_of_each_submission_is_written_down() {
    use crate::submission::{Outcome, Report};
    let house = House::new();
    let reports = house.dir.path().join("reports");
    let publisher = house.publisher(&Toy::default()).await.into();
    let log: Arc<dyn EventLog> = Arc::<crate::testing::FaultyLog>::clone(&house.log);
    let baselines = Baselines::open(&house.dir.path().join("baselines"), crate::testing::pseudonyms()).unwrap();
    let options = Options { reports: Some(reports.clone()), ..Options::of(&house.dir.path().join("drop")) };
    let toy = Arc::new(Toy::default());
    let mut folder = DropFolder::open(toy, publisher, log, house.wrapping(), baselines, options).await.unwrap();
    for (name, text) in [("toy-2025-01-16.csv", FIRST), ("toy-2025-01-16.csv", FIRST), ("toy-2025-02-16.csv", SECOND)] {
        house.drop_file(name, text);
        folder.drain_once(NOW_US).await.unwrap();
    }
    let written = Report::load_all(&reports).unwrap();
    let outcomes: Vec<Vec<(Outcome, u64)>> =
        written.iter().rev().map(|report| report.total().outcomes.into_iter().collect()).collect();
    assert_eq!(
        outcomes,
        [
            vec![(Outcome::Published, 4)],
            vec![(Outcome::Unchanged, 4)],
            vec![(Outcome::Published, 2), (Outcome::Unchanged, 2), (Outcome::Quarantined, 1)],
        ]
    );
    let last = &written[0];
    assert_eq!((last.records, last.files, last.scopes.len()), (4, 1, 1));
    assert_eq!(last.scopes[0].key, crate::toy::SCOPE);
    let quarantined = &last.total().quarantined;
    assert_eq!((quarantined[0].code.as_str(), quarantined[0].field.as_str()), ("SUBJECT_MISSING", "id"));
    // Nothing of the files' names or contents but codes, fields and scopes.
    for report in std::fs::read_dir(&reports).unwrap() {
        let text = std::fs::read_to_string(report.unwrap().path()).unwrap();
        assert!(!text.contains("toy-2025") && !text.contains("2024-12-20"), "{text}");
    }
}
