//! The live consumer, however it is cut short and started again, and a rebuild from the log hold the same bytes; and every
//! record of the log is somewhere. Invariants 3, 4, 10 and 12.

use crate::harness;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use event_log::seal::{self, DataKey, Header};
use event_log::{EventId, KeyId, Partition, Position, Pseudonym, Record, StoredRecord, Topic};
use harness::faults::{FaultyLog, NO_END};
use harness::places::{Places, places};
use harness::sayings::{self, CENSUS, CIN, COUNCIL, HL7, HOSPITAL, SCHOOL, day, described, fact, saying, upn};
use harness::{House, Saying};
use projection::project::Note;
use projection::refuse::OwnRefusals;
use projection::store::keys::{self, Parsed};
use projection::store::{Engine, Shards, Store};
use proptest::prelude::*;
use proptest::sample::Index;
use prost::Message;
use proto::events::{self as e, Cause, Event, Family};
use proto::keys::KeyRecord;
use proto::quarantine::Reason;
use proto::sharing as s;

/// A source whose keys come late.
const LATE: &str = "education-late-census";
const SOURCES: [(&str, &str, Topic); 4] = [
    (CENSUS, SCHOOL, Topic::Education),
    (CIN, COUNCIL, Topic::SocialCare),
    (HL7, HOSPITAL, Topic::Health),
    (LATE, SCHOOL, Topic::Education),
];

#[derive(Clone, Debug)]
enum What {
    Describes { claims: Vec<u8> },
    Happened,
    Retracts,
}

#[derive(Clone, Debug)]
enum Step {
    Say { child: u8, source: usize, record: u8, version: u8, what: What },
    Again(Index),
    Garbage { child: u8, bytes: Vec<u8> },
    WrongTopic { child: u8 },
    KeyOfAnother { child: u8 },
    IdReused(Index),
    IdReusedByAnotherSource(Index),
    NewerKind { child: u8 },
    Organisation(u8),
    KeysArrive,
    Destroy { child: u8, source: usize },
    CatchUp,
    Restart,
    QuarantineFails,
    LogFails(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let what = prop_oneof![
        2 => prop::collection::vec(0u8..3, 0..3).prop_map(|claims| What::Describes { claims }),
        3 => Just(What::Happened),
        1 => Just(What::Retracts),
    ];
    prop_oneof![
        12 => (0u8..5, 0usize..4, 0u8..4, 0u8..3, what)
            .prop_map(|(child, source, record, version, what)| Step::Say { child, source, record, version, what }),
        2 => any::<Index>().prop_map(Step::Again),
        1 => (0u8..5, prop::collection::vec(any::<u8>(), 0..90)).prop_map(|(child, bytes)| Step::Garbage { child, bytes }),
        1 => (0u8..5).prop_map(|child| Step::WrongTopic { child }),
        1 => (0u8..5).prop_map(|child| Step::KeyOfAnother { child }),
        2 => any::<Index>().prop_map(Step::IdReused),
        1 => any::<Index>().prop_map(Step::IdReusedByAnotherSource),
        1 => (0u8..5).prop_map(|child| Step::NewerKind { child }),
        1 => (0u8..2).prop_map(Step::Organisation),
        1 => Just(Step::KeysArrive),
        1 => (0u8..5, 0usize..4).prop_map(|(child, source)| Step::Destroy { child, source }),
        3 => Just(Step::CatchUp),
        1 => Just(Step::Restart),
        1 => Just(Step::QuarantineFails),
        1 => (0u8..60).prop_map(Step::LogFails),
    ]
}

/// A log being written, and what was written that a later step may abuse.
struct Writer {
    house: House,
    reads_left: Arc<AtomicI64>,
    said: Vec<(usize, Saying)>,
    keys: BTreeMap<(u8, usize), KeyRecord>,
    withheld: Vec<Record>,
    /// Refused whatever becomes of their keys.
    surely_refused: BTreeSet<Position>,
    faults: bool,
}

impl Writer {
    async fn on(engine: Engine) -> Self {
        let reads_left = Arc::new(AtomicI64::new(NO_END));
        let tap = Arc::clone(&reads_left);
        let house = House::on(engine, |log| Arc::new(FaultyLog { reads_left: tap, ..FaultyLog::new(log) })).await;
        let (said, keys, withheld) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { house, reads_left, said, keys, withheld, surely_refused: BTreeSet::new(), faults: false }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Say { child, source, record, version, what } => {
                let saying = say(child, source, record, version, what);
                let sealed = self.sealed(child, source, SOURCES[source].2, &saying).await;
                self.said.push((source, saying));
                self.append(sealed).await;
            }
            Step::Again(which) => {
                let records = self.house.records(&Topic::EVENTS).await;
                if !records.is_empty() {
                    self.append(harness::again(&records[which.index(records.len())])).await;
                }
            }
            Step::Garbage { child, bytes } => {
                let subject = self.pseudonym(child, 0);
                let garbage = Record {
                    topic: Topic::Education,
                    partition: subject.partition(),
                    key: subject.0,
                    value: bytes.into(),
                };
                let at = self.append(garbage).await;
                self.surely_refused.insert(at);
            }
            Step::WrongTopic { child } => {
                let saying = say(child, 0, 9, 0, What::Happened);
                let sealed = self.sealed(child, 0, Topic::Health, &saying).await;
                self.append(sealed).await;
            }
            Step::KeyOfAnother { child } => self.key_of_another(child).await,
            Step::IdReused(which) => {
                if let Some((source, saying)) = self.pick(which) {
                    self.reuse_id(source, &saying, source).await;
                }
            }
            Step::IdReusedByAnotherSource(which) => {
                if let Some((source, saying)) = self.pick(which) {
                    self.reuse_id(source, &saying, (source + 1) % 3).await;
                }
            }
            Step::NewerKind { child } => self.newer_kind(child).await,
            Step::Organisation(number) => {
                let id = format!("school-{number}");
                self.house.record(vec![sayings::organisation(&id, s::Sector::Education)]).await;
            }
            Step::KeysArrive => {
                let keys = std::mem::take(&mut self.withheld);
                self.house.log.append(keys).await.unwrap();
            }
            Step::Destroy { child, source } => {
                if let Some(key) = self.keys.get(&(child, source)) {
                    self.house.log.append(vec![seal::destruction(&self.house.wrapping, key).unwrap()]).await.unwrap();
                }
            }
            Step::CatchUp => self.house.catch_up().await,
            Step::Restart => self.house.restart(),
            Step::QuarantineFails => {
                *self.house.refusals.failing.lock().unwrap() = 1;
                self.cut_short().await;
                *self.house.refusals.failing.lock().unwrap() = 0;
            }
            Step::LogFails(after) => {
                self.reads_left.store(i64::from(after), Ordering::SeqCst);
                self.cut_short().await;
                self.reads_left.store(NO_END, Ordering::SeqCst);
            }
        }
    }

    async fn cut_short(&mut self) {
        if self.house.try_catch_up().await.is_err() {
            self.faults = true;
            self.house.restart();
        }
    }

    fn pseudonym(&self, child: u8, source: usize) -> Pseudonym {
        self.house.pseudonyms.of(&local(child, source))
    }

    fn pick(&self, which: Index) -> Option<(usize, Saying)> {
        (!self.said.is_empty()).then(|| self.said[which.index(self.said.len())].clone())
    }

    async fn append(&self, record: Record) -> Position {
        self.house.log.append(vec![record]).await.unwrap().positions[0]
    }

    /// Seals, and publishes the key where its source is not one whose keys come late.
    async fn sealed(&mut self, child: u8, source: usize, topic: Topic, saying: &Saying) -> Record {
        let (key, record) = self.house.sealed(SOURCES[source].0, topic, saying);
        if let Some(key) = key {
            self.keys.insert((child, source), KeyRecord::decode(key.value.clone()).unwrap());
            self.publish_key(source, key).await;
        }
        record
    }

    async fn publish_key(&mut self, source: usize, key: Record) {
        if SOURCES[source].0 == LATE {
            self.withheld.push(key);
        } else {
            self.append(key).await;
        }
    }

    async fn key_of_another(&mut self, child: u8) {
        let subject = self.pseudonym(child, 0);
        let other = self.keys.iter().find(|((of, source), _)| *of != child && SOURCES[*source].0 != LATE);
        let Some((_, key)) = other else { return };
        let header = Header {
            event_id: EventId([child; 16]),
            subject,
            family: Family::Education,
            key_id: KeyId::from_slice(&key.key_id).unwrap(),
        };
        let value = seal::seal(&header, &DataKey::generate().unwrap(), b"anything").unwrap();
        let record = Record { topic: Topic::Education, partition: subject.partition(), key: subject.0, value };
        let at = self.append(record).await;
        self.surely_refused.insert(at);
    }

    /// An event of `by` about the subject of `saying`, on the same day and under the same id, that says something else.
    async fn reuse_id(&mut self, source: usize, saying: &Saying, by: usize) {
        let (name, controller, topic) = SOURCES[by];
        let pseudonyms = Arc::clone(&self.house.pseudonyms);
        let subject = pseudonyms.of(&saying.subject);
        let body = harness::body(&pseudonyms, SOURCES[source].0, saying);
        let id = pseudonyms.event_id(&body.controller, &body.source, &body.record_key, &body.version.unwrap(), 0);
        let other = Saying {
            controller: controller.into(),
            event: described(controller, &saying.subject, &[upn("Z000000000009")]).event,
            ..saying.clone()
        };
        let (key_id, key) = self.house.keys(name).for_subject(subject, controller).unwrap();
        if let Some(key) = key {
            self.publish_key(by, key).await;
        }
        let body = harness::body(&pseudonyms, name, &other).encode_to_vec();
        let record = self.house.seal(name, topic, subject, key_id, id, &body, &other.event);
        self.append(record).await;
    }

    async fn newer_kind(&mut self, child: u8) {
        let saying = say(child, 0, 8, 0, What::Happened);
        let subject = self.pseudonym(child, 0);
        let (key_id, key) = self.house.keys(CENSUS).for_subject(subject, SCHOOL).unwrap();
        if let Some(key) = key {
            self.keys.insert((child, 0), KeyRecord::decode(key.value.clone()).unwrap());
            self.publish_key(0, key).await;
        }
        let mut body = harness::body(&self.house.pseudonyms, CENSUS, &saying);
        body.event = None;
        let mut bytes = body.encode_to_vec();
        // Field 14, `event`, holding an empty field 199.
        bytes.extend([0x72, 3, 0xba, 0x0c, 0]);
        let record = self.house.seal(
            CENSUS,
            Topic::Education,
            subject,
            key_id,
            EventId([0x80 | child; 16]),
            &bytes,
            &saying.event,
        );
        self.append(record).await;
    }
}

/// Sources one and four are of one school, and so of one subject.
fn local(child: u8, source: usize) -> e::Subject {
    match source {
        1 => sayings::council_child(&format!("C{child}")),
        2 => sayings::hospital_person(&format!("H{child}")),
        _ => sayings::pupil(&format!("P{child}")),
    }
}

fn say(child: u8, source: usize, record: u8, version: u8, what: What) -> Saying {
    let (_, controller, _) = SOURCES[source];
    let local = local(child, source);
    let on = day(2020, u32::from(record) + 1, 1);
    let (cause, event): (Cause, Event) = match what {
        What::Describes { claims } => {
            let claims: Vec<e::Subject> = claims.iter().map(|claim| upn(&format!("X87829992500{claim}"))).collect();
            (Cause::Changed, described(controller, &local, &claims).event)
        }
        What::Retracts => (Cause::Retracted, e::EntryRetracted::default().into()),
        What::Happened => {
            let event = match source {
                1 => e::ConferenceHeld { held_on: Some(on), ..Default::default() }.into(),
                2 => e::AttendedEmergency { place: Some("An invented ward".into()), ..Default::default() }.into(),
                _ => e::AttendanceSummarised { school_year: Some(2020), ..Default::default() }.into(),
            };
            (Cause::Started, event)
        }
    };
    let key = format!("record/{record}");
    Saying { version: u64::from(version), cause, ..saying(controller, &local, &key, on, event) }
}

/// Every record is a row, parked or noted, and one of these; or it repeats a row byte for byte.
fn accounted(records: &[StoredRecord], places: &Places) -> Result<(), TestCaseError> {
    let rows: BTreeSet<&[u8]> = places.rows.values().map(Vec::as_slice).collect();
    for StoredRecord { position, value, .. } in records {
        let (row, parked) = (places.rows.contains_key(position), places.parked.contains(position));
        let times = usize::from(row) + usize::from(parked) + usize::from(places.noted.contains_key(position));
        prop_assert!(times == 1 || times == 0 && rows.contains(&value[..]), "{} is in {} places", position, times);
    }
    let known = places.rows.len() + places.parked.len() + places.noted.len();
    prop_assert!(known <= records.len(), "the store tells of records that the log does not hold");
    Ok(())
}

async fn offsets_are_the_ends(house: &House, store: &Store) -> Result<(), TestCaseError> {
    for (topic, partition) in Topic::EVENTS.into_iter().flat_map(|topic| Partition::all().map(move |p| (topic, p))) {
        let offset = store.read(partition.into(), |view| view.offset(topic, partition)).unwrap();
        prop_assert_eq!(offset, house.log.end(topic, partition).await.unwrap());
    }
    Ok(())
}

async fn holds(engine: Engine, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut writer = Writer::on(engine).await;
    for step in steps {
        writer.take(step).await;
    }
    writer.house.catch_up().await;
    let house = &writer.house;
    house.store.check().unwrap();
    let live = house.store.state_hash().unwrap();
    let records = house.records(&Topic::EVENTS).await;
    let places = places(&house.store);
    accounted(&records, &places)?;
    offsets_are_the_ends(house, &house.store).await?;
    for engine in [Engine::Sled, Engine::Fjall] {
        let (rebuilt, counted) = house.rebuilt(engine).await;
        offsets_are_the_ends(house, &rebuilt).await?;
        prop_assert_eq!(counted.records, records.len() as u64);
        prop_assert_eq!(counted.parked, places.parked.len() as u64);
        let again = harness::places::places(&rebuilt);
        prop_assert_eq!(&places.rows, &again.rows);
        prop_assert_eq!(&places.parked, &again.parked);
        prop_assert_eq!(&places.noted, &again.noted);
        prop_assert_eq!(hex(&rebuilt.state_hash().unwrap()), hex(&live), "{}", engine);
    }
    let refused: Vec<Position> =
        house.refusals.refused.lock().unwrap().iter().map(|refused| refused.position).collect();
    let once: BTreeSet<Position> = refused.iter().copied().collect();
    // A consumer that is cut short may put an item there twice, and quarantine keeps one; otherwise it is there once.
    prop_assert!(writer.faults || once.len() == refused.len(), "a record is refused twice");
    prop_assert!(once.is_superset(&writer.surely_refused), "a refused record is not in quarantine");
    for (position, _) in places.noted.iter().filter(|(_, note)| **note == Note::Quarantined as u8) {
        prop_assert!(once.contains(position), "{} is noted as refused and is not in quarantine", position);
    }
    Ok(())
}

fn hex(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_rebuild_is_what_the_live_consumer_holds_whatever_the_log_holds(
        engine in prop_oneof![Just(Engine::Sled), Just(Engine::Fjall)],
        steps in prop::collection::vec(step(), 1..70),
    ) {
        run(holds(engine, steps))?;
    }
}

/// More than a batch, in one partition, cut short at every read that there is.
#[tokio::test]
async fn nothing_is_lost_when_the_consumer_stops_between_a_read_and_its_commit() {
    let mut writer = Writer::on(Engine::Sled).await;
    let local = sayings::pupil("P1");
    let many = (0..450).map(|n| {
        saying(SCHOOL, &local, &format!("a/{n}"), day(2020, 1, 1 + n % 28), e::AttendanceSummarised::default())
    });
    let many: Vec<Saying> = many.collect();
    writer.house.say(CENSUS, many).await;
    writer.take(Step::Garbage { child: 1, bytes: vec![1, 2, 3] }).await;
    *writer.house.refusals.failing.lock().unwrap() = 1;
    for reads in 0.. {
        writer.reads_left.store(reads, Ordering::SeqCst);
        let done = writer.house.try_catch_up().await.is_ok();
        let places = places(&writer.house.store);
        let read = writer
            .house
            .store
            .read(Shards::ALL, |view| view.offset(Topic::Education, writer.pseudonym(1, 0).partition()));
        assert_eq!((places.rows.len() + places.noted.len()) as u64, read.unwrap(), "rows and offset are of one commit");
        if done {
            break;
        }
        writer.house.restart();
    }
    writer.reads_left.store(NO_END, Ordering::SeqCst);
    let (rebuilt, counted) = writer.house.rebuilt(Engine::Fjall).await;
    assert_eq!((counted.records, counted.rows, counted.noted), (451, 450, 1));
    assert_eq!(rebuilt.state_hash().unwrap(), writer.house.store.state_hash().unwrap());
    assert_eq!(writer.house.refusals.refused.lock().unwrap().len(), 1);
}

/// The key of an older record comes after the record that used its id: the older stands, as it does in a rebuild.
#[tokio::test]
async fn of_two_records_with_one_id_the_one_that_the_log_took_first_stands() {
    let mut writer = Writer::on(Engine::Fjall).await;
    writer.take(Step::Say { child: 1, source: 3, record: 1, version: 0, what: What::Happened }).await;
    let (_, saying) = writer.said[0].clone();
    // A second process of the source, which it should not have, with a key of its own.
    let mut second = event_log::seal::DataKeys::new(LATE, Arc::clone(&writer.house.wrapping));
    let subject = writer.pseudonym(1, 3);
    let (key_id, key) = second.for_subject(subject, SCHOOL).unwrap();
    let other = Saying { on: saying.on, cause: Cause::Changed, ..saying };
    let body = harness::body(&writer.house.pseudonyms, LATE, &other);
    let id = writer.house.pseudonyms.event_id(SCHOOL, LATE, &body.record_key, &body.version.unwrap(), 0);
    let value = second.seal(key_id, id, subject, Family::Education, &body.encode_to_vec()).unwrap();
    writer.append(key.unwrap()).await;
    writer.append(Record { topic: Topic::Education, partition: subject.partition(), key: subject.0, value }).await;
    writer.house.catch_up().await;
    assert_eq!(*writer.house.refusals.refused.lock().unwrap(), [], "the first is parked, and the second stands");
    writer.take(Step::KeysArrive).await;
    writer.house.catch_up().await;
    let refused: Vec<(u64, Reason)> =
        writer.house.refusals.refused.lock().unwrap().iter().map(|r| (r.position.offset, r.reason)).collect();
    assert_eq!(refused, [(1, Reason::EventIdReused)]);
    let (rebuilt, _) = writer.house.rebuilt(Engine::Sled).await;
    assert_eq!(rebuilt.state_hash().unwrap(), writer.house.store.state_hash().unwrap());
}

/// A destroyed key takes with it rows, the repeat of one, what was refused, and the claims that led to them.
#[tokio::test]
async fn what_a_destroyed_key_sealed_is_gone_from_the_store_as_a_rebuild_leaves_it_out() {
    let mut writer = Writer::on(Engine::Fjall).await;
    writer
        .take(Step::Say { child: 1, source: 0, record: 1, version: 0, what: What::Describes { claims: vec![1, 2] } })
        .await;
    let (_, saying) = writer.said[0].clone();
    let first = writer.house.records(&[Topic::Education]).await;
    writer.append(harness::again(&first[0])).await;
    writer.reuse_id(0, &saying, 0).await;
    writer.take(Step::NewerKind { child: 1 }).await;
    writer
        .take(Step::Say { child: 1, source: 3, record: 2, version: 0, what: What::Describes { claims: vec![2] } })
        .await;
    writer.take(Step::KeysArrive).await;
    writer.house.catch_up().await;
    assert_eq!(places(&writer.house.store).rows.len(), 2);
    writer.take(Step::Destroy { child: 1, source: 0 }).await;
    writer.house.catch_up().await;
    let after = places(&writer.house.store);
    assert_eq!((after.rows.len(), after.noted.values().filter(|note| **note == Note::Erased as u8).count()), (1, 4));
    let claims = claims(&writer.house.store);
    assert_eq!(claims, [writer.house.pseudonyms.of(&upn("X878299925002"))], "another key's claim stays");
    let (rebuilt, _) = writer.house.rebuilt(Engine::Sled).await;
    assert_eq!(rebuilt.state_hash().unwrap(), writer.house.store.state_hash().unwrap());
}

fn claims(store: &Store) -> Vec<Pseudonym> {
    let mut found = Vec::new();
    for shard in Partition::all() {
        store
            .read(shard.into(), |view| {
                view.scan_prefix(&keys::claims(shard), |key, _| {
                    if let Some(Parsed::Claim { identifier, .. }) = keys::parse(key) {
                        found.push(identifier);
                    }
                    ControlFlow::Continue(())
                })
            })
            .unwrap();
    }
    found
}

/// Quarantine itself: the item is on the log, sealed, and says where the record stands.
#[tokio::test]
async fn a_refused_record_is_an_item_of_quarantine() {
    let mut house = House::new().await;
    let own = projection::own_records::OwnRecords::open(
        Arc::clone(&house.log),
        Arc::clone(&house.pseudonyms),
        Arc::clone(&house.wrapping),
        harness::HUB,
        OwnRefusals::SOURCE,
    );
    let refusals = OwnRefusals::new(own.await.unwrap());
    let grant = s::AccessGranted { person: Some("somebody".into()), ..Default::default() };
    let pupil = sayings::pupil("P1");
    let hostile = saying(SCHOOL, &pupil, "grant", day(2020, 1, 1), grant);
    let (key, record) = house.sealed(CENSUS, Topic::Education, &hostile);
    house.log.append(key.into_iter().collect()).await.unwrap();
    let at = house.log.append(vec![record]).await.unwrap().positions[0];
    house.catch_up().await;
    let refused = house.refusals.refused.lock().unwrap().clone();
    assert_eq!((refused.len(), refused[0].position, refused[0].reason), (1, at, Reason::NotYoursToSay));
    projection::consume::Refusals::refuse(&refusals, refused.clone()).await.unwrap();
    let items = house.records(&[Topic::Quarantine]).await;
    let keyring = event_log::seal::Keyring::new(Arc::clone(&house.wrapping));
    for key in house.records(&[Topic::Keys]).await {
        keyring.absorb(&seal::decode_key_record(&key).unwrap()).unwrap();
    }
    let event_log::envelope::Opened::Plain(plain) =
        event_log::envelope::decode(items[0].value.clone()).unwrap().open(&keyring).unwrap()
    else {
        panic!("the item does not open")
    };
    let item = proto::quarantine::Item::decode(plain.bytes.as_slice()).unwrap();
    assert_eq!(item.place.unwrap().file, at.to_string());
    assert_eq!(item.raw, refused[0].raw);
    assert!(house.child(&pupil, None).said.is_empty());
}

/// A producer with keys of its own cannot say what is another's to say: nothing of it is folded.
#[tokio::test]
async fn what_is_not_its_producers_to_say_is_refused_and_links_grants_and_opens_nothing() {
    let mut house = House::new().await;
    let pupil = sayings::pupil("P1");
    let linked = e::SubjectsLinked { other: Some(sayings::council_child("C1")), ..Default::default() };
    let s47 = e::Section47EnquiryStarted { start_on: Some(day(2025, 1, 1)), ..Default::default() };
    let status = s::StatutoryStatusChanged { open: Some(true), ..Default::default() };
    let organisation = sayings::organisation(SCHOOL, s::Sector::Education).event.unwrap();
    let hostile: [(Topic, Event); 6] = [
        (Topic::Education, linked.clone().into()),
        (Topic::Identity, linked.into()),
        (Topic::Education, s47.into()),
        (Topic::Sharing, status.into()),
        (Topic::Education, fact(&pupil, s::ConsentRecorded::default()).event.unwrap()),
        (Topic::Sharing, organisation),
    ];
    for (n, (topic, event)) in hostile.into_iter().enumerate() {
        let hostile = saying(SCHOOL, &pupil, &format!("hostile/{n}"), day(2020, 1, 1), event);
        let (key, record) = house.sealed(CENSUS, topic, &hostile);
        house.log.append(key.into_iter().collect()).await.unwrap();
        house.log.append(vec![record]).await.unwrap();
    }
    house.catch_up().await;
    let reasons: Vec<Reason> = house.refusals.refused.lock().unwrap().iter().map(|refused| refused.reason).collect();
    assert_eq!(reasons, [Reason::NotYoursToSay; 6]);
    assert!(house.child(&pupil, None).said.is_empty());
    assert_eq!(house.child(&pupil, None).resolution.subjects.len(), 1);
    assert_eq!(house.discloser.registries.current(u64::MAX).unwrap().organisations().count(), 0);
}
