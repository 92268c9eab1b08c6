//! Erasure: two people, a time to think, every key gone, every proof left, nothing lifted, and the same through any crash.

use crate::harness;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use event_log::envelope::{self, Opened};
use event_log::seal::{Keyring, SealError};
use event_log::{Appended, EventLog, LogError, Offset, Partition, Record, StoredRecord, Topic};
use harness::erasing::{Erasing, eraser, ledger_key};
use harness::sayings::*;
use harness::service::{Papers, Serving, serve};
use harness::*;
use ledger::note::Note;
use projection::erasure::Certificate;
use prost::Message as _;
use proto::events::event::Kind;
use proto::events::{Family, Scheme, Subject};
use proto::quarantine::{Handled, Item};
use proto::sharing as s;
use proto::sharing::{ErasureStage, Purpose};
use sharing::RoleGroup;
use sharing::erasures::Erasure;

const LAG: Duration = Duration::from_secs(3_600);
const GOVERNS: &str = "information_governance";
/// What nobody may read any more.
const SECRET: &str = "Invented Lane 17";

fn child_of_council() -> Subject {
    council_child("C100417")
}

fn child_of_school() -> Subject {
    pupil("P200417")
}

/// A child whom the council and the school know, linked by a UPN, with a court's restriction on the council's record; another child
/// of the council; and the hub.
async fn place(papers: &Papers) -> House {
    let mut house = House::new().await;
    tell(&mut house, papers).await;
    house
}

async fn tell(house: &mut House, papers: &Papers) {
    house.record(organisations()).await;
    let signs_in = [(HUB, s::Sector::Oversight), (SCHOOL, s::Sector::Education), (COUNCIL, s::Sector::SocialCare)];
    house.record(signs_in.map(|(id, sector)| papers.of(organisation(id, sector))).to_vec()).await;
    let (one, other) = (child_of_council(), council_child("C100999"));
    let described_one = living_at(described(COUNCIL, &one, &[upn(UPN)]), SECRET);
    house.say(CIN, [described_one, referred(&one), described(COUNCIL, &other, &[]), referred(&other)]).await;
    let school = child_of_school();
    house
        .say(CENSUS, [described(SCHOOL, &school, &[upn(UPN)]), enrolled(SCHOOL, &school), attended(&school, 2025)])
        .await;
    house.record(vec![restriction(&one, "order-1", s::restriction::Kind::Court)]).await;
    house.catch_up().await;
}

/// What a call gives, while the consumer reads on as it does in a process.
async fn during<T>(house: &mut House, serving: &Serving, asked: impl Future<Output = T>) -> T {
    let mut asked = Box::pin(asked);
    loop {
        tokio::select! {
            biased;
            answer = &mut asked => return answer,
            () = house.settle(serving) => tokio::task::yield_now().await,
        }
    }
}

/// Every event of the log by whether it can be read, of one subject or of all others.
async fn readable(house: &House, subject: &Subject) -> ([usize; 2], [usize; 2]) {
    let (keyring, of) = (Keyring::new(Arc::clone(&house.wrapping)), house.pseudonyms.of(subject));
    for record in house.records(&[Topic::Keys]).await {
        let _an_older_wrapping = keyring.absorb(&event_log::seal::decode_key_record(&record).unwrap());
    }
    let (mut own, mut others) = ([0; 2], [0; 2]);
    for record in house.records(&Topic::EVENTS).await {
        let counted = if record.key == of.0 { &mut own } else { &mut others };
        match envelope::decode(record.value).unwrap().open(&keyring).unwrap() {
            Opened::Plain(_) => counted[0] += 1,
            Opened::Erased(_) => counted[1] += 1,
            Opened::Parked(key) => panic!("{key} is parked, and not erased"),
        }
    }
    (own, others)
}

fn known(house: &House, id: &[u8]) -> Erasure {
    let registry = house.discloser.registries.current(house.progress.borrow().registry_generation).unwrap();
    registry.erasures().of(&id.try_into().unwrap()).unwrap().clone()
}

fn restrictions_on(house: &House, subject: &Subject) -> Vec<String> {
    let child = house.child(subject, None);
    let is_one = |said: &timeline::Said| match said.body.event.as_ref().and_then(|event| event.kind.as_ref()) {
        Some(Kind::RestrictionSet(set)) => Some(set.id().to_owned()),
        _ => None,
    };
    let mut found: Vec<String> = child.said.iter().filter_map(|(_, said)| is_one(said)).collect();
    found.sort();
    found.dedup();
    found
}

/// The bytes of every file below a folder.
fn files(dir: &std::path::Path) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        match entry.path().is_dir() {
            true => found.extend(files(&entry.path())),
            false => found.push(std::fs::read(entry.path()).unwrap()),
        }
    }
    found
}

async fn two(serving: &Serving) -> (Erasing, Erasing) {
    (serving.eraser(HUB, "one", &[GOVERNS]).await, serving.eraser(HUB, "two", &[GOVERNS]).await)
}

fn standing(answer: Result<s::ErasureStanding, String>) -> Result<ErasureStage, String> {
    answer.map(|standing| standing.stage())
}

fn refused(reason: &str) -> Result<ErasureStage, String> {
    Err(reason.to_owned())
}

#[tokio::test]
async fn one_person_erases_nothing_and_it_can_be_called_off_until_it_begins() {
    let papers = Papers::new();
    let mut house = place(&papers).await;
    let serving = serve(&house, papers, LAG).await;
    let (mut one, mut other) = two(&serving).await;
    let before = readable(&house, &child_of_council()).await;
    for (organisation, person, role) in
        [(SCHOOL, "head", GOVERNS), (HUB, "reviewer", "identity_reviewer"), (HUB, "operator", "sysadmin")]
    {
        let mut somebody = serving.eraser(organisation, person, &[role]).await;
        let answer = during(&mut house, &serving, somebody.propose(&child_of_council(), true, 0)).await;
        assert_eq!(standing(answer), refused("NOT_YOURS_TO_ERASE"), "{person}");
    }
    let proposed = during(&mut house, &serving, one.propose(&child_of_council(), true, 72)).await.unwrap();
    let id = proposed.erasure_id.clone();
    assert_eq!((proposed.stage(), proposed.organisations.clone()), (ErasureStage::Proposed, vec![COUNCIL.to_owned()]));
    assert_eq!(standing(during(&mut house, &serving, one.run(&id)).await), refused("ERASURE_NOT_READY"));
    assert_eq!(standing(during(&mut house, &serving, one.confirm(&id)).await), refused("SECOND_PERSON_NEEDED"));
    let mut auditor = serving.eraser(HUB, "auditor", &["auditor"]).await;
    assert_eq!(standing(during(&mut house, &serving, auditor.confirm(&id)).await), refused("NOT_YOURS_TO_ERASE"));
    assert_eq!(during(&mut house, &serving, auditor.list()).await.unwrap().len(), 1);
    assert_eq!(standing(during(&mut house, &serving, other.confirm(&id)).await), Ok(ErasureStage::Confirmed));
    // The time to think is not over.
    assert_eq!(standing(during(&mut house, &serving, other.run(&id)).await), refused("ERASURE_NOT_READY"));
    assert_eq!(standing(during(&mut house, &serving, one.cancel(&id)).await), Ok(ErasureStage::Cancelled));
    for answer in [
        during(&mut house, &serving, other.run(&id)).await,
        during(&mut house, &serving, other.confirm(&id)).await,
        during(&mut house, &serving, other.cancel(&id)).await,
        during(&mut house, &serving, other.readmit(&id)).await,
    ] {
        assert_eq!(standing(answer), refused("ERASURE_NOT_READY"));
    }
    let (own, others) = readable(&house, &child_of_council()).await;
    assert_eq!((own, others[1]), (before.0, 0), "nothing was destroyed");
    // A school is told of erasures of its own records, and there is none.
    let mut head = serving.eraser(SCHOOL, "head", &[GOVERNS]).await;
    assert_eq!(during(&mut house, &serving, head.list()).await.unwrap(), []);
    assert_eq!(standing(during(&mut house, &serving, head.confirm(&id)).await), refused("NOT_YOURS_TO_ERASE"));
    // Nobody records one past the service.
    let hub = subject(proto::events::Scheme::Organisation, "throughline", HUB);
    let confirmed = s::ErasureConfirmed { erasure_id: Some(id), confirmed_by: Some("somebody".into()) };
    let by_hand = house.commands.record(vec![fact(&hub, confirmed)], now_us(), day(2026, 1, 15)).await;
    assert!(by_hand.unwrap_err().to_string().contains("throughline erasure"));
}

#[tokio::test]
async fn what_is_erased_is_gone_everywhere_and_whoever_stays_stays_restricted() {
    let papers = Papers::new();
    let mut house = place(&papers).await;
    let serving = serve(&house, papers, LAG).await;
    let (mut one, mut other) = two(&serving).await;
    let school = child_of_school();
    assert_eq!(restrictions_on(&house, &school), ["order-1"], "it binds through the link");
    let events = house.records(&Topic::EVENTS).await;
    let social_worker = staff(COUNCIL, &[RoleGroup::Safeguarding]);
    let seen = async |house: &House| house.read(&social_worker, &child_of_school(), Purpose::ChildProtection).await;
    assert!(seen(&house).await.entries.iter().all(|entry| entry.organisation != SCHOOL));

    let proposed = during(&mut house, &serving, one.propose(&child_of_council(), true, 0)).await.unwrap();
    let id = proposed.erasure_id.clone();
    during(&mut house, &serving, other.confirm(&id)).await.unwrap();
    let (own, others) = readable(&house, &child_of_council()).await;
    assert_eq!((own[1], others[1]), (0, 0));
    let ran = during(&mut house, &serving, other.run(&id)).await.unwrap();
    assert_eq!(ran.stage(), ErasureStage::WrappingDestroyed, "{}", ran.waits_for);
    house.catch_up().await;
    let (left, others_left) = readable(&house, &child_of_council()).await;
    assert_eq!(left, [0, own[0]], "nothing of them opens");
    assert!(others_left[0] >= others[0] && others_left[1] == 0, "everything of everybody else does");
    // Not one byte of what stood on the log before is another: every proof over it stands.
    assert_eq!(
        house.records(&Topic::EVENTS).await.iter().filter(|record| events.contains(record)).count(),
        events.len()
    );
    // What was said of them is read by nobody; the restriction binds whoever was linked with them.
    assert!(house.child(&child_of_council(), None).entries.is_empty());
    assert_eq!(restrictions_on(&house, &school), ["order-1"]);
    assert!(seen(&house).await.entries.iter().all(|entry| entry.organisation != SCHOOL));
    // Neither wrapping key nor copy of one: whoever has every file of the place opens nothing.
    assert!(house.wrapping.epochs_up_to(COUNCIL, None, u32::MAX).unwrap().is_empty());
    assert_eq!(standing(during(&mut house, &serving, other.cancel(&id)).await), refused("ERASURE_NOT_READY"));
    // Its source does not bring it back.
    house.restart();
    house.catch_up().await;
    let refuses = async |house: &House| {
        let mut keys = event_log::seal::DataKeys::new(CIN, Arc::clone(&house.wrapping));
        for record in house.records(&[Topic::Keys]).await {
            let _an_older_wrapping = keys.absorb(&event_log::seal::decode_key_record(&record).unwrap());
        }
        let subject = house.pseudonyms.of(&child_of_council());
        matches!(keys.for_subject(subject, COUNCIL), Err(SealError::Erased(_)))
    };
    assert!(refuses(&house).await);

    // A store that was filled since: then a certificate is issued, and not before.
    assert_eq!(during(&mut house, &serving, other.certify(&id)).await.unwrap_err(), "ERASURE_NOT_READY");
    let mut again = house.reborn(|log| log).await;
    again.catch_up().await;
    // Neither is there a trace of them in the bytes of what was filled since, whoever looks for their pseudonym in it.
    let in_store = |subject: &Subject| {
        again.store.durable().unwrap();
        let pseudonym = again.pseudonyms.of(subject).0;
        files(&again.dir.path().join("store")).iter().any(|bytes| bytes.windows(16).any(|window| window == pseudonym))
    };
    assert!(in_store(&school) && !in_store(&child_of_council()));
    let engine = eraser(&again);
    let of = known(&again, &id);
    let now = (now_us(), TODAY);
    assert_eq!(engine.standing(&of, now.0).await.unwrap().stage, ErasureStage::Done);
    let note = engine.certify(&of, "no copy was ever made", now).await.unwrap().unwrap();
    again.catch_up().await;
    assert_eq!(engine.certify(&known(&again, &id), "", now).await.unwrap(), Some(note.clone()), "it is one");
    let note = Note::parse(note.as_bytes()).unwrap();
    let key = ledger_key();
    note.check(std::slice::from_ref(key.public())).unwrap();
    let said = Certificate::read(note.text()).unwrap();
    assert_eq!(
        (said.erasure.clone(), said.authority.as_str(), said.reference.as_str()),
        (hex::encode(&id), "court_order", "CO-2026-17")
    );
    assert!(said.wrapping_keys.contains(&format!("{COUNCIL} 1")), "{said:?}");
    assert!(said.copies_are("no copy was ever made") && !said.copies_are("some"));
    for unsaid in ["C100417", SECRET, "\none\n", " two", UPN] {
        assert!(!note.text().contains(unsaid), "{unsaid}");
    }

    // Readmitted, it is taken again; what was erased stays so.
    during(&mut house, &serving, one.readmit(&id)).await.unwrap();
    assert!(!refuses(&house).await);
    assert_eq!(readable(&house, &child_of_council()).await.0, left);
}

/// Puts into quarantine what CIN's connector refused, or what was noted of it. Each is sealed by a key of its own.
async fn quarantined(house: &mut House, item: &Item) {
    let subject = house.pseudonyms.pseudonym(Scheme::QuarantineItem, CIN, "1");
    let keys = house.keys(CIN);
    let (key_id, key) = keys.for_subject(subject, COUNCIL).unwrap();
    let id = event_log::EventId([u8::from(item.raw.is_empty()); 16]);
    let value = keys.seal(key_id, id, subject, Family::Quarantine, &item.encode_to_vec()).unwrap();
    keys.let_go(key_id);
    house.log.append(vec![key.unwrap()]).await.unwrap();
    let record = Record { topic: Topic::Quarantine, partition: subject.partition(), key: subject.0, value };
    house.log.append(vec![record]).await.unwrap();
}

#[tokio::test]
async fn a_refused_record_that_names_them_goes_with_all_that_was_noted_of_it() {
    let papers = Papers::new();
    let mut house = place(&papers).await;
    let raw = format!("an invented row of {UPN}, which nobody can read").into_bytes();
    for item in [Item { raw, ..Item::default() }, Item { handled: Some(Handled::default()), ..Item::default() }] {
        quarantined(&mut house, &item).await;
    }
    house.catch_up().await;
    let serving = serve(&house, papers, LAG).await;
    let (mut one, mut other) = two(&serving).await;
    let id = during(&mut house, &serving, one.propose(&child_of_council(), true, 0)).await.unwrap().erasure_id;
    during(&mut house, &serving, other.confirm(&id)).await.unwrap();
    let ran = during(&mut house, &serving, other.run(&id)).await.unwrap();
    assert_eq!(ran.quarantine_items, 2, "keys of the one item");
    house.catch_up().await;
    let keyring = Keyring::new(Arc::clone(&house.wrapping));
    for record in house.records(&[Topic::Keys]).await {
        let _an_older_wrapping = keyring.absorb(&event_log::seal::decode_key_record(&record).unwrap());
    }
    for record in house.records(&[Topic::Quarantine]).await {
        let opened = envelope::decode(record.value).unwrap().open(&keyring).unwrap();
        assert!(matches!(opened, Opened::Erased(_)), "{opened:?}");
    }
}

/// The log of a process that dies: it takes so many appends, and then nothing.
struct Dying {
    inner: Arc<dyn EventLog>,
    appends_left: AtomicI64,
}

#[async_trait]
impl EventLog for Dying {
    async fn append(&self, records: Vec<Record>) -> Result<Appended, LogError> {
        if self.appends_left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            return Err(LogError::Closed);
        }
        self.inner.append(records).await
    }

    async fn read(&self, topic: Topic, at: Partition, from: Offset, max: usize) -> Result<Vec<StoredRecord>, LogError> {
        self.inner.read(topic, at, from, max).await
    }

    async fn end(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        self.inner.end(topic, partition).await
    }

    async fn grown(&self, topics: &[Topic], seen: u64, at_most: Duration) -> Result<u64, LogError> {
        self.inner.grown(topics, seen, at_most).await
    }
}

/// Everything that one step of it says is one append, and every file that it makes or destroys stands between two: it dies at each, and
/// whoever comes next goes on.
#[tokio::test]
async fn a_crash_at_any_step_is_gone_on_from() {
    let papers = Papers::new();
    let mut house = place(&papers).await;
    let serving = serve(&house, papers, LAG).await;
    let (mut one, mut other) = two(&serving).await;
    let proposed = during(&mut house, &serving, one.propose(&child_of_council(), true, 0)).await.unwrap();
    let id = proposed.erasure_id.clone();
    during(&mut house, &serving, other.confirm(&id)).await.unwrap();
    let (own, others) = readable(&house, &child_of_council()).await;
    let now = (now_us() + 1_000, TODAY);
    let mut deaths = 0;
    loop {
        // Whoever says something appends a key of their own first. One life dies at that, one after it, and every other after
        // its first word: there is no word after which none died.
        let appends_left = AtomicI64::new(deaths.min(2));
        let mut life = house.reborn(|inner| Arc::new(Dying { inner, appends_left })).await;
        life.catch_up().await;
        let (of, engine) = (known(&life, &id), eraser(&life));
        let run = engine.run(&of, false, now);
        let ran = {
            let mut run = Box::pin(run);
            loop {
                tokio::select! {
                    biased;
                    ran = &mut run => break ran,
                    read = life.try_catch_up() => { read.unwrap(); tokio::task::yield_now().await }
                }
            }
        };
        let (left, others_left) = readable(&life, &child_of_council()).await;
        assert_eq!(left[0] + left[1], own[0], "{deaths}");
        assert_eq!(others_left[1], 0, "of nobody else is anything destroyed, after {deaths} deaths");
        assert!(others_left[0] >= others[0]);
        match ran {
            // Its own store was filled before it began.
            Ok(standing) => {
                assert!(standing.stage >= ErasureStage::WrappingDestroyed, "{standing:?}");
                break;
            }
            Err(_) => deaths += 1,
        }
        assert!(deaths < 60, "it gets no further");
    }
    assert!(deaths > 4, "{deaths}");
    let mut last = house.reborn(|log| log).await;
    last.catch_up().await;
    assert_eq!(eraser(&last).standing(&known(&last, &id), now.0).await.unwrap().stage, ErasureStage::Done);
    assert_eq!(readable(&last, &child_of_council()).await.0, [0, own[0]]);
    assert_eq!(restrictions_on(&last, &child_of_school()), ["order-1"]);
}

/// Nothing is told of it to whoever may not know: what they get is what they get of a child whom nobody knows.
#[tokio::test]
async fn the_timeline_says_that_something_was_erased_to_those_who_may_know() {
    let papers = Papers::new();
    let mut house = place(&papers).await;
    let serving = serve(&house, papers, LAG).await;
    let (mut one, mut other) = two(&serving).await;
    let governs = staff(HUB, &[RoleGroup::InformationGovernance]);
    let of_council = staff(COUNCIL, &[RoleGroup::InformationGovernance]);
    let of_school = staff(SCHOOL, &[RoleGroup::InformationGovernance]);
    let social_worker = staff(COUNCIL, &[RoleGroup::Safeguarding]);
    let nobody = council_child("C555555");
    let asks = [
        (&governs, Purpose::Audit),
        (&of_council, Purpose::Audit),
        (&of_school, Purpose::Audit),
        (&social_worker, Purpose::ChildProtection),
        (&governs, Purpose::ChildProtection),
    ];
    let bytes = async |house: &House, caller, child: &Subject, purpose| {
        let answer = house.read(caller, child, purpose).await;
        proto::timeline::GetTimelineResponse { decision_id: Vec::new(), ..answer }
    };
    let proposed = during(&mut house, &serving, one.propose(&child_of_council(), true, 0)).await.unwrap();
    let id = proposed.erasure_id.clone();
    during(&mut house, &serving, other.confirm(&id)).await.unwrap();
    for (caller, purpose) in asks {
        let told = bytes(&house, caller, &child_of_council(), purpose).await.erased;
        assert!(told.is_empty(), "nothing is erased yet");
    }
    during(&mut house, &serving, other.run(&id)).await.unwrap();
    house.catch_up().await;
    for ((caller, purpose), knows) in asks.into_iter().zip([true, true, false, false, false]) {
        let told = bytes(&house, caller, &child_of_council(), purpose).await;
        let unknown = bytes(&house, caller, &nobody, purpose).await;
        if knows {
            let [erased] = told.erased.as_slice() else { panic!("{told:?}") };
            assert_eq!((erased.erasure_id.clone(), erased.authority_reference.as_str()), (id.clone(), "CO-2026-17"));
            assert!(erased.at.is_some() && !erased.certified);
        } else {
            assert_eq!(told, unknown, "{caller:?}");
        }
    }
}
