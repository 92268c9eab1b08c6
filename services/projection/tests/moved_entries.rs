//! A source that replaces one of its numbers, or moves a visit to whose it is, has its entries read where they now belong; and
//! where they were, once that is taken back. HL7 v2 A40, A37, A42, A45, A50. Invariants 3 and 8.

use crate::harness;

use harness::sayings::*;
use harness::{House, Saying, now_us};
use projection::child::{Child, is_shown};
use proptest::prelude::*;
use proto::events::{self as e, Cause, Scheme, Subject, event::Kind};

/// A statement under a key as a feed makes it: issuer and value of the person, then what it is of.
fn of_feed(subject: &Subject, key: &str, version: u64, event: impl Into<e::Event>) -> Saying {
    let record_key = format!("{}/{}/{key}", subject.issuer, subject.value);
    Saying { record_key, version, ..saying(HOSPITAL, subject, "", day(2024, 5, 6), event) }
}

fn person(subject: &Subject, version: u64) -> Saying {
    of_feed(subject, "person", version, e::PersonDescribed { birth_on: Some(day(2014, 3, 4)), ..Default::default() })
}

fn admitted(subject: &Subject, visit: &str, version: u64) -> Saying {
    let event = e::AdmissionStarted { place: Some(format!("ward of {visit}")), ..Default::default() };
    of_feed(subject, &format!("visit/{visit}/admission"), version, event)
}

fn discharged(subject: &Subject, visit: &str, version: u64) -> Saying {
    let event = e::AdmissionEnded { discharged_to: Some(visit.to_owned()), ..Default::default() };
    of_feed(subject, &format!("visit/{visit}/discharge"), version, event)
}

fn taken_back(subject: &Subject, key: &str, version: u64) -> Saying {
    Saying { cause: Cause::Retracted, ..of_feed(subject, key, version, e::EntryRetracted::default()) }
}

fn superseded(gone: &Subject, stands: &Subject, version: u64) -> Saying {
    let event = e::IdentifierSuperseded { superseded: Some(gone.clone()), ..Default::default() };
    of_feed(stands, &format!("supersedes/{}/{}", gone.issuer, gone.value), version, event)
}

/// A37 of the two.
fn unlinked(gone: &Subject, stands: &Subject, version: u64) -> Saying {
    taken_back(stands, &format!("supersedes/{}/{}", gone.issuer, gone.value), version)
}

fn reassigned(from: (&Subject, &str), to: (&Subject, &str), version: u64) -> Saying {
    let key = |(subject, visit): (&Subject, &str)| format!("{}/{}/visit/{visit}", subject.issuer, subject.value);
    let event = e::EntryReassigned { from: Some(from.0.clone()), from_key: Some(key(from)), to_key: Some(key(to)) };
    of_feed(to.0, &format!("reassigned/{}", key(from)), version, event)
}

/// What a reader could be given, and under which number it stands.
fn visits(child: &Child) -> Vec<String> {
    let mut told: Vec<String> = child
        .entries
        .iter()
        .filter(|entry| is_shown(&entry.event))
        .filter_map(|entry| match &entry.event.kind {
            Some(Kind::AdmissionStarted(admission)) => Some(format!("admitted: {}", admission.place())),
            Some(Kind::AdmissionEnded(ended)) => Some(format!("discharged: {}", ended.discharged_to())),
            _ => None,
        })
        .collect();
    told.sort();
    told
}

fn whole(child: &Child) -> String {
    format!("{:?}", child.entries.iter().filter(|entry| is_shown(&entry.event)).collect::<Vec<_>>())
}

fn numbers() -> (Subject, Subject, Subject) {
    (hospital_person("H1"), hospital_person("H2"), hospital_person("H3"))
}

#[tokio::test]
async fn a_discharge_said_under_the_number_that_went_is_cancelled_under_the_one_that_stands() {
    let (old, new, _) = numbers();
    let mut house = House::new().await;
    house.say(HL7, [person(&old, 1), admitted(&old, "V1", 1), discharged(&old, "V1", 2), person(&new, 1)]).await;
    house.say(HL7, [superseded(&old, &new, 3)]).await;
    house.catch_up().await;
    let before = now_us();
    assert_eq!(visits(&house.child(&new, None)), ["admitted: ward of V1", "discharged: V1"]);
    // A13 under the surviving number, then a late discharge under the old one: each reaches the same entry.
    house.say(HL7, [taken_back(&new, "visit/V1/discharge", 4)]).await;
    house.catch_up().await;
    for asked in [&old, &new] {
        let child = house.child(asked, None);
        assert_eq!(visits(&child), ["admitted: ward of V1"]);
        // What the rules read is read from the same statements.
        let told: Vec<_> = child.said.iter().filter(|(_, said)| said.body.record_key.contains("/visit/")).collect();
        assert!(told.iter().all(|(_, said)| said.subject == house.pseudonyms.of(&new).0));
        assert!(told.iter().all(|(_, said)| said.body.subject.as_ref() == Some(&new)));
    }
    assert_eq!(visits(&house.child(&new, Some(before))).len(), 2, "as it was known then");
    house.say(HL7, [discharged(&old, "V1", 5)]).await;
    house.catch_up().await;
    assert_eq!(visits(&house.child(&new, None)), ["admitted: ward of V1", "discharged: V1"]);
}

#[tokio::test]
async fn a_second_hospitals_merge_reaches_the_child_that_the_first_describes() {
    let (ours, _, _) = numbers();
    let [theirs, gone] = ["B1", "B2"].map(|value| subject(Scheme::ProviderPerson, "RH8/B", value));
    let mut house = House::new().await;
    let described =
        Saying { record_key: "RH8/H1/person".to_owned(), ..described(HOSPITAL, &ours, std::slice::from_ref(&theirs)) };
    house.say(HL7, [described, person(&gone, 1), admitted(&gone, "V1", 1)]).await;
    house.catch_up().await;
    assert_eq!(visits(&house.child(&ours, None)).len(), 0);
    house.say(HL7, [superseded(&gone, &theirs, 2)]).await;
    house.catch_up().await;
    for asked in [&ours, &theirs, &gone] {
        assert_eq!(visits(&house.child(asked, None)), ["admitted: ward of V1"]);
    }
}

#[tokio::test]
async fn a_wrong_merge_is_put_right_by_saying_whose_the_number_is_or_that_the_two_are_not_one() {
    let (gone, first, second) = numbers();
    let mut house = House::new().await;
    for subject in [&gone, &first, &second] {
        house.say(HL7, [person(subject, 1), admitted(subject, &subject.value, 1)]).await;
    }
    house.catch_up().await;
    let apart: Vec<String> =
        [&gone, &first, &second].map(|subject| whole(&house.child(subject, None))).into_iter().collect();
    house.say(HL7, [superseded(&gone, &first, 2)]).await;
    house.catch_up().await;
    assert_eq!(visits(&house.child(&first, None)).len(), 2);
    // The same number went to another after all.
    house.say(HL7, [superseded(&gone, &second, 3)]).await;
    house.catch_up().await;
    assert_eq!(whole(&house.child(&first, None)), apart[1]);
    assert_eq!(visits(&house.child(&second, None)).len(), 2);
    // And then to nobody.
    house.say(HL7, [unlinked(&gone, &second, 4)]).await;
    house.catch_up().await;
    let after: Vec<String> =
        [&gone, &first, &second].map(|subject| whole(&house.child(subject, None))).into_iter().collect();
    // The first merge is not taken back by an unlinking of another pair, and stands again.
    assert_eq!(after[2], apart[2]);
    house.say(HL7, [unlinked(&gone, &first, 5)]).await;
    house.catch_up().await;
    let after: Vec<String> =
        [&gone, &first, &second].map(|subject| whole(&house.child(subject, None))).into_iter().collect();
    assert_eq!(after, apart);
}

#[tokio::test]
async fn a_visit_moves_to_whose_it_is_and_back() {
    let (wrong, right, other) = numbers();
    let mut house = House::new().await;
    for subject in [&wrong, &right, &other] {
        house.say(HL7, [person(subject, 1)]).await;
    }
    house.say(HL7, [admitted(&wrong, "V1", 1), admitted(&wrong, "V2", 1), admitted(&right, "V9", 1)]).await;
    house.catch_up().await;
    let before = [&wrong, &right].map(|subject| whole(&house.child(subject, None)));
    house.say(HL7, [reassigned((&wrong, "V1"), (&right, "V7"), 2)]).await;
    // Said of the visit where it now is, and cancelled there.
    house.say(HL7, [discharged(&right, "V7", 3)]).await;
    house.catch_up().await;
    assert_eq!(visits(&house.child(&wrong, None)), ["admitted: ward of V2"]);
    assert_eq!(visits(&house.child(&right, None)), ["admitted: ward of V1", "admitted: ward of V9", "discharged: V7"]);
    assert!(
        !house.child(&right, None).resolution.subjects.contains(&house.pseudonyms.of(&wrong).0),
        "nobody is linked"
    );
    assert_eq!(visits(&house.child(&other, None)), [""; 0]);
    house.say(HL7, [taken_back(&right, "visit/V7/admission", 4), taken_back(&right, "visit/V7/discharge", 4)]).await;
    house.catch_up().await;
    assert_eq!(visits(&house.child(&right, None)), ["admitted: ward of V9"]);
    assert_eq!(visits(&house.child(&wrong, None)), ["admitted: ward of V2"]);
    // The visit is the first one's again, and was never cancelled there.
    house.say(HL7, [taken_back(&right, &format!("reassigned/{}/{}/visit/V1", wrong.issuer, wrong.value), 5)]).await;
    house.catch_up().await;
    assert_eq!([&wrong, &right].map(|subject| whole(&house.child(subject, None))), before);
}

#[tokio::test]
async fn two_visits_that_are_one_have_one_admission() {
    let (child, ..) = numbers();
    let mut house = House::new().await;
    house.say(HL7, [person(&child, 1), admitted(&child, "V1", 1), admitted(&child, "V2", 2)]).await;
    house.say(HL7, [reassigned((&child, "V1"), (&child, "V2"), 3)]).await;
    house.catch_up().await;
    assert_eq!(visits(&house.child(&child, None)), ["admitted: ward of V2"]);
}

#[tokio::test]
async fn nobody_moves_what_another_said_and_nothing_moves_across_a_seal() {
    let (wrong, right, _) = numbers();
    let mut house = House::new().await;
    house.record(organisations()).await;
    house.say(HL7, [person(&wrong, 1), admitted(&wrong, "V1", 1), person(&right, 1)]).await;
    let council = council_child("C1");
    let theirs = e::EntryReassigned {
        from: Some(wrong.clone()),
        from_key: Some(format!("{}/{}/visit/V1", wrong.issuer, wrong.value)),
        to_key: Some("878/C1/visit/V1".into()),
    };
    house
        .say(CIN, [described(COUNCIL, &council, &[]), saying(COUNCIL, &council, "moved", day(2024, 1, 1), theirs)])
        .await;
    house.catch_up().await;
    assert_eq!(visits(&house.child(&council, None)), [""; 0]);
    assert_eq!(visits(&house.child(&wrong, None)), ["admitted: ward of V1"]);
    let sealed = vec![wrong.clone()];
    let seal = proto::admin::Fact { sealed, ..fact(&wrong, e::IdentitySealed::default()) };
    house.record(vec![seal]).await;
    house.say(HL7, [reassigned((&wrong, "V1"), (&right, "V1"), 2)]).await;
    house.catch_up().await;
    assert_eq!(visits(&house.child(&right, None)), [""; 0]);
    assert_eq!(visits(&house.child(&wrong, None)), ["admitted: ward of V1"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Messages come in any order, and some twice: the merge before the admission that it concerns, the cancellation before
    /// the merge.
    #[test]
    fn what_is_said_of_numbers_and_visits_may_come_in_any_order(order in Just((0..9).collect::<Vec<usize>>()).prop_shuffle()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let (old, new, other) = numbers();
            let mut house = House::new().await;
            let all = || [
                person(&old, 1),
                admitted(&old, "V1", 1),
                discharged(&old, "V1", 2),
                person(&new, 1),
                superseded(&old, &new, 3),
                taken_back(&new, "visit/V1/discharge", 4),
                person(&other, 1),
                admitted(&other, "V5", 1),
                reassigned((&other, "V5"), (&old, "V6"), 5),
            ];
            for at in order {
                let saying = all().into_iter().nth(at).unwrap();
                house.say(HL7, [saying]).await;
            }
            house.say(HL7, all().into_iter().take(2)).await;
            house.catch_up().await;
            for asked in [&old, &new] {
                assert_eq!(visits(&house.child(asked, None)), ["admitted: ward of V1", "admitted: ward of V5"]);
            }
            assert_eq!(visits(&house.child(&other, None)), [""; 0]);
        });
    }
}
