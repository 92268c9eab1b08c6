//! Links from claims, from people's decisions and from what records make probable.

mod probable;

use std::collections::{BTreeMap, BTreeSet};

use crate::linker::Veto;
pub use probable::Probable;

/// A subject's pseudonym.
pub type Id = [u8; 16];

/// Of whom more subjects are found than this, identifiers included, nobody is resolved: the claims are wrong, or the likeness
/// is, and following them further would show one family's record to another.
pub const SUBJECTS_MAX: usize = 64;

/// A source's statement that one of its own subjects carries an identifier.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Claim {
    /// The source's own subject.
    pub local: Id,
    /// Who issued that subject's number: one council, one school, one trust. Two subjects of one issuer are two children.
    pub issuer: String,
    /// The identifier claimed.
    pub identifier: Id,
    /// How strong the identifier is as evidence: lower comes first. NHS number 0, UPN 1, ULN 2, a former identifier 3.
    pub rank: u8,
    /// Only one of these can be a child's at a time (NHS number): two different ones are two children.
    pub exclusive: bool,
}

/// What one source says a subject is called and when they were born: enough to see a contradiction, never to link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Description {
    /// Days since 1970, where the source gives a whole, unestimated date.
    pub birth_day: Option<i64>,
    /// Given names as the source has them, normalised to lower-case letters; empty when it has none.
    pub given_names: BTreeSet<String>,
}

/// All that is known about a neighbourhood of subjects. Built so that it holds everything reachable through claims and
/// decisions from whoever is asked about.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Evidence {
    /// Current claims: of each source's latest description only.
    pub claims: BTreeSet<Claim>,
    /// By subject.
    pub descriptions: BTreeMap<Id, Vec<Description>>,
    /// Pairs that a person linked, and did not unlink since.
    pub linked: BTreeSet<(Id, Id)>,
    /// Pairs that a person unlinked, and did not link since.
    pub unlinked: BTreeSet<(Id, Id)>,
    /// One issuer's numbers of which the second replaced the first.
    pub superseded: BTreeSet<(Id, Id)>,
    /// Each the subjects and identifiers of one sealed identity.
    pub sealed: Vec<BTreeSet<Id>>,
    /// Pairs that records make probable, at or above the review threshold; the smaller id first.
    pub probable: BTreeMap<(Id, Id), Probable>,
    /// Pairs of described subjects that no weight joins, whether probable or not; the smaller id first.
    pub vetoed: BTreeMap<(Id, Id), Veto>,
}

/// Why two nodes are joined.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reason {
    /// The issuer itself replaced one number by the other.
    Superseded,
    /// A person decided.
    Decided,
    /// A source states the identifier of its subject.
    Claimed,
    /// What records say makes it probable.
    Probable,
}

/// An edge that was not followed, and why.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Withheld {
    /// Two subjects of one issuer claim the identifier: it links neither.
    SharedWithinIssuer,
    /// It would cross the edge of a sealed identity.
    Sealed,
    /// A person said that two of those it would join are not one child.
    Unlinked,
    /// It would join two different numbers of which a child can have only one.
    TwoExclusive,
    /// The birth dates and the given names of two whom it would join both differ.
    DescriptionsContradict,
    /// It is probable, and not probable enough to be made without a person.
    Possible,
    /// It is probable, and so is another that cannot be true with it: neither is made.
    Many,
    /// It is probable, and would join what no weight joins.
    Vetoed(Veto),
}

/// Who is one child with the subject asked about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resolution {
    /// The subject asked about and all that are linked with it, identifiers included.
    pub subjects: BTreeSet<Id>,
    /// Edges touching these subjects that were not followed.
    pub withheld: BTreeSet<(Id, Id, Withheld)>,
}

/// Resolves one subject.
///
/// Edges are taken in a fixed order (the issuer's own replacements, people's decisions, claims by rank, then what is
/// probable, heaviest first), and one that would join what may not be joined is left out. Claims that contradict each other
/// over one identifier are all left out, and so are probable links that do, so that neither side wins by its place in the order.
pub fn resolve(asked: Id, evidence: &Evidence) -> Resolution {
    let (clusters, withheld) = resolved(evidence);
    resolution(asked, &clusters, &withheld)
}

/// Resolves all of these subjects by the same evidence: each child once, in the order of the first that is asked about.
pub fn resolve_each(asked: impl IntoIterator<Item = Id>, evidence: &Evidence) -> Vec<Resolution> {
    let (clusters, withheld) = resolved(evidence);
    let mut found: Vec<Resolution> = Vec::new();
    let mut known = BTreeSet::new();
    for id in asked {
        if !known.contains(&id) {
            let resolution = resolution(id, &clusters, &withheld);
            known.extend(resolution.subjects.iter().copied());
            found.push(resolution);
        }
    }
    found
}

fn resolution(asked: Id, clusters: &Clusters<'_>, withheld: &BTreeSet<(Id, Id, Withheld)>) -> Resolution {
    let subjects = clusters.of(asked);
    let touches = |(one, other, _): &&(Id, Id, Withheld)| subjects.contains(one) || subjects.contains(other);
    let withheld = withheld.iter().filter(touches).copied().collect();
    Resolution { subjects, withheld }
}

fn resolved(evidence: &Evidence) -> (Clusters<'_>, BTreeSet<(Id, Id, Withheld)>) {
    let mut clusters = Clusters::new(evidence);
    let mut withheld = BTreeSet::new();
    for (reason, one, other) in edges(evidence, &mut withheld) {
        // Nothing but a person's newer decision, which takes the pair out of `unlinked`, overrides a person's decision.
        if let Some(why) = clusters.join(one, other, reason) {
            withheld.insert((one, other, why));
        }
    }
    withheld.extend(clusters.join_probable());
    (clusters, withheld)
}

/// Every edge that may be taken, in the order in which they are tried.
fn edges(evidence: &Evidence, withheld: &mut BTreeSet<(Id, Id, Withheld)>) -> Vec<(Reason, Id, Id)> {
    let mut edges: Vec<(Reason, Id, Id)> = Vec::new();
    edges.extend(evidence.superseded.iter().map(|(gone, stands)| (Reason::Superseded, *gone, *stands)));
    edges.extend(evidence.linked.iter().map(|(one, other)| (Reason::Decided, *one, *other)));
    let decided = decided(evidence);
    let mut claims: Vec<&Claim> = Vec::new();
    for (identifier, claimants) in claims_by_identifier(evidence) {
        let crosses = |claim: &&Claim| crosses_a_seal([claim.local, identifier].iter(), evidence);
        let (crossing, claimants): (Vec<&Claim>, Vec<&Claim>) = claimants.into_iter().partition(crosses);
        withheld.extend(crossing.iter().map(|claim| (claim.local, identifier, Withheld::Sealed)));
        for claim in &claimants {
            match contradicted(claim, &claimants, evidence, &decided) {
                Some(why) => drop(withheld.insert((claim.local, identifier, why))),
                None => claims.push(claim),
            }
        }
    }
    claims.sort_by_key(|claim| (claim.rank, claim.identifier, claim.local));
    edges.extend(claims.into_iter().map(|claim| (Reason::Claimed, claim.local, claim.identifier)));
    edges
}

fn claims_by_identifier(evidence: &Evidence) -> BTreeMap<Id, Vec<&Claim>> {
    let mut by_identifier: BTreeMap<Id, Vec<&Claim>> = BTreeMap::new();
    for claim in &evidence.claims {
        by_identifier.entry(claim.identifier).or_default().push(claim);
    }
    by_identifier
}

/// Who is one child by what issuers replaced and people decided alone.
fn decided(evidence: &Evidence) -> Clusters<'_> {
    let mut clusters = Clusters::new(evidence);
    for (reason, pairs) in [(Reason::Superseded, &evidence.superseded), (Reason::Decided, &evidence.linked)] {
        for (one, other) in pairs {
            let _stays_apart = clusters.join(*one, *other, reason);
        }
    }
    clusters
}

/// Whether another claim on the same identifier rules this one out. One by a subject of whom a person said that it is the same
/// child does not: the number is that child's.
fn contradicted(claim: &Claim, claimants: &[&Claim], evidence: &Evidence, decided: &Clusters<'_>) -> Option<Withheld> {
    let same = decided.of(claim.local);
    claimants.iter().filter(|other| !same.contains(&other.local)).find_map(|other| {
        let replaced = |a: Id, b: Id| evidence.superseded.contains(&(a, b)) || evidence.superseded.contains(&(b, a));
        if other.issuer == claim.issuer && !replaced(claim.local, other.local) {
            return Some(Withheld::SharedWithinIssuer);
        }
        let (one, two) = (BTreeSet::from([claim.local]), BTreeSet::from([other.local]));
        kept_apart(&one, &two, evidence)
    })
}

/// Why these two sets of subjects may not be one child, if they may not.
fn kept_apart(one: &BTreeSet<Id>, other: &BTreeSet<Id>, evidence: &Evidence) -> Option<Withheld> {
    if crosses_a_seal(one.iter().chain(other), evidence) {
        return Some(Withheld::Sealed);
    }
    let pairs = || one.iter().flat_map(|a| other.iter().map(move |b| (*a, *b)));
    if pairs().any(|(a, b)| evidence.unlinked.contains(&(a, b)) || evidence.unlinked.contains(&(b, a))) {
        return Some(Withheld::Unlinked);
    }
    let exclusive = |ids: &BTreeSet<Id>| -> BTreeSet<Id> {
        evidence
            .claims
            .iter()
            .filter(|claim| claim.exclusive && (ids.contains(&claim.local) || ids.contains(&claim.identifier)))
            .map(|claim| claim.identifier)
            .collect()
    };
    let (ours, theirs) = (exclusive(one), exclusive(other));
    if !ours.is_empty() && !theirs.is_empty() && ours.is_disjoint(&theirs) {
        return Some(Withheld::TwoExclusive);
    }
    let told =
        |ids: &BTreeSet<Id>| ids.iter().filter_map(|id| evidence.descriptions.get(id)).flatten().collect::<Vec<_>>();
    let (ours, theirs) = (told(one), told(other));
    let contradict = ours.iter().any(|a| theirs.iter().any(|b| descriptions_contradict(a, b)));
    contradict.then_some(Withheld::DescriptionsContradict)
}

/// Some of these stand inside a sealed identity and some outside it.
fn crosses_a_seal<'a>(ids: impl Iterator<Item = &'a Id> + Clone, evidence: &Evidence) -> bool {
    let crosses = |sealed: &BTreeSet<Id>| {
        let mut inside = ids.clone().map(|id| sealed.contains(id));
        let first = inside.next();
        inside.any(|next| Some(next) != first)
    };
    evidence.sealed.iter().any(crosses)
}

/// Both the birth date and every given name differ. A name written otherwise, or a date mistyped, is not enough.
fn descriptions_contradict(one: &Description, other: &Description) -> bool {
    let dates_differ = matches!((one.birth_day, other.birth_day), (Some(a), Some(b)) if a != b);
    let names_differ = !one.given_names.is_empty()
        && !other.given_names.is_empty()
        && !one.given_names.iter().any(|a| other.given_names.iter().any(|b| same_initial(a, b)));
    dates_differ && names_differ
}

fn same_initial(one: &str, other: &str) -> bool {
    one.chars().next() == other.chars().next()
}

/// Sets of subjects that are one child so far.
struct Clusters<'a> {
    evidence: &'a Evidence,
    cluster_of: BTreeMap<Id, usize>,
    members: Vec<BTreeSet<Id>>,
}

impl<'a> Clusters<'a> {
    fn new(evidence: &'a Evidence) -> Self {
        Self { evidence, cluster_of: BTreeMap::new(), members: Vec::new() }
    }

    fn of(&self, id: Id) -> BTreeSet<Id> {
        let cluster = self.cluster_of.get(&id).and_then(|at| self.members.get(*at));
        cluster.cloned().unwrap_or_else(|| BTreeSet::from([id]))
    }

    /// Joins the clusters of two nodes, or says why they stay apart.
    fn join(&mut self, one: Id, other: Id, reason: Reason) -> Option<Withheld> {
        let (ours, theirs) = (self.of(one), self.of(other));
        if ours.contains(&other) {
            return None;
        }
        let apart = match reason {
            Reason::Probable => probable::improbable(&ours, &theirs, self.evidence),
            _ => kept_apart(&ours, &theirs, self.evidence),
        };
        // A person who links two children saw their names and numbers; only a seal binds a person too, and an issuer's
        // replacement of its own number says nothing about names.
        let binds = match reason {
            Reason::Claimed | Reason::Probable => apart.is_some(),
            Reason::Decided => apart == Some(Withheld::Sealed),
            Reason::Superseded => matches!(apart, Some(Withheld::Sealed | Withheld::Unlinked)),
        };
        if binds {
            return apart;
        }
        let joined: BTreeSet<Id> = ours.union(&theirs).copied().collect();
        let at = self.members.len();
        for id in &joined {
            self.cluster_of.insert(*id, at);
        }
        self.members.push(joined);
        None
    }
}

#[cfg(test)]
mod tests;
