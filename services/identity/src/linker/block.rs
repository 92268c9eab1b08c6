//! Whom to compare a record with: only records that share a selective value, or a selective pair of them.

use std::collections::{BTreeSet, HashMap};

use siphasher::sip::SipHasher13;

use super::schema::{Kind, Record, Schema};

/// A value, or several together, by which candidates are found: places of fields, each with the part of the value that
/// counts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Rule(pub(super) Vec<(usize, Part)>);

/// What of a value counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Part {
    Whole,
    /// The first letters of a name: most slips of the key come later.
    Beginning,
    /// The day and month of a date, which survive a wrong year.
    DayAndMonth,
    /// The year and month.
    YearAndMonth,
    /// How a name is said.
    Sound,
}

const BEGINNING_CHARS: usize = 4;
/// A rule finds about this many candidates at most, by chance.
const CHANCE_CANDIDATES_MAX: f64 = 50.0;
/// Values of which more records than this share one tell nothing (a hostel's postcode, a default date), and are passed over.
const BLOCK_RECORDS_MAX: usize = 2_000;
pub(super) const RULES_MAX: usize = 24;

impl Part {
    fn of(self, value: &str) -> Option<&str> {
        match self {
            Self::Whole => Some(value),
            Self::Beginning => {
                let end = value.char_indices().nth(BEGINNING_CHARS).map_or(value.len(), |(end, _)| end);
                value.get(..end)
            }
            Self::DayAndMonth => value.get(4..8),
            Self::YearAndMonth => value.get(..6),
            Self::Sound => None,
        }
    }

    pub(super) fn all(kind: Kind) -> &'static [Self] {
        match kind {
            Kind::GivenName | Kind::MiddleName | Kind::Surname => &[Self::Whole, Self::Beginning],
            Kind::BirthDate => &[Self::Whole, Self::DayAndMonth, Self::YearAndMonth],
            Kind::Sex | Kind::Local => &[],
            _ => &[Self::Whole],
        }
    }
}

impl Rule {
    /// The places of its fields.
    pub(super) fn fields(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().map(|(field, _)| *field)
    }

    /// A record's keys under this rule, one for each combination of its values.
    fn keys(&self, at: u64, record: &Record) -> BTreeSet<u64> {
        let mut keys = BTreeSet::from([at]);
        for (field, part) in &self.0 {
            let parts: Vec<&str> = record.values(*field).iter().filter_map(|value| part.of(value)).collect();
            keys = keys.iter().flat_map(|key| parts.iter().map(|part| hashed(*key, part))).collect();
        }
        keys
    }

    /// The fewest rules that find records by every selective value, and by every pair of less selective ones.
    pub(super) fn choose(schema: &Schema, records: &[Record]) -> Vec<Self> {
        let chance = |part: &(usize, Part)| (part.to_owned(), chance_of_sharing(*part, records));
        let parts =
            schema.fields().iter().enumerate().flat_map(|(at, f)| Part::all(f.kind).iter().map(move |p| (at, *p)));
        let parts: Vec<((usize, Part), f64)> = parts.map(|part| chance(&part)).collect();
        let bound = CHANCE_CANDIDATES_MAX / records.len().max(1) as f64;
        let mut rules: Vec<(f64, Self)> = parts
            .iter()
            .filter(|(_, chance)| *chance <= bound)
            .map(|(part, chance)| (*chance, Self(vec![*part])))
            .collect();
        let singles: BTreeSet<(usize, Part)> = rules.iter().filter_map(|(_, rule)| rule.0.first().copied()).collect();
        for (at, (one, chance)) in parts.iter().enumerate() {
            for (other, other_chance) in parts.iter().skip(at + 1) {
                let apart = one.0 != other.0 && !singles.contains(one) && !singles.contains(other);
                if apart && chance * other_chance <= bound {
                    rules.push((chance * other_chance, Self(vec![*one, *other])));
                }
            }
        }
        // The least selective find the most: what a wider rule finds, a narrower one on the same fields finds too.
        rules.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let mut chosen: Vec<Self> = Vec::new();
        for (_, rule) in rules {
            let fields: BTreeSet<usize> = rule.fields().collect();
            if !chosen.iter().any(|wider| wider.fields().collect::<BTreeSet<_>>() == fields) {
                chosen.push(rule);
            }
        }
        chosen.truncate(RULES_MAX);
        chosen
    }
}

/// How probable it is that two records share this part of a field by chance.
fn chance_of_sharing((field, part): (usize, Part), records: &[Record]) -> f64 {
    let mut counts: HashMap<&str, u64> = HashMap::new();
    for record in records {
        for value in record.values(field).iter().filter_map(|value| part.of(value)) {
            *counts.entry(value).or_default() += 1;
        }
    }
    let in_all = records.len().max(1) as f64;
    counts.values().map(|count| (*count as f64 / in_all).powi(2)).sum()
}

/// The same on every machine and in every release, as a block's size and so who is found in it must be.
fn hashed(before: u64, value: &str) -> u64 {
    SipHasher13::new_with_keys(before, 0).hash(value.as_bytes())
}

/// Records by their keys.
#[derive(Clone, Debug, Default)]
pub struct Index {
    rules: Vec<Rule>,
    blocks: HashMap<u64, Vec<u32>>,
}

/// Whom to compare a record with.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Candidates {
    /// Places of records, in order, each once.
    pub records: BTreeSet<u32>,
    /// Values that too many records share, and by which nobody was looked for.
    pub passed_over: u32,
}

impl Index {
    /// An empty index by these rules.
    pub fn new(rules: &[Rule]) -> Self {
        Self { rules: rules.to_vec(), blocks: HashMap::new() }
    }

    /// Puts the record at this place.
    pub fn insert(&mut self, at: u32, record: &Record) {
        for key in self.keys(record) {
            self.blocks.entry(key).or_default().push(at);
        }
    }

    /// Takes it away again.
    pub fn remove(&mut self, at: u32, record: &Record) {
        for key in self.keys(record) {
            if let Some(block) = self.blocks.get_mut(&key) {
                block.retain(|other| *other != at);
                if block.is_empty() {
                    self.blocks.remove(&key);
                }
            }
        }
    }

    /// Every record that shares a value, or a pair of values, with this one.
    pub fn candidates(&self, record: &Record) -> Candidates {
        let mut candidates = Candidates::default();
        for block in self.keys(record).iter().filter_map(|key| self.blocks.get(key)) {
            if block.len() > BLOCK_RECORDS_MAX {
                candidates.passed_over += 1;
            } else {
                candidates.records.extend(block);
            }
        }
        candidates
    }

    /// The pairs that one rule finds, at most this many.
    pub(super) fn pairs(rule: &Rule, records: &[Record], pairs_max: usize) -> Vec<(usize, usize)> {
        let mut blocks: HashMap<u64, Vec<usize>> = HashMap::new();
        for (at, record) in records.iter().enumerate() {
            for key in rule.keys(0, record) {
                blocks.entry(key).or_default().push(at);
            }
        }
        let mut blocks: Vec<Vec<usize>> =
            blocks.into_values().filter(|block| (2..=BLOCK_RECORDS_MAX).contains(&block.len())).collect();
        blocks.sort_unstable();
        let pairs = blocks
            .iter()
            .flat_map(|block| block.iter().enumerate().flat_map(|(at, a)| block.iter().skip(at + 1).map(|b| (*a, *b))));
        pairs.take(pairs_max).collect()
    }

    fn keys(&self, record: &Record) -> BTreeSet<u64> {
        (0..).zip(&self.rules).flat_map(|(at, rule)| rule.keys(at, record)).collect()
    }
}
