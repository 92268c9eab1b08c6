//! How good the linker is on records of which it is known whose they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cluster::{Clustered, Edge, cluster};
use super::parameters::Parameters;
use super::population::Population;
use super::schema::Record;
use super::veto::{Guards, Veto, veto};

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

/// What came of it at one threshold. A pair counts as linked when its two records end in one cluster.
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
    /// Pairs that something kept apart, for a person.
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

/// Links records, each with its label, at each of these thresholds, and counts. The labels are looked at only to count.
pub fn evaluate(
    parameters: &Parameters,
    guards: Guards,
    records: &[Record],
    labels: &[String],
    thresholds: &[f64],
) -> Evaluated {
    let compared = compared(parameters, records);
    let mut of_label: BTreeMap<&str, u64> = BTreeMap::new();
    labels.iter().for_each(|label| *of_label.entry(label).or_default() += 1);
    let pairs_of_one: u64 = of_label.values().map(|count| count * (count - 1) / 2).sum();
    let apart = |one: &usize, other: &usize| veto(parameters, guards, false, records.get(*one)?, records.get(*other)?);
    let at = thresholds.iter().map(|threshold| {
        let edges = compared.iter().filter(|(_, (_, probability))| probability >= threshold);
        let edges = edges.map(|((one, other), (weight, _))| Edge { one: *one, other: *other, weight: *weight });
        count(*threshold, &cluster(edges, apart), &compared, labels)
    });
    Evaluated { pairs_of_one, pairs_compared: compared.len() as u64, at: at.collect() }
}

/// By pair of places: weight and probability.
type Compared = BTreeMap<(usize, usize), (f64, f64)>;

fn compared(parameters: &Parameters, records: &[Record]) -> Compared {
    let mut population = Population::new(Arc::new(parameters.clone()));
    for (at, record) in records.iter().enumerate() {
        // Of a population that is full the rest is not found, and counts as missed.
        let _full = population.put(at, record);
    }
    let edges = population.edges(0.0);
    let weighed = |edge: Edge<usize>| ((edge.one, edge.other), (edge.weight, parameters.probability(edge.weight)));
    edges.into_iter().map(weighed).collect()
}

fn count(threshold: f64, clustered: &Clustered<usize, Veto>, compared: &Compared, labels: &[String]) -> AtThreshold {
    let mut found = AtThreshold {
        threshold,
        right: 0,
        wrong: 0,
        missed: 0,
        kept_apart: clustered.kept_apart.len() as u64,
        mistakes: Vec::new(),
    };
    let mut cluster_of: BTreeMap<usize, usize> = BTreeMap::new();
    for (number, cluster) in clustered.clusters.iter().enumerate() {
        cluster_of.extend(cluster.iter().map(|at| (*at, number)));
        for (one, other) in pairs(cluster.iter().copied().collect()) {
            if labels.get(one) == labels.get(other) {
                found.right += 1;
            } else {
                found.wrong += 1;
                found.mistakes.push(mistake((one, other), true, compared));
            }
        }
    }
    let mut of_label: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    labels.iter().enumerate().for_each(|(at, label)| of_label.entry(label).or_default().push(at));
    for (one, other) in of_label.into_values().flat_map(pairs) {
        let (ours, theirs) = (cluster_of.get(&one), cluster_of.get(&other));
        if ours.is_none() || ours != theirs {
            found.missed += 1;
            found.mistakes.push(mistake((one, other), false, compared));
        }
    }
    found
}

fn mistake(pair: (usize, usize), linked: bool, compared: &Compared) -> Mistake {
    Mistake { pair, linked, probability: compared.get(&pair).map_or(0.0, |(_, probability)| *probability) }
}

fn pairs(places: Vec<usize>) -> impl Iterator<Item = (usize, usize)> {
    let later = places.clone();
    places
        .into_iter()
        .enumerate()
        .flat_map(move |(at, one)| later.iter().skip(at + 1).map(|other| (one, *other)).collect::<Vec<_>>())
}
