use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use event_log::seal::{decode_key_record, destruction};
use event_log::{Partition, Topic};
use proto::events::Scheme;
use proto::quarantine::handled::Outcome;

use super::*;
use crate::Descriptor;
use crate::connector::{Output, SourceFile};
use crate::drop_folder::DropFolder;
use crate::quarantine::{Standing, standing};
use crate::testing::{Failure, House};
use crate::toy::Toy;

const NOW_US: i64 = 1_800_000_000_000_000;
const BAD: &str =
    "id,name,start,end\n1,a,2024-09-01,\n2,a,01.09.2024,\n3,a,01.09.2024,2024-12-20\n4,a,soon,\n5,a,2024-09-01,\n";
const NAME: &str = "toy-2025-01-16.csv";

/// The toy, with days of another writing in its mapping: rows that it refused are read.
#[derive(Clone, Copy)]
struct Mended(u32);

/// The revision that takes no line as a header.
const HEADLESS: u32 = 9;

impl Connector for Mended {
    fn descriptor(&self) -> Descriptor {
        Descriptor { mapping_revision: self.0, ..Toy::default().descriptor() }
    }

    fn is_header(&self, columns: &[String]) -> bool {
        self.0 != HEADLESS && Toy::default().is_header(columns)
    }

    fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
        for mut file in files {
            let mut text = String::new();
            file.bytes.read_to_string(&mut text).unwrap();
            let text = text.replace("01.09.2024", "2024-09-01");
            let bytes: Box<dyn std::io::BufRead + Send> = Box::new(std::io::Cursor::new(text.into_bytes()));
            Toy::default().translate(vec![SourceFile { name: file.name, bytes }], out);
        }
    }
}

/// A source of these, and its quarantine's workplace.
async fn at_work(house: &House, connector: impl Connector + Clone + 'static) -> (DropFolder, Workplace) {
    let publisher: SharedPublisher = house.publisher(&connector).await.into();
    let folder = house.drop_folder_of(connector.clone(), publisher.clone()).await;
    let log: Arc<dyn EventLog> = Arc::<crate::testing::FaultyLog>::clone(&house.log);
    let workplace = Workplace::new(Arc::new(connector), publisher, log, house.wrapping(), Some(folder.desk()));
    (folder, workplace)
}

/// Redrives everything that waits, as a process does it; what became of it, or why it broke off.
async fn redrive(folder: &mut DropFolder, workplace: &Workplace, now_us: i64) -> Result<Put, RedriveError> {
    let works = async {
        let items = workplace.items(|_| true).await?;
        let waiting = items.into_iter().filter(|item| standing(&item.handled) == Standing::Waiting).collect();
        let mut all = Put::default();
        for together in workplace.together(waiting) {
            let mut again = workplace.read_again(workplace.connector(), together, now_us).await?;
            while !again.is_empty() {
                let put = workplace.put(again.split(1), "staff-1", now_us).await?;
                all.rows += put.rows;
                all.done.extend(put.done);
                all.entries.extend(put.entries);
            }
        }
        Ok(all)
    };
    tokio::select! {
        put = works => put,
        () = folder.answer_all() => unreachable!("its desk stays open"),
    }
}

fn outcomes(put: &Put) -> Vec<Outcome> {
    let mut outcomes: Vec<_> = put.done.iter().map(|done| done.handled.outcome()).collect();
    outcomes.sort();
    outcomes
}

async fn brought(text: &str) -> House {
    let house = House::new();
    let mut folder = house.drop_folder(Toy::default()).await;
    house.drop_file(NAME, text);
    folder.drain_once(NOW_US).await.unwrap();
    house
}

/// What a file gives that was read by the mended mapping from the start.
async fn as_if_mended() -> Vec<String> {
    let house = House::new();
    let mut folder = house.drop_folder(Mended(2)).await;
    house.drop_file(NAME, BAD);
    folder.drain_once(NOW_US).await.unwrap();
    house.folded(Topic::Education).await
}

#[tokio::test]
async fn rows_are_redriven_once_and_nothing_else_changes() {
    let house = brought(BAD).await;
    let before = house.folded(Topic::Education).await;
    assert_eq!((before.len(), house.items().await.len()), (2, 3));
    let (mut folder, workplace) = at_work(&house, Mended(2)).await;
    let put = redrive(&mut folder, &workplace, NOW_US + 1).await.unwrap();
    assert_eq!(outcomes(&put), [Outcome::Redriven, Outcome::Redriven, Outcome::StillRefused]);
    assert_eq!(put.entries.len(), 3, "one row has an end too");
    let folded = house.folded(Topic::Education).await;
    assert_eq!(folded, as_if_mended().await);
    assert!(before.iter().all(|entry| folded.contains(entry)));
    let proof = workplace.proof(&put.entries, put.rows).await.unwrap();
    assert_eq!(proof, Proof { rows: 2, entries: 3, on_log: 3, event_ids: 3, repeats: 0, differing: 0 });
    assert!(proof.holds());
    // What was redriven is no more among what waits; what was refused is, once more tried.
    let events = house.events(Topic::Education).await.len();
    let again = redrive(&mut folder, &workplace, NOW_US + 2).await.unwrap();
    assert_eq!(outcomes(&again), [Outcome::StillRefused]);
    // And the same file, read whole by the mended mapping, has nothing to add.
    house.drop_file(NAME, BAD);
    folder.drain_once(NOW_US + 3).await.unwrap();
    assert_eq!(house.events(Topic::Education).await.len(), events);
    assert_eq!(house.folded(Topic::Education).await, folded);
}

#[tokio::test]
async fn a_row_is_shown_under_the_names_of_its_columns_while_its_file_is_kept() {
    // Of a connector that takes no line as a header the first one is a row like any other: somebody else's.
    for (revision, header) in [(2, Some("id,name,start,end")), (HEADLESS, None)] {
        let house = brought(BAD).await;
        let (_folder, workplace) = at_work(&house, Mended(revision)).await;
        let mut items = Vec::new();
        for item in house.items().await {
            let id = event_log::EventId::from_slice(&item.id).unwrap();
            let shown = quarantine::show(house.log.as_ref(), &house.keyring().await, id).await.unwrap().unwrap();
            let Readable::Item(item) = shown.state else { panic!("{:?}", shown.state) };
            items.push(item);
        }
        assert_eq!(items.len(), 3);
        assert!(items.iter().all(|item| workplace.header_of(item).as_deref() == header), "{items:?}");
        std::fs::remove_dir_all(house.dir.path().join("drop/done")).unwrap();
        assert!(items.iter().all(|item| workplace.header_of(item).is_none()));
    }
}

#[tokio::test]
async fn items_of_a_submission_are_listed_as_they_stood_in_it() {
    let house = brought(BAD).await;
    let (_folder, workplace) = at_work(&house, Mended(2)).await;
    let listed = workplace.items(|_| true).await.unwrap();
    let records: Vec<u64> = listed.iter().map(|waiting| waiting.item.place.as_ref().unwrap().record).collect();
    assert_eq!(records, [2, 3, 4]);
}

#[tokio::test]
async fn what_is_counted_as_waiting_is_what_waits_and_no_note() {
    let house = brought(BAD).await;
    let (mut folder, workplace) = at_work(&house, Mended(2)).await;
    let mut count = quarantine::Count::default();
    // Before their keys are read they are nobody's; they count once these are there.
    assert_eq!(count.waiting(house.log.as_ref(), &Keyring::new(house.wrapping())).await.unwrap(), 0);
    assert_eq!(count.waiting(house.log.as_ref(), &house.keyring().await).await.unwrap(), 3);
    redrive(&mut folder, &workplace, NOW_US + 1).await.unwrap();
    assert_eq!(count.waiting(house.log.as_ref(), &house.keyring().await).await.unwrap(), 1);
    redrive(&mut folder, &workplace, NOW_US + 2).await.unwrap();
    // Refused again is said by one more record, and is still the one item; so it is to whoever begins to count now.
    for count in [&mut count, &mut quarantine::Count::default()] {
        assert_eq!(count.waiting(house.log.as_ref(), &house.keyring().await).await.unwrap(), 1);
    }
    let left = workplace.items(|item| item.place.as_ref().is_some_and(|place| place.record == 4)).await.unwrap();
    workplace.set_aside(left, "no pupil of theirs", "staff-2", NOW_US).await.unwrap();
    assert_eq!(count.waiting(house.log.as_ref(), &house.keyring().await).await.unwrap(), 0);
}

/// A log that tells how many records were read, and does not answer when it is asked for the time that the test says.
struct Watched {
    log: Arc<crate::testing::FaultyLog>,
    read: AtomicUsize,
    asked: AtomicUsize,
    silent_at: usize,
}

#[async_trait::async_trait]
impl EventLog for Watched {
    async fn append(&self, records: Vec<event_log::Record>) -> Result<event_log::Appended, LogError> {
        self.log.append(records).await
    }

    async fn read(
        &self,
        topic: Topic,
        partition: Partition,
        from: event_log::Offset,
        max: usize,
    ) -> Result<Vec<event_log::StoredRecord>, LogError> {
        if self.asked.fetch_add(1, Ordering::Relaxed) == self.silent_at {
            std::future::pending::<()>().await;
        }
        // A few at a time, however many are asked for.
        let records = self.log.read(topic, partition, from, max.min(1)).await?;
        self.read.fetch_add(records.len(), Ordering::Relaxed);
        Ok(records)
    }

    async fn end(&self, topic: Topic, partition: Partition) -> Result<event_log::Offset, LogError> {
        self.log.end(topic, partition).await
    }

    async fn grown(&self, topics: &[Topic], seen: u64, at_most: std::time::Duration) -> Result<u64, LogError> {
        self.log.grown(topics, seen, at_most).await
    }
}

#[tokio::test]
async fn what_waits_is_counted_on_whatever_is_parked_and_wherever_it_was_broken_off() {
    let house = brought(BAD).await;
    let (mut folder, workplace) = at_work(&house, Mended(2)).await;
    redrive(&mut folder, &workplace, NOW_US + 1).await.unwrap();
    let (nothing_opens, all_opens) = (Keyring::new(house.wrapping()), house.keyring().await);
    let records = house.records(Topic::Quarantine).await.len();
    let log = |silent_at| Watched {
        log: Arc::clone(&house.log),
        read: AtomicUsize::new(0),
        asked: AtomicUsize::new(0),
        silent_at,
    };

    let (mut count, watched) = (quarantine::Count::default(), log(usize::MAX));
    for _again in 0..3 {
        assert_eq!(count.waiting(&watched, &nothing_opens).await.unwrap(), 0);
        assert_eq!(watched.read.load(Ordering::Relaxed), records, "what is parked is not read again and again");
    }
    assert_eq!(count.waiting(&watched, &all_opens).await.unwrap(), 1);
    assert_eq!(watched.read.load(Ordering::Relaxed), 2 * records);

    // Wherever about its way through the partitions it is broken off.
    for silent_at in (0..Partition::all().count() + records).step_by(3) {
        let (mut count, watched) = (quarantine::Count::default(), log(silent_at));
        // However slow the machine is: each time it goes on from where it was.
        let waiting = loop {
            let short = std::time::Duration::from_millis(20);
            if let Ok(waiting) = tokio::time::timeout(short, count.waiting(&watched, &all_opens)).await {
                break waiting;
            }
        };
        assert_eq!((waiting.unwrap(), watched.read.load(Ordering::Relaxed)), (1, records), "silent at {silent_at}");
    }
}

#[tokio::test]
async fn a_row_is_tried_three_times_and_is_then_for_a_person() {
    let house = brought(BAD).await;
    let (mut folder, workplace) = at_work(&house, Mended(2)).await;
    for tries in 1..=quarantine::TRIES_MAX {
        let put = redrive(&mut folder, &workplace, NOW_US + i64::from(tries)).await.unwrap();
        let refused = put.done.iter().find(|done| done.handled.outcome() == Outcome::StillRefused).unwrap();
        assert_eq!((refused.handled.tries, refused.handled.reason()), (tries, Reason::DateMissing));
        assert_eq!(refused.handled.by, "staff-1");
    }
    assert_eq!(redrive(&mut folder, &workplace, NOW_US + 9).await.unwrap().done, []);
    let items = workplace.items(|_| true).await.unwrap();
    let stand = |standing_at| items.iter().filter(|item| standing(&item.handled) == standing_at).count();
    assert_eq!((stand(Standing::ForAPerson), stand(Standing::DealtWith), stand(Standing::Waiting)), (1, 2, 0));
    let left: Vec<_> = items.into_iter().filter(|item| standing(&item.handled) == Standing::ForAPerson).collect();
    workplace.set_aside(left, "the school says that it was no pupil of theirs", "staff-2", NOW_US).await.unwrap();
    let items = workplace.items(|_| true).await.unwrap();
    assert!(items.iter().all(|item| standing(&item.handled) == Standing::DealtWith));
    let aside = items.iter().filter_map(|item| item.handled.last()).find(|last| last.outcome() == Outcome::SetAside);
    assert_eq!(aside.map(|last| (last.by.as_str(), last.tries)), Some(("staff-2", 3)));
}

#[tokio::test]
async fn a_crash_at_any_append_gives_each_row_exactly_once() {
    let expected = as_if_mended().await;
    for failure in [Failure::Before, Failure::After] {
        for appends in 0.. {
            let house = brought(BAD).await;
            let (mut folder, workplace) = at_work(&house, Mended(2)).await;
            house.log.fail_after(appends, failure);
            let broke_off = redrive(&mut folder, &workplace, NOW_US + 1).await.is_err();
            let failed = house.log.has_failed();
            assert_eq!(broke_off, failed);
            // The process is gone; the next begins from what is on disk and on the log.
            drop((folder, workplace));
            house.log.heal();
            let (mut folder, workplace) = at_work(&house, Mended(2)).await;
            redrive(&mut folder, &workplace, NOW_US + 60_000_000).await.unwrap();
            assert_eq!(house.folded(Topic::Education).await, expected, "{failure:?} after {appends}");
            let items = workplace.items(|_| true).await.unwrap();
            let done = items.iter().filter(|item| standing(&item.handled) == Standing::DealtWith).count();
            assert_eq!((items.len(), done), (3, 2));
            let keys = workplace.publisher.lock().await;
            let entries: BTreeSet<_> = house
                .events(Topic::Education)
                .await
                .iter()
                .map(|event| (event.header.subject, EntryId::from_slice(&event.body.entry_id).unwrap()))
                .collect();
            drop(keys);
            let proof = workplace.proof(&entries, 2).await.unwrap();
            assert!(proof.holds() && proof.event_ids == 5, "{proof:?}");
            if !failed {
                break;
            }
        }
    }
}

#[tokio::test]
async fn what_came_since_stands_and_nobody_else_is_retracted() {
    let house = brought(BAD).await;
    // A later whole file: child 5 is gone, and child 2 was put right at its source, with another name.
    let mut folder = house.drop_folder(Toy::default()).await;
    house.drop_file(
        "toy-2025-02-16.csv",
        "id,name,start,end\n1,a,2024-09-01,\n2,b,2024-09-01,\n3,a,2024-09-01,2024-12-20\n",
    );
    folder.drain_once(NOW_US + 1).await.unwrap();
    drop(folder);
    let before = house.folded(Topic::Education).await;
    let (mut folder, workplace) = at_work(&house, Mended(1)).await;
    let put = redrive(&mut folder, &workplace, NOW_US + 2).await.unwrap();
    assert_eq!(put.rows, 2);
    assert_eq!(house.folded(Topic::Education).await, before, "the later file says what stands");
}

#[tokio::test]
async fn of_an_erased_child_nothing_is_redriven() {
    let house = brought(BAD).await;
    let of = crate::identifier::subject(Scheme::SchoolPupil, "8784001", "2");
    let pseudonym = crate::testing::pseudonyms().of(&of);
    // A key of theirs, and its end.
    {
        let mut folder = house.drop_folder(Toy::default()).await;
        house.drop_file("toy-2025-01-17.csv", "id,name,start,end\n2,a,2023-09-01,\n");
        folder.drain_once(NOW_US + 1).await.unwrap();
    }
    let wrapping = house.wrapping();
    let mut gone = Vec::new();
    for record in house.records(Topic::Keys).await {
        let key = decode_key_record(&record).unwrap();
        if key.subject == pseudonym.as_bytes() {
            gone.push(destruction(&wrapping, &key).unwrap());
        }
    }
    assert_eq!(gone.len(), 1);
    house.log.append(gone).await.unwrap();
    let (mut folder, workplace) = at_work(&house, Mended(2)).await;
    let put = redrive(&mut folder, &workplace, NOW_US + 2).await.unwrap();
    let reasons: Vec<_> = put.done.iter().map(|done| (done.handled.outcome(), done.handled.reason())).collect();
    assert!(reasons.contains(&(Outcome::StillRefused, Reason::SubjectErased)), "{reasons:?}");
    assert_eq!(put.rows, 1, "the other child's row");
    assert!(put.entries.iter().all(|(subject, _)| *subject != pseudonym));
}

#[tokio::test]
async fn a_whole_file_that_can_be_read_now_gives_its_rows_and_names_what_is_wrong_with_them() {
    let house = brought("nummer,name,start,end\n1,a,2024-09-01,\n2,a,soon,\n").await;
    assert_eq!(house.items().await.len(), 1);
    #[derive(Clone, Copy)]
    struct German;
    impl Connector for German {
        fn descriptor(&self) -> Descriptor {
            Toy::default().descriptor()
        }
        fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
            for mut file in files {
                let mut text = String::new();
                file.bytes.read_to_string(&mut text).unwrap();
                let bytes: Box<dyn std::io::BufRead + Send> =
                    Box::new(std::io::Cursor::new(text.replace("nummer", "id").into_bytes()));
                Toy::default().translate(vec![SourceFile { name: file.name, bytes }], out);
            }
        }
    }
    let (mut folder, workplace) = at_work(&house, German).await;
    let put = redrive(&mut folder, &workplace, NOW_US + 1).await.unwrap();
    assert_eq!(outcomes(&put), [Outcome::Redriven]);
    assert_eq!(house.folded(Topic::Education).await.len(), 1);
    let waiting = workplace.items(|_| true).await.unwrap();
    let waiting: Vec<_> = waiting.iter().filter(|item| standing(&item.handled) == Standing::Waiting).collect();
    assert_eq!(waiting.len(), 1, "the row that is wrong in it");
    assert_eq!(waiting[0].item.reason(), Reason::DateMissing);
}

#[tokio::test]
async fn a_row_whose_file_is_kept_no_more_is_refused_and_a_message_stands_alone() {
    #[derive(Clone, Copy)]
    struct Alone(bool);
    impl Connector for Alone {
        fn descriptor(&self) -> Descriptor {
            Toy::default().descriptor()
        }
        fn raw_stands_alone(&self) -> bool {
            self.0
        }
        fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
            for mut file in files {
                let mut text = String::new();
                file.bytes.read_to_string(&mut text).unwrap();
                let text = format!("id,name,start,end\n{}", text.replace("01.09.2024", "2024-09-01"));
                let bytes: Box<dyn std::io::BufRead + Send> = Box::new(std::io::Cursor::new(text.into_bytes()));
                Toy::default().translate(vec![SourceFile { name: file.name, bytes }], out);
            }
        }
    }
    for alone in [false, true] {
        let house = brought(BAD).await;
        std::fs::remove_dir_all(house.dir.path().join("drop/done")).unwrap();
        let (mut folder, workplace) = at_work(&house, Alone(alone)).await;
        let put = redrive(&mut folder, &workplace, NOW_US + 1).await.unwrap();
        assert_eq!(put.rows, if alone { 2 } else { 0 });
        let told: BTreeSet<_> = put.done.iter().map(|done| done.handled.message.clone()).collect();
        assert_eq!(
            told.iter().any(|told| told.starts_with("the file that it came in is kept no more")),
            !alone,
            "{told:?}"
        );
    }
}

#[tokio::test]
async fn nobody_else_says_that_an_item_was_dealt_with() {
    let house = brought(BAD).await;
    let (_folder, workplace) = at_work(&house, Mended(2)).await;
    let item = workplace.items(|_| true).await.unwrap().remove(0);
    // Another source, with keys of its own and rights on the topic.
    #[derive(Clone, Copy)]
    struct Other;
    impl Connector for Other {
        fn descriptor(&self) -> Descriptor {
            Descriptor { name: "education-other", ..Toy::default().descriptor() }
        }
        fn translate(&self, _: Vec<SourceFile<'_>>, _: &mut dyn Output) {}
    }
    let mut other = house.publisher(&Other).await;
    let aside = Handled { outcome: Outcome::SetAside.into(), ..Handled::default() };
    other.note(vec![(item.item.clone(), aside, 0)]).await.unwrap();
    let items = workplace.items(|_| true).await.unwrap();
    assert_eq!(items.len(), 3);
    assert!(items.iter().all(|item| standing(&item.handled) == Standing::Waiting));
}
