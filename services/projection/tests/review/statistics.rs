//! The queue in numbers.

use proto::events::Why;

use super::*;

#[tokio::test]
async fn what_waits_and_what_was_decided_is_counted_once_each() {
    let mut review = Review::new().await;
    let born = day(2014, 3, 4);
    let (school, council) = (pupil("P1"), council_child("C1"));
    review.house.say(CENSUS, [person(SCHOOL, &school, "Ffion", born, &[upn(UPN)])]).await;
    review.house.say(CIN, [person(COUNCIL, &council, "Gethin", day(2016, 7, 8), &[upn(UPN)])]).await;
    let (apart, known) = (pupil("P2"), council_child("C2"));
    review.house.say(CENSUS, [person(SCHOOL, &apart, "Gwen", born, &[])]).await;
    review.house.say(CIN, [person(COUNCIL, &known, "Gwen", born, &[])]).await;
    review.settle().await;
    let counted = review.one.statistics().await.unwrap();
    assert_eq!((counted.waiting_total, counted.linked, counted.decide_seconds_median), (1, 0, None));
    let [line] = counted.waiting.as_slice() else { panic!("{:?}", counted.waiting) };
    assert_eq!((line.why(), line.under_a_day, line.longer), (Why::DescriptionsContradict, 1, 0));
    let (one, two) = (review.one.clone(), review.two.clone());
    let seen = review.seen(&apart, &known).await.unwrap();
    review.decide(&one, deciding(&apart, &known, Verdict::Link, &seen)).await.unwrap();
    let seen = review.seen(&apart, &known).await.unwrap();
    review.decide(&two, deciding(&apart, &known, Verdict::Unlink, &seen)).await.unwrap();
    let seen = review.seen(&school, &council).await.unwrap();
    review.decide(&one, deciding(&school, &council, Verdict::Link, &seen)).await.unwrap();
    review.settle().await;
    let counted = review.one.statistics().await.unwrap();
    assert_eq!((counted.waiting_total, counted.proposed), (1, 1), "what is proposed waits for another");
    assert_eq!((counted.linked, counted.unlinked, counted.overturned), (1, 1, 1));
    assert!(counted.decide_seconds_median.is_some() && counted.complete);
    let of = |id: &str| counted.sources.iter().find(|source| source.organisation == id).unwrap();
    assert_eq!((of(SCHOOL).waiting, of(SCHOOL).linked, of(COUNCIL).unlinked), (1, 1, 1));
    // A process that starts anew, with the log alone, counts the same.
    let mut house = review.house.another_node().await;
    house.catch_up().await;
    let serving = serve(&house, Arc::clone(&review.papers), LONG).await;
    house.settle(&serving).await;
    let mut there = serving.reviewer(HUB, "reviewer.one", REVIEWER).await;
    let anew = there.statistics().await.unwrap();
    assert_eq!((anew.waiting_total, anew.proposed, anew.linked, anew.unlinked, anew.overturned), (1, 1, 1, 1, 1));
}
