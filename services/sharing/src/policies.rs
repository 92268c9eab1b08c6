//! Which sets of rules are approved, and what they were: folded from what was recorded of them.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message as _;
use proto::events::event::Kind;
use proto::sharing::{PolicyKept, RuleSet};

use crate::facts::FactEvent;

/// How many different people of the organisation that runs the service approve a set of rules before it decides anything.
pub const APPROVERS_NEEDED: usize = 2;

/// A policy hash.
type Hash = [u8; 32];

/// Every set of rules that was approved or run.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    /// By the organisation whose people approved it, then by person: when they first did, microseconds since 1970.
    approvals: BTreeMap<Hash, BTreeMap<String, BTreeMap<String, i64>>>,
    kept: BTreeMap<Hash, Kept>,
}

#[derive(Clone, Debug, Default)]
struct Kept {
    parts: u32,
    content: BTreeMap<u32, Vec<u8>>,
}

impl Policies {
    /// Folds one more event; each must have been published after those before it.
    pub(crate) fn fold(&mut self, event: &FactEvent<'_>) {
        let organisation = &event.body.controller;
        match event.body.event.as_ref().and_then(|event| event.kind.as_ref()) {
            Some(Kind::PolicyApproved(said)) if !said.approved_by().is_empty() => {
                let Ok(hash) = Hash::try_from(said.policy_hash()) else { return };
                let by = self.approvals.entry(hash).or_default().entry(organisation.clone()).or_default();
                by.entry(said.approved_by().to_owned()).or_insert(event.published_at_us);
            }
            Some(Kind::PolicyApprovalWithdrawn(said)) => {
                let Ok(hash) = Hash::try_from(said.policy_hash()) else { return };
                self.approvals.entry(hash).or_default().remove(organisation);
            }
            Some(Kind::PolicyKept(said)) => self.keep(said),
            _ => {}
        }
    }

    fn keep(&mut self, said: &PolicyKept) {
        let Ok(hash) = Hash::try_from(said.policy_hash()) else { return };
        let kept = self.kept.entry(hash).or_default();
        kept.parts = said.parts();
        kept.content.entry(said.part()).or_insert_with(|| said.content().to_vec());
    }

    /// Who of an organisation has approved a set, and when, microseconds since 1970.
    pub fn approved_by(&self, hash: &Hash, organisation: &str) -> impl Iterator<Item = (&str, i64)> {
        let by = self.approvals.get(hash).and_then(|by| by.get(organisation));
        by.into_iter().flatten().map(|(person, at_us)| (person.as_str(), *at_us))
    }

    /// Whether a set may decide for a service that this organisation runs.
    pub fn in_force(&self, hash: &Hash, organisation: &str) -> bool {
        self.approved_by(hash, organisation).count() >= APPROVERS_NEEDED
    }

    /// Every set of which anything is recorded, in order of hash.
    pub fn hashes(&self) -> impl Iterator<Item = &Hash> {
        self.approvals.keys().chain(self.kept.keys()).collect::<BTreeSet<_>>().into_iter()
    }

    /// A set as it was first run, if all of it is on record.
    pub fn kept(&self, hash: &Hash) -> Option<RuleSet> {
        let kept = self.kept.get(hash)?;
        let parts = (1..=kept.parts).map(|part| kept.content.get(&part));
        let content = parts.collect::<Option<Vec<_>>>()?.into_iter().flatten().copied().collect::<Vec<u8>>();
        RuleSet::decode(content.as_slice()).ok().filter(|_| kept.parts > 0)
    }
}

/// A set in as many parts as it takes, each of at most this many bytes of content: what is recorded when it is first run.
pub fn parts(hash: &Hash, set: &RuleSet, bytes_max: usize) -> Vec<PolicyKept> {
    let content = set.encode_to_vec();
    let chunks: Vec<_> = content.chunks(bytes_max.max(1)).collect();
    let parts = u32::try_from(chunks.len()).ok();
    (1..)
        .zip(chunks)
        .map(|(part, content)| PolicyKept {
            policy_hash: Some(hash.to_vec()),
            part: Some(part),
            parts,
            content: Some(content.to_vec()),
        })
        .collect()
}
