//! A fact that is on the log and cannot be read yet may be a restriction: the facts are not fresh until it is read.
use crate::harness;

use event_log::authority::COMMAND;
use event_log::{EventId, Topic};
use harness::House;
use harness::sayings::{council_child, day, referred, saying};
use prost::Message;
use proto::sharing::{RestrictionSet, restriction};

#[tokio::test]
async fn a_restriction_whose_key_is_late_keeps_readers_out_until_it_comes() {
    let mut house = House::new().await;
    let child = council_child("INVENTED1");
    house.say("social-care-cin-census", [referred(&child)]).await;
    house.catch_up().await;
    assert!(house.progress.borrow().facts_read_at.is_some(), "all that there is, is read");

    let set = RestrictionSet {
        id: Some("r1".into()),
        kind: Some(restriction::Kind::ProtectedAddress.into()),
        ..Default::default()
    };
    let fact = saying(harness::HUB, &child, "RestrictionSet/r1", day(2026, 1, 1), set);
    let (key, restriction) = house.sealed(COMMAND, Topic::Sharing, &fact);
    house.log.append(vec![restriction]).await.unwrap();
    house.catch_up().await;
    assert_eq!(house.progress.borrow().facts_read_at, None, "it is parked");

    house.restart();
    house.catch_up().await;
    assert_eq!(house.progress.borrow().facts_read_at, None, "a new process knows of it from the store");

    house.log.append(vec![key.unwrap()]).await.unwrap();
    house.catch_up().await;
    assert!(house.progress.borrow().facts_read_at.is_some(), "its key came, and it is read");
}

#[tokio::test]
async fn a_fact_of_a_kind_that_this_build_does_not_know_keeps_readers_out() {
    let mut house = House::new().await;
    let child = council_child("INVENTED1");
    let fact = saying(harness::HUB, &child, "SomethingNew/1", day(2026, 1, 1), RestrictionSet::default());
    let subject = house.pseudonyms.of(&child);
    let (key_id, key) = house.keys(COMMAND).for_subject(subject, harness::HUB).unwrap();
    let mut body = harness::body(&house.pseudonyms, COMMAND, &fact);
    body.event = None;
    let mut bytes = body.encode_to_vec();
    // Field 14, `event`, holding an empty field 699.
    bytes.extend([0x72, 3, 0xda, 0x2b, 0]);
    let newer = house.seal(COMMAND, Topic::Sharing, subject, key_id, EventId([9; 16]), &bytes, &fact.event);
    house.log.append(vec![key.unwrap()]).await.unwrap();
    house.catch_up().await;
    assert!(house.progress.borrow().facts_read_at.is_some(), "nothing is said yet");
    house.log.append(vec![newer]).await.unwrap();
    house.catch_up().await;
    assert!(house.refusals.refused.lock().unwrap().is_empty(), "it is no fault of whoever said it");
    assert_eq!(house.progress.borrow().facts_read_at, None, "it may be a restriction");
    house.restart();
    house.catch_up().await;
    assert_eq!(house.progress.borrow().facts_read_at, None, "a new process of this build knows no more of it");
}
