//! A child that was kept is never another than a read would give: after every kind of change, and while commits run.

use crate::harness;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use event_log::Topic;
use event_log::seal::decode_key_record;
use harness::House;
use harness::sayings::{
    CENSUS, CIN, COUNCIL, HL7, HOSPITAL, NHS_NUMBER, SCHOOL, UPN, attended, council_child, described, emergency,
    hospital_person, linked, nhs, pupil, referred, unlinked, upn,
};
use projection::child::Child;
use projection::store::Engine;
use prost::Message as _;
use proto::events::Subject;

const ENGINES: [Engine; 2] = [Engine::Sled, Engine::Fjall];

/// Everybody of these tests, and one of whom nothing is ever said.
fn everybody() -> [Subject; 6] {
    [pupil("1"), council_child("2"), hospital_person("3"), upn(UPN), nhs(NHS_NUMBER), pupil("nobody")]
}

fn kept(house: &House, subject: &Subject) -> Arc<Child> {
    house.discloser.children.read_kept(house.pseudonyms.of(subject), None).unwrap()
}

/// Every kept child is what a read gives, asked twice so that the second is kept. Gives how many were.
fn hold(house: &House, after: &str) -> usize {
    let mut same = 0;
    for subject in everybody() {
        let (first, again, read) = (kept(house, &subject), kept(house, &subject), house.child(&subject, None));
        for kept in [&first, &again] {
            assert_eq!(kept.resolution, read.resolution, "after {after}");
            assert_eq!(kept.said, read.said, "after {after}");
            assert_eq!(kept.entries, read.entries, "after {after}");
        }
        same += usize::from(Arc::ptr_eq(&first, &again));
    }
    same
}

#[tokio::test]
async fn whatever_changes_a_kept_child_is_what_a_read_gives() {
    for engine in ENGINES {
        let mut house = House::on(engine, |log| log).await;
        assert_eq!(hold(&house, "nothing"), everybody().len());
        for (step, (source, saying)) in [
            (CENSUS, described(SCHOOL, &pupil("1"), &[upn(UPN)])),
            (CENSUS, attended(&pupil("1"), 2023)),
            (CIN, described(COUNCIL, &council_child("2"), &[upn(UPN)])),
            (CIN, referred(&council_child("2"))),
            (HL7, described(HOSPITAL, &hospital_person("3"), &[nhs(NHS_NUMBER)])),
            (HL7, emergency(&hospital_person("3"))),
            // The claim goes, and with it the link.
            (CIN, harness::Saying { version: 2, ..described(COUNCIL, &council_child("2"), &[]) }),
        ]
        .into_iter()
        .enumerate()
        {
            house.say(source, [saying]).await;
            house.catch_up().await;
            assert_eq!(hold(&house, &format!("saying {step}")), everybody().len());
        }
        for fact in [
            linked(&council_child("2"), &nhs(NHS_NUMBER)),
            unlinked(&council_child("2"), &nhs(NHS_NUMBER)),
            linked(&hospital_person("3"), &pupil("1")),
        ] {
            let was = kept(&house, &hospital_person("3"));
            house.record(vec![fact]).await;
            house.catch_up().await;
            hold(&house, "a decision");
            assert_ne!(
                was.resolution,
                kept(&house, &hospital_person("3")).resolution,
                "the decision changed something"
            );
        }
    }
}

#[tokio::test]
async fn what_is_said_of_others_leaves_a_kept_child_and_a_time_before_its_events_does_not_see_it() {
    let mut house = House::new().await;
    house.say(CENSUS, [described(SCHOOL, &pupil("1"), &[upn(UPN)]), attended(&pupil("1"), 2023)]).await;
    house.catch_up().await;
    let before = kept(&house, &pupil("1"));
    house.say(HL7, [emergency(&hospital_person("3"))]).await;
    house.catch_up().await;
    assert!(Arc::ptr_eq(&before, &kept(&house, &pupil("1"))));
    let published = before.said.iter().map(|(_, said)| said.published_at_us).max().unwrap();
    let past = house.discloser.children.read_kept(house.pseudonyms.of(&pupil("1")), Some(published - 1)).unwrap();
    assert!(past.said.is_empty());
    assert!(Arc::ptr_eq(&before, &kept(&house, &pupil("1"))), "a read of the past is not kept");
}

/// Between the moment when a key is destroyed and the commit that takes its rows away, too.
#[tokio::test]
async fn what_a_destroyed_key_sealed_is_not_kept() {
    let mut house = House::new().await;
    house.say(CENSUS, [described(SCHOOL, &pupil("1"), &[upn(UPN)])]).await;
    house.catch_up().await;
    assert_eq!(kept(&house, &pupil("1")).said.len(), 1);
    let key =
        house.records(&[Topic::Keys]).await.iter().map(|record| decode_key_record(record).unwrap()).next().unwrap();
    let destroyed = event_log::seal::destruction(&house.wrapping, &key).unwrap();
    house.projector.keyring.absorb(&proto::keys::KeyRecord::decode(destroyed.value).unwrap()).unwrap();
    assert!(kept(&house, &pupil("1")).said.is_empty());
    hold(&house, "the destruction");
}

#[tokio::test]
async fn a_commit_that_returned_is_in_every_child_read_after_it() {
    const SAID: usize = 60;
    for engine in ENGINES {
        let mut house = House::on(engine, |log| log).await;
        let (children, asked) = (house.discloser.children.clone(), house.pseudonyms.of(&pupil("1")));
        let (committed, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let reading = std::thread::spawn({
            let (committed, over) = (Arc::clone(&committed), Arc::clone(&over));
            move || {
                let mut reads = 0;
                while !over.load(Ordering::SeqCst) {
                    let least = committed.load(Ordering::SeqCst);
                    let child = children.read_kept(asked, None).unwrap();
                    assert!(child.said.len() >= least, "{} events after {least} were committed", child.said.len());
                    reads += 1;
                }
                reads
            }
        });
        for said in 1..=SAID {
            house.say(CENSUS, [attended(&pupil("1"), 1950 + said as i32)]).await;
            house.catch_up().await;
            committed.store(said, Ordering::SeqCst);
        }
        over.store(true, Ordering::SeqCst);
        assert!(reading.join().unwrap() > 0);
        assert_eq!(kept(&house, &pupil("1")).said.len(), SAID);
    }
}
