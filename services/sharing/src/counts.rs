//! Numbers of children for whoever plans services, and which of them may be told.
//!
//! A child is counted by classes of record that the rules let the reader count ([`crate::may_of`]) and by nothing else: what may not be
//! counted changes no number. Each population (everybody, and those with a record of one category) divides by age, by area and by service.
//! A number under [`Counting::fewest`] is not told, and neither is any other by which such a one could be worked out
//! ([`Tally::told`]); the rest are rounded. Nothing tells one of the two reasons from the other.

mod protect;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Deserialize;

use crate::classify::TableUnusable;
use crate::days::birthday;
use crate::vocabulary::Category;

/// How it is counted (`rules/counts.toml`).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counting {
    #[expect(dead_code, reason = "read by people and by the hash, which is over the text")]
    revision: u32,
    /// A number under this is not told.
    pub fewest: u32,
    /// Numbers are rounded to the nearest multiple of this.
    pub round_to: u32,
    /// Records of so many months count.
    pub months: u32,
    age_bands: Vec<(i64, i64)>,
}

/// What of one child may be counted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Countable {
    /// The categories of records of the last months, with the organisations that answer for them.
    pub with: BTreeSet<(Category, String)>,
    /// Birth dates that may be read for it.
    pub births: BTreeSet<Date>,
    /// Where the child lives, as far as it may be read; of several, none counts.
    pub areas: BTreeSet<String>,
    /// The child would count with more, had the family not opted out of it.
    pub opted_out: bool,
}

/// Numbers as they are: for nobody's eyes.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    everybody: Population,
    categories: BTreeMap<Category, Population>,
    opted_out: u32,
}

/// A population as it is.
#[derive(Clone, Debug, Default)]
struct Population {
    total: u32,
    lines: [BTreeMap<String, u32>; LINES],
    /// Of each line, those of whom it is not known where they belong.
    unplaced: [u32; LINES],
    /// Somebody is with two services.
    services_overlap: bool,
}

/// By age, by area, by service.
const LINES: usize = 3;

/// Numbers that may be told.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ToldNumbers {
    /// Everybody, and then by category: those of whom any number is told.
    pub populations: Vec<(Option<Category>, ToldPopulation)>,
    /// Children left out because of an opt-out.
    pub opted_out: Option<u32>,
}

/// What may be told of one population: rounded, and without what is too small or held back.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ToldPopulation {
    /// How many children.
    pub total: Option<u32>,
    /// By age in years, "0-4", in order.
    pub by_age: Vec<(String, u32)>,
    /// By area.
    pub by_area: Vec<(String, u32)>,
    /// By organisation.
    pub by_service: Vec<(String, u32)>,
}

impl Counting {
    pub(crate) fn parse(text: &str) -> Result<Self, TableUnusable> {
        let unusable = |problem: String| TableUnusable { table: "counts", problem };
        let table: Self = toml::from_str(text).map_err(|error| unusable(error.message().to_owned()))?;
        let rising = table.age_bands.windows(2).all(|pair| matches!(pair, [one, next] if one.1 < next.0));
        if table.fewest < 5 || table.round_to < 5 || table.months == 0 {
            return Err(unusable("`fewest` and `round_to` are at least 5, and `months` at least 1".to_owned()));
        }
        if table.age_bands.is_empty() || !rising || table.age_bands.iter().any(|(first, last)| first > last) {
            return Err(unusable("`age_bands` are whole years in order, first and last of each".to_owned()));
        }
        Ok(table)
    }

    /// The first half of a postcode: some thousands of households.
    pub fn area(postcode: &str) -> Option<String> {
        let joined: String = postcode.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
        let is_one = (5..=7).contains(&joined.len()) && joined.chars().all(|c| c.is_ascii_alphanumeric());
        let (outward, inward) = joined.split_at_checked(joined.len().checked_sub(3)?)?;
        let begins = outward.starts_with(|c: char| c.is_ascii_alphabetic());
        (is_one && begins && inward.starts_with(|c: char| c.is_ascii_digit())).then(|| outward.to_owned())
    }

    /// The band of whoever was born then; of several dates that do not agree, none. `Err` for who is too old to be counted.
    fn band(&self, births: &BTreeSet<Date>, on: Date) -> Result<Option<String>, TooOld> {
        let band = |born: &Date| {
            let holds = |(first, last): &&(i64, i64)| on >= birthday(*born, *first) && on < birthday(*born, *last + 1);
            self.age_bands.iter().find(holds).map(|(first, last)| format!("{first}-{last}"))
        };
        let bands: BTreeSet<Option<String>> = births.iter().map(band).collect();
        match bands.len() {
            0 => Ok(None),
            1 => bands.into_iter().flatten().next().map(Some).ok_or(TooOld),
            _ => Ok(None),
        }
    }
}

struct TooOld;

impl Tally {
    /// Counts a child, as of a day.
    pub fn count(&mut self, counting: &Counting, child: &Countable, on: Date) {
        let Ok(age) = counting.band(&child.births, on) else { return };
        self.opted_out += u32::from(child.opted_out);
        let area = child.areas.first().filter(|_| child.areas.len() == 1);
        let mut categories: BTreeMap<Category, BTreeSet<&str>> = BTreeMap::new();
        for (category, service) in &child.with {
            categories.entry(*category).or_default().insert(service);
        }
        let all: BTreeSet<&str> = child.with.iter().map(|(_, service)| service.as_str()).collect();
        if all.is_empty() {
            return;
        }
        self.everybody.count(age.as_deref(), area.map(String::as_str), &all);
        for (category, services) in categories {
            self.categories.entry(category).or_default().count(age.as_deref(), area.map(String::as_str), &services);
        }
    }

    /// What may be told of it.
    pub fn told(&self, counting: &Counting) -> ToldNumbers {
        let populations =
            || [(None, &self.everybody)].into_iter().chain(self.categories.iter().map(|(c, p)| (Some(*c), p)));
        let mut table = protect::Table::of(counting, populations().map(|(_, population)| population));
        table.protect();
        let rounded = |count: u32| protect::rounded(counting, count);
        let told = |index: usize, population: &Population| {
            let [by_age, by_area, by_service] = [0, 1, 2].map(|line| {
                let parts = population.lines.get(line).into_iter().flatten();
                let told = parts.enumerate().filter(|(part, _)| table.is_told(index, line, *part));
                told.map(|(_, (name, count))| (name.clone(), rounded(*count))).collect::<Vec<_>>()
            });
            let total = table.is_total_told(index).then(|| rounded(population.total));
            ToldPopulation { total, by_age: counting.in_order(by_age), by_area, by_service }
        };
        let all = populations().enumerate().map(|(index, (category, of))| (category, told(index, of)));
        ToldNumbers {
            populations: all.filter(|(category, of)| category.is_none() || *of != ToldPopulation::default()).collect(),
            opted_out: (self.opted_out >= counting.fewest).then(|| rounded(self.opted_out)),
        }
    }
}

impl Counting {
    fn in_order(&self, mut parts: Vec<(String, u32)>) -> Vec<(String, u32)> {
        let place = |name: &str| self.age_bands.iter().position(|(first, last)| name == format!("{first}-{last}"));
        parts.sort_by_key(|(name, _)| place(name));
        parts
    }
}

impl Population {
    fn count(&mut self, age: Option<&str>, area: Option<&str>, services: &BTreeSet<&str>) {
        self.total += 1;
        let [ages, areas, by_service] = &mut self.lines;
        let [no_age, no_area, _] = &mut self.unplaced;
        for (line, place, unplaced) in [(ages, age, no_age), (areas, area, no_area)] {
            match place {
                Some(place) => *line.entry(place.to_owned()).or_default() += 1,
                None => *unplaced += 1,
            }
        }
        for service in services {
            *by_service.entry((*service).to_owned()).or_default() += 1;
        }
        self.services_overlap |= services.len() > 1;
    }
}
