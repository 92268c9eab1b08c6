//! Whom the NHS is told of: children on a plan, born or not, and looked after, by rule, and on record before it is told.

use std::sync::Arc;
use std::time::Duration;

use projection::protection::{Telling, Told, told};
use projection::serve::protection::ProtectionService;
use proto::admin::protection_server::Protection as _;
use proto::admin::{LeftOut, ListProtectedRequest, left_out::Reason, protection_row::Plan};
use proto::events::{self as e, Subject};
use proto::sharing as s;
use tonic::{Code, Request};

use crate::harness;
use harness::sayings::*;
use harness::service::{Papers, serve};
use harness::{House, Saying, TODAY, now_us};

const REGISTER: &str = "ods-x26";
const YEARLY: &str = "social-care-cin-census";
/// Never issued, and its last digit checks.
const NUMBERS: [&str; 3] = ["9991110003", "9991110011", "9991110038"];

fn plan(local: &Subject) -> Saying {
    let on = day(2025, 6, 1);
    saying(COUNCIL, local, "plan", on, e::ProtectionPlanStarted { start_on: Some(on), ..Default::default() })
}

fn in_care(local: &Subject, status: &str) -> Saying {
    let on = day(2025, 7, 1);
    let started = e::LookedAfterPeriodStarted { start_on: Some(on), legal_status: coded(status), ..Default::default() };
    saying(COUNCIL, local, "care", on, started)
}

fn telling(house: &House) -> Telling {
    let registry_generation = house.progress.borrow().registry_generation;
    Telling { authority: COUNCIL.into(), recipient: REGISTER.into(), on: TODAY, at_us: now_us(), registry_generation }
}

fn told_of(house: &House) -> Told {
    told(&house.discloser, &telling(house)).unwrap()
}

fn rows(told: &Told) -> Vec<(String, Plan)> {
    told.rows.iter().map(|row| (row.nhs_number.clone(), row.plan())).collect()
}

fn reasons(left_out: &[LeftOut]) -> Vec<(String, Reason)> {
    left_out.iter().map(|left| (left.reference.clone(), left.reason())).collect()
}

/// The council and the register, with an agreement between them and nobody else.
async fn house() -> House {
    let house = House::new().await;
    house
        .record(vec![
            organisation(COUNCIL, s::Sector::SocialCare),
            organisation(REGISTER, s::Sector::Health),
            organisation(HOSPITAL, s::Sector::Health),
            agreement(&[COUNCIL, REGISTER]),
            read_whole(COUNCIL, CIN, 4_000_000_000),
        ])
        .await;
    house
}

#[tokio::test]
async fn each_plan_and_time_in_care_is_told_by_nhs_number() {
    let mut house = house().await;
    let [one, two, three, four, five] = ["C1", "C2", "C3", "C4", "C5"].map(council_child);
    house.say(CIN, [described(COUNCIL, &one, &[nhs(NUMBERS[0])]), plan(&one)]).await;
    // The number is the hospital's word, for a child whom a person linked.
    let patient = hospital_person("H2");
    house.say(CIN, [described(COUNCIL, &two, &[]), in_care(&two, "C1")]).await;
    house.say(HL7, [described(HOSPITAL, &patient, &[nhs(NUMBERS[1])])]).await;
    house.record(vec![linked(&two, &patient)]).await;
    // Not born yet: the mother's number, and no birth.
    let expected = e::PersonDescribed { expected_birth_on: Some(day(2026, 3, 1)), ..Default::default() };
    let mother = e::RelationshipRecorded {
        relationship: Some(e::Coded { code: "MTH".into(), ..Default::default() }),
        kind: Some(e::relationship_recorded::Kind::Parent.into()),
        related: Some(nhs(NUMBERS[2])),
        ..Default::default()
    };
    let unborn = [
        saying(COUNCIL, &three, "person", day(2025, 10, 1), expected),
        saying(COUNCIL, &three, "mother", day(2025, 10, 1), mother),
        plan(&three),
    ];
    house.say(CIN, unborn).await;
    // No number anywhere; and a short break.
    house.say(CIN, [described(COUNCIL, &four, &[]), plan(&four)]).await;
    house.say(CIN, [described(COUNCIL, &five, &[nhs("9991110046")]), in_care(&five, "V4")]).await;
    house.catch_up().await;

    let told = told_of(&house);
    let expected = [
        (NUMBERS[0], Plan::ChildProtection),
        (NUMBERS[1], Plan::LookedAfter),
        (NUMBERS[2], Plan::UnbornChildProtection),
    ];
    assert_eq!(rows(&told), expected.map(|(number, plan)| (number.to_owned(), plan)));
    assert!(told.rows[0].birth_on.is_some() && told.rows[2].birth_on.is_none());
    let left: Vec<_> = [("LA_CHILD_ID:878:C4", Reason::NhsNumberMissing), ("LA_CHILD_ID:878:C5", Reason::LegalStatus)]
        .map(|(reference, reason)| (reference.to_owned(), reason))
        .into();
    assert_eq!(reasons(&told.left_out), left);
    assert_eq!((told.in_scope, told.matched), (4, 3));
}

#[tokio::test]
async fn a_yearly_return_tells_the_nhs_nothing() {
    let mut house = house().await;
    let child = council_child("C1");
    house.say(YEARLY, [described(COUNCIL, &child, &[nhs(NUMBERS[0])]), plan(&child)]).await;
    house.catch_up().await;
    let told = told_of(&house);
    assert!(told.rows.is_empty() && told.left_out.is_empty(), "it has no end, and would stand for ever");
}

#[tokio::test]
async fn the_rules_decide_and_say_so() {
    let mut house = house().await;
    let children = ["C1", "C2"].map(council_child);
    for (child, number) in children.iter().zip(NUMBERS) {
        house.say(CIN, [described(COUNCIL, child, &[nhs(number)]), plan(child)]).await;
    }
    house.record(vec![restriction(&children[1], "order", s::restriction::Kind::Court)]).await;
    house.catch_up().await;
    let told = told_of(&house);
    assert_eq!(rows(&told), [(NUMBERS[0].to_owned(), Plan::ChildProtection)]);
    assert_eq!(reasons(&told.left_out), [("LA_CHILD_ID:878:C2".to_owned(), Reason::NotByRule)]);
    // Whoever has no agreement is told of nobody.
    let other = Telling { recipient: HOSPITAL.into(), ..telling(&house) };
    let told = projection::protection::told(&house.discloser, &other).unwrap();
    assert!(told.rows.is_empty());
    assert_eq!(told.left_out.len(), 2);
}

#[tokio::test]
async fn what_differs_between_sources_is_left_for_a_person() {
    let mut house = house().await;
    let (child, patient) = (council_child("C1"), hospital_person("H1"));
    house.say(CIN, [described(COUNCIL, &child, &[nhs(NUMBERS[0])]), plan(&child)]).await;
    house.say(HL7, [described(HOSPITAL, &patient, &[nhs(NUMBERS[1])])]).await;
    house.record(vec![linked(&child, &patient)]).await;
    house.catch_up().await;
    assert_eq!(reasons(&told_of(&house).left_out), [("LA_CHILD_ID:878:C1".to_owned(), Reason::NhsNumbersDiffer)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_child_who_is_told_of_is_on_record_first() {
    let mut house = house().await;
    let child = council_child("C1");
    house.say(CIN, [described(COUNCIL, &child, &[nhs(NUMBERS[0])]), plan(&child)]).await;
    house.say(CIN, [described(COUNCIL, &council_child("C2"), &[]), plan(&council_child("C2"))]).await;
    house.catch_up().await;
    let serving = serve(&house, Papers::new(), Duration::from_secs(3_600)).await;
    let service = ProtectionService {
        discloser: Arc::clone(&house.discloser),
        recorder: Arc::clone(&house.recorder),
        rules: serving.operator.rules.clone(),
        progress: house.progress.clone(),
    };
    let ask = |authority: &str| ListProtectedRequest { authority: authority.into(), recipient: REGISTER.into() };
    let refused = service.list_protected(Request::new(ask(""))).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let refused = service.list_protected(Request::new(ask(COUNCIL))).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition, "nobody is told before two people approved the rules");
    let hash = *house.discloser.engine.policy_hash();
    for person in ["approver-1", "approver-2"] {
        house.commands.approve_policy(&hash, person, now_us(), day(2026, 1, 1)).await.unwrap();
    }
    house.settle(&serving).await;
    let before = house.disclosures().await.len();
    let answer = service.list_protected(Request::new(ask(COUNCIL))).await.unwrap().into_inner();
    assert_eq!((answer.rows.len(), answer.left_out.len()), (1, 1));
    let recorded = house.disclosures().await.split_off(before);
    let to_the_register: Vec<_> = recorded.iter().filter(|one| one.organisation == REGISTER).collect();
    assert_eq!((recorded.len(), to_the_register.len()), (2, 1), "the operator's look, and the child who is told of");
    let record = to_the_register[0];
    assert_eq!((record.purpose(), record.call()), (s::Purpose::ChildProtection, s::Call::TellRegister));
    assert!(record.subjects.contains(&house.pseudonyms.of(&child).0.to_vec()));
    assert_eq!(record.entries_released, 1);
}
