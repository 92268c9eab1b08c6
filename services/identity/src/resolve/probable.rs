//! Links that records make probable: taken last, so that they add to what is known and never take from it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Clusters, Evidence, Id, Reason, Withheld, kept_apart};

/// From this probability on, what two records say is enough by itself. Below, as with a name and a birth date that agree and
/// nothing else, all that are linked already have to bear it out: among a million children some share both.
const CERTAIN: f64 = 0.999;

/// How probable it is that two subjects are one child, by what their sources say of them and one version of the parameters.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Probable {
    /// The sum of the weights, natural logarithm: the heaviest is taken first.
    pub weight: f64,
    /// 0 to 1.
    pub probability: f64,
    /// At or above the automatic threshold: linked, unless something keeps the two apart. Otherwise it is for a person.
    pub is_automatic: bool,
}

/// A pair, and how probable it is.
type Weighed<'e> = (&'e (Id, Id), &'e Probable);

impl Clusters<'_> {
    /// Follows the probable links that nothing speaks against, heaviest first; gives those that were not followed, and why.
    ///
    /// Who is probably one child with two that cannot be one child is linked to neither: the heavier of two weights is no
    /// evidence against the other. Nor is an id, of two weights that are equal.
    pub(super) fn join_probable(&mut self) -> BTreeSet<(Id, Id, Withheld)> {
        let evidence = self.evidence;
        let mut contested = self.contested();
        let mut taken: Vec<Weighed<'_>> =
            evidence.probable.iter().filter(|(pair, p)| p.is_automatic && !contested.contains(*pair)).collect();
        taken.sort_by(|(_, ours), (_, theirs)| theirs.weight.total_cmp(&ours.weight));
        for equal in taken.chunk_by(|(_, ours), (_, theirs)| ours.weight.total_cmp(&theirs.weight).is_eq()) {
            // All of a group or none: which of two equal weights is looked at first is no evidence.
            for tied in self.tied(equal, &contested) {
                if self.are_one(&tied, &contested) {
                    for ((one, other), _) in tied {
                        // Why one stays out is said below, by what its two sides have become in the end.
                        let _stays_out = self.join(*one, *other, Reason::Probable);
                    }
                } else if tied.len() > 1 {
                    contested.extend(tied.into_iter().map(|(pair, _)| *pair));
                }
            }
        }
        let why = |(one, other): &(Id, Id)| {
            let (ours, theirs) = (self.of(*one), self.of(*other));
            match improbable(&ours, &theirs, evidence) {
                _ if ours.contains(other) => None,
                // Nothing tells of what lies across a seal, and nobody is asked about it.
                Some(Withheld::Sealed) => None,
                Some(why) => Some(why),
                None if crosses(&ours, &theirs, &contested) => Some(Withheld::Many),
                None => Some(Withheld::Possible),
            }
        };
        evidence.probable.keys().filter_map(|pair| why(pair).map(|why| (pair.0, pair.1, why))).collect()
    }

    /// The links of one weight that may be made, in groups that have a child in common.
    fn tied<'e>(&self, equal: &[Weighed<'e>], contested: &BTreeSet<(Id, Id)>) -> Vec<Vec<Weighed<'e>>> {
        let mut tied: Vec<(BTreeSet<Id>, Vec<Weighed<'e>>)> = Vec::new();
        for link in equal {
            let mut children = self.names(&[*link]);
            // What cannot be leaves nothing open.
            if children.len() < 2 || !self.are_one(&[*link], contested) {
                continue;
            }
            let mut links = vec![*link];
            let (touched, rest) = tied.into_iter().partition(|(theirs, _)| !theirs.is_disjoint(&children));
            tied = rest;
            for (theirs, of_them) in touched as Vec<_> {
                children.extend(theirs);
                links.extend(of_them);
            }
            tied.push((children, links));
        }
        tied.into_iter().map(|(_, links)| links).collect()
    }

    /// Whether all whom these links lead to can be one child: any two of them, whether linked with each other or by others.
    fn are_one(&self, links: &[Weighed<'_>], contested: &BTreeSet<(Id, Id)>) -> bool {
        let is_certain = links.iter().all(|(_, probable)| probable.probability >= CERTAIN);
        let children: Vec<BTreeSet<Id>> = self.names(links).into_iter().map(|name| self.of(name)).collect();
        let can_be = |ours: &BTreeSet<Id>, theirs: &BTreeSet<Id>| {
            improbable(ours, theirs, self.evidence).is_none()
                && !crosses(ours, theirs, contested)
                && (is_certain || self.is_borne_out(ours, theirs))
        };
        let mut pairs =
            children.iter().enumerate().flat_map(|(at, one)| children.iter().skip(at + 1).map(move |o| (one, o)));
        pairs.all(|(ours, theirs)| can_be(ours, theirs))
    }

    fn names(&self, links: &[Weighed<'_>]) -> BTreeSet<Id> {
        links.iter().flat_map(|((one, other), _)| [self.name(*one), self.name(*other)]).collect()
    }

    /// One of a child's subjects, by which the child is told from others.
    fn name(&self, id: Id) -> Id {
        self.of(id).first().copied().unwrap_or(id)
    }

    /// Whether any two subjects of the two sides that are described are at least possibly one child.
    fn is_borne_out(&self, ours: &BTreeSet<Id>, theirs: &BTreeSet<Id>) -> bool {
        let described = |id: &&Id| self.evidence.descriptions.contains_key(*id);
        let possible = |a: &Id, b: &Id| self.evidence.probable.contains_key(&(*a.min(b), *a.max(b)));
        ours.iter().filter(described).all(|a| theirs.iter().filter(described).all(|b| possible(a, b)))
    }

    /// The automatic links of whoever has them to two that are kept apart.
    fn contested(&self) -> BTreeSet<(Id, Id)> {
        let mut apart: BTreeMap<(Id, Id), bool> = BTreeMap::new();
        let mut is_apart = |one: Id, other: Id| {
            *apart
                .entry((one.min(other), one.max(other)))
                .or_insert_with(|| improbable(&self.of(one), &self.of(other), self.evidence).is_some())
        };
        let mut links: Vec<((Id, Id), (Id, Id))> = Vec::new();
        let mut nearest: BTreeMap<Id, BTreeSet<Id>> = BTreeMap::new();
        for (pair, _) in self.evidence.probable.iter().filter(|(_, probable)| probable.is_automatic) {
            let (one, other) = (self.name(pair.0), self.name(pair.1));
            if one != other && !is_apart(one, other) {
                links.push((*pair, (one, other)));
                nearest.entry(one).or_default().insert(other);
                nearest.entry(other).or_default().insert(one);
            }
        }
        let mut torn: BTreeSet<(Id, Id)> = BTreeSet::new();
        for (one, others) in &nearest {
            for (at, first) in others.iter().enumerate() {
                for second in others.iter().skip(at + 1).filter(|second| is_apart(*first, **second)) {
                    torn.extend([(*one, *first), (*one, *second)]);
                }
            }
        }
        let is_torn = |(one, other): &(Id, Id)| torn.contains(&(*one, *other)) || torn.contains(&(*other, *one));
        links.into_iter().filter(|(_, named)| is_torn(named)).map(|(pair, _)| pair).collect()
    }
}

/// Whether a link that was not followed, since another cannot be true with it, would be made by a roundabout way.
fn crosses(one: &BTreeSet<Id>, other: &BTreeSet<Id>, contested: &BTreeSet<(Id, Id)>) -> bool {
    one.iter().any(|a| other.iter().any(|b| contested.contains(&(*a.min(b), *a.max(b)))))
}

/// Why two sets of subjects may not be linked by what records say alone, if they may not.
pub(super) fn improbable(one: &BTreeSet<Id>, other: &BTreeSet<Id>, evidence: &Evidence) -> Option<Withheld> {
    if let Some(why) = kept_apart(one, other, evidence) {
        return Some(why);
    }
    let mut pairs = one.iter().flat_map(|a| other.iter().map(move |b| (*a.min(b), *a.max(b))));
    pairs.find_map(|pair| evidence.vetoed.get(&pair)).map(|veto| Withheld::Vetoed(*veto))
}

#[cfg(test)]
mod tests;
