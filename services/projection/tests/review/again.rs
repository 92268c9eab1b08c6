//! What a reviewer was shown, and what they decided on, is made again from its record on another machine.

use projection::replay::{Recorded, Verdict, With};
use proto::sharing::Call;

use super::*;
use crate::replay::Elsewhere;

fn of_call(elsewhere: &Elsewhere, call: Call) -> Vec<Recorded> {
    elsewhere.recorded().into_iter().filter(|of| of.decision.call() == call && of.decision.denied == 0).collect()
}

#[tokio::test]
async fn what_reviewers_were_shown_and_decided_on_comes_out_the_same_bytes_on_another_machine() {
    let mut review = Review::new().await;
    let (school, council) = (pupil("P1"), council_child("C1"));
    review.house.say(CENSUS, [person(SCHOOL, &school, "Ffion", day(2014, 3, 4), &[upn(UPN)])]).await;
    review.house.say(CIN, [person(COUNCIL, &council, "Gethin", day(2016, 7, 8), &[upn(UPN)])]).await;
    review.settle().await;
    // A reviewer of one of the two organisations is shown less than one of the service's own.
    let mut theirs = review.serving.reviewer(COUNCIL, "reviewer.council", REVIEWER).await;
    let seen = review.seen(&school, &council).await.unwrap();
    let _shown_or_not = theirs.show(about(&school, &council)).await;
    let (one, two) = (review.one.clone(), review.two.clone());
    review.decide(&one, deciding(&school, &council, proto::events::Verdict::Link, &seen)).await.unwrap();
    let seen = review.seen(&school, &council).await.unwrap();
    review.decide(&two, deciding(&school, &council, proto::events::Verdict::Link, &seen)).await.unwrap();
    review.seen(&school, &council).await.unwrap();
    // What is known of them since changes nothing of what they saw.
    review.house.say(CIN, [person(COUNCIL, &council, "Ffion", day(2014, 3, 4), &[upn(UPN)])]).await;
    review.settle().await;

    let elsewhere = Elsewhere::of(&review.house).await;
    let (shown, decided) = (of_call(&elsewhere, Call::ShowItem), of_call(&elsewhere, Call::Decide));
    assert!(shown.len() >= 3 && decided.len() == 2, "{} shown, {} decided", shown.len(), decided.len());
    for of in shown.iter().chain(&decided) {
        assert_eq!(elsewhere.verdict(of, &With::recorded()), Verdict::Same, "{:?}", of.decision);
    }
    let with_what_is_known = elsewhere.verdict(&shown[0], &With::facts_now());
    assert!(matches!(with_what_is_known, Verdict::Differs(_)), "{with_what_is_known:?}");
    // A record that says another answer is found out.
    let mut forged = shown[0].clone();
    forged.decision.answer_digest = vec![1; 16];
    let Verdict::Differs(difference) = elsewhere.verdict(&forged, &With::recorded()) else { panic!() };
    assert_eq!(difference.what, "the answer");
    let mut moved = shown[0].clone();
    moved.decision.basis.as_mut().unwrap().facts_digest = vec![1; 8];
    let Verdict::Differs(difference) = elsewhere.verdict(&moved, &With::recorded()) else { panic!() };
    assert_eq!(difference.what, "the facts that were read");
}
