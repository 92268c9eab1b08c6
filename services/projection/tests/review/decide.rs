//! Decisions: by one, by two, at once, and again.

use proto::events::event::Kind;
use proto::identity::decide_response::Outcome;
use proto::identity::{ListItemsRequest, Standing};

use super::harness::service::reason;
use super::*;

/// A school's pupil and the council's child, of whom nothing says that they are one.
async fn two_strangers(review: &mut Review) -> (Subject, Subject) {
    let (school, council) = (pupil("P1"), council_child("C1"));
    let born = day(2014, 3, 4);
    review.house.say(CENSUS, [person(SCHOOL, &school, "Ffion", born, &[]), enrolled(SCHOOL, &school)]).await;
    review.house.say(CIN, [person(COUNCIL, &council, "Ffion", born, &[]), referred(&council)]).await;
    (school, council)
}

/// The same number claimed by two whose names and birth dates both differ.
async fn two_who_contradict(review: &mut Review) -> (Subject, Subject) {
    let (school, council) = (pupil("P1"), council_child("C1"));
    review.house.say(CENSUS, [person(SCHOOL, &school, "Ffion", day(2014, 3, 4), &[upn(UPN)])]).await;
    review.house.say(CIN, [person(COUNCIL, &council, "Gethin", day(2016, 7, 8), &[upn(UPN)])]).await;
    (school, council)
}

fn is_linked(review: &Review, one: &Subject, other: &Subject) -> bool {
    let child = review.house.child(one, None);
    child.resolution.subjects.contains(&review.house.pseudonyms.of(other).0)
}

/// The entries that readers may be given.
fn timeline(review: &Review, of: &Subject) -> Vec<timeline::Entry> {
    let entries = review.house.child(of, None).entries.into_iter();
    entries.filter(|entry| projection::child::is_shown(&entry.event)).collect()
}

#[tokio::test]
async fn one_person_links_what_nothing_speaks_against_and_undoes_it_whole() {
    let mut review = Review::new().await;
    let (school, council) = two_strangers(&mut review).await;
    let seen = review.seen(&school, &council).await.unwrap();
    let item = seen.item.as_ref().unwrap();
    assert_eq!((item.standing(), item.two_people), (Standing::Apart, false));
    let before = [timeline(&review, &school), timeline(&review, &council)];
    let one = review.one.clone();
    let linked = review.decide(&one, deciding(&school, &council, Verdict::Link, &seen)).await.unwrap();
    assert_eq!((linked.outcome(), linked.events.len()), (Outcome::Decided, 1));
    assert!(is_linked(&review, &school, &council));
    let seen = review.seen(&school, &council).await.unwrap();
    assert_eq!(seen.item.as_ref().unwrap().standing(), Standing::Linked);
    let [step] = seen.history.as_slice() else { panic!("{:?}", seen.history) };
    assert_eq!((step.person.as_str(), step.organisation.as_str()), ("reviewer.one", HUB));
    assert_eq!((step.reason.as_str(), step.verdict()), ("an invented reason", Verdict::Link));
    let again = review.decide(&one, deciding(&school, &council, Verdict::Link, &seen)).await.unwrap_err();
    assert_eq!((reason(&again).as_str(), again.code()), ("NOTHING_TO_DECIDE", tonic::Code::FailedPrecondition));
    review.decide(&one, deciding(&school, &council, Verdict::Unlink, &seen)).await.unwrap();
    assert!(!is_linked(&review, &school, &council));
    assert_eq!([timeline(&review, &school), timeline(&review, &council)], before);
    // To link the two again somebody else must agree: a person has parted them.
    let seen = review.seen(&school, &council).await.unwrap();
    let item = seen.item.as_ref().unwrap();
    assert_eq!((item.standing(), item.two_people), (Standing::Unlinked, true));
}

#[tokio::test]
async fn a_contested_link_takes_two_people_across_a_restart() {
    let mut review = Review::new().await;
    let (school, council) = two_who_contradict(&mut review).await;
    let [item] = <[_; 1]>::try_from(review.waiting().await).unwrap();
    assert!(item.two_people);
    let seen = review.seen(&school, &council).await.unwrap();
    let one = review.one.clone();
    let proposed = review.decide(&one, deciding(&school, &council, Verdict::Link, &seen)).await.unwrap();
    assert_eq!(proposed.outcome(), Outcome::Proposed);
    assert!(proposed.expires_at.is_some() && !is_linked(&review, &school, &council));
    // Asked again for want of an answer it is not done twice; asked anew the same person is refused.
    let again = review.decide(&one, deciding(&school, &council, Verdict::Link, &seen)).await.unwrap();
    assert_eq!((again.outcome(), &again.events), (Outcome::StoodAlready, &proposed.events));
    let seen = review.seen(&school, &council).await.unwrap();
    assert_eq!(seen.item.as_ref().unwrap().standing(), Standing::Proposed);
    let refused = review.decide(&one, deciding(&school, &council, Verdict::Link, &seen)).await.unwrap_err();
    assert_eq!((reason(&refused).as_str(), refused.code()), ("SECOND_PERSON_NEEDED", tonic::Code::FailedPrecondition));
    // Another process, that has nothing but the log.
    let mut house = review.house.another_node().await;
    house.catch_up().await;
    let serving = serve(&house, Arc::clone(&review.papers), LONG).await;
    house.settle(&serving).await;
    let two_there = serving.reviewer(HUB, "reviewer.two", REVIEWER).await;
    let mut there =
        Review { house, serving, papers: Arc::clone(&review.papers), one: two_there.clone(), two: two_there };
    assert_eq!(there.waiting().await[0].standing(), Standing::Proposed);
    let seen = there.seen(&school, &council).await.unwrap();
    let two_there = there.two.clone();
    let confirmed = there.decide(&two_there, deciding(&school, &council, Verdict::Link, &seen)).await.unwrap();
    assert_eq!(confirmed.outcome(), Outcome::Decided);
    review.settle().await;
    assert!(is_linked(&review, &school, &council) && is_linked(&there, &school, &council));
    let child = review.house.child(&school, None);
    let review_of = child.said.iter().find_map(|(_, said)| match said.body.event.as_ref()?.kind.as_ref()? {
        Kind::SubjectsLinked(linked) => Some((linked.decided_by().to_owned(), linked.review.clone()?)),
        _ => None,
    });
    let (by, how) = review_of.unwrap();
    assert_eq!((by.as_str(), how.proposed_by(), how.organisation()), ("reviewer.two", "reviewer.one", HUB));
    assert_eq!(how.proposal(), proposed.events[0].as_slice());
    assert!(how.why().any(|why| why == e::Why::DescriptionsContradict) && how.shown().len() == 16);
    // What two made takes two to undo.
    let seen = review.seen(&school, &council).await.unwrap();
    let undoing = review.decide(&one, deciding(&school, &council, Verdict::Unlink, &seen)).await.unwrap();
    assert_eq!(undoing.outcome(), Outcome::Proposed);
    assert!(is_linked(&review, &school, &council));
}

#[tokio::test]
async fn of_two_who_decide_at_once_on_two_nodes_one_counts_and_the_other_is_told() {
    let mut review = Review::new().await;
    let (school, council) = two_strangers(&mut review).await;
    let seen = review.seen(&school, &council).await.unwrap();
    let mut house = review.house.another_node().await;
    house.catch_up().await;
    let serving = serve(&house, Arc::clone(&review.papers), LONG).await;
    house.settle(&serving).await;
    let two_there = serving.reviewer(HUB, "reviewer.two", REVIEWER).await;
    let mut there =
        Review { house, serving, papers: Arc::clone(&review.papers), one: two_there.clone(), two: two_there };
    let seen_there = there.seen(&school, &council).await.unwrap();
    assert_eq!(seen_there.seen, seen.seen, "every node shows the same of the same");
    let one = review.one.clone();
    review.decide(&one, deciding(&school, &council, Verdict::Link, &seen)).await.unwrap();
    // The other node has read nothing of that: its consumer is asked to read on only once its decision is on the log.
    let mut by = there.two.clone();
    let request = deciding(&school, &council, Verdict::Unlink, &seen_there);
    let deciding_there = tokio::spawn(async move { by.decide(request).await });
    let end = async |of: &Review| of.house.records(&[event_log::Topic::Identity]).await.len();
    let before = end(&review).await;
    while end(&review).await == before && !deciding_there.is_finished() {
        tokio::task::yield_now().await;
    }
    while !deciding_there.is_finished() {
        there.settle().await;
        tokio::task::yield_now().await;
    }
    let late = deciding_there.await.unwrap().unwrap_err();
    assert_eq!((reason(&late).as_str(), late.code()), ("ITEM_CHANGED", tonic::Code::Aborted));
    review.settle().await;
    for node in [&mut review, &mut there] {
        assert!(is_linked(node, &school, &council), "the first counts, wherever it is read");
        let history = node.seen(&school, &council).await.unwrap().history;
        assert_eq!(history.iter().map(|step| step.overtaken).collect::<Vec<_>>(), [false, true]);
    }
}

#[tokio::test]
async fn a_decision_is_made_on_what_was_seen() {
    let mut review = Review::new().await;
    let (school, council) = two_strangers(&mut review).await;
    let seen = review.seen(&school, &council).await.unwrap();
    let mut renamed = person(COUNCIL, &council, "Gwen", day(2014, 3, 4), &[]);
    renamed.version = 9;
    review.house.say(CIN, [renamed]).await;
    let one = review.one.clone();
    let stale = review.decide(&one, deciding(&school, &council, Verdict::Link, &seen)).await.unwrap_err();
    assert_eq!(reason(&stale), "ITEM_CHANGED");
    let mut request = deciding(&school, &council, Verdict::Link, &review.seen(&school, &council).await.unwrap());
    request.reason = " ".into();
    let silent = review.decide(&one, request).await.unwrap_err();
    assert_eq!((reason(&silent).as_str(), silent.code()), ("REQUEST_MALFORMED", tonic::Code::InvalidArgument));
    assert!(review.house.records(&[event_log::Topic::Identity]).await.is_empty(), "nothing was recorded");
}

#[tokio::test]
async fn what_is_left_open_comes_back_when_something_new_is_said() {
    let mut review = Review::new().await;
    let (school, council) = two_who_contradict(&mut review).await;
    let seen = review.seen(&school, &council).await.unwrap();
    let one = review.one.clone();
    let left = review.decide(&one, deciding(&school, &council, Verdict::Leave, &seen)).await.unwrap();
    assert_eq!(left.outcome(), Outcome::Decided);
    assert!(review.waiting().await.is_empty());
    let all = review.one.list(ListItemsRequest { left_open: true, ..Default::default() }).await.unwrap().items;
    assert_eq!(all.iter().map(|item| item.standing()).collect::<Vec<_>>(), [Standing::LeftOpen]);
    let mut said_again = person(COUNCIL, &council, "Gethin", day(2016, 7, 9), &[upn(UPN)]);
    said_again.version = 9;
    review.house.say(CIN, [said_again]).await;
    assert_eq!(review.waiting().await.len(), 1);
}

#[tokio::test]
async fn a_subject_is_split_out_of_a_child_who_stays_one() {
    let mut review = Review::new().await;
    let (school, council, hospital) = (pupil("P1"), council_child("C1"), hospital_person("H1"));
    let (born, number) = (day(2014, 3, 4), [nhs(NHS_NUMBER)]);
    review.house.say(CENSUS, [person(SCHOOL, &school, "Ffion", born, &number)]).await;
    review.house.say(CIN, [person(COUNCIL, &council, "Ffion", born, &number)]).await;
    review.house.say(HL7, [person(HOSPITAL, &hospital, "Ffion", born, &number), emergency(&hospital)]).await;
    review.settle().await;
    assert!(is_linked(&review, &school, &hospital) && is_linked(&review, &school, &council));
    let seen = review.seen(&hospital, &school).await.unwrap();
    let one = review.one.clone();
    let request = DecideRequest { from_all: true, ..deciding(&hospital, &school, Verdict::Unlink, &seen) };
    let split = review.decide(&one, request).await.unwrap();
    assert_eq!(split.events.len(), 3, "from each of two, and the two kept one");
    assert!(is_linked(&review, &school, &council), "those who were not meant stay one child");
    assert!(!is_linked(&review, &school, &hospital) && !is_linked(&review, &council, &hospital));
    assert!(review.house.child(&school, None).entries.iter().all(|entry| entry.controller != HOSPITAL));
}

#[tokio::test]
async fn two_whom_other_decisions_hold_together_are_not_said_to_be_parted() {
    let mut review = Review::new().await;
    let (school, council) = two_strangers(&mut review).await;
    let hospital = hospital_person("H1");
    review.house.say(HL7, [person(HOSPITAL, &hospital, "Ffion", day(2014, 3, 4), &[])]).await;
    let one = review.one.clone();
    for other in [&school, &council] {
        let seen = review.seen(&hospital, other).await.unwrap();
        review.decide(&one, deciding(&hospital, other, Verdict::Link, &seen)).await.unwrap();
    }
    assert!(is_linked(&review, &school, &council));
    let seen = review.seen(&school, &council).await.unwrap();
    let refused = review.decide(&one, deciding(&school, &council, Verdict::Unlink, &seen)).await.unwrap_err();
    assert_eq!(reason(&refused), "NOTHING_TO_DECIDE");
    let request = DecideRequest { from_all: true, ..deciding(&school, &council, Verdict::Unlink, &seen) };
    review.decide(&one, request).await.unwrap();
    assert!(!is_linked(&review, &school, &council) && is_linked(&review, &hospital, &council));
}

#[tokio::test]
async fn a_number_that_went_is_said_by_two_and_of_one_issuer_alone() {
    let mut review = Review::new().await;
    let (went, stands) = (council_child("C1"), council_child("C2"));
    let born = day(2014, 3, 4);
    review.house.say(CIN, [person(COUNCIL, &went, "Ffion", born, &[]), referred(&went)]).await;
    review.house.say(CIN, [person(COUNCIL, &stands, "Ffion", born, &[])]).await;
    let (one, two) = (review.one.clone(), review.two.clone());
    let seen = review.seen(&went, &stands).await.unwrap();
    let proposed = review.decide(&one, deciding(&went, &stands, Verdict::Supersede, &seen)).await.unwrap();
    assert_eq!(proposed.outcome(), Outcome::Proposed);
    let seen = review.seen(&went, &stands).await.unwrap();
    let turned = review.decide(&two, deciding(&stands, &went, Verdict::Supersede, &seen)).await.unwrap_err();
    assert_eq!(reason(&turned), "NOTHING_TO_DECIDE", "confirmed as it was proposed, and not the other way round");
    let confirmed = review.decide(&two, deciding(&went, &stands, Verdict::Supersede, &seen)).await.unwrap();
    assert_eq!(confirmed.outcome(), Outcome::Decided);
    assert!(is_linked(&review, &stands, &went));
    let other = pupil("P1");
    review.house.say(CENSUS, [person(SCHOOL, &other, "Ffion", born, &[])]).await;
    let seen = review.seen(&stands, &other).await.unwrap();
    let foreign = review.decide(&one, deciding(&stands, &other, Verdict::Supersede, &seen)).await.unwrap_err();
    assert_eq!(reason(&foreign), "NOTHING_TO_DECIDE");
}

#[tokio::test]
async fn nobody_records_a_reviewers_decision_for_them() {
    let mut review = Review::new().await;
    let (school, council) = two_who_contradict(&mut review).await;
    review.settle().await;
    let forged = e::SubjectsLinked {
        other: Some(council.clone()),
        decided_by: Some("reviewer.two".into()),
        review: Some(e::Review { proposed_by: Some("reviewer.one".into()), ..Default::default() }),
        ..Default::default()
    };
    let proposed = e::DecisionProposed {
        other: Some(council.clone()),
        verdict: Some(Verdict::Link.into()),
        proposed_by: Some("reviewer.one".into()),
        ..Default::default()
    };
    for forged in [fact(&school, forged), fact(&school, proposed)] {
        let refused = review.house.commands.record(vec![forged], 0, day(2026, 1, 15)).await.unwrap_err();
        assert!(refused.to_string().contains("throughline identity"), "{refused}");
    }
    review.settle().await;
    assert!(!is_linked(&review, &school, &council));
}
