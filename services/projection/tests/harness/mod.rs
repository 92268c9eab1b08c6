//! A projection on a real log: say things as a connector or a command would, catch the consumer up, read a child, ask as a
//! reader. Everything said is invented.

#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

pub mod clients;
pub mod erasing;
pub mod faults;
pub mod linking;
pub mod places;
pub mod sayings;
pub mod service;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use event_log::authority::{self, COMMAND};
use event_log::embedded::{self, EmbeddedLog};
use event_log::envelope::{self, Opened};
use event_log::seal::{DataKeys, Keyring, PseudonymKey, WrappingKeys};
use event_log::{EventId, EventLog, KeyId, Partition, Position, Pseudonym, Record, StoredRecord, Topic};
use jiff::civil::{Date, date};
use projection::child::{Child, Children};
use projection::command::Commands;
use projection::consume::{ConsumeError, Consumer, Progress, RefusalError, Refusals, Refused};
use projection::disclose::{Ask, Discloser, PermittedView, Recorder};
use projection::identities::Queue;
use projection::linking::Linking;
use projection::own_records::OwnRecords;
use projection::project::Projector;
use projection::rebuild::{self, Rebuilt};
use projection::registry::Registries;
use projection::serve::caller::{Caller, Standing};
use projection::store::{Engine, Options, Store};
use prost::Message;
use proto::admin::Fact;
use proto::disclosure::Disclosure;
use proto::events::event::Kind;
use proto::events::{Body, Cause, Event, Subject, Version, When, when};
use proto::timeline::GetTimelineResponse;
use sharing::{DecisionCache, Purpose, RoleGroup};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Who runs it.
pub const HUB: &str = "hub";
pub const HUB_CONTACT: &str = "the information hub, invented";
/// The day on which readers ask.
pub const TODAY: Date = date(2026, 1, 15);

/// What a source says of one record.
#[derive(Clone)]
pub struct Saying {
    pub subject: Subject,
    pub controller: String,
    pub record_key: String,
    /// Which state of the record: a later one has a higher number.
    pub version: u64,
    pub on: proto::events::Date,
    pub cause: Cause,
    pub third_parties: Vec<Vec<u8>>,
    pub event: Event,
}

/// Keeps what the consumer refuses.
#[derive(Default)]
pub struct Kept {
    pub refused: Mutex<Vec<Refused>>,
    /// The next so many are not taken.
    pub failing: Mutex<u32>,
}

#[async_trait]
impl Refusals for Kept {
    async fn refuse(&self, refused: Vec<Refused>) -> Result<(), RefusalError> {
        let mut failing = self.failing.lock().unwrap();
        if *failing > 0 {
            *failing -= 1;
            return Err("quarantine is down, as the test asked".into());
        }
        self.refused.lock().unwrap().extend(refused);
        Ok(())
    }
}

pub struct House {
    pub dir: TempDir,
    pub log: Arc<dyn EventLog>,
    pub pseudonyms: Arc<PseudonymKey>,
    pub wrapping: Arc<WrappingKeys>,
    pub projector: Projector,
    pub store: Store,
    pub refusals: Arc<Kept>,
    pub progress: watch::Receiver<Progress>,
    pub commands: Arc<Commands>,
    pub discloser: Arc<Discloser>,
    pub recorder: Arc<Recorder>,
    /// What is before reviewers of identity: brought up to date by [`House::settle`] alone.
    pub queue: Arc<Queue>,
    engine: Engine,
    consumer: Option<Consumer>,
    sources: BTreeMap<String, DataKeys>,
}

pub fn options(engine: Engine) -> Options {
    Options { engine, cache_bytes: 8 << 20 }
}

impl House {
    pub async fn new() -> Self {
        Self::on(Engine::Fjall, |log| log).await
    }

    /// With this engine, and with the log that `wrap` puts around the real one.
    pub async fn on(engine: Engine, wrap: impl FnOnce(Arc<dyn EventLog>) -> Arc<dyn EventLog>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = wrap(Arc::new(EmbeddedLog::open(&dir.path().join("log"), embedded::Options::default()).unwrap()));
        let wrapping = Arc::new(WrappingKeys::open(&dir.path().join("keys")).unwrap());
        Self::node(dir, log, wrapping, engine).await
    }

    /// Another node on the same log and keys, with a store of its own that holds nothing.
    pub async fn another_node(&self) -> Self {
        let (log, wrapping) = (Arc::clone(&self.log), Arc::clone(&self.wrapping));
        Self::node(tempfile::tempdir().unwrap(), log, wrapping, self.engine).await
    }

    /// The same place after its process died: nothing is known but what the log and the folder of keys hold. Its log is the one that
    /// `wrap` puts around the real one.
    pub async fn reborn(&self, wrap: impl FnOnce(Arc<dyn EventLog>) -> Arc<dyn EventLog>) -> Self {
        let wrapping = Arc::new(WrappingKeys::open(&self.dir.path().join("keys")).unwrap());
        Self::node(tempfile::tempdir().unwrap(), wrap(Arc::clone(&self.log)), wrapping, self.engine).await
    }

    async fn node(dir: TempDir, log: Arc<dyn EventLog>, wrapping: Arc<WrappingKeys>, engine: Engine) -> Self {
        let pseudonyms = Arc::new(PseudonymKey::from_bytes([7; 32]));
        let projector = projector(&wrapping, &pseudonyms);
        let store = Store::open(&dir.path().join("store"), &options(engine)).unwrap().store;
        let refusals = Arc::new(Kept::default());
        let (consumer, progress) =
            Consumer::new(Arc::clone(&log), store.clone(), projector.clone(), refusals.clone()).unwrap();
        let own = async |source| {
            OwnRecords::open(Arc::clone(&log), Arc::clone(&pseudonyms), Arc::clone(&wrapping), HUB, source)
                .await
                .unwrap()
        };
        Self {
            commands: Arc::new(Commands::new(own(COMMAND).await.reading_keys_first())),
            recorder: Arc::new(Recorder::new(own(Recorder::SOURCE).await)),
            queue: Queue::over(&store),
            discloser: Arc::new(discloser(&store, &projector)),
            dir,
            log,
            pseudonyms,
            wrapping,
            projector,
            store,
            refusals,
            progress,
            engine,
            consumer: Some(consumer),
            sources: BTreeMap::new(),
        }
    }

    /// The keys of a source.
    pub fn keys(&mut self, source: &str) -> &mut DataKeys {
        let wrapping = &self.wrapping;
        self.sources.entry(source.to_owned()).or_insert_with(|| DataKeys::new(source, Arc::clone(wrapping)))
    }

    /// A saying as the log takes it, and the record of its key when that is new.
    pub fn sealed(&mut self, source: &str, topic: Topic, saying: &Saying) -> (Option<Record>, Record) {
        let pseudonyms = Arc::clone(&self.pseudonyms);
        let subject = pseudonyms.of(&saying.subject);
        let (key_id, new_key) = self.keys(source).for_subject(subject, &saying.controller).unwrap();
        let body = body(&pseudonyms, source, saying);
        let event_id =
            pseudonyms.event_id(&body.controller, source, &body.record_key, &body.version.unwrap(), body.ordinal);
        (new_key, self.seal(source, topic, subject, key_id, event_id, &body.encode_to_vec(), &saying.event))
    }

    #[expect(clippy::too_many_arguments, reason = "every part of an envelope, so that a test can forge any")]
    pub fn seal(
        &mut self,
        source: &str,
        topic: Topic,
        subject: Pseudonym,
        key_id: KeyId,
        event_id: EventId,
        body: &[u8],
        event: &Event,
    ) -> Record {
        let family = event.kind.as_ref().and_then(|kind| authority::family_of(kind, topic)).unwrap();
        let value = self.keys(source).seal(key_id, event_id, subject, family, body).unwrap();
        Record { topic, partition: subject.partition(), key: subject.0, value }
    }

    /// Says it on the source's own topic, as its connector would.
    pub async fn say(&mut self, source: &str, sayings: impl IntoIterator<Item = Saying>) -> Vec<Position> {
        let topic = authority::sector_of(source).and_then(authority::sector_topic).unwrap();
        let (mut keys, mut records) = (Vec::new(), Vec::new());
        for saying in sayings {
            let (key, record) = self.sealed(source, topic, &saying);
            keys.extend(key);
            records.push(record);
        }
        self.log.append(keys).await.unwrap();
        self.log.append(records).await.unwrap().positions
    }

    /// Records facts, as an operator's command would.
    pub async fn record(&self, facts: Vec<Fact>) {
        let today = sayings::day(TODAY.year().into(), 1, 15);
        // Whoever can sign in is answered by the rules of this build.
        let signs_in = |fact: &Fact| match fact.event.as_ref().and_then(|event| event.kind.as_ref()) {
            Some(Kind::OrganisationRecorded(organisation)) => organisation.token_key_pem.is_some(),
            _ => false,
        };
        if facts.iter().any(signs_in) {
            for person in ["approver-1", "approver-2"] {
                let hash = self.discloser.engine.policy_hash();
                self.commands.approve_policy(hash, person, now_us(), today).await.unwrap();
            }
        }
        self.commands.record(facts, now_us(), today).await.unwrap();
    }

    pub async fn try_catch_up(&mut self) -> Result<(), ConsumeError> {
        if self.consumer.is_none() {
            self.start_consumer();
        }
        let outcome = self.consumer.as_mut().unwrap().catch_up(&CancellationToken::new()).await;
        if outcome.is_err() {
            // As a process that stops: whatever it had read and not committed is gone with it.
            self.consumer = None;
        }
        outcome
    }

    pub async fn catch_up(&mut self) {
        self.try_catch_up().await.unwrap();
    }

    /// Catches up, tells the service, and brings the queue of reviewers up to date.
    pub async fn settle(&mut self, serving: &service::Serving) {
        self.catch_up().await;
        serving.progress.send_replace(*self.progress.borrow());
        self.queue.catch_up(&serving.permitting);
    }

    /// Destroys every key that seals what is said of a subject.
    pub async fn destroy(&self, subject: &Subject) {
        let subject = self.pseudonyms.of(subject);
        let keys = self.records(&[Topic::Keys]).await;
        let keys = keys.iter().map(|record| event_log::seal::decode_key_record(record).unwrap());
        let of_subject = keys.filter(|key| key.subject == subject.0);
        let destroyed = of_subject.map(|key| event_log::seal::destruction(&self.wrapping, &key).unwrap()).collect();
        self.log.append(destroyed).await.unwrap();
    }

    /// Links everything that was read, as a process does that has just started.
    pub fn link(&self) {
        Linking::new(self.store.clone(), self.projector.clone()).catch_up().unwrap();
    }

    /// Starts the consumer anew, with no keys known, as a process that was killed does.
    pub fn restart(&mut self) {
        self.consumer = None;
        self.projector = projector(&self.wrapping, &self.pseudonyms);
        self.start_consumer();
        self.discloser = Arc::new(discloser(&self.store, &self.projector));
    }

    /// Bounds the room that the consumer wants, from here on.
    pub fn with_room_min(&mut self, bytes: u64) {
        self.consumer = self.consumer.take().map(|consumer| consumer.with_room_min(bytes));
    }

    /// The consumer, to run by itself as a process has it; and how far it is.
    pub fn take_consumer(&mut self) -> (Consumer, watch::Receiver<Progress>) {
        (self.consumer.take().unwrap(), self.progress.clone())
    }

    fn start_consumer(&mut self) {
        let (log, refusals) = (Arc::clone(&self.log), self.refusals.clone());
        let (consumer, progress) = Consumer::new(log, self.store.clone(), self.projector.clone(), refusals).unwrap();
        self.consumer = Some(consumer);
        self.progress = progress;
    }

    /// The store from the log alone.
    pub async fn rebuilt(&self, engine: Engine) -> (Store, Rebuilt) {
        let dir: PathBuf = self.dir.path().join(format!("rebuilt-{engine}"));
        let projector = projector(&self.wrapping, &self.pseudonyms);
        rebuild::rebuild(Arc::clone(&self.log), projector, &dir, &options(engine), |_, _| {}).await.unwrap()
    }

    /// Every record of these topics.
    pub async fn records(&self, topics: &[Topic]) -> Vec<StoredRecord> {
        let mut found = Vec::new();
        for (topic, partition) in topics.iter().flat_map(|topic| Partition::all().map(|p| (*topic, p))) {
            found.extend(self.log.read(topic, partition, 0, 100_000).await.unwrap());
        }
        found
    }

    /// Every disclosure on the log.
    pub async fn disclosures(&self) -> Vec<Disclosure> {
        let keyring = Keyring::new(Arc::clone(&self.wrapping));
        for key in self.records(&[Topic::Keys]).await {
            keyring.absorb(&event_log::seal::decode_key_record(&key).unwrap()).unwrap();
        }
        let open = |record: StoredRecord| match envelope::decode(record.value).unwrap().open(&keyring).unwrap() {
            Opened::Plain(plain) => Disclosure::decode(plain.bytes.as_slice()).unwrap(),
            other => panic!("a disclosure is {other:?}"),
        };
        let found = self.records(&[Topic::Disclosure]).await.into_iter().map(open);
        found.filter(|record| record.basis_of.is_empty()).collect()
    }

    pub fn child(&self, subject: &Subject, known_at_us: Option<i64>) -> Child {
        let children = Children::new(self.store.clone(), self.projector.clone());
        children.read(self.pseudonyms.of(subject), known_at_us).unwrap()
    }

    /// What a reader asks who asks for everything today.
    pub fn ask(&self, caller: &Caller, child: &Subject, purpose: Purpose) -> Ask {
        Ask {
            page_size: 500,
            request_digest: [9; 16],
            registry_generation: self.progress.borrow().registry_generation,
            ..Ask::everything(caller.clone(), self.pseudonyms.of(child), purpose, (now_us(), TODAY))
        }
    }

    /// Decides, records and releases.
    pub async fn view(&self, ask: &Ask) -> PermittedView {
        self.discloser.decide(ask).unwrap().record(&self.recorder).await.unwrap().release()
    }

    pub async fn answer(&self, ask: &Ask) -> GetTimelineResponse {
        self.view(ask).await.into_answer(Vec::new()).message().unwrap()
    }

    /// Asks for everything today.
    pub async fn read(&self, caller: &Caller, child: &Subject, purpose: Purpose) -> GetTimelineResponse {
        self.answer(&self.ask(caller, child, purpose)).await
    }
}

pub fn projector(wrapping: &Arc<WrappingKeys>, pseudonyms: &Arc<PseudonymKey>) -> Projector {
    let keyring = Arc::new(Keyring::new(Arc::clone(wrapping)));
    let commands_from = Arc::new([HUB.to_owned()].into());
    Projector { keyring, pseudonyms: Arc::clone(pseudonyms), commands_from }
}

fn discloser(store: &Store, projector: &Projector) -> Discloser {
    Discloser {
        children: Children::new(store.clone(), projector.clone()),
        engine: Arc::new(sharing::Engine::load().unwrap()),
        cache: DecisionCache::new(1_000),
        registries: Registries::new(store.clone(), projector.clone()),
        hub_contact: HUB_CONTACT.to_owned(),
    }
}

/// The body of a saying.
pub fn body(pseudonyms: &PseudonymKey, source: &str, saying: &Saying) -> Body {
    Body {
        subject: Some(saying.subject.clone()),
        controller: saying.controller.clone(),
        source: source.to_owned(),
        entry_id: pseudonyms.entry_id(&saying.controller, source, &saying.record_key, 0).0.to_vec(),
        record_key: saying.record_key.clone(),
        version: Some(Version { as_of_us: 1_700_000_000_000_000, sequence: saying.version, mapping_revision: 1 }),
        effective: Some(When { when: Some(when::When::On(saying.on)) }),
        cause: saying.cause.into(),
        third_parties: saying.third_parties.clone(),
        event: Some(saying.event.clone()),
        ..Body::default()
    }
}

/// Staff in good standing.
pub fn staff(organisation: &str, roles: &[RoleGroup]) -> Caller {
    Caller {
        organisation: organisation.to_owned(),
        person: format!("somebody.at.{organisation}"),
        standing: Standing::Staff,
        roles: roles.iter().copied().collect(),
        active: true,
        trained: true,
    }
}

pub fn now_us() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

/// Whether these bytes hold this text.
pub fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// The same record again, as a producer that was killed before its acknowledgement appends it.
pub fn again(stored: &StoredRecord) -> Record {
    let StoredRecord { position, key, value, .. } = stored;
    Record { topic: position.topic, partition: position.partition, key: *key, value: Bytes::clone(value) }
}
