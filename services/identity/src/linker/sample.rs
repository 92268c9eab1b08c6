//! Which records an estimate is made from, where there are more than it takes.
//!
//! Two parts of them are taken. One at random, record by record: what it says of two children, and of how frequent a value is,
//! holds for all. Records of one child are hardly ever both in it, so the other is of whole birth dates: all the records of
//! some dates, and so nearly all the records of some children, without anything that says whose they are.
//!
//! Two records that say one birth date come into that part together. Two that say different ones, as records of one child
//! sometimes do, have to be drawn both, which happens less often by a share that is known: each such pair that did come stands
//! for so many more. What is counted so is, but for chance, what all the records would have shown.

use siphasher::sip::SipHasher13;

use super::estimate::{EstimateError, of_parts};
use super::normalise::ESTIMATED;
use super::parameters::Parameters;
use super::schema::{Kind, Record, Schema};

/// Each part has at most so many records: more say hardly more.
const PART_RECORDS_MAX: usize = 200_000;

/// Records to estimate from, put one after the other, of which those are held that are needed: at most 400,000, however many
/// there are.
///
/// What is held depends on the records and their keys, and not on the order in which they come.
#[derive(Clone, Debug)]
pub struct Sample {
    schema: Schema,
    part_max: usize,
    records: u64,
    held: Vec<Held>,
    of_all: Part,
    of_dates: Part,
}

/// A record, and what decides whether it is taken.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Held {
    record: Record,
    own: u64,
    dates: Vec<u64>,
}

/// What is drawn below a bound that is halved for as long as too many are.
#[derive(Clone, Copy, Debug)]
struct Part {
    halved: u32,
    records: usize,
}

impl Part {
    const ALL: Self = Self { halved: 0, records: 0 };

    fn takes(self, draw: u64) -> bool {
        draw <= u64::MAX.checked_shr(self.halved).unwrap_or(0)
    }

    /// How probable it is that a draw is taken.
    fn share(self) -> f64 {
        0.5_f64.powf(f64::from(self.halved))
    }
}

/// Records of whole birth dates, and for how many each pair of them stands.
pub(super) struct OfDates {
    pub(super) records: Vec<Record>,
    dates: Vec<Vec<u64>>,
    /// How probable it was for a date to be taken.
    pub(super) share: f64,
}

impl OfDates {
    /// For how many pairs of these records' kind two at these places stand, when two of one date stand for one.
    pub(super) fn stands_for(&self, one: usize, other: usize) -> f64 {
        let (Some(ours), Some(theirs)) = (self.dates.get(one), self.dates.get(other)) else { return 1.0 };
        let both = ours.len() + theirs.iter().filter(|date| !ours.contains(date)).count();
        // One is in the part when any of its dates is.
        let none_of = |dates: usize| (0..dates).fold(1.0, |product, _| product * (1.0 - self.share));
        self.share / (1.0 - none_of(ours.len()) - none_of(theirs.len()) + none_of(both))
    }
}

impl Sample {
    /// Nothing yet.
    pub fn new(schema: &Schema) -> Self {
        Self::of_at_most(schema, PART_RECORDS_MAX)
    }

    pub(super) fn of_at_most(schema: &Schema, part_max: usize) -> Self {
        let (of_all, of_dates) = (Part::ALL, Part::ALL);
        Self { schema: schema.clone(), part_max, records: 0, held: Vec::new(), of_all, of_dates }
    }

    /// Puts a record, by a key that no other has.
    pub fn put(&mut self, key: &[u8], record: Record) {
        self.records += 1;
        let own = drawn(0, key);
        let mut dates = self.dates_of(&record);
        if dates.is_empty() {
            dates.push(drawn(1, key));
        }
        let held = Held { record, own, dates };
        let (of_all, of_dates) = (is_of_all(self.of_all, &held), is_of_dates(self.of_dates, &held));
        self.of_all.records += usize::from(of_all);
        self.of_dates.records += usize::from(of_dates);
        if of_all || of_dates {
            self.held.push(held);
        }
        self.halve();
    }

    /// So many were put.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// So many of them are estimated from, for one thing or the other.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Estimates parameters for all that were put.
    ///
    /// # Errors
    /// [`EstimateError`].
    pub fn estimate(mut self) -> Result<Parameters, EstimateError> {
        self.held.sort_unstable();
        let of_all = self.held.iter().filter(|held| is_of_all(self.of_all, held));
        let mut of_all: Vec<(u64, Record)> = of_all.map(|held| (held.own, held.record.clone())).collect();
        // As they were drawn, so that neighbours have nothing to do with each other.
        of_all.sort_unstable();
        let of_all: Vec<Record> = of_all.into_iter().map(|(_, record)| record).collect();
        let share = self.of_dates.share();
        let part = self.of_dates;
        let of_dates = self.held.into_iter().filter(|held| is_of_dates(part, held));
        let (records, dates) = of_dates.map(|held| (held.record, held.dates)).unzip();
        of_parts(&self.schema, self.records, &of_all, &OfDates { records, dates, share })
    }

    fn halve(&mut self) {
        let before = (self.of_all.halved, self.of_dates.halved);
        while self.of_all.records > self.part_max {
            self.of_all.halved += 1;
            self.of_all.records = self.held.iter().filter(|held| is_of_all(self.of_all, held)).count();
        }
        while self.of_dates.records > self.part_max {
            self.of_dates.halved += 1;
            self.of_dates.records = self.held.iter().filter(|held| is_of_dates(self.of_dates, held)).count();
        }
        if before != (self.of_all.halved, self.of_dates.halved) {
            let (of_all, of_dates) = (self.of_all, self.of_dates);
            self.held.retain(|held| is_of_all(of_all, held) || is_of_dates(of_dates, held));
        }
    }

    /// The birth dates that a record says. An estimate comes with the day that it names, and a day and month in each other's
    /// place come with those in their own: the fewer records of one child come apart, the less is left to chance.
    fn dates_of(&self, record: &Record) -> Vec<u64> {
        let Some(at) = self.schema.place(Kind::BirthDate) else { return Vec::new() };
        let drawn_of = |date: &String| {
            let date = date.strip_prefix(ESTIMATED).unwrap_or(date);
            match (date.get(..4), date.get(4..6), date.get(6..)) {
                (Some(year), Some(one), Some(other)) if other < one => drawn(2, [year, other, one].concat().as_bytes()),
                _ => drawn(2, date.as_bytes()),
            }
        };
        let mut dates: Vec<u64> = record.values(at).iter().map(drawn_of).collect();
        dates.sort_unstable();
        dates.dedup();
        dates
    }
}

fn is_of_all(part: Part, held: &Held) -> bool {
    part.takes(held.own)
}

fn is_of_dates(part: Part, held: &Held) -> bool {
    held.dates.iter().any(|date| part.takes(*date))
}

/// The same on every machine and in every release.
fn drawn(what: u64, said: &[u8]) -> u64 {
    SipHasher13::new_with_keys(what, u64::MAX).hash(said)
}

#[cfg(test)]
mod tests;
