//! The rules are approved by two people before they decide for anybody, and the log keeps them.

use crate::harness;

use std::sync::Arc;
use std::time::Duration;

use harness::sayings::*;
use harness::service::{Papers, reason, serve};
use harness::*;
use prost::Message;
use proto::sharing as s;
use proto::timeline::GetTimelineRequest;
use sharing::Engine;
use sharing::policies::parts;
use tonic_health::pb::health_check_response::ServingStatus;

const LAG: Duration = Duration::from_secs(3_600);

/// What is recorded, folded as the service folds it.
fn in_force(house: &House) -> (usize, bool) {
    let registry = house.discloser.registries.current(house.progress.borrow().registry_generation).unwrap();
    let hash = house.discloser.engine.policy_hash();
    let policies = registry.policies();
    (policies.approved_by(hash, HUB).count(), policies.in_force(hash, HUB))
}

#[tokio::test]
async fn one_persons_approval_twice_is_one_and_two_peoples_are_two() {
    let mut house = House::new().await;
    let day = day(2026, 1, 15);
    let hash = *house.discloser.engine.policy_hash();
    for (person, expected) in
        [("first", (1, false)), ("first", (1, false)), ("second", (2, true)), ("third", (3, true))]
    {
        house.commands.approve_policy(&hash, person, now_us(), day).await.unwrap();
        house.commands.approve_policy(&[7; 32], person, now_us(), day).await.unwrap();
        house.catch_up().await;
        assert_eq!(in_force(&house), expected, "{person}");
    }
}

#[tokio::test]
async fn nobody_approves_by_the_operators_socket() {
    let house = House::new().await;
    let hub = subject(proto::events::Scheme::Organisation, "throughline", HUB);
    let hash = Some(house.discloser.engine.policy_hash().to_vec());
    let approved = s::PolicyApproved { policy_hash: hash, approved_by: Some("somebody".into()) };
    let fact = proto::admin::Fact { subject: Some(hub), event: Some(approved.into()), ..Default::default() };
    let refused = house.commands.record(vec![fact], now_us(), day(2026, 1, 15)).await.unwrap_err().to_string();
    assert!(refused.contains("throughline sharing approve"), "{refused}");
}

#[test]
fn a_set_of_rules_is_read_again_from_its_parts_and_has_its_hash() {
    let engine = Engine::load().unwrap();
    let kept = parts(engine.policy_hash(), engine.rule_set(), 5_000);
    assert!(kept.len() > 5, "{} parts", kept.len());
    let bytes: Vec<u8> = kept.iter().flat_map(|part| part.content().to_vec()).collect();
    let set = s::RuleSet::decode(bytes.as_slice()).unwrap();
    let again = Engine::from_stored(set.clone()).unwrap();
    assert_eq!(again.policy_hash(), engine.policy_hash());
    assert!(again.evaluates_as_then());
    let older = s::RuleSet { engine_version: "4.0.0".into(), ..set.clone() };
    let older = Engine::from_stored(older).unwrap();
    assert!(!older.evaluates_as_then());
    assert_ne!(older.policy_hash(), engine.policy_hash(), "the engine is part of the name");
    // A schema of before an attribute was added: what came later is not passed to it, and it decides.
    let line = set.schema.lines().find(|line| line.contains("dutyToShareInForce")).unwrap().to_owned();
    let before = set.schema.replace(&line, "").replace("standings: Set<Standing>, ", "standings: Set<Standing> ");
    let rules = set.rules.replace("context.dutyToShareInForce", "true");
    let before = s::RuleSet { schema: before, rules, ..set };
    assert!(Engine::from_stored(before).is_ok());
}

#[tokio::test]
async fn a_service_whose_rules_are_not_approved_refuses_until_two_people_of_the_hub_approve_them() {
    let mut house = House::new().await;
    let papers = Arc::new(Papers::new());
    // Past the harness, which approves for whoever can sign in.
    let organisations = [organisation(SCHOOL, s::Sector::Education), organisation(HUB, s::Sector::Oversight)];
    let organisations = organisations.into_iter().map(|organisation| papers.of(organisation)).collect();
    house.commands.record(organisations, now_us(), day(2026, 1, 15)).await.unwrap();
    house.catch_up().await;
    let serving = serve(&house, Arc::clone(&papers), LAG).await;
    let mut reader = serving.reader(SCHOOL, "teacher", &["school_pastoral"]).await;
    let mut health = serving.health(SCHOOL).await;
    let mut told = async |wanted: ServingStatus| {
        let until_told = async { while health.message().await.unwrap().unwrap().status() != wanted {} };
        tokio::time::timeout(LAG.min(Duration::from_secs(20)), until_told).await.unwrap();
    };
    told(ServingStatus::NotServing).await;
    let policy_hash = house.discloser.engine.policy_hash().to_vec();
    const GOVERNS: &str = "information_governance";
    for (organisation, person, role, expected, refused) in [
        (SCHOOL, "head", GOVERNS, Err("NOT_YOURS_TO_APPROVE"), true),
        (HUB, "reviewer-1", "identity_reviewer", Err("NOT_YOURS_TO_APPROVE"), true),
        (HUB, "approver-1", GOVERNS, Ok(1), true),
        (HUB, "approver-1", GOVERNS, Ok(1), true),
        (HUB, "approver-2", GOVERNS, Ok(2), false),
    ] {
        let mut approver = serving.approver(organisation, person, &[role]).await;
        let mut answer = Box::pin(approver.approve(&policy_hash));
        let answer = loop {
            tokio::select! {
                biased;
                answer = &mut answer => break answer,
                () = house.settle(&serving) => tokio::task::yield_now().await,
            }
        };
        let answer = answer.map_err(|status| reason(&status));
        assert_eq!(answer, expected.map_err(str::to_owned), "{person}");
        let request = GetTimelineRequest {
            child: Some(pupil("P1")),
            purpose: s::Purpose::EducationProvision.into(),
            ..GetTimelineRequest::default()
        };
        let read = reader.get(&request).await;
        assert_eq!(read.err(), refused.then(|| "POLICY_NOT_APPROVED".to_owned()), "{person}");
    }
    told(ServingStatus::Serving).await;
    let mut approver = serving.approver(HUB, "approver-1", &[GOVERNS]).await;
    let known = approver.policies().await.unwrap();
    assert_eq!((known.running, known.policies.len(), known.policies[0].in_force), (policy_hash, 1, true));
    let calls: Vec<_> = house.disclosures().await.iter().map(|record| record.call()).collect();
    assert_eq!(
        calls.iter().filter(|call| **call == s::Call::ApprovePolicy).count(),
        5,
        "each call is on record: {calls:?}"
    );
}
