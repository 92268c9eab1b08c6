//! A disk that is nearly full holds the consumer up; it goes on by itself.
use crate::harness;

use harness::House;
use harness::sayings::{council_child, referred};

#[tokio::test]
async fn nothing_is_read_without_room_and_nothing_is_lost() {
    let mut house = House::new().await;
    let child = council_child("INVENTED1");
    house.say("social-care-cin-census", [referred(&child)]).await;
    house.with_room_min(u64::MAX);
    house.catch_up().await;
    let progress = *house.progress.borrow();
    assert!(progress.no_room && !progress.caught_up && progress.facts_read_at.is_none());
    assert!(house.child(&child, None).entries.is_empty());

    house.with_room_min(0);
    house.catch_up().await;
    let progress = *house.progress.borrow();
    assert!(!progress.no_room && progress.caught_up && progress.facts_read_at.is_some());
    assert_eq!(house.child(&child, None).entries.len(), 1);
}
