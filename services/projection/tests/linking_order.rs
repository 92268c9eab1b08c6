//! Whatever order descriptions come in, however often the linker stops and starts and wherever it was, what it keeps for itself
//! is what a store that is made from the log alone keeps; and readers are told the same.

use crate::harness;

use harness::linking::{Person, adopted, parameters_with, says};
use harness::sayings::*;
use harness::{House, Saying};
use projection::child::Children;
use projection::linking::{Linking, Turn};
use projection::store::{Engine, Store};
use proto::events::{self as e, Subject};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const GIVEN: [&str; 4] = ["Amara", "Tomasina", "Zebedee", ""];
const FAMILY: [&str; 3] = ["Inventedson", "Otherwise", "Elsewhere"];
const POSTCODES: [&str; 2] = ["ZZ99 1AA", "ZZ99 9ZZ"];

fn somebody(rng: &mut StdRng) -> Person {
    let of = |rng: &mut StdRng, names: &[&'static str]| names[rng.random_range(0..names.len())];
    Person {
        given: of(rng, &GIVEN),
        family: of(rng, &FAMILY),
        born: day(2014, rng.random_range(3..5), rng.random_range(4..6)),
        sex: of(rng, &["F", "M"]),
        postcode: of(rng, &POSTCODES),
    }
}

/// One source's subjects: who says it, and of whom.
fn subjects() -> Vec<(&'static str, &'static str, Subject)> {
    let school = (0..5).map(|n| (CENSUS, SCHOOL, pupil(&format!("P{n}"))));
    let hospital = (0..5).map(|n| (HL7, HOSPITAL, hospital_person(&format!("H{n}"))));
    let council = (0..4).map(|n| (CIN, COUNCIL, council_child(&format!("C{n}"))));
    school.chain(hospital).chain(council).collect()
}

fn said(rng: &mut StdRng, controller: &str, subject: &Subject, version: u64) -> Saying {
    let mut saying = says(controller, subject, &somebody(rng), &[], version);
    if rng.random_range(0..8) == 0 {
        saying.event = e::EntryRetracted::default().into();
        saying.cause = e::Cause::Retracted;
    }
    saying
}

/// A turn or a few, by a linker that knows nothing of what the one before it did.
fn links_a_little(rng: &mut StdRng, house: &House) {
    let mut linking = Linking::new(house.store.clone(), house.projector.clone());
    for _ in 0..rng.random_range(0..12) {
        if linking.turn().unwrap() == Turn::Idle {
            break;
        }
    }
}

fn told(store: &Store, house: &House) -> Vec<String> {
    let children = Children::new(store.clone(), house.projector.clone());
    let read = |subject: &Subject| children.read(house.pseudonyms.of(subject), None).unwrap().resolution;
    subjects().iter().map(|(_, _, subject)| format!("{:?}", read(subject))).collect()
}

#[tokio::test]
async fn the_same_is_linked_in_whatever_order_and_wherever_the_linker_was_stopped() {
    let mut edges = 0;
    for seed in 0..7 {
        let engine = if seed % 2 == 0 { Engine::Fjall } else { Engine::Sled };
        let rng = &mut StdRng::seed_from_u64(seed);
        let mut house = House::on(engine, |log| log).await;
        // One linker lives on; others come and go between its turns, as after a crash. Not at once: a store has one.
        let lives_on = rng.random_range(0..2) == 0;
        let mut linking = Linking::new(house.store.clone(), house.projector.clone());
        let block = rng.random_range(2..6);
        for round in 1..=4 {
            if round == 2 {
                house.record(vec![adopted(parameters_with(0.04, block))]).await;
            }
            if round == 4 {
                house.record(vec![adopted(parameters_with(0.4, block))]).await;
            }
            for (source, controller, subject) in subjects() {
                if rng.random_range(0..3) > 0 {
                    let saying = said(rng, controller, &subject, round);
                    house.say(source, [saying]).await;
                }
            }
            house.catch_up().await;
            if lives_on {
                (0..rng.random_range(0..9)).for_each(|_| assert!(linking.turn().is_ok()));
            } else {
                links_a_little(rng, &house);
            }
        }
        if !lives_on {
            linking = Linking::new(house.store.clone(), house.projector.clone());
        }
        linking.catch_up().unwrap();
        let (again, _) = house.rebuilt(engine).await;
        Linking::new(again.clone(), house.projector.clone()).catch_up().unwrap();
        assert_eq!(again.state_hash().unwrap(), house.store.state_hash().unwrap(), "seed {seed}");
        assert_eq!(told(&again, &house), told(&house.store, &house), "seed {seed}");
        assert_eq!(newest(&again, &house), newest(&house.store, &house), "seed {seed}, blocks of {block}");
        edges += newest(&again, &house).len();
        again.check().unwrap();
        house.store.check().unwrap();
    }
    assert!(edges > 50, "too little is linked to say anything: {edges}");
}

/// The edges of the parameters that stand: those of earlier ones are as far as each store had come when they were replaced.
fn newest(store: &Store, house: &House) -> Vec<(Vec<u8>, Vec<u8>)> {
    let adoptions = projection::linking::Adoptions::new(store.clone(), house.projector.clone());
    let adopted = adoptions.in_force(None).unwrap().unwrap();
    let mut rows = Vec::new();
    for (_, _, subject) in subjects() {
        let subject = house.pseudonyms.of(&subject);
        store
            .read(subject.partition().into(), |view| {
                view.scan_prefix(&projection::store::keys::edges(subject, adopted.event), |key, value| {
                    rows.push((key.to_vec(), value.to_vec()));
                    std::ops::ControlFlow::Continue(())
                })
            })
            .unwrap();
    }
    rows
}

/// Two nodes that read one log answer alike, and so does one that had everything to link at once.
#[tokio::test]
async fn two_nodes_say_the_same() {
    let rng = &mut StdRng::seed_from_u64(77);
    let mut house = House::new().await;
    house.record(vec![adopted(parameters_with(0.04, 50))]).await;
    house.catch_up().await;
    house.link();
    let mut late = house.another_node().await;
    let mut linking = Linking::new(house.store.clone(), house.projector.clone());
    for version in 1..3 {
        for (source, controller, subject) in subjects() {
            let saying = said(rng, controller, &subject, version);
            house.say(source, [saying]).await;
            house.catch_up().await;
            linking.catch_up().unwrap();
        }
    }
    late.catch_up().await;
    late.link();
    assert_eq!(told(&house.store, &house), told(&late.store, &house));
    assert_eq!(house.store.linker_hash().unwrap(), late.store.linker_hash().unwrap());
}

/// A destroyed key takes the description, and every pair that it was in, with it; by parameters that were replaced too.
#[tokio::test]
async fn of_whoever_is_erased_no_edge_is_left() {
    let mut house = House::new().await;
    let (school, hospital) = (pupil("P1"), hospital_person("H1"));
    let person =
        Person { given: "Amara", family: "Inventedson", born: day(2014, 3, 4), sex: "F", postcode: "ZZ99 1AA" };
    house.say(CENSUS, [says(SCHOOL, &school, &person, &[], 1)]).await;
    house.say(HL7, [says(HOSPITAL, &hospital, &person, &[], 1)]).await;
    for different in [0.04, 0.4] {
        house.record(vec![adopted(parameters_with(different, 50))]).await;
        house.catch_up().await;
        house.link();
    }
    let mut linking = Linking::new(house.store.clone(), house.projector.clone());
    linking.catch_up().unwrap();
    assert_eq!(house.child(&school, None).resolution.subjects.len(), 2);
    house.destroy(&hospital).await;
    house.catch_up().await;
    assert_eq!(house.child(&school, None).resolution.subjects.len(), 1, "before it is linked anew, already");
    // Stopped between the two, or not.
    for linking in [&mut linking, &mut Linking::new(house.store.clone(), house.projector.clone())] {
        linking.catch_up().unwrap();
        for subject in [&school, &hospital] {
            let subject = house.pseudonyms.of(subject);
            house
                .store
                .read(subject.partition().into(), |view| {
                    view.scan_prefix(&projection::store::keys::edges_of(subject), |_, _| panic!("an edge is left"))
                })
                .unwrap();
        }
    }
    let (again, _) = house.rebuilt(Engine::Sled).await;
    assert_eq!(again.state_hash().unwrap(), house.store.state_hash().unwrap());
}
