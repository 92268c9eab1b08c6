//! Who is one child with whom, of many records at once: what a process concludes that is asked about each of them.
//!
//! A process reads whoever it is asked about together with all to whom claims and likeness lead, and [resolves](crate::resolve)
//! them. Here the same is done in memory: for the figures, and to know beforehand what parameters do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::linker::{Check, Edge, Guards, Kind, Parameters, Record, Schema, Thresholds, Veto, veto};
use crate::{Claim, Description, Evidence, Id, Probable, SUBJECTS_MAX, Withheld, resolve_each};

/// One of many records, with what is known of it beside what it is compared by.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Member {
    /// What it is compared by.
    pub record: Record,
    /// The identifiers that it states. Their `local` is not looked at: it is this record.
    pub claims: Vec<Claim>,
    /// What it says of names and birth dates.
    pub descriptions: Vec<Description>,
}

/// What was concluded of everybody.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Concluded {
    /// Sets of two records and more, by their places. A record in none of them stands alone.
    pub children: Vec<BTreeSet<usize>>,
    /// Pairs of records that are probable and were not linked, and why: for a person.
    pub withheld: BTreeMap<(usize, usize), Withheld>,
}

/// Many records, those of them that are alike, and what no weight joins.
#[derive(Clone, Debug)]
pub struct Everybody {
    parameters: Arc<Parameters>,
    guards: Guards,
    members: Vec<Member>,
    /// By identifier, who states it.
    claimants: BTreeMap<Id, Vec<usize>>,
    /// The smaller place first, in order.
    alike: Vec<Alike>,
    /// By place, which of them touch it.
    alike_of: Vec<Vec<usize>>,
}

/// Two records that were compared.
#[derive(Clone, Copy, Debug)]
struct Alike {
    pair: (usize, usize),
    weight: f64,
    probability: f64,
    veto: Option<Veto>,
}

impl Member {
    /// A record of which no more is known than it says itself: a line of a file. Numbers that a process takes for claims (NHS
    /// number, UPN, ULN) count where their own check is right, and it is `place` who issues the record's own number, unless
    /// it says who does.
    pub fn of(schema: &Schema, record: Record, place: usize) -> Self {
        let (mut claims, mut issuer) = (Vec::new(), place.to_string());
        let mut description = Description { birth_day: None, given_names: BTreeSet::new() };
        for (at, field) in schema.fields().iter().enumerate() {
            let values = record.values(at);
            match field.kind {
                Kind::Identifier(check) => claims.extend(claimed(check, values)),
                Kind::Local => {
                    issuer = values.first().and_then(|of| of.split('|').next()).unwrap_or(&issuer).to_owned()
                }
                Kind::BirthDate => {
                    let whole = values.iter().find(|date| date.len() == 8).and_then(|date| date.parse().ok());
                    description.birth_day = description.birth_day.or(whole);
                }
                Kind::GivenName => description.given_names.extend(values.iter().cloned()),
                _ => {}
            }
        }
        claims.iter_mut().for_each(|claim| claim.issuer.clone_from(&issuer));
        Self { record, claims, descriptions: vec![description] }
    }
}

/// As a process claims them: see [`Claim::rank`].
fn claimed(check: Check, values: &[String]) -> Vec<Claim> {
    let rank = match check {
        Check::None => return Vec::new(),
        Check::NhsNumber => 0,
        Check::Upn => 1,
        Check::Uln => 2,
    };
    let claim = |value: &String| Claim {
        local: Id::default(),
        issuer: String::new(),
        identifier: number_id(rank, value),
        rank,
        exclusive: check == Check::NhsNumber,
    };
    values.iter().filter(|value| check.is_right(value)).map(claim).collect()
}

/// Letters and digits, as they are, in sixteen bytes that are no record's.
fn number_id(rank: u8, number: &str) -> Id {
    let mut id = [0xff; 16];
    let said = std::iter::once(rank).chain(number.bytes());
    id.iter_mut().skip(1).zip(said).for_each(|(to, from)| *to = from);
    id
}

fn record_id(place: usize) -> Id {
    (place as u128).to_be_bytes()
}

fn place_of(id: &Id) -> Option<usize> {
    usize::try_from(u128::from_be_bytes(*id)).ok()
}

impl Everybody {
    /// Records, and those pairs of them that were compared, by their places.
    pub fn new(
        parameters: Arc<Parameters>,
        guards: Guards,
        mut members: Vec<Member>,
        compared: impl IntoIterator<Item = Edge<usize>>,
    ) -> Self {
        let mut claimants: BTreeMap<Id, Vec<usize>> = BTreeMap::new();
        for (place, member) in members.iter_mut().enumerate() {
            for claim in &mut member.claims {
                claim.local = record_id(place);
                claimants.entry(claim.identifier).or_default().push(place);
            }
        }
        let of = |place: usize| members.get(place).map(|member| &member.record);
        let alike = |edge: Edge<usize>| {
            let pair = (edge.one.min(edge.other), edge.one.max(edge.other));
            let (one, other) = (of(pair.0)?, of(pair.1)?);
            let veto = veto(&parameters, guards, false, one, other);
            let probability = parameters.probability(edge.weight);
            Some(Alike { pair, weight: edge.weight, probability, veto })
        };
        let mut alike: Vec<Alike> = compared.into_iter().filter_map(alike).collect();
        alike.sort_unstable_by_key(|alike| alike.pair);
        alike.dedup_by_key(|alike| alike.pair);
        let mut alike_of = vec![Vec::new(); members.len()];
        for (at, Alike { pair, .. }) in alike.iter().enumerate() {
            for place in [pair.0, pair.1] {
                if let Some(of) = alike_of.get_mut(place) {
                    of.push(at);
                }
            }
        }
        Self { parameters, guards, members, claimants, alike, alike_of }
    }

    /// Who is one child with whom, by these thresholds.
    pub fn concluded(&self, thresholds: Thresholds) -> Concluded {
        let (mut concluded, mut seen) = (Concluded::default(), BTreeSet::new());
        for place in 0..self.members.len() {
            if seen.contains(&place) || self.stands_alone(place, thresholds) {
                continue;
            }
            let near = self.near(place, Some(thresholds));
            if near.len() <= SUBJECTS_MAX {
                self.conclude(&near, Some(thresholds), &mut concluded);
                seen.extend(near.iter().filter_map(place_of));
                continue;
            }
            // What is only probable must not hide what is known.
            let known = self.near(place, None);
            if known.len() <= SUBJECTS_MAX {
                self.conclude(&known, None, &mut concluded);
            }
            seen.extend(known.iter().filter_map(place_of));
        }
        concluded
    }

    /// Whether nothing leads from a record to any other.
    fn stands_alone(&self, place: usize, thresholds: Thresholds) -> bool {
        self.alike_of(place, Some(thresholds)).next().is_none()
            && self.claims_of(place).all(|claim| self.claimants.get(&claim.identifier).is_none_or(|all| all.len() < 2))
    }

    fn claims_of(&self, place: usize) -> impl Iterator<Item = &Claim> {
        self.members.get(place).into_iter().flat_map(|member| &member.claims)
    }

    /// What is like a record, from the threshold for review on; nothing without thresholds.
    fn alike_of(&self, place: usize, thresholds: Option<Thresholds>) -> impl Iterator<Item = &Alike> {
        let all = self.alike_of.get(place).into_iter().flatten().filter_map(|at| self.alike.get(*at));
        all.filter(move |alike| thresholds.is_some_and(|least| alike.probability >= least.review))
    }

    /// Everybody to whom claims lead, and automatic links that nothing vetoes; a few more than can be resolved at most.
    fn near(&self, place: usize, thresholds: Option<Thresholds>) -> BTreeSet<Id> {
        let mut near = BTreeSet::new();
        let mut waiting = vec![record_id(place)];
        while let Some(id) = waiting.pop().filter(|_| near.len() <= SUBJECTS_MAX) {
            if !near.insert(id) {
                continue;
            }
            waiting.extend(self.claimants.get(&id).into_iter().flatten().map(|place| record_id(*place)));
            let Some(place) = place_of(&id) else { continue };
            waiting.extend(self.claims_of(place).map(|claim| claim.identifier));
            for alike in self.alike_of(place, thresholds) {
                let is_automatic = thresholds.is_some_and(|least| alike.probability >= least.automatic);
                let joins = is_automatic && alike.veto.is_none();
                waiting
                    .extend(joins.then(|| record_id(if alike.pair.0 == place { alike.pair.1 } else { alike.pair.0 })));
            }
        }
        near
    }

    fn conclude(&self, near: &BTreeSet<Id>, thresholds: Option<Thresholds>, concluded: &mut Concluded) {
        let evidence = self.evidence(near, thresholds);
        for resolution in resolve_each(near.iter().copied(), &evidence) {
            let records: BTreeSet<usize> =
                resolution.subjects.iter().filter(|id| near.contains(*id)).filter_map(place_of).collect();
            concluded.children.extend(Some(records).filter(|records| records.len() > 1));
            let pair = |(one, other, why)| Some(((place_of(&one)?, place_of(&other)?), why));
            concluded.withheld.extend(resolution.withheld.into_iter().filter_map(pair));
        }
    }

    /// Of those near by, and of whoever is beside them: only alike, and not enough to be linked.
    fn evidence(&self, near: &BTreeSet<Id>, thresholds: Option<Thresholds>) -> Evidence {
        let mut evidence = Evidence::default();
        let mut waiting = Vec::new();
        for place in near.iter().filter_map(place_of) {
            for alike in self.alike_of(place, thresholds) {
                let pair = (record_id(alike.pair.0), record_id(alike.pair.1));
                let is_automatic = thresholds.is_some_and(|least| alike.probability >= least.automatic);
                let probable = Probable { weight: alike.weight, probability: alike.probability, is_automatic };
                evidence.probable.insert(pair, probable);
                evidence.vetoed.extend(alike.veto.map(|veto| (pair, veto)));
                waiting.extend([pair.0, pair.1]);
            }
        }
        let mut beside = BTreeSet::new();
        while let Some(id) = waiting.pop() {
            if near.contains(&id) || beside.len() >= SUBJECTS_MAX || !beside.insert(id) {
                continue;
            }
            waiting.extend(self.claimants.get(&id).into_iter().flatten().map(|place| record_id(*place)));
            waiting.extend(place_of(&id).into_iter().flat_map(|place| self.claims_of(place)).map(|c| c.identifier));
        }
        for (place, member) in
            near.union(&beside).filter_map(place_of).filter_map(|at| Some((at, self.members.get(at)?)))
        {
            evidence.claims.extend(member.claims.iter().cloned());
            // That neither name nor birth date agrees speaks for two children of one household, and of others for nothing.
            let descriptions = if self.guards.twins { member.descriptions.clone() } else { Vec::new() };
            evidence.descriptions.insert(record_id(place), descriptions);
        }
        if !evidence.probable.is_empty() {
            self.veto(near, &mut evidence);
        }
        evidence
    }

    /// Looks which of those near by no weight joins.
    fn veto(&self, near: &BTreeSet<Id>, evidence: &mut Evidence) {
        let of = |id: &Id| Some((*id, &self.members.get(place_of(id)?)?.record));
        let near: Vec<(Id, &Record)> = near.iter().filter_map(of).collect();
        for (at, (one, ours)) in near.iter().enumerate() {
            for (other, theirs) in
                near.iter().skip(at + 1).filter(|(other, _)| !evidence.probable.contains_key(&(*one, *other)))
            {
                let veto = veto(&self.parameters, self.guards, false, ours, theirs);
                evidence.vetoed.extend(veto.map(|veto| ((*one, *other), veto)));
            }
        }
    }
}
