//! The file that says what topics there are and who may do what: every problem of it at once.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use crate::authority::{sector_of, sector_topic};
use crate::kafka::admin::{Acl, Operation, Pattern, Permission, Resource};
use crate::log::VALUE_BYTES_MAX;
use crate::position::{PARTITIONS, Topic};

/// What a list says in place of the nine names.
const EVERY_TOPIC: &str = "every topic";
/// A record's key and headers, and the batch around it.
const AROUND_A_VALUE: usize = 2_048;
/// What a role may be given on topics. What is not here cannot be given: to delete, to alter, to have all.
const ON_TOPICS: [(&str, Operation); 6] = [
    ("read", Operation::READ),
    ("write", Operation::WRITE),
    ("create", Operation::CREATE),
    ("describe", Operation::DESCRIBE),
    ("describe_configs", Operation::DESCRIBE_CONFIGS),
    ("alter_configs", Operation::ALTER_CONFIGS),
];
const ON_CLUSTER: [(&str, Operation); 2] = [("describe", Operation::DESCRIBE), ("alter", Operation::ALTER)];

/// What is wrong with the file, a line each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} problem(s):{}", .0.len(), .0.iter().map(|line| format!("\n  - {line}")).collect::<String>())]
pub struct TopicsFileError(pub Vec<String>);

/// What a cluster must have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// Before the name of every topic and group: two installations on one cluster. Usually empty.
    pub prefix: String,
    /// Copies of each partition.
    pub replication: u16,
    /// The configuration of each topic, by Kafka's own names.
    pub topics: BTreeMap<Topic, BTreeMap<String, String>>,
    /// Who may do what.
    pub roles: Vec<Role>,
}

/// Principals, and what they may do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Role {
    /// Its name in the file, or the source's.
    pub name: String,
    /// As the broker knows them, `User:` before the name.
    pub principals: Vec<String>,
    /// Each right: what may be done, to what kind of thing, of what name.
    pub rights: BTreeSet<(Resource, String, Operation)>,
}

impl Wanted {
    /// The file that is part of this program.
    ///
    /// # Errors
    /// None, as long as its test passes.
    pub fn shipped() -> Result<Self, TopicsFileError> {
        Self::read(include_str!("../../../../../deploy/kafka/topics.toml"))
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// Every problem at once: keys that nobody knows, topics and settings that would break the positions.
    pub fn read(text: &str) -> Result<Self, TopicsFileError> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| {
            TopicsFileError(vec![error.to_string().trim_end().replace('\n', "\n    ")])
        })?;
        let mut reader = Reader { problems: Vec::new() };
        let wanted = reader.wanted(table);
        reader.of_each_topic(&wanted, positions_hold);
        reader.of_each_topic(&wanted, copies_suffice);
        reader.one_role_a_principal(&wanted.roles);
        if reader.problems.is_empty() { Ok(wanted) } else { Err(TopicsFileError(reader.problems)) }
    }

    /// The same with this many copies, of which this many acknowledge: for a trial on fewer nodes.
    ///
    /// # Errors
    /// When more must acknowledge than there are.
    pub fn with_copies(
        mut self,
        replication: Option<u16>,
        min_insync_replicas: Option<u16>,
    ) -> Result<Self, TopicsFileError> {
        self.replication = replication.unwrap_or(self.replication);
        if let Some(min) = min_insync_replicas {
            for configs in self.topics.values_mut() {
                configs.insert("min.insync.replicas".to_owned(), min.to_string());
            }
        }
        let mut reader = Reader { problems: Vec::new() };
        reader.of_each_topic(&self, copies_suffice);
        if reader.problems.is_empty() { Ok(self) } else { Err(TopicsFileError(reader.problems)) }
    }

    /// The same with this before the name of every topic and group.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.prefix);
        self
    }

    /// What a topic is called on the cluster.
    pub fn name(&self, topic: Topic) -> String {
        format!("{}{topic}", self.prefix)
    }

    /// Every right of every role, as the ACLs that a cluster keeps.
    pub fn acls(&self) -> BTreeSet<Acl> {
        let of_role = |role: &Role| {
            let all = role.principals.iter().flat_map(|principal| {
                role.rights.iter().map(move |(resource, name, operation)| Acl {
                    principal: principal.clone(),
                    resource: *resource,
                    name: if *resource == Resource::CLUSTER { name.clone() } else { format!("{}{name}", self.prefix) },
                    pattern: Pattern::LITERAL,
                    operation: *operation,
                    permission: Permission::ALLOW,
                    host: "*".to_owned(),
                })
            });
            all.collect::<Vec<_>>()
        };
        self.roles.iter().flat_map(of_role).collect()
    }
}

struct Reader {
    problems: Vec<String>,
}

impl Reader {
    fn problem(&mut self, at: &str, what: &str) {
        self.problems.push(format!("`{at}` {what}"));
    }

    fn wanted(&mut self, mut table: Table) -> Wanted {
        if table.remove("partitions").and_then(|value| value.as_integer()) != Some(i64::from(PARTITIONS)) {
            self.problem("partitions", &format!("must be {PARTITIONS}: another number breaks every position"));
        }
        let replication = table.remove("replication").and_then(|value| u16::try_from(value.as_integer()?).ok());
        if replication.is_none_or(|copies| copies == 0) {
            self.problem("replication", "must be a whole number of copies, 1 or more");
        }
        let every = self.table(&mut table, "config", "config");
        let every = self.configs("config", every);
        let mut by_name = self.table(&mut table, "topics", "topics");
        let mut topics = BTreeMap::new();
        for topic in Topic::ALL {
            let at = format!("topics.\"{topic}\"");
            if !by_name.contains_key(topic.name()) {
                self.problem(&at, "is missing");
            }
            let own = self.table(&mut by_name, topic.name(), &at);
            let mut configs = every.clone();
            configs.extend(self.configs(&at, own));
            topics.insert(topic, configs);
        }
        self.unknown("topics", &by_name, "is no topic of the log");
        let by_name = self.table(&mut table, "roles", "roles");
        let mut roles: Vec<Role> = by_name.into_iter().map(|(name, value)| self.role(name, value)).collect();
        let mut by_name = self.table(&mut table, "sources", "sources");
        let names: Vec<String> = by_name.keys().cloned().collect();
        roles.extend(names.into_iter().map(|name| self.source(name, &mut by_name)));
        roles.sort_by(|one, other| one.name.cmp(&other.name));
        self.unknown("", &table, "is not known here (known: config, partitions, replication, roles, sources, topics)");
        Wanted { prefix: String::new(), replication: replication.unwrap_or(0), topics, roles }
    }

    fn table(&mut self, above: &mut Table, key: &str, at: &str) -> Table {
        match above.remove(key) {
            None => Table::new(),
            Some(Value::Table(table)) => table,
            Some(_) => {
                self.problem(at, "must be a section");
                Table::new()
            }
        }
    }

    fn unknown(&mut self, at: &str, left: &Table, what: &str) {
        let dot = if at.is_empty() { "" } else { "." };
        for key in left.keys() {
            self.problem(&format!("{at}{dot}{key}"), what);
        }
    }

    fn configs(&mut self, at: &str, table: Table) -> BTreeMap<String, String> {
        let mut configs = BTreeMap::new();
        for (key, value) in table {
            let text = match value {
                Value::String(text) if !text.is_empty() => text,
                Value::Integer(number) => number.to_string(),
                Value::Boolean(flag) => flag.to_string(),
                Value::Float(number) => number.to_string(),
                _ => {
                    self.problem(&format!("{at}.\"{key}\""), "must be a text, a number, true or false");
                    continue;
                }
            };
            configs.insert(key, text);
        }
        configs
    }

    /// What every source may do, on its own sector's topic.
    fn source(&mut self, name: String, by_name: &mut Table) -> Role {
        let principals = self.texts(by_name, "sources", &name).unwrap_or_default();
        self.named(&principals, &format!("sources.{name}"));
        let mut rights = BTreeSet::new();
        match sector_of(&name).and_then(sector_topic) {
            None => self
                .problem(&format!("sources.{name}"), "must begin with its sector: education-, social-care- or health-"),
            Some(sector) => {
                let both = [Operation::READ, Operation::WRITE, Operation::DESCRIBE_CONFIGS];
                let read_only = [Operation::READ, Operation::DESCRIBE_CONFIGS];
                let on = |topic: Topic, operations: &[Operation]| {
                    let right = |operation: &Operation| (Resource::TOPIC, topic.name().to_owned(), *operation);
                    operations.iter().map(right).collect::<Vec<_>>()
                };
                for topic in [sector, Topic::Keys, Topic::Quarantine] {
                    rights.extend(on(topic, &both));
                }
                rights.extend(on(Topic::Reference, &read_only));
                rights.insert((Resource::GROUP, format!("throughline.lease.{name}"), Operation::READ));
            }
        }
        Role { name, principals, rights }
    }

    /// Principals by name, and never everybody.
    fn named(&mut self, principals: &[String], at: &str) {
        let is_everybody_or_nobody =
            |principal: &String| principal.strip_prefix("User:").is_none_or(|user| user.is_empty() || user == "*");
        if principals.iter().any(is_everybody_or_nobody) {
            self.problem(at, "must each be `User:` and a name, and never everybody");
        }
    }

    fn role(&mut self, name: String, value: Value) -> Role {
        let at = format!("roles.{name}");
        let mut rights = BTreeSet::new();
        let Value::Table(mut table) = value else {
            self.problem(&at, "must be a section");
            return Role { name, principals: Vec::new(), rights };
        };
        let principals = self.texts(&mut table, &at, "principals").unwrap_or_else(|| {
            self.problem(&format!("{at}.principals"), "is missing: an empty list gives the role to nobody");
            Vec::new()
        });
        self.named(&principals, &format!("{at}.principals"));
        for (key, operation) in ON_TOPICS {
            for topic in self.texts(&mut table, &at, key).unwrap_or_default() {
                let named = Topic::ALL.into_iter().filter(|t| topic == EVERY_TOPIC || topic == t.name());
                let before = rights.len();
                rights.extend(named.map(|t| (Resource::TOPIC, t.name().to_owned(), operation)));
                if rights.len() == before {
                    self.problem(&format!("{at}.{key}"), &format!("names `{topic}`: no topic of the log, or twice"));
                }
            }
        }
        for group in self.texts(&mut table, &at, "groups").unwrap_or_default() {
            if !group.starts_with("throughline.") {
                self.problem(&format!("{at}.groups"), "must each begin with `throughline.`");
            }
            rights.insert((Resource::GROUP, group, Operation::READ));
        }
        for given in self.texts(&mut table, &at, "cluster").unwrap_or_default() {
            match ON_CLUSTER.into_iter().find(|(name, _)| *name == given) {
                Some((_, operation)) => {
                    rights.insert((Resource::CLUSTER, "kafka-cluster".to_owned(), operation));
                }
                None => self.problem(&format!("{at}.cluster"), "may hold `describe` and `alter`"),
            }
        }
        let known: Vec<&str> = ON_TOPICS.iter().map(|(name, _)| *name).collect();
        let known = format!("is not known here (known: cluster, groups, principals, {})", known.join(", "));
        self.unknown(&at, &table, &known);
        Role { name, principals, rights }
    }

    fn texts(&mut self, table: &mut Table, at: &str, key: &str) -> Option<Vec<String>> {
        let value = table.remove(key)?;
        let texts: Option<Vec<String>> =
            value.as_array().and_then(|list| list.iter().map(|item| item.as_str().map(str::to_owned)).collect());
        if texts.is_none() {
            self.problem(&format!("{at}.{key}"), "must be a list of texts");
        }
        Some(texts.unwrap_or_default())
    }

    /// Notes what `wrong` says of each topic's configuration, once where it is the same of all.
    fn of_each_topic(&mut self, wanted: &Wanted, wrong: fn(Topic, &BTreeMap<String, String>, u16) -> Vec<Wrong>) {
        let mut said: BTreeMap<Wrong, Vec<Topic>> = BTreeMap::new();
        for (topic, configs) in &wanted.topics {
            for one in wrong(*topic, configs, wanted.replication) {
                said.entry(one).or_default().push(*topic);
            }
        }
        for ((key, what), topics) in said {
            if topics.len() == Topic::ALL.len() {
                self.problem(&format!("config.\"{key}\""), &what);
                continue;
            }
            for topic in topics {
                self.problem(&format!("topics.\"{topic}\".\"{key}\""), &what);
            }
        }
    }

    fn one_role_a_principal(&mut self, roles: &[Role]) {
        let mut of: BTreeMap<&str, &str> = BTreeMap::new();
        for role in roles {
            for principal in &role.principals {
                if let Some(other) = of.insert(principal, &role.name) {
                    let what = format!("names `{principal}`, which has the role `{other}`: a principal has one");
                    self.problem(&role.name, &what);
                }
            }
        }
    }
}

/// A setting, and what it must be.
type Wrong = (&'static str, String);

/// What no file may say otherwise.
fn positions_hold(topic: Topic, configs: &BTreeMap<String, String>, _replication: u16) -> Vec<Wrong> {
    let (policy, because) = match topic {
        Topic::Keys => ("compact", "so that a destroyed key's bytes go and no key is lost"),
        _ => ("delete", "with no bounds: a compacted topic loses records"),
    };
    let exactly = [
        ("cleanup.policy", policy, because),
        ("retention.ms", "-1", "or records would be deleted by age"),
        ("retention.bytes", "-1", "or records would be deleted by size"),
        ("message.timestamp.type", "LogAppendTime", "because published is when the log took a record"),
        ("unclean.leader.election.enable", "false", "or acknowledged records could be taken back"),
        ("compression.type", "uncompressed", "or a small batch could unpack to more than readers hold"),
    ];
    let differs = |(key, value, _): &(&str, &str, &str)| configs.get(*key).is_none_or(|found| found != value);
    let wrong = exactly.into_iter().filter(differs);
    let mut wrong: Vec<Wrong> =
        wrong.map(|(key, value, because)| (key, format!("must be `{value}`, {because}"))).collect();
    let least = VALUE_BYTES_MAX + AROUND_A_VALUE;
    let room = configs.get("max.message.bytes").and_then(|bytes| bytes.parse::<usize>().ok());
    if room.is_none_or(|bytes| bytes < least) {
        let what = format!("must be {least} or more: the largest record and what is around it");
        wrong.push(("max.message.bytes", what));
    }
    wrong
}

fn copies_suffice(_topic: Topic, configs: &BTreeMap<String, String>, replication: u16) -> Vec<Wrong> {
    let min = configs.get("min.insync.replicas").and_then(|min| min.parse::<u16>().ok());
    if min.is_some_and(|min| (1..=replication).contains(&min)) {
        return Vec::new();
    }
    let what = format!("must be a whole number from 1 to {replication}, the copies that there are");
    vec![("min.insync.replicas", what)]
}

#[cfg(test)]
mod tests;
