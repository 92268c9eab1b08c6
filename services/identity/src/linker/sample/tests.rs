use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::linker::schema::Field;
use crate::linker::tests::{population, schema};

fn of_five() -> Schema {
    Schema::new(schema().fields()[..5].to_vec()).unwrap()
}

fn sampled(records: &[(u64, Record)], part_max: usize) -> Sample {
    let mut sample = Sample::of_at_most(&of_five(), part_max);
    records.iter().for_each(|(key, record)| sample.put(&key.to_be_bytes(), record.clone()));
    sample
}

#[test]
fn a_part_says_what_all_say() {
    let records: Vec<(u64, Record)> = (0..).zip(population(4_000).0).collect();
    let all = sampled(&records, records.len()).estimate().unwrap();
    let part = sampled(&records, records.len() / 3);
    assert!(part.of_dates.halved > 0 && part.of_all.halved > 0, "{part:?}");
    let part = part.estimate().unwrap();
    let off = part.prior / all.prior;
    assert!((0.75..1.33).contains(&off), "prior {} of a part, {} of all", part.prior, all.prior);
    for ((field, all), part) in of_five().fields().iter().zip(&all.fields).zip(&part.fields) {
        for (all, part) in all.of_one.iter().zip(part.of_one) {
            assert!((all - part).abs() < 0.04, "{}: {part} of a part, {all} of all", field.name);
        }
        for (all, part) in all.of_two.iter().zip(part.of_two) {
            assert!((all - part).abs() < 0.02, "{}: {part} of a part, {all} of all", field.name);
        }
    }
}

/// A neighbour in a sorted list is often the same child: two children would be thought to share a birth date.
#[test]
fn two_children_are_no_neighbours() {
    let records: Vec<(u64, Record)> = (0..).zip(population(4_000).0).collect();
    let parameters = sampled(&records, records.len()).estimate().unwrap();
    let [born_on_one_day, ..] = parameters.fields[2].of_two;
    assert!(born_on_one_day < 0.001, "{born_on_one_day}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_taken_does_not_depend_on_the_order(
        shuffled in Just((0..).zip(population(150).0).collect::<Vec<(u64, Record)>>()).prop_shuffle(),
        part_max in 20_usize..400,
    ) {
        let mut sorted = shuffled.clone();
        sorted.sort_unstable();
        let (mut once, mut again) = (sampled(&sorted, part_max), sampled(&shuffled, part_max));
        once.held.sort_unstable();
        again.held.sort_unstable();
        prop_assert_eq!(&once.held, &again.held);
        prop_assert_eq!((once.of_all.halved, once.of_dates.halved), (again.of_all.halved, again.of_dates.halved));
        prop_assert!(once.of_all.records <= part_max && once.of_dates.records <= part_max);
        let both = [once, again].map(|sample| sample.estimate().map(|parameters| parameters.version()));
        prop_assert_eq!(&both[0], &both[1]);
    }

    #[test]
    fn records_of_one_birth_date_come_together(
        records in Just((0..).zip(population(150).0).collect::<Vec<(u64, Record)>>()).prop_shuffle(),
        part_max in 20_usize..200,
    ) {
        let sample = sampled(&records, part_max);
        let taken: BTreeSet<&Record> =
            sample.held.iter().filter(|held| is_of_dates(sample.of_dates, held)).map(|held| &held.record).collect();
        let dates: BTreeSet<&String> = taken.iter().flat_map(|record| record.values(2)).collect();
        let of_them = records.iter().filter(|(_, record)| record.values(2).iter().any(|date| dates.contains(date)));
        prop_assert!(of_them.map(|(_, record)| record).all(|record| taken.contains(record)));
    }
}

#[test]
fn a_pair_stands_for_those_that_did_not_come() {
    let part = OfDates { records: Vec::new(), dates: vec![vec![1], vec![1], vec![2], vec![1, 2]], share: 0.25 };
    assert_eq!(part.stands_for(0, 1), 1.0);
    assert_eq!(part.stands_for(0, 2), 4.0);
    // Both are there whenever the first is.
    assert_eq!(part.stands_for(0, 3), 1.0);
    let all = OfDates { share: 1.0, ..part };
    assert_eq!(all.stands_for(0, 2), 1.0);
}

#[test]
fn a_date_comes_with_what_it_may_stand_for() {
    let schema = Schema::new(vec![
        Field { name: "born".to_owned(), kind: Kind::BirthDate },
        Field { name: "name".to_owned(), kind: Kind::GivenName },
    ]);
    let schema = schema.unwrap();
    let dates = |text: &str| Sample::new(&schema).dates_of(&schema.record([[text], ["ann"]]));
    assert_eq!(dates("2015-03-09"), dates("2015-09-03"));
    assert_eq!(dates("2015-03-09"), dates("~2015-03-09"));
    assert_ne!(dates("2015-03-09"), dates("2015-03-10"));
    assert_eq!(dates(""), Vec::<u64>::new());
}
