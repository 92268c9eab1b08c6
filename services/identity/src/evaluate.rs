//! How good the linker is on records of which it is known whose they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::everybody::{Concluded, Everybody, Member};
use crate::linker::{Edge, Guards, Parameters, Population, Thresholds};

/// What came of linking labelled records.
#[derive(Clone, PartialEq, Debug)]
pub struct Evaluated {
    /// Pairs of records with one label.
    pub pairs_of_one: u64,
    /// Pairs that were compared.
    pub pairs_compared: u64,
    /// In the order in which the thresholds were given.
    pub at: Vec<AtThreshold>,
}

/// What came of it at one threshold. A pair counts as linked when its two records are one child's in the end, whether the two
/// were linked with each other or each with a third.
#[derive(Clone, PartialEq, Debug)]
pub struct AtThreshold {
    /// The probability from which on a pair is an edge.
    pub threshold: f64,
    /// Pairs linked, with one label.
    pub right: u64,
    /// Pairs linked, with two.
    pub wrong: u64,
    /// Pairs of one label that were not linked.
    pub missed: u64,
    /// Pairs that were not linked and wait for a person.
    pub kept_apart: u64,
    /// The wrong pairs, then the missed.
    pub mistakes: Vec<Mistake>,
}

/// A pair that came out wrong.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Mistake {
    /// Places of the two records.
    pub pair: (usize, usize),
    /// Two children were linked; otherwise one child was missed.
    pub linked: bool,
    /// The pair's own probability, when the two were compared.
    pub probability: f64,
}

impl AtThreshold {
    /// Of the pairs linked, how many are of one child.
    pub fn precision(&self) -> f64 {
        share(self.right, self.right + self.wrong)
    }

    /// Of the pairs of one child, how many are linked.
    pub fn recall(&self) -> f64 {
        share(self.right, self.right + self.missed)
    }

    /// The harmonic mean of the two.
    pub fn f1(&self) -> f64 {
        let (precision, recall) = (self.precision(), self.recall());
        if precision + recall == 0.0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) }
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// Links records, each with its label, at each of these thresholds, and counts: as a process decides that has adopted the
/// parameters with this threshold, and with `review` where that is lower. The labels are looked at only to count.
///
/// `counts`: whether a pair of records, by their places, counts at all. Where two files are linked that each name everybody
/// once, only pairs of two files do.
pub fn evaluate(
    parameters: &Arc<Parameters>,
    guards: Guards,
    members: Vec<Member>,
    labels: &[String],
    (thresholds, review): (&[f64], f64),
    counts: impl Fn(usize, usize) -> bool,
) -> Evaluated {
    let edges = edges(parameters, &members);
    let pairs_compared = edges.len() as u64;
    let probability = |edge: &Edge<usize>| ((edge.one, edge.other), parameters.probability(edge.weight));
    let compared: BTreeMap<(usize, usize), f64> = edges.iter().map(probability).collect();
    let mut of_label: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    labels.iter().enumerate().for_each(|(at, label)| of_label.entry(label).or_default().push(at));
    let of_one = || of_label.values().flat_map(|places| pairs(places)).filter(|(one, other)| counts(*one, *other));
    let least = thresholds.iter().copied().fold(review, f64::min);
    let edges = edges.into_iter().filter(|edge| parameters.probability(edge.weight) >= least);
    let everybody = Everybody::new(Arc::clone(parameters), guards, members, edges);
    let at = thresholds.iter().map(|threshold| {
        let thresholds = Thresholds { automatic: *threshold, review: review.min(*threshold) };
        let concluded = everybody.concluded(thresholds);
        let mistake = |pair, linked| Mistake { pair, linked, probability: compared.get(&pair).copied().unwrap_or(0.0) };
        let mut found = AtThreshold {
            threshold: *threshold,
            right: 0,
            wrong: 0,
            missed: 0,
            kept_apart: concluded.withheld.len() as u64,
            mistakes: Vec::new(),
        };
        let linked = concluded.children.iter().map(|child| child.iter().copied().collect::<Vec<_>>());
        for (one, other) in linked.flat_map(|child| pairs(&child)).filter(|(one, other)| counts(*one, *other)) {
            if labels.get(one) == labels.get(other) {
                found.right += 1;
            } else {
                found.wrong += 1;
                found.mistakes.push(mistake((one, other), true));
            }
        }
        let child_of = child_of(&concluded);
        for (one, other) in of_one() {
            if child_of.get(&one).is_none_or(|child| child_of.get(&other) != Some(child)) {
                found.missed += 1;
                found.mistakes.push(mistake((one, other), false));
            }
        }
        found
    });
    let at = at.collect();
    Evaluated { pairs_of_one: of_one().count() as u64, pairs_compared, at }
}

/// Every pair that shares a value by which records are looked for.
fn edges(parameters: &Arc<Parameters>, members: &[Member]) -> Vec<Edge<usize>> {
    let mut population = Population::new(Arc::clone(parameters));
    for (at, member) in members.iter().enumerate() {
        // Of a population that is full the rest is not found, and counts as missed.
        let _full = population.put(at, &member.record);
    }
    population.edges(0.0)
}

fn child_of(concluded: &Concluded) -> BTreeMap<usize, usize> {
    let children = concluded.children.iter().enumerate();
    children.flat_map(|(number, child)| child.iter().map(move |at| (*at, number))).collect()
}

fn pairs(places: &[usize]) -> Vec<(usize, usize)> {
    let later = |at: usize| places.iter().skip(at + 1);
    places.iter().enumerate().flat_map(|(at, one)| later(at).map(|other| (*one, *other))).collect()
}
