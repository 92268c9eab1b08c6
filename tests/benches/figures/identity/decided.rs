//! Which records are one child, as a running process decides it for whoever asks: from the numbers that are stated, from what is
//! probable, and from what keeps two apart.

use std::collections::{BTreeMap, BTreeSet};

use identity::linker::{Edge, Guards, Parameters, Record, veto};
use identity::{Claim, Description, Evidence, Id, Probable, resolve};

use super::AUTOMATIC;

/// Places of the fields of a child's record.
const GIVEN: usize = 0;
const BORN: usize = 3;
/// With how strong each is, and whether a child can have only one.
const NUMBERS: [(usize, u8, bool); 2] = [(7, 0, true), (8, 1, false)];

/// Sets of records that are one child, of those that any edge touches.
pub(super) fn decided(parameters: &Parameters, records: &[Record], edges: &[Edge<usize>]) -> Vec<BTreeSet<usize>> {
    let mut sets = Vec::new();
    for (near, edges) in neighbourhoods(edges) {
        let evidence = evidence(parameters, records, &near, &edges);
        let mut left: BTreeSet<usize> = near;
        while let Some(asked) = left.pop_first() {
            let one: BTreeSet<usize> =
                resolve(record_id(asked), &evidence).subjects.iter().filter_map(record_at).collect();
            left.retain(|at| !one.contains(at));
            sets.push(one);
        }
    }
    sets
}

/// Records that edges connect, with their edges.
fn neighbourhoods(edges: &[Edge<usize>]) -> Vec<(BTreeSet<usize>, Vec<Edge<usize>>)> {
    let mut near: BTreeMap<usize, Vec<Edge<usize>>> = BTreeMap::new();
    for edge in edges {
        near.entry(edge.one).or_default().push(*edge);
        near.entry(edge.other).or_default().push(*edge);
    }
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for first in near.keys() {
        let (mut reached, mut next, mut of_it) = (BTreeSet::new(), vec![*first], Vec::new());
        while let Some(at) = next.pop().filter(|at| !seen.contains(first) || reached.contains(at)) {
            if reached.insert(at) {
                let edges = near.get(&at).map_or(&[][..], Vec::as_slice);
                next.extend(edges.iter().map(|edge| if edge.one == at { edge.other } else { edge.one }));
                of_it.extend(edges.iter().filter(|edge| edge.one == at));
            }
        }
        seen.extend(reached.iter().copied());
        found.extend((!reached.is_empty()).then_some((reached, of_it)));
    }
    found
}

fn evidence(parameters: &Parameters, records: &[Record], near: &BTreeSet<usize>, edges: &[Edge<usize>]) -> Evidence {
    let mut evidence = Evidence::default();
    for edge in edges {
        let probability = parameters.probability(edge.weight);
        let probable = Probable { weight: edge.weight, probability, is_automatic: probability >= AUTOMATIC };
        evidence.probable.insert((record_id(edge.one), record_id(edge.other)), probable);
    }
    let of = |at: &usize| records.get(*at).map(|record| (*at, record));
    for (at, record) in near.iter().filter_map(of) {
        evidence.claims.extend(claims(at, record));
        evidence.descriptions.insert(record_id(at), vec![description(record)]);
        for (other, theirs) in near.range(at + 1..).filter_map(of) {
            if let Some(why) = veto(parameters, Guards::default(), false, record, theirs) {
                evidence.vetoed.insert((record_id(at), record_id(other)), why);
            }
        }
    }
    evidence
}

fn claims(at: usize, record: &Record) -> Vec<Claim> {
    let claims = NUMBERS.iter().flat_map(|(field, rank, exclusive)| {
        record.values(*field).iter().map(move |number| Claim {
            local: record_id(at),
            issuer: at.to_string(),
            identifier: number_id(number),
            rank: *rank,
            exclusive: *exclusive,
        })
    });
    claims.collect()
}

fn description(record: &Record) -> Description {
    let whole = record.values(BORN).iter().find(|date| date.len() == 8);
    let birth_day = whole.and_then(|date| date.parse().ok());
    Description { birth_day, given_names: record.values(GIVEN).iter().cloned().collect() }
}

/// A record's: smaller than any number's.
fn record_id(at: usize) -> Id {
    (at as u128).to_be_bytes()
}

fn record_at(id: &Id) -> Option<usize> {
    usize::try_from(u128::from_be_bytes(*id)).ok()
}

/// Letters and digits, as they are, in sixteen bytes.
fn number_id(number: &str) -> Id {
    let mut id = [0xff; 16];
    id.iter_mut().skip(1).zip(number.bytes()).for_each(|(to, from)| *to = from);
    id
}
