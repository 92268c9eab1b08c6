//! Children whom no identifier joins: linked by what records say, once parameters are adopted; kept apart where something says
//! so; and undone by one event. Everything is concluded when a child is read, so all of it is asked of reads.

use crate::harness;

use std::ops::ControlFlow;

use event_log::Partition;
use harness::linking::{Person, adopted, parameters, says};
use harness::sayings::*;
use harness::{House, now_us};
use identity::Withheld;
use identity::linker::Veto;
use projection::child::{Child, is_shown};
use projection::linking::{Linking, Preview, preview};
use projection::store::{Engine, Store, keys};
use proto::events::{self as e, Subject};
use proto::sharing::restriction;

const BORN: e::Date = e::Date { year: 2014, month: Some(3), day: Some(4), estimated: false };
const AMARA: Person = Person { given: "Amara", family: "Inventedson", born: BORN, sex: "F", postcode: "ZZ99 1AA" };

fn sources(child: &Child) -> Vec<&str> {
    let shown = child.entries.iter().filter(|entry| is_shown(&entry.event));
    let mut sources: Vec<&str> = shown.map(|entry| entry.controller.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    sources
}

/// What sources said, to the last byte.
fn timeline(child: &Child) -> String {
    let shown = child.entries.iter().filter(|entry| is_shown(&entry.event));
    format!("{:?}", shown.collect::<Vec<_>>())
}

fn whys(child: &Child) -> Vec<Withheld> {
    child.resolution.withheld.iter().map(|(_, _, why)| *why).collect()
}

/// The school and the hospital describe one child, and share no number.
async fn two_systems(engine: Engine) -> (House, Subject, Subject) {
    let (school, hospital) = (pupil("P1"), hospital_person("H1"));
    let mut house = House::on(engine, |log| log).await;
    house.record(organisations()).await;
    house.say(CENSUS, [says(SCHOOL, &school, &AMARA, &[upn(UPN)], 1), enrolled(SCHOOL, &school)]).await;
    house.say(HL7, [says(HOSPITAL, &hospital, &AMARA, &[], 1), emergency(&hospital)]).await;
    house.catch_up().await;
    house.link();
    (house, school, hospital)
}

async fn adopt(house: &mut House, surname_different: f64) {
    house.record(vec![adopted(parameters(surname_different))]).await;
    house.catch_up().await;
    house.link();
}

/// Rows of the linker's own tables.
fn edges(store: &Store) -> usize {
    let mut edges = 0;
    for shard in Partition::all() {
        store
            .read(shard.into(), |view| {
                view.scan_prefix(&keys::edges_all(shard), |_, _| {
                    edges += 1;
                    ControlFlow::Continue(())
                })
            })
            .unwrap();
    }
    edges
}

#[tokio::test]
async fn two_sources_without_a_shared_number_become_one_timeline_once_parameters_are_adopted() {
    for engine in [Engine::Fjall, Engine::Sled] {
        let (mut house, school, hospital) = two_systems(engine).await;
        assert_eq!(sources(&house.child(&school, None)), [SCHOOL], "exact identity only, until something is adopted");
        assert_eq!(edges(&house.store), 0);
        adopt(&mut house, 0.04).await;
        let whole = timeline(&house.child(&school, None));
        for asked in [&school, &hospital, &upn(UPN)] {
            let child = house.child(asked, None);
            assert_eq!(sources(&child), [HOSPITAL, SCHOOL]);
            assert_eq!(timeline(&child), whole, "by whichever number the child is asked for");
            assert!(child.resolution.withheld.is_empty());
        }
    }
}

#[tokio::test]
async fn unlinking_restores_both_exactly_and_no_new_description_links_them_again() {
    let (mut house, school, hospital) = two_systems(Engine::Fjall).await;
    let asked = [&school, &hospital];
    let before: Vec<String> = asked.iter().map(|asked| timeline(&house.child(asked, None))).collect();
    adopt(&mut house, 0.04).await;
    let linked_at = now_us();
    house.record(vec![unlinked(&hospital, &school)]).await;
    house.catch_up().await;
    let after = |house: &House| asked.map(|asked| timeline(&house.child(asked, None))).to_vec();
    assert_eq!(after(&house), before);
    house.link();
    // Both come again, with the address that they share: as probable as it can be.
    house.say(CENSUS, [says(SCHOOL, &school, &AMARA, &[], 2)]).await;
    house.say(HL7, [says(HOSPITAL, &hospital, &AMARA, &[], 2)]).await;
    house.catch_up().await;
    house.link();
    for asked in asked {
        let child = house.child(asked, None);
        assert_eq!(sources(&child).len(), 1);
        assert_eq!(whys(&child), [Withheld::Unlinked]);
        assert_eq!(sources(&house.child(asked, Some(linked_at))), [HOSPITAL, SCHOOL], "as it was believed then");
    }
    house.record(vec![linked(&school, &hospital)]).await;
    house.catch_up().await;
    assert_eq!(sources(&house.child(&school, None)), [HOSPITAL, SCHOOL], "a person's last word stands");
}

#[tokio::test]
async fn twins_stay_apart_and_wait_for_a_person() {
    let (mut house, school, hospital) = two_systems(Engine::Fjall).await;
    let (twin, council) = (hospital_person("H2"), council_child("C1"));
    let sister = Person { given: "Tomasina", ..AMARA };
    house.say(HL7, [says(HOSPITAL, &twin, &sister, &[], 1)]).await;
    // The council knows one of them, and has no given name.
    house
        .say(CIN, [says(COUNCIL, &council, &Person { given: "", sex: "U", ..AMARA }, &[], 1), referred(&council)])
        .await;
    house.catch_up().await;
    adopt(&mut house, 0.04).await;
    assert_eq!(sources(&house.child(&school, None)), [HOSPITAL, SCHOOL]);
    let child = house.child(&twin, None);
    assert_eq!(child.resolution.subjects.len(), 1);
    assert!(whys(&child).contains(&Withheld::Vetoed(Veto::Twins)), "{:?}", whys(&child));
    let child = house.child(&council, None);
    assert_eq!(sources(&child), [COUNCIL], "it may be either");
    assert!(whys(&child).contains(&Withheld::Many), "{:?}", whys(&child));
    let children = projection::child::Children::new(house.store.clone(), house.projector.clone());
    let mut queue = Vec::new();
    let mut after = None;
    loop {
        let page = children.edges_to_review(after, 1).unwrap();
        queue.extend(page.contested);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(queue, children.edges_to_review(None, 1_000).unwrap().contested, "page by page as at once");
    let of = |subject: &Subject| house.pseudonyms.of(subject).0;
    let waits = |one: &Subject, other: &Subject| {
        let pair = (of(one).min(of(other)), of(one).max(of(other)));
        queue.iter().find(|contested| contested.pair == pair).map(|contested| contested.why)
    };
    assert_eq!(waits(&school, &twin), Some(Withheld::Vetoed(Veto::Twins)));
    assert_eq!(waits(&council, &school), Some(Withheld::Many));
    assert_eq!(waits(&council, &twin), Some(Withheld::Many));
    assert_eq!(waits(&school, &hospital), None);
    // A person says whose it is.
    house.record(vec![unlinked(&council, &twin)]).await;
    house.catch_up().await;
    assert_eq!(sources(&house.child(&council, None)), [COUNCIL, HOSPITAL, SCHOOL]);
}

/// Between the thresholds, and of a twin, a restriction binds who may be the child; nothing else of theirs is shown.
#[tokio::test]
async fn a_restriction_of_somebody_who_may_be_this_child_binds() {
    let (mut house, school, hospital) = two_systems(Engine::Fjall).await;
    let married = Person { family: "Otherwise", postcode: "", ..AMARA };
    house.say(HL7, [says(HOSPITAL, &hospital, &married, &[], 2)]).await;
    house.record(vec![restriction(&hospital, "r1", restriction::Kind::ProtectedAddress)]).await;
    house.catch_up().await;
    assert!(house.child(&school, None).cautions.is_empty());
    adopt(&mut house, 0.04).await;
    let child = house.child(&school, None);
    assert_eq!((sources(&child), whys(&child)), (vec![SCHOOL], vec![Withheld::Possible]));
    assert_eq!(child.cautions.len(), 1);
    // A person says that they are two: it no longer does.
    house.record(vec![unlinked(&school, &hospital)]).await;
    house.catch_up().await;
    assert!(house.child(&school, None).cautions.is_empty());
}

#[tokio::test]
async fn edges_follow_corrections_and_retractions_and_the_past_stays_as_it_was_believed() {
    let (mut house, school, hospital) = two_systems(Engine::Fjall).await;
    adopt(&mut house, 0.04).await;
    let first = now_us();
    // The hospital had the wrong person.
    let other =
        Person { given: "Zebedee", family: "Elsewhere", born: day(2009, 11, 30), sex: "M", postcode: "ZZ99 9ZZ" };
    house.say(HL7, [says(HOSPITAL, &hospital, &other, &[], 2)]).await;
    house.catch_up().await;
    assert_eq!(sources(&house.child(&school, None)), [SCHOOL], "before it is linked anew, already");
    house.link();
    assert_eq!(sources(&house.child(&school, None)), [SCHOOL]);
    assert_eq!(sources(&house.child(&school, Some(first))), [HOSPITAL, SCHOOL]);
    // And had it right at first.
    house.say(HL7, [says(HOSPITAL, &hospital, &AMARA, &[], 3)]).await;
    house.catch_up().await;
    house.link();
    let second = now_us();
    assert_eq!(sources(&house.child(&school, None)), [HOSPITAL, SCHOOL]);
    // The school takes its description back.
    let mut taken_back = says(SCHOOL, &school, &AMARA, &[], 2);
    taken_back.event = e::EntryRetracted::default().into();
    taken_back.cause = e::Cause::Retracted;
    house.say(CENSUS, [taken_back]).await;
    house.catch_up().await;
    house.link();
    assert_eq!(sources(&house.child(&school, None)), [SCHOOL]);
    assert_eq!(sources(&house.child(&school, Some(second))), [HOSPITAL, SCHOOL]);
    assert_eq!(sources(&house.child(&school, Some(first))), [HOSPITAL, SCHOOL]);
}

#[tokio::test]
async fn other_parameters_link_otherwise_from_when_they_are_adopted_and_not_before() {
    let (mut house, school, hospital) = two_systems(Engine::Fjall).await;
    house.say(HL7, [says(HOSPITAL, &hospital, &Person { family: "Otherwise", postcode: "", ..AMARA }, &[], 2)]).await;
    house.catch_up().await;
    let before = now_us();
    adopt(&mut house, 0.04).await;
    assert_eq!(whys(&house.child(&school, None)), [Withheld::Possible]);
    let cautious = now_us();
    let looser = identity::linker::Parameters::from_bytes(&parameters(0.4)).unwrap();
    let told = preview(&house.store, &house.projector, &looser, Default::default()).unwrap();
    assert_eq!((told.records, told.counts.links_gained, told.counts.links_lost, told.counts.for_review), (2, 1, 0, 0));
    let kept = preview(
        &house.store,
        &house.projector,
        &identity::linker::Parameters::from_bytes(&parameters(0.04)).unwrap(),
        Default::default(),
    );
    assert_eq!(kept.unwrap().counts.for_review, 1);
    // Adopted, and not yet linked by: readers are answered by the parameters before.
    house.record(vec![adopted(parameters(0.4))]).await;
    house.catch_up().await;
    assert_eq!(whys(&house.child(&school, None)), [Withheld::Possible]);
    house.link();
    assert_eq!(sources(&house.child(&school, None)), [HOSPITAL, SCHOOL]);
    assert_eq!(whys(&house.child(&school, Some(cautious))), [Withheld::Possible]);
    assert_eq!(whys(&house.child(&school, Some(before))), []);
    let told = preview(&house.store, &house.projector, &looser, Default::default()).unwrap();
    assert_eq!(
        told,
        Preview { records: 2, counts: projection::linking::Counts { links_kept: 1, ..Default::default() } }
    );
    // A store that is made again from the log believes of each time what this one does.
    let (store, _) = house.rebuilt(Engine::Sled).await;
    Linking::new(store.clone(), house.projector.clone()).catch_up().unwrap();
    let again = projection::child::Children::new(store.clone(), house.projector.clone());
    for at in [None, Some(cautious), Some(before)] {
        for asked in [&school, &hospital] {
            let child = again.read(house.pseudonyms.of(asked), at).unwrap();
            assert_eq!(child.resolution, house.child(asked, at).resolution);
        }
    }
    assert_eq!(store.state_hash().unwrap(), house.store.state_hash().unwrap());
    assert_eq!(store.linker_hash().unwrap(), house.store.linker_hash().unwrap());
}

/// No name, no birth date, no postcode.
#[tokio::test]
async fn edges_hold_nothing_of_what_anybody_said() {
    let (mut house, school, hospital) = two_systems(Engine::Fjall).await;
    adopt(&mut house, 0.04).await;
    let ids = [house.pseudonyms.of(&school), house.pseudonyms.of(&hospital)];
    for id in ids {
        house
            .store
            .read(id.partition().into(), |view| {
                view.scan_prefix(&keys::edges_of(id), |key, value| {
                    assert_eq!(
                        (key.len(), value.len()),
                        (50, 17),
                        "two pseudonyms, an event id, two numbers and a standing"
                    );
                    ControlFlow::Continue(())
                })
            })
            .unwrap();
    }
    assert_eq!(edges(&house.store), 2);
}

/// A child that is kept is what a read would give: through an adoption, its linking, new descriptions and decisions.
#[tokio::test]
async fn a_kept_child_is_never_another_than_a_read_gives() {
    let (mut house, school, hospital) = two_systems(Engine::Fjall).await;
    let children = projection::child::Children::new(house.store.clone(), house.projector.clone());
    let hold = |when: &str, at: &[i64]| {
        for asked in [&school, &hospital].map(house_of) {
            for known_at in at.iter().copied().map(Some).chain([None]) {
                let kept = children.read_kept(asked, known_at).unwrap();
                let read = children.read(asked, known_at).unwrap();
                assert_eq!(kept.resolution, read.resolution, "{when}");
                assert_eq!(timeline(&kept), timeline(&read), "{when}");
                assert_eq!(kept.cautions.len(), read.cautions.len(), "{when}");
            }
        }
    };
    let mut times = vec![now_us()];
    hold("before anything", &times);
    house.record(vec![adopted(parameters(0.04))]).await;
    house.catch_up().await;
    times.push(now_us());
    hold("adopted, and not linked", &times);
    house.link();
    hold("linked", &times);
    let married = Person { family: "Otherwise", postcode: "", ..AMARA };
    house.say(HL7, [says(HOSPITAL, &hospital, &married, &[], 2)]).await;
    house.record(vec![restriction(&hospital, "r1", restriction::Kind::ProtectedAddress)]).await;
    house.catch_up().await;
    times.push(now_us());
    hold("described anew, and not linked anew", &times);
    house.link();
    hold("linked anew", &times);
    adopt(&mut house, 0.4).await;
    times.push(now_us());
    hold("other parameters", &times);
    house.record(vec![unlinked(&school, &hospital)]).await;
    house.catch_up().await;
    hold("parted", &times);
}

/// As every house here names them.
fn house_of(subject: &Subject) -> event_log::Pseudonym {
    event_log::seal::PseudonymKey::from_bytes([7; 32]).of(subject)
}

/// A trust that gives a new number at each visit hides nobody: what is known of its patients stands, and likeness is left out.
#[tokio::test]
async fn more_who_are_alike_than_can_be_one_child_hide_nothing_that_is_known() {
    let mut house = House::new().await;
    let school = pupil("P1");
    house.say(CENSUS, [says(SCHOOL, &school, &AMARA, &[upn(UPN)], 1), enrolled(SCHOOL, &school)]).await;
    let council = council_child("C1");
    house.say(CIN, [says(COUNCIL, &council, &AMARA, &[upn(UPN)], 1), referred(&council)]).await;
    for n in 0..66 {
        let visit = subject(proto::events::Scheme::ProviderPerson, &format!("R{n}"), "1");
        house.say(HL7, [says(HOSPITAL, &visit, &AMARA, &[], 1)]).await;
    }
    house.catch_up().await;
    house.record(vec![adopted(harness::linking::parameters_with(0.04, 200))]).await;
    house.catch_up().await;
    house.link();
    assert_eq!(sources(&house.child(&school, None)), [COUNCIL, SCHOOL]);
}
