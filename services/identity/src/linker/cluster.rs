//! From weighed pairs to sets of records, each one child.

use std::collections::{BTreeMap, BTreeSet};

/// A pair that was compared.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Edge<K> {
    /// One record.
    pub one: K,
    /// The other.
    pub other: K,
    /// The sum of the weights.
    pub weight: f64,
}

/// Records that are one child.
pub type Cluster<K> = BTreeSet<K>;

/// A link that was not made.
#[derive(Clone, PartialEq, Debug)]
pub struct KeptApart<K, V> {
    /// The pair that would have joined.
    pub edge: Edge<K>,
    /// Which two records of the two sides may not be one child.
    pub between: (K, K),
    /// Why.
    pub why: V,
}

/// What clustering gives.
#[derive(Clone, PartialEq, Debug)]
pub struct Clustered<K, V> {
    /// Sets of two records and more. A record in none of them stands alone.
    pub clusters: BTreeSet<Cluster<K>>,
    /// For a person to look at, heaviest first.
    pub kept_apart: Vec<KeptApart<K, V>>,
}

/// Joins the two sides of each edge, heaviest first, unless something keeps any record of the one side apart from any of the
/// other. A pure function of the set of edges: their order, and which way round each stands, do not matter.
pub fn cluster<K, V>(edges: impl IntoIterator<Item = Edge<K>>, apart: impl Fn(&K, &K) -> Option<V>) -> Clustered<K, V>
where
    K: Ord + Copy,
{
    let ordered = |edge: Edge<K>| Edge { one: edge.one.min(edge.other), other: edge.one.max(edge.other), ..edge };
    let mut edges: Vec<Edge<K>> = edges.into_iter().map(ordered).collect();
    edges.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| (a.one, a.other).cmp(&(b.one, b.other))));
    let mut cluster_of: BTreeMap<K, usize> = BTreeMap::new();
    let mut clusters: Vec<Cluster<K>> = Vec::new();
    let mut kept_apart = Vec::new();
    for edge in edges {
        let of = |key: K| match cluster_of.get(&key).and_then(|at| clusters.get(*at)) {
            Some(cluster) => cluster.clone(),
            None => Cluster::from([key]),
        };
        let (ours, theirs) = (of(edge.one), of(edge.other));
        if ours.contains(&edge.other) {
            continue;
        }
        let pairs = ours.iter().flat_map(|a| theirs.iter().map(move |b| (*a, *b)));
        match pairs.map(|(a, b)| (a, b, apart(&a, &b))).find_map(|(a, b, why)| why.map(|why| ((a, b), why))) {
            Some((between, why)) => kept_apart.push(KeptApart { edge, between, why }),
            None => {
                let joined: Cluster<K> = ours.union(&theirs).copied().collect();
                for key in &joined {
                    cluster_of.insert(*key, clusters.len());
                }
                clusters.push(joined);
            }
        }
    }
    let standing: BTreeSet<usize> = cluster_of.values().copied().collect();
    let clusters =
        clusters.into_iter().enumerate().filter(|(at, _)| standing.contains(at)).map(|(_, set)| set).collect();
    Clustered { clusters, kept_apart }
}
