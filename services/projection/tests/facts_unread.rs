//! A fact that is on the log and cannot be read yet may be a restriction: the facts are not fresh until it is read.
use crate::harness;

use event_log::Topic;
use event_log::authority::COMMAND;
use harness::House;
use harness::sayings::{council_child, day, referred, saying};
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
