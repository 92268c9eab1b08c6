use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use event_log::Appended;
use event_log::embedded::{EmbeddedLog, Options};
use proto::events::{EnrolmentStarted, Scheme, Version};
use proto::quarantine::Place;
use proto::quarantine::handled::Outcome;

use super::*;
use crate::connector::Connector as _;
use crate::testing::{Failure, House};
use crate::toy::Toy;

fn rejection(record: u64) -> Rejection {
    Rejection {
        reason: Reason::RecordMalformed,
        message: "an invented fault".to_owned(),
        place: Place { file: "invented".to_owned(), record, ..Place::default() },
        controller: None,
        raw: b"invented".to_vec(),
        scope_key: None,
        subject: None,
        digest: None,
    }
}

/// A gigabyte of refused messages is a million keys.
#[tokio::test]
async fn the_key_of_an_item_is_held_until_the_log_has_it_and_no_longer() {
    let house = House::new();
    let rejections = [rejection(1), rejection(2)];
    let mut publisher = house.publisher(&Toy::default()).await;
    house.log.fail_after(0, Failure::Before);
    publisher.quarantine(&rejections, 1).await.unwrap_err();
    assert_eq!(publisher.keys.held(), 2, "they come again as the same bytes");
    house.log.heal();
    assert_eq!(publisher.quarantine(&rejections, 2).await.unwrap().quarantined, 2);
    assert_eq!(publisher.keys.held(), 0);
    drop(publisher);
    for _restarted in 0..2 {
        let mut publisher = house.publisher(&Toy::default()).await;
        assert_eq!(publisher.keys.held(), 0);
        assert_eq!(publisher.quarantine(&rejections, 3).await.unwrap().quarantined, 0);
    }
    let items = house.items().await;
    assert_eq!(items.len(), 2);
    // What is done about one is sealed by another key.
    let done = Handled { outcome: Outcome::SetAside.into(), ..Handled::default() };
    house.publisher(&Toy::default()).await.note(vec![(items[0].clone(), done, 0)]).await.unwrap();
    let publisher = house.publisher(&Toy::default()).await;
    assert_eq!((publisher.items_known.len(), publisher.keys.held()), (3, 0));
}

/// The id of an item follows from what is refused, and stands in clear: whoever may write to the quarantine could write it first.
#[tokio::test]
async fn an_invented_item_keeps_nothing_out_of_quarantine() {
    let (house, elsewhere) = (House::new(), House::new());
    let rejections = [rejection(1)];
    elsewhere.publisher(&Toy::default()).await.quarantine(&rejections, 1).await.unwrap();
    house.wrapping().ensure("la-878").unwrap();
    for topic in [Topic::Keys, Topic::Quarantine] {
        for invented in elsewhere.records(topic).await {
            let (partition, key, value) = (invented.position.partition, invented.key, invented.value);
            house.log.append(vec![Record { topic, partition, key, value }]).await.unwrap();
        }
    }
    for _restarted in 0..2 {
        house.publisher(&Toy::default()).await.quarantine(&rejections, 1).await.unwrap();
    }
    assert_eq!(house.records(Topic::Quarantine).await.len(), 2, "the invented one, and the item itself once");
}

/// A log that keeps what it is given until the test lets it answer, and remembers in which order it was asked.
struct Held {
    log: EmbeddedLog,
    asked: Mutex<Vec<Asked>>,
    /// An append begins when it may, and fails where the test says so: before it is taken, or after.
    answers: tokio::sync::Mutex<tokio::sync::mpsc::UnboundedReceiver<Answer>>,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Answer {
    Take,
    FailBefore,
    FailAfter,
    /// Only the first half of it is taken.
    FailMiddle,
}

/// What one append held.
#[derive(Clone, PartialEq, Debug)]
struct Asked {
    topic: Topic,
    values: Vec<bytes::Bytes>,
    acknowledged: bool,
}

impl Held {
    fn new(dir: &std::path::Path) -> (Arc<Self>, tokio::sync::mpsc::UnboundedSender<Answer>) {
        let (answer, answers) = tokio::sync::mpsc::unbounded_channel();
        let log = Self {
            log: EmbeddedLog::open(&dir.join("held"), Options::default()).unwrap(),
            asked: Mutex::default(),
            answers: tokio::sync::Mutex::new(answers),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
        };
        (Arc::new(log), answer)
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Every record of the topic, in the order of its partition.
    async fn records(&self, topic: Topic) -> Vec<event_log::StoredRecord> {
        let mut records = Vec::new();
        for partition in Partition::all() {
            records.extend(self.log.read(topic, partition, 0, 100_000).await.unwrap());
        }
        records
    }
}

#[async_trait::async_trait]
impl EventLog for Held {
    async fn append(&self, records: Vec<Record>) -> Result<Appended, LogError> {
        let (topic, values) = (records[0].topic, records.iter().map(|record| record.value.clone()).collect());
        assert!(records.iter().all(|record| record.topic == topic));
        let nth = {
            let mut asked = self.asked.lock().unwrap();
            asked.push(Asked { topic, values, acknowledged: false });
            asked.len() - 1
        };
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_under_way.fetch_max(now, Ordering::SeqCst);
        let answer = self.answers.lock().await.recv().await.unwrap_or(Answer::Take);
        let half = records.len() / 2;
        let took = match answer {
            Answer::FailBefore => Err(LogError::Full("held".into())),
            Answer::FailMiddle => self.log.append(records.into_iter().take(half).collect()).await,
            Answer::Take | Answer::FailAfter => self.log.append(records).await,
        };
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        if answer != Answer::Take {
            return Err(LogError::Full("held".into()));
        }
        self.asked.lock().unwrap()[nth].acknowledged = true;
        took
    }

    async fn read(
        &self,
        topic: Topic,
        partition: Partition,
        from: event_log::Offset,
        max: usize,
    ) -> Result<Vec<event_log::StoredRecord>, LogError> {
        self.log.read(topic, partition, from, max).await
    }

    async fn end(&self, topic: Topic, partition: Partition) -> Result<event_log::Offset, LogError> {
        self.log.end(topic, partition).await
    }

    async fn grown(&self, topics: &[Topic], seen: u64, at_most: std::time::Duration) -> Result<u64, LogError> {
        self.log.grown(topics, seen, at_most).await
    }
}

const PARTS: usize = 3;
const EVENTS_A_PART: usize = 16;

/// So many drafts that they go in three appends; in each there is a subject that was not there before it.
fn drafts() -> Vec<Draft> {
    let draft = |n: usize| Draft {
        subject: crate::identifier::subject(Scheme::SchoolPupil, "8784001", &format!("{}", n / 6)),
        controller: crate::toy::SCHOOL.to_owned(),
        scope_key: None,
        table: "enrolment",
        record_key: format!("invented/{n}"),
        ordinal: 0,
        effective: crate::dates::on(proto::events::Date { year: 2024, month: Some(9), day: Some(2), estimated: false }),
        observed_at_us: None,
        version: Some(Version { as_of_us: 1_700_000_000_000_000, sequence: n as u64, mapping_revision: 1 }),
        findings: Vec::new(),
        third_parties: Vec::new(),
        clears: Vec::new(),
        in_part: false,
        labels: Vec::new(),
        event: EnrolmentStarted::default().into(),
        place: Place::default(),
    };
    (0..EVENTS_A_PART * (PARTS - 1) + EVENTS_A_PART / 2).map(draft).collect()
}

async fn publisher(house: &House, log: &Arc<Held>) -> Publisher {
    let credentials = Credentials { controllers: vec!["school-878*".to_owned()], home: "la-878".to_owned() };
    let log: Arc<dyn EventLog> = Arc::<Held>::clone(log);
    let wrapping = house.wrapping();
    let opened = Publisher::open(log, crate::testing::pseudonyms(), wrapping, credentials, Toy::default().descriptor());
    Publisher { batch_events: EVENTS_A_PART, ..opened.await.unwrap() }
}

/// Of every append to the sector's topic: each key that it is sealed with was acknowledged before it was asked for.
fn keys_came_first(asked: &[Asked]) {
    let mut acknowledged = HashSet::new();
    for append in asked {
        for value in &append.values {
            if append.topic == Topic::Keys {
                let key = proto::keys::KeyRecord::decode(value.clone()).unwrap();
                if append.acknowledged {
                    acknowledged.insert(key.key_id);
                }
            } else {
                let sealed = event_log::envelope::decode(value.clone()).unwrap();
                assert!(acknowledged.contains(sealed.header.key_id.0.as_slice()), "a body before its key");
            }
        }
    }
}

/// Each event once or more, in its partition's order when first seen, always the same bytes.
async fn all_is_there_in_order(log: &Held, drafts: usize) {
    let mut bytes = HashMap::new();
    for record in log.records(Topic::Education).await {
        let sealed = event_log::envelope::decode(record.value.clone()).unwrap();
        let before = bytes.insert(sealed.header.event_id, record.value.clone());
        assert!(before.is_none_or(|before| before == record.value), "an event came again as other bytes");
    }
    assert_eq!(bytes.len(), drafts);
}

#[tokio::test]
async fn the_next_part_is_sealed_while_one_is_on_its_way_and_never_are_two() {
    let house = House::new();
    let (log, answer) = Held::new(house.dir.path());
    let mut publisher = publisher(&house, &log).await;
    let count = drafts().len();
    let publishing = tokio::spawn(async move { publisher.publish_feed(drafts(), 1).await });
    for nth in 0..PARTS * 2 {
        // Asked for by now, and nothing after it until it is acknowledged.
        while log.asked().len() <= nth {
            tokio::task::yield_now().await;
        }
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(log.asked().len(), nth + 1);
        assert!(!publishing.is_finished());
        answer.send(Answer::Take).unwrap();
    }
    assert_eq!(publishing.await.unwrap().unwrap().events as usize, count);
    assert_eq!(log.most_under_way.load(Ordering::SeqCst), 1);
    let topics: Vec<Topic> = log.asked().iter().map(|asked| asked.topic).collect();
    assert_eq!(topics, [Topic::Keys, Topic::Education].repeat(PARTS));
    keys_came_first(&log.asked());
    all_is_there_in_order(&log, count).await;
}

#[tokio::test]
async fn whichever_append_fails_and_however_all_comes_again_as_the_same_bytes() {
    for failure in [Answer::FailBefore, Answer::FailMiddle, Answer::FailAfter] {
        for nth in 0..PARTS * 2 {
            let house = House::new();
            let (log, answer) = Held::new(house.dir.path());
            let mut publisher = publisher(&house, &log).await;
            let count = drafts().len();
            (0..nth).for_each(|_| answer.send(Answer::Take).unwrap());
            answer.send(failure).unwrap();
            let failed = publisher.publish_feed(drafts(), 1).await;
            assert!(matches!(failed, Err(PublishError::Log(LogError::Full(_)))), "{failure:?} of {nth}: {failed:?}");
            assert_eq!(log.asked().len(), nth + 1, "nothing follows what failed");
            drop(answer);
            let published = publisher.publish_feed(drafts(), 2).await.unwrap();
            assert_eq!(published.events as usize, count);
            keys_came_first(&log.asked());
            all_is_there_in_order(&log, count).await;
        }
    }
}

#[tokio::test]
async fn a_publisher_whose_caller_went_away_goes_on_where_the_log_is() {
    for failure in [Answer::Take, Answer::FailBefore, Answer::FailMiddle, Answer::FailAfter] {
        for nth in 0..PARTS * 2 {
            let house = House::new();
            let (log, answer) = Held::new(house.dir.path());
            let mut publisher = publisher(&house, &log).await;
            let count = drafts().len();
            (0..nth).for_each(|_| answer.send(Answer::Take).unwrap());
            {
                let publishing = publisher.publish_feed(drafts(), 1);
                let stuck = async {
                    while log.asked().len() <= nth {
                        tokio::task::yield_now().await;
                    }
                };
                // Dropped with an append under way.
                tokio::select! {
                    biased;
                    published = publishing => panic!("it ended: {published:?}"),
                    () = stuck => {}
                }
            }
            answer.send(failure).unwrap();
            drop(answer);
            let published = publisher.publish_feed(drafts(), 2).await.unwrap();
            assert_eq!(published.events as usize, count, "{failure:?} of {nth}");
            assert_eq!(log.most_under_way.load(Ordering::SeqCst), 1, "it waited for what was under way");
            keys_came_first(&log.asked());
            all_is_there_in_order(&log, count).await;
        }
    }
}

#[tokio::test]
async fn what_is_on_its_way_is_counted_once_over_as_many_calls_as_it_takes() {
    let house = House::new();
    let (log, answer) = Held::new(house.dir.path());
    drop(answer);
    let mut publisher = publisher(&house, &log).await;
    let (mut on_its_way, mut events) = (publisher.on_its_way(1), 0);
    for part in drafts().chunks(5) {
        events += publisher.publish_feed_on(part.to_vec(), 1, &mut on_its_way).await.unwrap().events;
    }
    assert!((events as usize) < drafts().len(), "the last part is on its way");
    events += publisher.acknowledged(&mut on_its_way).await.unwrap();
    assert_eq!(events as usize, drafts().len());
    assert_eq!(publisher.acknowledged(&mut on_its_way).await.unwrap(), 0);
    assert_eq!(log.most_under_way.load(Ordering::SeqCst), 1);
    keys_came_first(&log.asked());
    all_is_there_in_order(&log, drafts().len()).await;
}

#[tokio::test]
async fn whoever_handed_over_what_failed_hears_of_it_though_another_waited_for_it() {
    for failure in [Answer::FailBefore, Answer::FailMiddle, Answer::FailAfter] {
        for (nth, another_comes) in [(0, false), (1, false), (0, true), (1, true)] {
            let house = House::new();
            let (log, answer) = Held::new(house.dir.path());
            let mut publisher = publisher(&house, &log).await;
            (0..nth).for_each(|_| answer.send(Answer::Take).unwrap());
            answer.send(failure).unwrap();
            drop(answer);
            let (one, others) = (drafts()[..5].to_vec(), drafts()[5..].to_vec());
            let mut on_its_way = publisher.on_its_way(1);
            publisher.publish_feed_on(one.clone(), 1, &mut on_its_way).await.unwrap();
            if another_comes {
                let published = publisher.publish_feed(others.clone(), 1).await.unwrap();
                assert_eq!(published.events as usize, others.len(), "another's failure is not theirs");
            }
            let asked = log.asked().len();
            let failed = publisher.publish_feed_on(others.clone(), 1, &mut on_its_way).await;
            assert!(matches!(failed, Err(PublishError::Log(LogError::Full(_)))), "{failure:?} of {nth}: {failed:?}");
            assert_eq!(log.asked().len(), asked.max(nth + 1), "nothing follows what failed");
            for again in [one, others] {
                publisher.publish_feed(again, 2).await.unwrap();
            }
            keys_came_first(&log.asked());
            all_is_there_in_order(&log, drafts().len()).await;
        }
    }
}
