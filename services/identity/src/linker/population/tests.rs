use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::linker::block::{Part, Rule};
use crate::linker::children;
use crate::linker::parameters::FieldParameters;

/// Parameters under which three records of one name or one birth month are too many to look through.
fn parameters() -> Arc<Parameters> {
    let field = |_| FieldParameters {
        of_one: [0.9, 0.04, 0.03, 0.02, 0.01],
        of_two: [0.01, 0.01, 0.01, 0.02, 0.95],
        said: 1_000,
        counts: BTreeMap::new(),
        share_of_others: 0.01,
    };
    let schema = children::schema().clone();
    let fields = schema.fields().iter().map(field).collect();
    let parts: [&[(usize, Part)]; 4] = [
        &[(0, Part::Whole), (3, Part::YearAndMonth)],
        &[(2, Part::Sound), (3, Part::YearAndMonth)],
        &[(0, Part::Beginning), (2, Part::Beginning)],
        &[(5, Part::Whole)],
    ];
    let rules = parts.map(|parts| Rule::of(&schema, parts).unwrap()).into();
    Arc::new(Parameters { schema, fields, prior: 0.05, rules, records: 1_000, block_records_max: 3 })
}

/// A record of a few values, so that many are shared.
fn record(texts: [u8; 5]) -> Record {
    let [given, surname, born, sex, home] = texts.map(usize::from);
    let given = ["olivia", "oliver", "liv", "sian", ""][given % 5];
    let surname = ["hart", "heart", "ap rhys", "olivia"][surname % 4];
    let born = ["2015-03-09", "2015-09-03", "2015-03-19", "2016-03-09"][born % 4];
    let sex = ["f", "m", "u"][sex % 3];
    let home = ["ex1 1aa|pl4 8qb", "ex1 1aa", "pl4 8qb", ""][home % 4];
    let texts = [vec![given], vec![], vec![surname], vec![born], vec![sex], home.split('|').collect()];
    children::schema().record(texts)
}

/// A record put at a key, or a key's taken away.
fn steps() -> impl Strategy<Value = Vec<(u8, Option<[u8; 5]>)>> {
    proptest::collection::vec((0_u8..16, proptest::option::weighted(0.8, any::<[u8; 5]>())), 0..60)
}

fn edges_of(population: &Population<u8>) -> Vec<Edge<u8>> {
    population.edges(0.0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever stood there before and in whatever order records came: those that stand decide who is found and which pairs there
    /// are, and so who is one child. What is kept of each record's own search, made anew when the population says so, is the same.
    #[test]
    fn only_the_records_that_stand_decide(steps in steps(), seed in any::<u64>()) {
        let parameters = parameters();
        let (mut population, mut standing) = (Population::new(Arc::clone(&parameters)), BTreeMap::new());
        // By record the likely of it, as somebody keeps them who searches once for each.
        let mut kept: BTreeMap<u8, Vec<Likely<u8>>> = BTreeMap::new();
        for (key, texts) in steps {
            let again = match texts.map(record) {
                Some(record) => {
                    let again = population.put(key, &record).unwrap();
                    standing.insert(key, record);
                    again
                }
                None => {
                    standing.remove(&key);
                    population.remove(&key)
                }
            };
            kept.retain(|_, likely| { likely.retain(|likely| likely.key != key); true });
            kept.remove(&key);
            for key in again.into_iter().chain(standing.contains_key(&key).then_some(key)) {
                let likely = population.find(&standing[&key], Some(&key), 0.0).likely;
                for other in kept.values_mut() {
                    other.retain(|likely| likely.key != key);
                }
                for found in &likely {
                    kept.entry(found.key).or_default().push(Likely { key, ..*found });
                }
                kept.insert(key, likely);
            }
        }
        let mut order: Vec<u8> = standing.keys().copied().collect();
        order.sort_by_key(|key| seed.rotate_left(u32::from(*key) * 7) ^ u64::from(*key));
        let mut fresh = Population::new(Arc::clone(&parameters));
        for key in order {
            fresh.put(key, &standing[&key]).unwrap();
        }
        prop_assert_eq!(population.len(), standing.len());
        let edges = edges_of(&fresh);
        prop_assert_eq!(&edges_of(&population), &edges);
        let three = NonZeroUsize::new(3).unwrap();
        let mut parts: Vec<_> = (0..3).flat_map(|part| fresh.edges_of_part(0.0, part, three)).collect();
        parts.sort_by_key(|edge| (edge.one, edge.other));
        prop_assert_eq!(&parts, &edges);
        for (key, record) in &standing {
            let found = fresh.find(record, Some(key), 0.0);
            prop_assert_eq!(&population.find(record, Some(key), 0.0), &found);
            let pairs: BTreeSet<u8> =
                edges.iter().filter(|e| e.one == *key || e.other == *key).map(|e| if e.one == *key { e.other } else { e.one }).collect();
            prop_assert_eq!(&found.likely.iter().map(|likely| likely.key).collect::<BTreeSet<u8>>(), &pairs);
            let kept: BTreeSet<u8> = kept[key].iter().map(|likely| likely.key).collect();
            prop_assert_eq!(&kept, &pairs, "what was kept of {}", key);
        }
    }

    /// What cannot be enough is not compared to the end, and nothing that is enough is missed.
    #[test]
    fn whoever_is_probable_enough_is_found(texts in proptest::collection::vec(any::<[u8; 5]>(), 2..12), min in 0.0..1.0_f64) {
        let mut population = Population::new(parameters());
        for (key, texts) in (0_u8..).zip(&texts) {
            population.put(key, &record(*texts)).unwrap();
        }
        let all = population.edges(0.0);
        for min in [min, 0.85, 0.95] {
            let enough: Vec<_> =
                all.iter().filter(|edge| population.parameters().probability(edge.weight) >= min).copied().collect();
            prop_assert_eq!(population.edges(min), enough);
            let record = record(texts[0]);
            let found = population.find(&record, Some(&0), min).likely;
            let mut likely = population.find(&record, Some(&0), 0.0).likely;
            likely.retain(|likely| likely.probability >= min);
            prop_assert_eq!(found, likely);
        }
    }

    /// A record that is held weighs what it weighs by itself.
    #[test]
    fn what_is_held_weighs_as_what_is_given(one in any::<[u8; 5]>(), other in any::<[u8; 5]>()) {
        let parameters = parameters();
        let (one, other) = (record(one), record(other));
        let mut population = Population::new(Arc::clone(&parameters));
        population.put(1, &one).unwrap();
        population.put(2, &other).unwrap();
        let apart = parameters.weigh(&one, &other);
        for edge in population.edges(0.0) {
            prop_assert_eq!(edge.weight.to_bits(), apart.weight.to_bits());
        }
        for likely in population.find(&one, Some(&1), 0.0).likely {
            prop_assert_eq!((likely.weight, likely.probability), (apart.weight, apart.probability));
        }
    }
}

#[test]
fn a_value_that_many_share_finds_nobody_and_says_so() {
    let mut population = Population::new(parameters());
    let mut again = Vec::new();
    // One home; names and dates of which no two share one.
    let homes = [[0, 0, 0, 0, 1], [3, 2, 3, 0, 1], [0, 2, 1, 0, 1], [2, 3, 2, 0, 1]];
    for (key, texts) in homes.into_iter().enumerate() {
        again.push(population.put(key, &record(texts)).unwrap());
    }
    assert_eq!(again[..3], [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()]);
    // The fourth makes it too many: what the first three found of each other by it no longer stands.
    assert_eq!(again[3], BTreeSet::from([0, 1, 2]));
    let found = population.find(&record(homes[3]), Some(&3), 0.0);
    assert_eq!((found.compared, found.passed_over), (0, 1));
    assert_eq!(population.remove(&3), BTreeSet::from([0, 1, 2]));
    assert_eq!(population.find(&record(homes[0]), Some(&0), 0.0).compared, 2);
}

/// The bound on the work for one record: so many keys, and so many records by each.
#[test]
fn no_record_is_looked_for_by_more_than_so_many_keys() {
    let names: Vec<String> = (b'a'..=b'z').map(|c| format!("{}anna", char::from(c))).collect();
    let all = || names.iter().map(String::as_str).collect::<Vec<_>>();
    let record = children::schema().record([all(), vec![], all(), vec!["2015-03-09"], vec![], vec!["ex1 1aa"]]);
    assert_eq!(record.values(0).len(), 16);
    let parameters = parameters();
    let found = keys(parameters.rules(), &record);
    // Sixteen names in a month, said in as many ways, fewer beginnings of both, and a home: what is left out is told.
    assert_eq!(found.0.len(), 32);
    assert!(found.1 > 100, "{}", found.1);
    // The last rule is the most selective, and its keys are among them.
    let last = parameters.rules().len() - 1;
    assert_eq!(found.0[..1], keys(&parameters.rules()[last..], &record).0);
    let population = Population::<u8>::new(Arc::clone(&parameters));
    assert_eq!(population.find(&record, None, 0.0).passed_over, found.1);
    let reversed = || names.iter().rev().map(String::as_str).collect::<Vec<_>>();
    let again =
        children::schema().record([reversed(), vec![], reversed(), vec!["2015-03-09"], vec![], vec!["ex1 1aa"]]);
    assert_eq!(keys(parameters.rules(), &again), found);
}

#[test]
fn names_in_each_others_box_find_each_other() {
    let mut population = Population::new(parameters());
    let swapped = |given: &str, surname: &str| {
        children::schema().record([vec![given], vec![], vec![surname], vec!["2015-03-09"], vec![], vec![]])
    };
    population.put(1, &swapped("pettigrove", "georgia")).unwrap();
    let found = population.find(&swapped("georgia", "pettigrove"), None, 0.5);
    assert_eq!(found.likely.iter().map(|likely| likely.key).collect::<Vec<i32>>(), [1]);
}

#[test]
fn nothing_stays_of_what_is_taken_away() {
    let mut population = Population::new(parameters());
    for round in 0_u8..4 {
        for key in 0..200_u8 {
            population.put(key, &record([key, key >> 1, key >> 2, round, key])).unwrap();
        }
        let held = population.bytes();
        for key in 0..200_u8 {
            population.remove(&key);
        }
        assert!(population.is_empty());
        assert!(population.bytes() <= held * 2, "{} after {held}", population.bytes());
    }
}
