//! Processes that are apart: a log that is away, refuses or is another; keys that come later; a second node; whose commands
//! count.

use crate::harness;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use event_log::authority::COMMAND;
use event_log::embedded::{self, EmbeddedLog};
use event_log::seal::{DataKeys, WrappingKeys};
use event_log::{Appended, EventLog, LogError, Offset, Partition, Position, Record, StoredRecord, Topic};
use harness::sayings::{council_child, day, organisation, referred};
use harness::{House, Kept, TODAY, now_us, options};
use projection::command::Commands;
use projection::consume::{ConsumeError, Consumer, Progress, Refusals, Refused};
use projection::own_records::OwnRecords;
use projection::refuse::OwnRefusals;
use projection::store::{Engine, Store};
use proto::quarantine::Reason;
use proto::sharing::Sector;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const THERE: u8 = 0;
const AWAY: u8 = 1;
const REFUSING: u8 = 2;
/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

/// A log that is there, away, or refuses, as it is told.
struct Moody {
    log: Arc<dyn EventLog>,
    mood: AtomicU8,
}

impl Moody {
    fn answers(&self) -> Result<(), LogError> {
        match self.mood.load(Ordering::SeqCst) {
            AWAY => Err(LogError::Unavailable { because: "the test took it away".to_owned() }),
            REFUSING => Err(LogError::Refused { because: "the test took its right away".to_owned() }),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl EventLog for Moody {
    async fn append(&self, records: Vec<Record>) -> Result<Appended, LogError> {
        self.answers()?;
        self.log.append(records).await
    }

    async fn read(&self, topic: Topic, at: Partition, from: Offset, max: usize) -> Result<Vec<StoredRecord>, LogError> {
        self.answers()?;
        self.log.read(topic, at, from, max).await
    }

    async fn end(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        self.answers()?;
        self.log.end(topic, partition).await
    }

    async fn grown(&self, topics: &[Topic], seen: u64, at_most: Duration) -> Result<u64, LogError> {
        self.answers()?;
        self.log.grown(topics, seen, at_most).await
    }
}

type Following = (watch::Receiver<Progress>, CancellationToken, JoinHandle<Result<(), ConsumeError>>);

fn follow(house: &House, log: Arc<dyn EventLog>) -> Following {
    let refusals = Arc::new(Kept::default());
    let (consumer, progress) = Consumer::new(log, house.store.clone(), house.projector.clone(), refusals).unwrap();
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    (progress, stop, tokio::spawn(async move { consumer.run(stopped).await }))
}

async fn reads(progress: &mut watch::Receiver<Progress>, records: u64) {
    let read = progress.wait_for(|progress| progress.records == records && progress.caught_up);
    tokio::time::timeout(LONG, read).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_log_that_is_away_is_waited_for_and_one_that_refuses_is_not() {
    let mut house = House::new().await;
    let moody = Arc::new(Moody { log: Arc::clone(&house.log), mood: AtomicU8::new(AWAY) });
    let (mut progress, _stop, following) = follow(&house, moody.clone());
    house.say("social-care-cin-census", [referred(&council_child("INVENTED1"))]).await;
    moody.mood.store(THERE, Ordering::SeqCst);
    reads(&mut progress, 1).await;
    let fresh = progress.borrow().facts_read_at.unwrap();
    moody.mood.store(AWAY, Ordering::SeqCst);
    house.say("social-care-cin-census", [referred(&council_child("INVENTED2"))]).await;
    assert!(!following.is_finished());
    moody.mood.store(THERE, Ordering::SeqCst);
    reads(&mut progress, 2).await;
    assert!(progress.borrow().facts_read_at.unwrap() > fresh);
    moody.mood.store(REFUSING, Ordering::SeqCst);
    let ended = tokio::time::timeout(LONG, following).await.unwrap().unwrap();
    assert!(matches!(ended, Err(ConsumeError::Log(LogError::Refused { .. }))), "{ended:?}");
}

#[tokio::test]
async fn a_log_that_ends_before_what_the_store_holds_is_not_its_log() {
    let mut house = House::new().await;
    house.say("social-care-cin-census", [referred(&council_child("INVENTED1"))]).await;
    house.catch_up().await;
    let other = EmbeddedLog::open(&house.dir.path().join("other"), embedded::Options::default()).unwrap();
    let refusals = Arc::new(Kept::default());
    let (consumer, _progress) =
        Consumer::new(Arc::new(other), house.store.clone(), house.projector.clone(), refusals).unwrap();
    let ended = consumer.with_gone_after(Duration::ZERO).run(CancellationToken::new()).await.unwrap_err();
    assert!(matches!(&ended, ConsumeError::Log(LogError::Damaged { what, .. }) if what.contains("up to 1")), "{ended}");
}

#[tokio::test]
async fn an_older_copy_of_the_log_that_has_gone_on_is_not_the_log_that_filled_the_store() {
    let mut house = House::new().await;
    let child = council_child("INVENTED1");
    let said = house.say("social-care-cin-census", [referred(&child)]).await;
    house.catch_up().await;
    let restored = EmbeddedLog::open(&house.dir.path().join("restored"), embedded::Options::default()).unwrap();
    let Position { topic, partition, .. } = said[0];
    let later = |number: u8| Record { topic, partition, key: [number; 16], value: vec![number; 40].into() };
    restored.append(vec![later(1), later(2)]).await.unwrap();
    let refusals = Arc::new(Kept::default());
    let (consumer, progress) =
        Consumer::new(Arc::new(restored), house.store.clone(), house.projector.clone(), refusals.clone()).unwrap();
    let ended = consumer.run(CancellationToken::new()).await.unwrap_err();
    let ConsumeError::Log(LogError::Damaged { place, what }) = &ended else { panic!("{ended}") };
    assert_eq!((place, what.starts_with("it holds another record")), (&said[0].to_string(), true), "{what}");
    assert_eq!((progress.borrow().records, progress.borrow().facts_read_at), (1, None), "nothing was read or answered");
    assert!(refusals.refused.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_waits_for_a_wrapping_key_is_read_once_a_person_brings_it() {
    let mut house = House::new().await;
    // The connector is on another host, and has the only copy of its organisation's key.
    let theirs = house.dir.path().join("theirs");
    let wrapping = Arc::new(WrappingKeys::open(&theirs).unwrap());
    house.keys("social-care-cin-census");
    *house.keys("social-care-cin-census") = DataKeys::new("social-care-cin-census", wrapping);
    let child = council_child("INVENTED1");
    let saying = referred(&child);
    let controller = saying.controller.clone();
    house.say("social-care-cin-census", [saying]).await;
    let (mut progress, stop, following) = follow(&house, Arc::clone(&house.log));
    reads(&mut progress, 1).await;
    assert_eq!(progress.borrow().parked, 1);
    let missing = projection::keys_held::missing(house.log.as_ref(), &house.projector.keyring).await.unwrap();
    assert_eq!(missing.into_iter().collect::<Vec<_>>(), [(controller.clone(), 1)]);

    fs::create_dir_all(house.dir.path().join("keys").join(&controller)).unwrap();
    let file = |of: &std::path::Path| of.join(&controller).join("1.key");
    fs::copy(file(&theirs), file(&house.dir.path().join("keys"))).unwrap();
    let come = progress.wait_for(|progress| progress.parked == 0);
    tokio::time::timeout(LONG, come).await.unwrap().unwrap();
    assert_eq!(house.child(&child, None).entries.len(), 1);
    stop.cancel();
    following.await.unwrap().unwrap();
    let (rebuilt, _) = house.rebuilt(Engine::Fjall).await;
    assert_eq!(rebuilt.state_hash().unwrap(), house.store.state_hash().unwrap());
}

#[tokio::test]
async fn a_command_counts_when_it_is_of_an_organisation_whose_commands_are_taken() {
    let mut house = House::new().await;
    let own = OwnRecords::open(
        Arc::clone(&house.log),
        Arc::clone(&house.pseudonyms),
        Arc::clone(&house.wrapping),
        "school-8789004",
        COMMAND,
    );
    let theirs = Commands::new(own.await.unwrap());
    let today = day(TODAY.year().into(), 1, 15);
    let said = || vec![organisation("la-878-social-care", Sector::SocialCare)];
    theirs.record(said(), now_us(), today).await.unwrap();
    house.catch_up().await;
    let refused: Vec<Reason> = house.refusals.refused.lock().unwrap().iter().map(|refused| refused.reason).collect();
    assert_eq!(refused, [Reason::NotYoursToSay]);
    house.record(said()).await;
    house.catch_up().await;
    assert_eq!(house.refusals.refused.lock().unwrap().len(), 1, "the serving organisation's own");
    let (rebuilt, _) = house.rebuilt(Engine::Fjall).await;
    assert_eq!(rebuilt.state_hash().unwrap(), house.store.state_hash().unwrap());

    // Named, it counts: the same log into another node's store.
    let commands_from = [harness::HUB, "school-8789004"].map(str::to_owned).into();
    house.projector.commands_from = Arc::new(commands_from);
    house.store = Store::open(&house.dir.path().join("second"), &options(Engine::Fjall)).unwrap().store;
    let (mut progress, _stop, _following) = follow(&house, Arc::clone(&house.log));
    reads(&mut progress, 2).await;
}

async fn refusing_node(house: &House, log: &Arc<dyn EventLog>) -> OwnRefusals {
    let (log, key, source) = (Arc::clone(log), Arc::clone(&house.pseudonyms), OwnRefusals::SOURCE);
    OwnRefusals::new(OwnRecords::open(log, key, Arc::clone(&house.wrapping), harness::HUB, source).await.unwrap())
}

fn refused(offsets: impl IntoIterator<Item = u64>) -> Vec<Refused> {
    let refused = |offset| Refused {
        position: Position { topic: Topic::Health, partition: Partition::new(3).unwrap(), offset },
        reason: Reason::EnvelopeMalformed,
        message: "an invented fault".to_owned(),
        raw: b"no envelope".as_slice().into(),
    };
    offsets.into_iter().map(refused).collect()
}

#[tokio::test]
async fn two_nodes_that_refuse_one_record_put_one_item_in_quarantine() {
    let house = House::new().await;
    let node = async || refusing_node(&house, &house.log).await;
    let (one, other) = (node().await, node().await);
    one.refuse(refused([7, 7])).await.unwrap();
    other.refuse(refused([7])).await.unwrap();
    other.refuse(refused([7, 8])).await.unwrap();
    // And a third, whose store is filled anew.
    let third = node().await;
    third.refuse(refused([7, 8])).await.unwrap();
    assert_eq!(house.records(&[Topic::Quarantine]).await.len(), 2);
}

/// The id of an item follows from what is refused, which whoever wrote it can work out.
#[tokio::test]
async fn an_invented_item_keeps_no_record_out_of_quarantine() {
    let house = House::new().await;
    let elsewhere = House::new().await;
    refusing_node(&elsewhere, &elsewhere.log).await.refuse(refused([7])).await.unwrap();
    // The same ids in clear, sealed under a key that is not the organisation's.
    let invented = elsewhere.records(&[Topic::Quarantine]).await.remove(0);
    let (topic, partition) = (Topic::Quarantine, invented.position.partition);
    house.log.append(vec![Record { topic, partition, key: invented.key, value: invented.value }]).await.unwrap();
    let node = refusing_node(&house, &house.log).await;
    node.refuse(refused([7])).await.unwrap();
    node.refuse(refused([7])).await.unwrap();
    assert_eq!(house.records(&[Topic::Quarantine]).await.len(), 2);
}

/// A burst of garbage keeps readers waiting for facts while it is refused.
#[tokio::test]
async fn what_a_batch_refuses_is_written_in_one_append_of_keys_and_one_of_items() {
    let house = House::new().await;
    let counting = Arc::new(Counting { log: Arc::clone(&house.log), appends: AtomicU64::new(0) });
    let log: Arc<dyn EventLog> = Arc::<Counting>::clone(&counting);
    let node = refusing_node(&house, &log).await;
    node.refuse(refused(0..200)).await.unwrap();
    assert_eq!(counting.appends.load(Ordering::SeqCst), 2);
    assert_eq!(house.records(&[Topic::Quarantine]).await.len(), 200);
}

/// Counts appends.
struct Counting {
    log: Arc<dyn EventLog>,
    appends: AtomicU64,
}

#[async_trait]
impl EventLog for Counting {
    async fn append(&self, records: Vec<Record>) -> Result<Appended, LogError> {
        self.appends.fetch_add(1, Ordering::SeqCst);
        self.log.append(records).await
    }

    async fn read(&self, t: Topic, p: Partition, from: Offset, max: usize) -> Result<Vec<StoredRecord>, LogError> {
        self.log.read(t, p, from, max).await
    }

    async fn end(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        self.log.end(topic, partition).await
    }

    async fn grown(&self, topics: &[Topic], seen: u64, at_most: Duration) -> Result<u64, LogError> {
        self.log.grown(topics, seen, at_most).await
    }
}
