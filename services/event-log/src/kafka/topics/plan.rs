//! The difference between what a cluster has and what it must have. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Found, Wanted};
use crate::kafka::admin::{Acl, FoundTopic, NewTopic, Operation, Pattern, Permission, Resource};
use crate::position::{PARTITIONS, Topic};

/// How the names of ours begin, whatever else a cluster holds.
const OURS: &str = "throughline.";

/// What is to be done about a difference.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// The positions would break: nothing at all is done.
    Refused,
    /// A topic is made.
    CreateTopic,
    /// A topic's configuration is set.
    SetConfig,
    /// A difference that is another tool's to mend.
    NotChanged,
    /// An ACL is added.
    AddAcl,
    /// An ACL that is not wanted: taken away if that is asked for.
    SurplusAcl,
    /// An ACL on our topics and others at once: never touched, always shown, and no difference.
    WiderAcl,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "refused",
            Self::CreateTopic => "create topic",
            Self::SetConfig => "set config",
            Self::NotChanged => "not changed",
            Self::AddAcl => "add ACL",
            Self::SurplusAcl => "surplus ACL",
            Self::WiderAcl => "wider ACL",
        })
    }
}

/// One difference.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Step {
    /// What is to be done about it.
    pub kind: Kind,
    /// The topic, group or cluster.
    pub on: String,
    /// What.
    pub what: String,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.kind, self.on, self.what)
    }
}

/// Every difference.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// In the order in which they are done.
    pub steps: Vec<Step>,
    /// The cluster has no authorizer: whoever reaches it may do everything, and no ACL can be kept.
    pub open_to_all: bool,
    pub(super) new_topics: Vec<NewTopic>,
    pub(super) new_configs: BTreeMap<String, BTreeMap<String, String>>,
    /// To add.
    pub new_acls: Vec<Acl>,
    /// Not wanted.
    pub surplus_acls: Vec<Acl>,
}

impl Plan {
    /// Whether the cluster is what it must be.
    pub fn is_nothing(&self) -> bool {
        self.steps.iter().all(|step| step.kind == Kind::WiderAcl)
    }

    /// Whether something breaks the positions.
    pub fn is_refused(&self) -> bool {
        self.steps.iter().any(|step| step.kind == Kind::Refused)
    }
}

/// What is between the two.
pub fn plan(wanted: &Wanted, found: &Found) -> Plan {
    let mut plan = Plan { open_to_all: found.acls.is_none(), ..Plan::default() };
    for (topic, configs) in &wanted.topics {
        match found.topics.get(topic) {
            None => plan.create(wanted, *topic, configs),
            Some(found) => plan.alter(wanted, *topic, configs, found),
        }
    }
    if let Some(found) = &found.acls {
        plan.acls(wanted, found);
    }
    plan.steps.sort();
    plan
}

impl Plan {
    /// The steps of this kind, a line each.
    pub fn said(&self, kind: Kind) -> Vec<String> {
        self.steps.iter().filter(|step| step.kind == kind).map(|step| format!("{} {}", step.on, step.what)).collect()
    }

    fn step(&mut self, kind: Kind, on: impl Into<String>, what: impl Into<String>) {
        self.steps.push(Step { kind, on: on.into(), what: what.into() });
    }

    fn create(&mut self, wanted: &Wanted, topic: Topic, configs: &BTreeMap<String, String>) {
        let all: Vec<String> = configs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let what = format!("{PARTITIONS} partitions, replication {}, {}", wanted.replication, all.join(", "));
        self.step(Kind::CreateTopic, wanted.name(topic), what);
        self.new_topics.push(NewTopic {
            name: wanted.name(topic),
            partitions: i32::from(PARTITIONS),
            replicas: i16::try_from(wanted.replication).unwrap_or(i16::MAX),
            configs: configs.clone(),
        });
    }

    fn alter(&mut self, wanted: &Wanted, topic: Topic, configs: &BTreeMap<String, String>, found: &FoundTopic) {
        for broken in broken(topic, found) {
            self.step(Kind::Refused, wanted.name(topic), broken);
        }
        if found.replicas != usize::from(wanted.replication) {
            let what = format!(
                "has replication {} and not {}: kafka-reassign-partitions.sh changes that",
                found.replicas, wanted.replication
            );
            self.step(Kind::NotChanged, wanted.name(topic), what);
        }
        let mut set = BTreeMap::new();
        let mut said = Vec::new();
        for (name, value) in configs {
            let before = match found.configs.get(name) {
                Some(found) if found.own && found.value == *value => continue,
                Some(found) if found.value == *value => "that by the broker's default only",
                Some(found) => found.value.as_str(),
                None => "unknown",
            };
            said.push(format!("{name}={value} (now {before})"));
            set.insert(name.clone(), value.clone());
        }
        if !set.is_empty() {
            self.step(Kind::SetConfig, wanted.name(topic), said.join(", "));
            self.new_configs.insert(wanted.name(topic), set);
        }
    }

    fn acls(&mut self, wanted: &Wanted, found: &BTreeSet<Acl>) {
        let acls = wanted.acls();
        let principals: BTreeSet<&str> =
            wanted.roles.iter().flat_map(|role| role.principals.iter().map(String::as_str)).collect();
        let ours = format!("{}{OURS}", wanted.prefix);
        self.new_acls = acls.difference(found).cloned().collect();
        let beyond = || found.difference(&acls);
        self.surplus_acls = beyond().filter(|one| is_ours(one, &ours, &principals)).cloned().collect();
        let wider: Vec<Acl> =
            beyond().filter(|one| !is_ours(one, &ours, &principals) && reaches_ours(one, &ours)).cloned().collect();
        for (kind, acls) in [
            (Kind::AddAcl, self.new_acls.clone()),
            (Kind::SurplusAcl, self.surplus_acls.clone()),
            (Kind::WiderAcl, wider),
        ] {
            self.steps.extend(in_lines(kind, &acls));
        }
    }
}

/// What an existing topic has that breaks the positions, or may have broken them already.
pub(super) fn broken(topic: Topic, found: &FoundTopic) -> Vec<String> {
    let mut broken = Vec::new();
    if found.partitions != usize::from(PARTITIONS) {
        broken.push(format!(
            "has {} partitions and not {PARTITIONS}: every position would be another; a log cannot begin on it",
            found.partitions
        ));
    }
    let value = |name: &str| found.configs.get(name).map_or("", |config| config.value.as_str());
    let policy: Vec<&str> = value("cleanup.policy").split(',').map(str::trim).collect();
    if topic != Topic::Keys && policy.contains(&"compact") {
        broken.push("has cleanup.policy=compact: records may be gone, and their offsets with them".to_owned());
    }
    if policy.contains(&"delete") {
        for name in ["retention.ms", "retention.bytes"] {
            if value(name) != "-1" {
                broken.push(format!(
                    "has {name}={}: records may be gone; if the topic still begins at offset 0, set it to -1 by hand",
                    value(name)
                ));
            }
        }
    }
    broken
}

/// On what is ours alone, or of a principal of ours on anything.
fn is_ours(one: &Acl, ours: &str, principals: &BTreeSet<&str>) -> bool {
    let on_ours = matches!(one.resource, Resource::TOPIC | Resource::GROUP | Resource::TRANSACTIONAL_ID)
        && one.name.starts_with(ours);
    on_ours || principals.contains(one.principal.as_str())
}

/// On ours and on others.
fn reaches_ours(one: &Acl, ours: &str) -> bool {
    let is_wide = one.name == "*" || (one.pattern == Pattern::PREFIXED && ours.starts_with(&one.name));
    matches!(one.resource, Resource::TOPIC | Resource::GROUP) && is_wide
}

/// A line for what one principal may do to one thing.
fn in_lines(kind: Kind, acls: &[Acl]) -> Vec<Step> {
    let mut lines: BTreeMap<(String, &str, Permission, &str), Vec<Operation>> = BTreeMap::new();
    for one in acls {
        lines.entry((one.on(), &one.principal, one.permission, &one.host)).or_default().push(one.operation);
    }
    let line = |((on, principal, permission, host), operations): ((String, &str, Permission, &str), Vec<Operation>)| {
        let operations: Vec<String> = operations.iter().map(Operation::to_string).collect();
        let from = if host == "*" { String::new() } else { format!(" from {host}") };
        Step { kind, on, what: format!("{principal} {permission} {}{from}", operations.join(", ")) }
    };
    lines.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests;
