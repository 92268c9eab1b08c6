//! No small number can be worked out from what is told: an attacker who knows all the sums, and tries every table that agrees with what is
//! told, still finds each small number to be anything small.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jiff::civil::{Date, date};
use proptest::prelude::*;
use sharing::counts::{Countable, Counting, Tally, ToldNumbers, ToldPopulation};
use sharing::{Category, Engine};

const ON: Date = date(2026, 11, 1);

static COUNTING: LazyLock<Counting> = LazyLock::new(|| Engine::load().unwrap().counting().clone());

fn child(age: Option<i16>, area: Option<&str>, with: &[(Category, &str)]) -> Countable {
    Countable {
        with: with.iter().map(|(category, service)| (*category, (*service).to_owned())).collect(),
        births: age.map(|age| date(2026 - age, 6, 1)).into_iter().collect(),
        areas: area.map(str::to_owned).into_iter().collect(),
        opted_out: false,
    }
}

fn told(children: impl IntoIterator<Item = (u32, Countable)>) -> ToldNumbers {
    let (counting, mut tally) = (&*COUNTING, Tally::default());
    for (how_many, child) in children {
        (0..how_many).for_each(|_| tally.count(counting, &child, ON));
    }
    tally.told(counting)
}

fn everybody(told: &ToldNumbers) -> &ToldPopulation {
    &told.populations[0].1
}

const ATTENDS: &[(Category, &str)] = &[(Category::Attendance, "school-1")];
const ELSEWHERE: &[(Category, &str)] = &[(Category::Attendance, "school-2")];

#[test]
fn a_small_number_is_not_told_and_others_are_rounded() {
    let numbers = told([(7, child(Some(3), Some("ZZ1"), ATTENDS)), (43, child(Some(12), Some("ZZ2"), ATTENDS))]);
    let all = everybody(&numbers);
    assert_eq!(all.total, Some(50));
    // 43 beside 50 would say that there are seven, or about.
    assert_eq!((all.by_age.as_slice(), all.by_area.as_slice()), (&[][..], &[][..]));
    assert_eq!(all.by_service, [("school-1".to_owned(), 50)]);
    let numbers = told([(7, child(Some(3), Some("ZZ1"), ATTENDS))]);
    assert_eq!(everybody(&numbers), &ToldPopulation::default());
    assert_eq!(numbers.populations.len(), 1, "a category of so few is not named");
}

#[test]
fn what_is_large_enough_is_told_beside_what_is_held_back() {
    let ages = [(3, 30), (7, 41), (12, 52), (17, 3), (22, 12)];
    let numbers = told(ages.map(|(age, how_many)| (how_many, child(Some(age), Some("ZZ1"), ATTENDS))));
    let by_age: BTreeMap<&str, u32> =
        everybody(&numbers).by_age.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert!(!by_age.contains_key("15-19"), "{by_age:?}");
    assert!(by_age.len() >= 3 && by_age.values().all(|count| count % 5 == 0), "{by_age:?}");
    let order: Vec<&str> = everybody(&numbers).by_age.iter().map(|(name, _)| name.as_str()).collect();
    assert!(order.is_sorted_by_key(|name| name.split('-').next().unwrap().parse::<u32>().unwrap()), "{order:?}");
}

#[test]
fn a_service_that_holds_few_is_not_what_the_others_leave_of_all() {
    let numbers = told([(20, child(None, None, ATTENDS)), (2, child(None, None, ELSEWHERE))]);
    for (_, population) in &numbers.populations {
        let services: BTreeSet<&str> = population.by_service.iter().map(|(name, _)| name.as_str()).collect();
        assert!(!services.contains("school-2"));
        assert!(!(population.total.is_some() && services.contains("school-1")), "20 of about 20 leaves two or fewer");
    }
}

#[test]
fn what_several_ages_leave_together_gives_no_age_away() {
    let plan: &[(Category, &str)] = &[(Category::Attendance, "school-1"), (Category::Ehcp, "council")];
    let mut children = vec![(2, child(None, None, ATTENDS))];
    // Of about 20 about 10 are of the second age: the other two cannot hold about 15 with a plan.
    for (age, without, with) in [(2, 2, 3), (7, 3, 6), (12, 0, 4)] {
        children.extend([(without, child(Some(age), None, ATTENDS)), (with, child(Some(age), None, plan))]);
    }
    let numbers = told(children);
    assert_eq!(everybody(&numbers).total, Some(20));
    assert!(everybody(&numbers).by_age.is_empty(), "{numbers:?}");
}

#[test]
fn whoever_is_too_old_is_in_no_number_and_births_that_disagree_are_of_no_age() {
    let mut two = child(Some(3), None, ATTENDS);
    two.births.insert(date(2012, 1, 1));
    let numbers = told([(30, child(Some(26), None, ATTENDS)), (20, two), (20, child(Some(3), None, ATTENDS))]);
    assert_eq!(everybody(&numbers).total, Some(40));
    assert_eq!(everybody(&numbers).by_age, [("0-4".to_owned(), 20)]);
}

#[test]
fn an_area_is_the_first_half_of_a_postcode() {
    let area = |postcode: &str| Counting::area(postcode);
    assert_eq!(area("zz1 1aa").as_deref(), Some("ZZ1"));
    assert_eq!(area("ZZ991AA").as_deref(), Some("ZZ99"));
    for none in ["", "ZZ1", "1", "12345", "ZZ1 AAA", "é1 1aa", "ZZ99 99 1AA"] {
        assert_eq!(area(none), None, "{none}");
    }
}

/// Every number of a population of three ages, with what is told of it, as an attacker has it.
struct Attacked {
    total: (u32, u32),
    parts: Vec<(u32, u32)>,
}

const MOST: u32 = 60;

fn known(told: Option<u32>) -> (u32, u32) {
    told.map_or((0, MOST), |told| ((told - 2).max(8), told + 2))
}

/// Whether some table agrees with all of it in which one part is so many: of two populations, the second within the first. So many of
/// the first are of unknown age, as the attacker knows.
fn may_be(all: &Attacked, some: &Attacked, unknown: u32, is: impl Fn(usize, usize) -> Option<u32>) -> bool {
    let span = |population: usize, part: usize, (from, to): (u32, u32)| match is(population, part) {
        Some(exact) if exact < from || exact > to => None,
        Some(exact) => Some((exact, exact)),
        None => Some((from, to)),
    };
    // Sums of whole numbers between bounds reach all that lies between: of each pair of parts the bounds tell.
    let mut reach = BTreeSet::from([(0_u32, 0_u32)]);
    for (part, (outer, inner)) in all.parts.iter().zip(&some.parts).enumerate() {
        let (Some(outer), Some(inner)) = (span(0, part, *outer), span(1, part, *inner)) else { return false };
        let mut next = BTreeSet::new();
        for (sum_outer, sum_inner) in &reach {
            for of_inner in inner.0..=inner.1.min(outer.1) {
                for of_outer in outer.0.max(of_inner)..=outer.1 {
                    let sums = (sum_outer + of_outer, sum_inner + of_inner);
                    if sums.0 <= all.total.1 && sums.1 <= some.total.1 {
                        next.insert(sums);
                    }
                }
            }
        }
        reach = next;
    }
    let holds = |(from, to): (u32, u32), sum: u32| from <= sum && sum <= to;
    reach.iter().any(|(outer, inner)| holds(all.total, outer + unknown) && holds(some.total, *inner))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Three ages, some of each with a plan, and a few of unknown age without one.
    #[test]
    fn no_small_number_can_be_worked_out(
        ages in proptest::collection::vec((0_u32..18, 0_u32..18), 3),
        unknown in 0_u32..3,
    ) {
        let plan: &[(Category, &str)] = &[(Category::Attendance, "school-1"), (Category::Ehcp, "council")];
        let years = [2_i16, 7, 12];
        let mut children = vec![(unknown, child(None, None, ATTENDS))];
        for (age, (without, with)) in years.iter().zip(&ages) {
            children.push((*without, child(Some(*age), None, ATTENDS)));
            children.push((*with, child(Some(*age), None, plan)));
        }
        let numbers = told(children);
        let of = |category: Option<Category>| {
            let found = numbers.populations.iter().find(|(of, _)| *of == category).map(|(_, told)| told.clone());
            let found = found.unwrap_or_default();
            let part = |name: &str| found.by_age.iter().find(|(of, _)| of == name).map(|(_, count)| *count);
            Attacked { total: known(found.total), parts: ["0-4", "5-9", "10-14"].map(|name| known(part(name))).into() }
        };
        let (all, some) = (of(None), of(Some(Category::Ehcp)));
        for (part, (without, with)) in ages.iter().enumerate() {
            for (population, count) in [(0, without + with), (1, *with)] {
                if !(1..8).contains(&count) {
                    continue;
                }
                for small in 0..8 {
                    let is = |of: usize, at: usize| ((of, at) == (population, part)).then_some(small);
                    prop_assert!(may_be(&all, &some, unknown, is), "{small} of {population}/{part}: {numbers:?}");
                }
            }
        }
    }
}
