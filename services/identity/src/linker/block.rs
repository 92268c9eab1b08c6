//! Whom to compare a record with: only records that share a selective value, or a selective pair of them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use siphasher::sip::SipHasher13;

use super::schema::{Kind, Record, Says, Schema};
use super::sounds;

/// A value, or several together, by which candidates are found: places of fields, each with the part of the value that
/// counts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Rule(pub(super) Vec<(usize, Part, Space)>);

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

/// Values of one space find each other, whichever field says them: a surname that was typed for a given name.
pub(super) type Space = u8;

const BEGINNING_CHARS: usize = 4;
/// A rule finds about this many candidates at most, by chance.
const CHANCE_CANDIDATES_MAX: f64 = 50.0;
/// Values of which more records than this share one tell nothing (a hostel's postcode, a default date), and are passed over.
pub(super) const BLOCK_RECORDS_MAX: usize = 500;
pub(super) const RULES_MAX: usize = 24;
/// By so many keys a record is looked for at most: with [`BLOCK_RECORDS_MAX`] the bound on the work for one.
const KEYS_MAX: usize = 32;

impl Part {
    fn of(self, value: &str) -> Option<Cow<'_, str>> {
        match self {
            Self::Whole => Some(value.into()),
            Self::Beginning => {
                let end = value.char_indices().nth(BEGINNING_CHARS).map_or(value.len(), |(end, _)| end);
                value.get(..end).map(Cow::from)
            }
            Self::DayAndMonth => known_day(value)?.get(4..8).map(Cow::from),
            Self::YearAndMonth => {
                value.get(..6).filter(|month| month.bytes().all(|b| b.is_ascii_digit())).map(Cow::from)
            }
            Self::Sound => Some(sounds::of(value)).filter(|sound| !sound.is_empty()).map(Cow::from),
        }
    }

    pub(super) fn all(kind: Kind) -> &'static [Self] {
        match kind {
            Kind::GivenName => &[Self::Whole, Self::Beginning],
            Kind::Surname => &[Self::Whole, Self::Beginning, Self::Sound],
            Kind::BirthDate => &[Self::Whole, Self::DayAndMonth, Self::YearAndMonth],
            // Too few have one, or too many share one.
            Kind::MiddleName | Kind::Sex | Kind::Local => &[],
            _ => &[Self::Whole],
        }
    }
}

/// A date of which the day is known, and no estimate.
fn known_day(date: &str) -> Option<&str> {
    Some(date).filter(|date| date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit()))
}

impl Rule {
    /// A rule over parts of fields, when each is a part that such a field has.
    pub(super) fn of(schema: &Schema, parts: &[(usize, Part)]) -> Option<Self> {
        let one = |(at, part): &(usize, Part)| {
            let kind = schema.fields().get(*at)?.kind;
            let space = if matches!(kind, Kind::GivenName | Kind::Surname) { 0 } else { at + 1 };
            let stands = Part::all(kind).contains(part);
            stands.then_some((*at, *part, Space::try_from(space).ok()?))
        };
        parts.iter().map(one).collect::<Option<_>>().map(Self)
    }

    /// The places of its fields.
    pub(super) fn fields(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().map(|(field, _, _)| *field)
    }

    /// A record's keys under this rule, one for each combination of its values.
    fn keys(&self, record: &impl Says) -> Vec<u32> {
        let mut combined: Vec<Vec<u64>> = vec![Vec::new()];
        for (field, part, space) in &self.0 {
            let parts =
                record.said(*field).filter_map(|value| part.of(value).map(|part_of| hashed(*space, *part, &part_of)));
            let mut parts: Vec<u64> = parts.collect();
            parts.sort_unstable();
            parts.dedup();
            let with = |before: &Vec<u64>, part: &u64| before.iter().chain([part]).copied().collect::<Vec<u64>>();
            combined = combined.iter().flat_map(|before| parts.iter().map(move |part| with(before, part))).collect();
        }
        combined.into_iter().map(key).collect()
    }

    /// The fewest rules, the least selective first, that find records by every selective value, and by every pair of less
    /// selective ones, in a population of so many of which these are some.
    pub(super) fn choose(schema: &Schema, records: &[Record], population: u64) -> Vec<Self> {
        let parts = schema
            .fields()
            .iter()
            .enumerate()
            .flat_map(|(at, f)| Part::all(f.kind).iter().map(move |part| (at, *part)));
        let parts: Vec<((usize, Part), f64)> = parts.map(|part| (part, chance_of_sharing(part, records))).collect();
        let bound = CHANCE_CANDIDATES_MAX / population.max(1) as f64;
        let rule = |chance: f64, parts: &[(usize, Part)]| Self::of(schema, parts).map(|rule| (chance, rule));
        let mut rules: Vec<(f64, Self)> = parts
            .iter()
            .filter(|(_, chance)| *chance <= bound)
            .filter_map(|(part, chance)| rule(*chance, &[*part]))
            .collect();
        let singles: BTreeSet<(usize, Part)> =
            parts.iter().filter(|(_, chance)| *chance <= bound).map(|(part, _)| *part).collect();
        for (at, (one, chance)) in parts.iter().enumerate() {
            for (other, other_chance) in parts.iter().skip(at + 1) {
                let apart = one.0 != other.0 && !singles.contains(one) && !singles.contains(other);
                if apart && chance * other_chance <= bound {
                    rules.extend(rule(chance * other_chance, &[*one, *other]));
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

    /// The pairs that this rule finds, at most this many: of blocks in the order of their keys, which is no order.
    pub(super) fn pairs(&self, records: &[Record], pairs_max: usize) -> Vec<(usize, usize)> {
        let mut blocks: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (at, record) in records.iter().enumerate() {
            for key in self.keys(record) {
                blocks.entry(key).or_default().push(at);
            }
        }
        let blocks = blocks.values().filter(|block| (2..=BLOCK_RECORDS_MAX).contains(&block.len()));
        let pairs = blocks
            .flat_map(|block| block.iter().enumerate().flat_map(|(at, a)| block.iter().skip(at + 1).map(|b| (*a, *b))));
        pairs.take(pairs_max).collect()
    }
}

/// A record's keys under all rules, each once, and how many more it has than are followed: those of the least selective rules,
/// so that a number is followed however many addresses there are.
pub(super) fn keys(rules: &[Rule], record: &impl Says) -> (Vec<u32>, usize) {
    let mut keys: Vec<u32> = Vec::new();
    for rule in rules.iter().rev() {
        let mut of_rule = rule.keys(record);
        of_rule.sort_unstable();
        of_rule.dedup();
        of_rule.retain(|key| !keys.contains(key));
        keys.extend(of_rule);
    }
    let left_out = keys.len().saturating_sub(KEYS_MAX);
    keys.truncate(KEYS_MAX);
    (keys, left_out)
}

/// How probable it is that two records, of which none is the other, share this part of a field by chance.
fn chance_of_sharing((field, part): (usize, Part), records: &[Record]) -> f64 {
    let mut counts: HashMap<Cow<'_, str>, u64> = HashMap::new();
    for record in records {
        for value in record.values(field).iter().filter_map(|value| part.of(value)) {
            *counts.entry(value).or_default() += 1;
        }
    }
    let pairs_of = |count: u64| count * count.saturating_sub(1) / 2;
    let shared: u64 = counts.into_values().map(pairs_of).sum();
    shared as f64 / pairs_of(records.len() as u64).max(1) as f64
}

/// The same on every machine and in every release, as a block's size and so who is found in it must be.
fn hashed(space: Space, part: Part, value: &str) -> u64 {
    SipHasher13::new_with_keys(u64::from(space), part as u64).hash(value.as_bytes())
}

/// Of values in whatever order.
fn key(mut parts: Vec<u64>) -> u32 {
    parts.sort_unstable();
    let bytes: Vec<u8> = parts.iter().flat_map(|part| part.to_be_bytes()).collect();
    let hash = SipHasher13::new_with_keys(0, parts.len() as u64).hash(&bytes);
    // The lower half: where two keys share it, they find a few more records to compare.
    (hash & u64::from(u32::MAX)) as u32
}
