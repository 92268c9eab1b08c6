//! A view that was kept is never another than the one that would be made: for every reader, part and purpose, after every kind
//! of change. Everything said is invented.

use crate::harness;

use std::collections::BTreeSet;

use event_log::Topic;
use event_log::seal::decode_key_record;
use harness::sayings::*;
use harness::{HUB_CONTACT, House, Saying, TODAY, staff};
use projection::child::Children;
use projection::disclose::{Ask, Discloser};
use projection::registry::Registries;
use projection::serve::caller::Caller;
use prost::Message as _;
use proto::events::event::Kind;
use proto::sharing as s;
use proto::sharing::consent_recorded::State;
use sharing::{Category, DecisionCache, Purpose, RoleGroup};

fn readers() -> Vec<Caller> {
    let safeguarding = [RoleGroup::Safeguarding, RoleGroup::CaseHolding];
    vec![
        staff(SCHOOL, &[RoleGroup::SchoolPastoral]),
        staff(SCHOOL, &safeguarding),
        staff(COUNCIL, &safeguarding),
        // Of one organisation and one role, and another person: shown the same.
        Caller { person: "somebody.else".to_owned(), ..staff(COUNCIL, &safeguarding) },
        Caller { trained: false, ..staff(COUNCIL, &safeguarding) },
        staff(HOSPITAL, &[RoleGroup::Clinical]),
        staff("nobody-recorded", &[RoleGroup::Clinical]),
    ]
}

/// The parts of a timeline that somebody may ask for.
fn parts(ask: &Ask) -> Vec<Ask> {
    vec![
        ask.clone(),
        Ask { page_size: 2, skip: 2, ..ask.clone() },
        Ask { from_day: Some(19_000), ..ask.clone() },
        Ask { categories: vec![Category::Attendance], ..ask.clone() },
        Ask { valid_on: TODAY.yesterday().unwrap(), ..ask.clone() },
    ]
}

/// Another over the same store.
fn another(house: &House) -> Discloser {
    Discloser {
        children: Children::new(house.store.clone(), house.projector.clone()),
        engine: std::sync::Arc::clone(&house.discloser.engine),
        cache: DecisionCache::new(10_000),
        registries: Registries::new(house.store.clone(), house.projector.clone()),
        hub_contact: HUB_CONTACT.to_owned(),
    }
}

/// What is shown, and what is put on record of it, but for what differs each time.
async fn shown(house: &House, by: &Discloser, ask: &Ask) -> Vec<u8> {
    let view = by.decide(ask).unwrap().record(&house.recorder).await.unwrap().release();
    let counts = (view.entries() as u64, view.lines() as u64, view.next_skip() as u64);
    let mut answer = view.into_answer(vec![0; 64]).message().unwrap();
    answer.decision_id.clear();
    let mut bytes = answer.encode_to_vec();
    bytes.extend([counts.0, counts.1, counts.2].iter().flat_map(|n| n.to_be_bytes()));
    bytes
}

/// Everybody asks for every part, twice. Gives how many different things were shown, and how often what is shown was at hand.
async fn hold(house: &House, after: &str) -> (BTreeSet<Vec<u8>>, usize) {
    let (mut different, mut at_hand) = (BTreeSet::new(), 0);
    let mut fresh = another(house);
    for child in [pupil("1"), pupil("nobody")] {
        for caller in &readers() {
            let purpose =
                if caller.organisation == SCHOOL { Purpose::EducationProvision } else { Purpose::ChildProtection };
            for ask in parts(&house.ask(caller, &child, purpose)) {
                fresh.children = Children::new(house.store.clone(), house.projector.clone());
                let made = shown(house, &fresh, &ask).await;
                for _ in 0..2 {
                    at_hand += usize::from(house.discloser.is_at_hand(&ask));
                    assert!(shown(house, &house.discloser, &ask).await == made, "after {after}: {ask:?}");
                }
                different.insert(made);
            }
        }
    }
    (different, at_hand)
}

#[tokio::test]
async fn whatever_changes_a_kept_view_is_the_one_that_would_be_made() {
    let mut house = House::new().await;
    let (school, council) = (pupil("1"), council_child("2"));
    hold(&house, "nothing").await;
    house.record(organisations()).await;
    house
        .say(
            CENSUS,
            [described(SCHOOL, &school, &[upn(UPN)]), enrolled(SCHOOL, &school)]
                .into_iter()
                .chain((2021..2025).map(|year| attended(&school, year))),
        )
        .await;
    house.say(CIN, [described(COUNCIL, &council, &[upn(UPN)]), referred(&council)]).await;
    house.catch_up().await;
    let (before, at_hand) = hold(&house, "the first records").await;
    assert!(before.len() > 6, "{} different views", before.len());
    assert!(at_hand > 20, "at hand {at_hand} times");

    let steps: Vec<(&str, Vec<proto::admin::Fact>)> = vec![
        ("an agreement", vec![agreement(&[SCHOOL, COUNCIL])]),
        ("a consent", vec![consent(&council, "c1", State::Given, day(2024, 1, 1))]),
        ("its withdrawal", vec![consent(&council, "c1", State::Withdrawn, day(2024, 1, 2))]),
        ("a protected address", vec![restriction(&school, "r1", s::restriction::Kind::ProtectedAddress)]),
        ("another contact", vec![another_contact()]),
        ("an unlinking", vec![unlinked(&school, &council)]),
    ];
    for (what, facts) in steps {
        house.record(facts).await;
        house.catch_up().await;
        hold(&house, what).await;
    }
    house.say(CENSUS, [Saying { version: 2, ..attended(&school, 2024) }, attended(&school, 2025)]).await;
    house.catch_up().await;
    hold(&house, "a correction and one more").await;
    let keys = house.records(&[Topic::Keys]).await;
    let pseudonym = house.pseudonyms.of(&school);
    let mut keys = keys.iter().map(|record| decode_key_record(record).unwrap());
    let key = keys.find(|key| key.subject == pseudonym.0).unwrap();
    let destroyed = event_log::seal::destruction(&house.wrapping, &key).unwrap();
    house.projector.keyring.absorb(&proto::keys::KeyRecord::decode(destroyed.value).unwrap()).unwrap();
    hold(&house, "an erasure").await;
}

fn another_contact() -> proto::admin::Fact {
    let mut fact = organisations().remove(0);
    if let Some(Kind::OrganisationRecorded(organisation)) = fact.event.as_mut().and_then(|event| event.kind.as_mut()) {
        organisation.contact = Some("another desk, invented".to_owned());
    }
    fact
}
