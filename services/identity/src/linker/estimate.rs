//! Parameters from records that nobody labelled.
//!
//! How often fields agree between two children is counted on pairs taken at random: nearly all are of two. How often they
//! agree between records of one child is found by expectation and maximisation on the pairs that one blocking rule finds, for
//! the fields that the rule does not speak of, and averaged over the rules.
//!
//! Such pairs are of three kinds and not of two: brothers and sisters agree in surname and home as one child does, and in all
//! else as any two children do. Taken for one child they would teach that one child often has two names and two birth dates.

use std::collections::{BTreeMap, BTreeSet};

use super::block::{BLOCK_RECORDS_MAX, Rule};
use super::compare::{Agreement, Agreements, LEVELS, agreements};
use super::parameters::{FieldParameters, Parameters, probability};
use super::sample::{OfDates, Sample};
use super::schema::{Kind, Record, Schema};

const RANDOM_PAIRS: usize = 200_000;
const PAIRS_OF_A_RULE_MAX: usize = 100_000;
const ROUNDS: usize = 40;
/// A rule on which fewer pairs than this look like one child's says nothing for sure.
const PAIRS_OF_ONE_MIN: f64 = 30.0;
/// Where a session begins: most fields of one child agree.
const OF_ONE_AT_FIRST: [f64; LEVELS] = [0.8, 0.08, 0.05, 0.03, 0.04];
/// Of a field that no pair of one child was seen to have: a number that few have yet.
const OF_ONE_UNSEEN: [f64; LEVELS] = [0.9, 0.01, 0.02, 0.01, 0.06];
/// Two sexes are seen of at least so many pairs of one child.
const SEX_DIFFERS_MIN: f64 = 0.02;
/// With fewer, nothing tells one child from two.
const FIELDS_ESTIMATED_MIN: usize = 2;
/// Pairs of which each agreement counts as seen before any is: no agreement is impossible.
const SEEN_BEFORE: f64 = 0.5;
/// The same between two children, who mostly differ in everything.
const SEEN_BEFORE_OF_TWO: [f64; LEVELS] = [SEEN_BEFORE, SEEN_BEFORE, SEEN_BEFORE, SEEN_BEFORE, 20.0 * SEEN_BEFORE];
/// Agreement on a value counts as at least this frequent in so many records more than were seen.
const SHARE_RECORDS_MIN: f64 = 1.0;

/// So many values of a field are told apart by how frequent they are.
const VALUES_MAX: usize = 2_000;

/// Why nothing could be estimated.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EstimateError {
    /// Too few records, or none that look like one child's.
    #[error("{records} records hold too few pairs that look like one child to estimate from")]
    TooFew {
        /// How many there were.
        records: usize,
    },
}

/// Pairs that agree alike, and how many.
type Seen = BTreeMap<Agreements, f64>;

/// The pairs that rules find, each compared once.
struct Found {
    /// In order.
    pairs: Vec<(usize, usize)>,
    /// Of each.
    agreements: Vec<Agreements>,
    /// For how many pairs each stands.
    stands_for: Vec<f64>,
    /// By rule, the places of its pairs.
    of_rule: Vec<Vec<usize>>,
}

impl Found {
    fn by(rules: &[Rule], schema: &Schema, part: &OfDates) -> Self {
        let records = &part.records;
        let of_rule: Vec<Vec<(usize, usize)>> =
            rules.iter().map(|rule| rule.pairs(records, PAIRS_OF_A_RULE_MAX)).collect();
        let mut pairs: Vec<(usize, usize)> = of_rule.iter().flatten().copied().collect();
        pairs.sort_unstable();
        pairs.dedup();
        let compared = |(one, other): &(usize, usize)| match (records.get(*one), records.get(*other)) {
            (Some(one), Some(other)) => agreements(schema, one, other),
            _ => [None; _],
        };
        let agreements = pairs.iter().map(compared).collect();
        let stands_for = pairs.iter().map(|(one, other)| part.stands_for(*one, *other)).collect();
        let places = |of_rule: Vec<(usize, usize)>| {
            of_rule.into_iter().filter_map(|pair| pairs.binary_search(&pair).ok()).collect()
        };
        let of_rule = of_rule.into_iter().map(places).collect();
        Self { pairs, agreements, stands_for, of_rule }
    }
}

/// Estimates parameters. The same records, in whatever order, give the same.
///
/// # Errors
/// [`EstimateError`].
pub fn estimate(schema: &Schema, records: &[Record]) -> Result<Parameters, EstimateError> {
    let mut sorted: Vec<&Record> = records.iter().collect();
    sorted.sort_unstable();
    let mut sample = Sample::new(schema);
    for (at, record) in (0_u64..).zip(sorted) {
        sample.put(&at.to_be_bytes(), record.clone());
    }
    sample.estimate()
}

/// Estimates parameters for so many records from two parts of them: one at random, in an order that is no order, and one of
/// whole birth dates.
pub(super) fn of_parts(
    schema: &Schema,
    records: u64,
    of_all: &[Record],
    of_dates: &OfDates,
) -> Result<Parameters, EstimateError> {
    let too_few = || EstimateError::TooFew { records: usize::try_from(records).unwrap_or(usize::MAX) };
    let rules = Rule::choose(schema, of_all, records);
    let of_two = of_two(schema, of_all);
    let found = Found::by(&rules, schema, of_dates);
    let of_one = of_one(schema, &found, &rules, &of_two).ok_or_else(too_few)?;
    let fields = schema.fields().iter().enumerate().zip(of_one.into_iter().zip(of_two));
    let fields = fields
        .map(|((at, field), (of_one, of_two))| FieldParameters {
            of_one,
            of_two,
            ..shares(at, field.kind, of_all, records)
        })
        .collect();
    let mut parameters =
        Parameters { schema: schema.clone(), fields, prior: 0.5, rules, records, block_records_max: BLOCK_RECORDS_MAX };
    parameters.prior = prior(&parameters, of_dates, &found).ok_or_else(too_few)?;
    Ok(parameters)
}

/// How often each agreement is seen between two of these records, which are in no order.
fn of_two(schema: &Schema, records: &[Record]) -> Vec<[f64; LEVELS]> {
    let count = records.len();
    let mut seen = vec![SEEN_BEFORE_OF_TWO; schema.fields().len()];
    // Every record with some a long way off. The records are in no order: of sorted ones a neighbour is often the same child,
    // and two children would be thought to agree as one does.
    let rounds = RANDOM_PAIRS.div_ceil(count.max(1)).min(count.saturating_sub(1));
    for round in 0..rounds {
        let stride = 1 + (count / 3 + round) % (count - 1);
        for (one, other) in records.iter().zip(records.iter().cycle().skip(stride)) {
            for (seen, agreement) in seen.iter_mut().zip(agreements(schema, one, other)) {
                if let Some(times) = agreement.and_then(|agreement| seen.get_mut(agreement.level())) {
                    *times += 1.0;
                }
            }
        }
    }
    seen.into_iter().map(in_shares).collect()
}

fn of_one(schema: &Schema, found: &Found, rules: &[Rule], of_two: &[[f64; LEVELS]]) -> Option<Vec<[f64; LEVELS]>> {
    let mut sums = vec![[0.0; LEVELS]; schema.fields().len()];
    let of_family: Vec<bool> = schema.fields().iter().map(|field| is_of_family(field.kind)).collect();
    let home = schema.place(Kind::Postcode).zip(schema.place(Kind::House));
    for (rule, pairs) in rules.iter().zip(&found.of_rule) {
        let mut seen = Seen::new();
        for at in pairs {
            if let (Some(agreements), Some(stands_for)) = (found.agreements.get(*at), found.stands_for.get(*at)) {
                *seen.entry(*agreements).or_default() += stands_for;
            }
        }
        let blocked: BTreeSet<usize> = rule.fields().collect();
        let (found, pairs_of_one) = session(&seen, &blocked, of_two, (&of_family, home));
        if pairs_of_one < PAIRS_OF_ONE_MIN {
            continue;
        }
        for (at, (sums, found)) in sums.iter_mut().zip(found).enumerate() {
            if !blocked.contains(&at) {
                sums.iter_mut().zip(found).for_each(|(sum, share)| *sum += share * pairs_of_one);
            }
        }
    }
    let estimated = |sums: &[f64; LEVELS]| sums.iter().sum::<f64>() > 0.0;
    if sums.iter().filter(|sums| estimated(sums)).count() < FIELDS_ESTIMATED_MIN {
        return None;
    }
    let kinds = schema.fields().iter().map(|field| field.kind);
    Some(sums.into_iter().zip(kinds).map(|(sums, kind)| of_kind(kind, sums)).collect())
}

/// What the pairs of one child showed of a field, and what is known of its kind beforehand.
fn of_kind(kind: Kind, sums: [f64; LEVELS]) -> [f64; LEVELS] {
    let seen = sums.iter().sum::<f64>() > 0.0;
    let shares = in_shares(if seen { sums } else { OF_ONE_UNSEEN });
    match (kind, shares) {
        // Sources code sex by different lists, keep what was first typed, or follow the person: that two codes differ says
        // little, however clean the records are that were seen.
        (Kind::Sex, [.., different]) if different < SEX_DIFFERS_MIN => {
            let rest = (1.0 - SEX_DIFFERS_MIN) / (1.0 - different);
            let [exact, variant, close, near, _] = shares.map(|share| share * rest);
            [exact, variant, close, near, SEX_DIFFERS_MIN]
        }
        _ => shares,
    }
}

/// Whether children of one household agree in it as one child does.
fn is_of_family(kind: Kind) -> bool {
    matches!(kind, Kind::Surname | Kind::Postcode | Kind::House | Kind::Address)
}

/// How many of the pairs that a rule finds are of each kind, as far as is known.
#[derive(Clone, Copy)]
struct Mixture {
    of_one: f64,
    of_family: f64,
}

impl Mixture {
    /// The probability that a pair is of one child and of one family, from what each makes likelier than two children do.
    fn of_pair(self, one: f64, family: f64) -> (f64, f64) {
        let of_two = (1.0 - self.of_one - self.of_family).max(f64::MIN_POSITIVE);
        // Against the likeliest, so that no power overflows.
        let most = one.max(family).max(0.0);
        let (one, family) = (self.of_one * (one - most).exp(), self.of_family * (family - most).exp());
        let all = one + family + of_two * (-most).exp();
        (one / all, family / all)
    }
}

/// Expectation and maximisation on the pairs of one rule. Gives the shares, and how many pairs were of one child. A home counts
/// once, as it does when a pair is weighed: counted twice, who moved would be taken for another, and nobody be thought to move.
fn session(
    seen: &Seen,
    blocked: &BTreeSet<usize>,
    of_two: &[[f64; LEVELS]],
    (of_family, home): (&[bool], Option<(usize, usize)>),
) -> (Vec<[f64; LEVELS]>, f64) {
    let pairs: f64 = seen.values().sum();
    let mut of_one = vec![OF_ONE_AT_FIRST; of_two.len()];
    let mut mixture = Mixture { of_one: 0.1, of_family: 0.1 };
    let mut pairs_of_one = 0.0;
    for _ in 0..ROUNDS {
        let mut sums = vec![[SEEN_BEFORE; LEVELS]; of_two.len()];
        pairs_of_one = 0.0;
        let mut pairs_of_family = 0.0;
        for (agreements, times) in seen {
            let said = || agreements.iter().take(of_two.len()).enumerate().filter(|(at, _)| !blocked.contains(at));
            let level = |shares: &[[f64; LEVELS]], at: usize, agreement: Agreement| {
                shares.get(at).and_then(|field| field.get(agreement.level())).copied().unwrap_or(1.0)
            };
            let (mut one, mut family) = (0.0, 0.0);
            let weight_of = |at: usize| {
                let said = agreements.get(at).copied().flatten().filter(|_| !blocked.contains(&at));
                said.map_or(0.0, |agreement| (level(&of_one, at, agreement) / level(of_two, at, agreement)).ln())
            };
            let counted_already = home.and_then(|(postcode, house)| {
                let (of_postcode, of_house): (f64, f64) = (weight_of(postcode), weight_of(house));
                let lesser = if of_postcode.abs() < of_house.abs() { postcode } else { house };
                (of_postcode * of_house > 0.0).then_some(lesser)
            });
            for (at, _) in said().filter(|(at, _)| counted_already != Some(*at)) {
                let weight = weight_of(at);
                one += weight;
                family += if of_family.get(at) == Some(&true) { weight } else { 0.0 };
            }
            let (one, family) = mixture.of_pair(one, family);
            let expected = times * one;
            pairs_of_one += expected;
            pairs_of_family += times * family;
            for (at, agreement) in said() {
                let sum = agreement.and_then(|a| sums.get_mut(at).and_then(|field| field.get_mut(a.level())));
                if let Some(sum) = sum {
                    *sum += expected;
                }
            }
        }
        let share = |of: f64| (of / pairs.max(1.0)).clamp(1e-6, 0.999);
        mixture = Mixture { of_one: share(pairs_of_one), of_family: share(pairs_of_family) };
        of_one = sums.into_iter().map(in_shares).collect();
    }
    (of_one, pairs_of_one)
}

fn in_shares(sums: [f64; LEVELS]) -> [f64; LEVELS] {
    let sum: f64 = sums.iter().sum();
    sums.map(|part| part / sum)
}

/// The values that most records say, of those that more than two say: of so many records those of a part at random.
fn shares(at: usize, kind: Kind, part: &[Record], records: u64) -> FieldParameters {
    let mut counts: BTreeMap<&String, u64> = BTreeMap::new();
    for value in part.iter().flat_map(|record| record.values(at)) {
        *counts.entry(value).or_default() += 1;
    }
    let said: u64 = counts.values().sum();
    // An identifier is rare by its nature, however few say theirs: those that are seen twice are one person's.
    let may_stand = !matches!(kind, Kind::Identifier(_) | Kind::Local);
    let of = if may_stand { said } else { records };
    let least = (1.0 + SHARE_RECORDS_MIN) / (of.max(1) as f64 + SHARE_RECORDS_MIN);
    let mut standing: Vec<(&String, u64)> = counts.into_iter().filter(|(_, count)| may_stand && *count > 2).collect();
    standing.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    // Those that are left out count as the most frequent of them does: a value that is thought rarer than it is links too much.
    let left_out = standing.get(VALUES_MAX).map(|(_, count)| *count as f64 / said as f64);
    standing.truncate(VALUES_MAX);
    let counts = standing.into_iter().map(|(value, count)| (value.clone(), count)).collect();
    let share_of_others = left_out.map_or(least, |share| share.max(least));
    FieldParameters { of_one: [1.0; LEVELS], of_two: [1.0; LEVELS], said, counts, share_of_others }
}

/// How probable it is that two random records are one child's: the share at which the pairs that blocking finds, weighed
/// with it, expect as many.
fn prior(parameters: &Parameters, part: &OfDates, found: &Found) -> Option<f64> {
    let weigh = |((one, other), agreements): (&(usize, usize), &Agreements)| {
        Some(parameters.weight_of(agreements, part.records.get(*one)?, part.records.get(*other)?))
    };
    let weights = found.pairs.iter().zip(&found.agreements).map(weigh).zip(&found.stands_for);
    let weights: Vec<(f64, f64)> = weights.filter_map(|(weight, stands_for)| Some((weight?, *stands_for))).collect();
    let records = parameters.records as f64;
    let in_all = records * (records - 1.0) / 2.0 * part.share;
    let mut prior = 1.0 / records.max(2.0);
    for _ in 0..ROUNDS {
        prior =
            weights.iter().map(|(weight, stands_for)| stands_for * probability(*weight, prior)).sum::<f64>() / in_all;
        if prior <= 0.0 || !prior.is_finite() {
            return None;
        }
    }
    Some(prior)
}
