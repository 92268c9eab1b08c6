//! Adoption severance in review: the queue, its numbers and a pair asked for by its numbers are the same whether or not there was
//! ever another identity. What readers get is in `tests/severance.rs`.

use prost::Message;

use super::harness::linking::{adopted, parameters};
use super::*;

const NEW_NHS: &str = "9991110003";
const OLD_NHS: &str = "9992220007";

/// All that a reviewer can ask, in a world with the old identity or without it; with a decision about the two from before the
/// seal, or none.
async fn asked(has_old: bool, decided: bool) -> Vec<Vec<u8>> {
    let mut review = Review::new().await;
    let born = day(2014, 3, 4);
    let (new, old) = (pupil("NEW"), [council_child("OLD"), hospital_person("OLD")]);
    let merrin =
        |controller, local: &Subject, identifiers: &[Subject]| person(controller, local, "Merrin", born, identifiers);
    review.house.record(vec![adopted(parameters(0.04))]).await;
    // The new identity, with the old number too; and a pair that waits, so that the queue says something.
    review.house.say(CENSUS, [merrin(SCHOOL, &new, &[nhs(NEW_NHS), nhs(OLD_NHS)])]).await;
    review.house.say(CENSUS, [person(SCHOOL, &pupil("P1"), "Ffion", born, &[upn(UPN)])]).await;
    review.house.say(CIN, [person(COUNCIL, &council_child("C1"), "Gethin", day(2016, 7, 8), &[upn(UPN)])]).await;
    if has_old {
        review.house.say(CIN, [merrin(COUNCIL, &old[0], &[nhs(OLD_NHS)])]).await;
        review.house.say(HL7, [merrin(HOSPITAL, &old[1], &[])]).await;
    }
    review.settle().await;
    review.house.link();
    if decided && has_old {
        let seen = review.seen(&new, &old[1]).await.unwrap();
        let one = review.one.clone();
        review.decide(&one, deciding(&new, &old[1], Verdict::Unlink, &seen)).await.unwrap();
        review.settle().await;
    }
    if has_old {
        let sealed: Vec<Subject> = old.iter().cloned().chain([nhs(OLD_NHS)]).collect();
        for subject in sealed.clone() {
            let seal = e::IdentitySealed { sealed_on: Some(day(2026, 1, 1)), ..Default::default() };
            review.house.record(vec![proto::admin::Fact { sealed: sealed.clone(), ..fact(&subject, seal) }]).await;
        }
    }
    review.settle().await;
    review.house.link();
    let mut answers = Vec::new();
    for mut item in review.waiting().await {
        item.waiting_since = None;
        answers.push(item.encode_to_vec());
    }
    let mut counted = review.one.statistics().await.unwrap();
    counted.decision_id.clear();
    answers.push(counted.encode_to_vec());
    for old in old.iter().chain([&nhs(OLD_NHS)]) {
        let refused = review.seen(&new, old).await.unwrap_err();
        answers.push(format!("{:?} {}", refused.code(), refused.message()).into_bytes());
    }
    answers
}

#[tokio::test]
async fn after_a_seal_the_queue_tells_of_one_identity_as_if_there_were_no_other() {
    let without = asked(false, false).await;
    assert_eq!(without.len(), 5, "one pair waits, beside the numbers and three refusals");
    assert_eq!(asked(true, false).await, without);
    assert_eq!(asked(true, true).await, without, "nor does a decision from before the seal count");
}
