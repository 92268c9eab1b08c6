//! What each attribute can be, and which action is in which group: all from the schema, so that what is added there is
//! covered.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::prove::evaluate::{OWN, Reader, Setting, Variable};

/// What an attribute is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Flag,
    Word,
    Set,
}

/// The attributes of the schema by type, the members of its closed lists, and its actions.
#[derive(Clone, Debug)]
pub(super) struct Domains {
    /// By type, "Facts" for the context: by attribute, the type and whether it is a set of such.
    attributes: BTreeMap<String, BTreeMap<String, (String, bool)>>,
    words: BTreeMap<String, Vec<String>>,
    actions: BTreeMap<String, Action>,
}

#[derive(Clone, Debug)]
struct Action {
    /// Itself and every group that it is in.
    within: BTreeSet<String>,
    readers: BTreeSet<String>,
}

impl Domains {
    pub(super) fn of(schema: &Value) -> Self {
        let namespace = schema.get("Share").unwrap_or(&Value::Null);
        let (mut attributes, mut words) = (BTreeMap::new(), BTreeMap::new());
        for (name, declared) in object(namespace, "entityTypes") {
            if let Some(members) = declared.get("enum").and_then(Value::as_array) {
                words.insert(name.clone(), members.iter().filter_map(Value::as_str).map(str::to_owned).collect());
            } else {
                attributes.insert(name.clone(), declared_in(declared.get("shape").unwrap_or(&Value::Null)));
            }
        }
        for (name, declared) in object(namespace, "commonTypes") {
            attributes.insert(name.clone(), declared_in(declared));
        }
        let declared: BTreeMap<&String, &Value> = object(namespace, "actions").collect();
        let mut actions = BTreeMap::new();
        for (name, action) in &declared {
            let readers = action.get("appliesTo").and_then(|to| to.get("principalTypes")).and_then(Value::as_array);
            let readers: BTreeSet<String> =
                readers.into_iter().flatten().filter_map(Value::as_str).map(short).collect();
            if !readers.is_empty() {
                let mut within = BTreeSet::new();
                groups(name, &declared, &mut within);
                actions.insert((*name).clone(), Action { within, readers });
            }
        }
        Self { attributes, words, actions }
    }

    /// The actions that are open to a reader.
    pub(super) fn actions_of(&self, reader: Reader) -> impl Iterator<Item = &str> {
        let of = move |action: &&Action| action.readers.contains(reader.type_name());
        self.actions.iter().filter(move |(_, action)| of(action)).map(|(name, _)| name.as_str())
    }

    /// Whether a rule speaks of such a reader and such an action.
    pub(super) fn in_scope(&self, rule: &Value, reader: Reader, action: &str) -> bool {
        let principal = rule.get("principal").unwrap_or(&Value::Null);
        let of_reader = principal.get("entity_type").and_then(Value::as_str);
        if of_reader.is_some_and(|name| short(name) != reader.type_name()) {
            return false;
        }
        let scope = rule.get("action").unwrap_or(&Value::Null);
        let listed = scope.get("entities").and_then(Value::as_array).into_iter().flatten();
        let named = scope.get("entity").into_iter().chain(listed);
        let ids: Vec<&str> = named.filter_map(|entity| entity.get("id").and_then(Value::as_str)).collect();
        match scope.get("op").and_then(Value::as_str) {
            Some("All") => true,
            Some("==") => ids.contains(&action),
            _ => self.actions.get(action).is_some_and(|action| ids.iter().any(|id| action.within.contains(*id))),
        }
    }

    /// The attributes of a type, with the type of each and whether it is a set.
    pub(super) fn attributes(&self, of: &str) -> impl Iterator<Item = (&String, &(String, bool))> {
        self.attributes.get(of).into_iter().flatten()
    }

    pub(super) fn words_of(&self, type_name: &str) -> &[String] {
        self.words.get(type_name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Everything that a request of a reader says.
    pub(super) fn variables(&self, reader: Reader) -> Vec<Variable> {
        let types = [
            ("context", "Facts"),
            ("resource", "RecordClass"),
            ("resource.child", "Child"),
            ("resource.source", "Org"),
            ("principal.org", "Org"),
            ("principal", reader.type_name()),
        ];
        let mut found = Vec::new();
        for (path, type_name) in types {
            for (name, (of, is_set)) in self.attributes(type_name) {
                let path = format!("{path}.{name}");
                if *is_set {
                    found.extend(self.words_of(of).iter().map(|word| Variable::member(&path, word)));
                } else if self.kind(&path, Reader::Staff).or_else(|| self.kind(&path, reader)).is_some() {
                    found.push(Variable::of(&path));
                }
            }
        }
        if reader == Reader::Staff {
            found.push(Variable::of(OWN));
            found.extend(self.words_of("RoleGroup").iter().map(|role| Variable::member("principal.roles", role)));
        }
        found
    }

    /// The type at the end of a path, and whether it is a set of such.
    fn type_at(&self, path: &str, reader: Reader) -> Option<(&str, bool)> {
        let mut parts = path.split('.');
        let mut at: (&str, bool) = match parts.next()? {
            "context" => ("Facts", false),
            "resource" => ("RecordClass", false),
            "principal" => (reader.type_name(), false),
            _ => return None,
        };
        for part in parts {
            if part == "roles" && at.0 == "Staff" {
                return Some(("RoleGroup", true));
            }
            let (name, is_set) = self.attributes.get(at.0)?.get(part)?;
            at = (name.as_str(), *is_set);
        }
        Some(at)
    }

    pub(super) fn kind(&self, path: &str, reader: Reader) -> Option<Kind> {
        match self.type_at(path, reader)? {
            (_, true) => Some(Kind::Set),
            ("Bool" | "Boolean", false) => Some(Kind::Flag),
            (name, false) => self.words.contains_key(name).then_some(Kind::Word),
        }
    }

    /// The words that an attribute can be, or hold.
    pub(super) fn members(&self, path: &str, reader: Reader) -> &[String] {
        self.type_at(path, reader).map(|(name, _)| self.words_of(name)).unwrap_or_default()
    }

    /// Every value of a variable.
    pub(super) fn values(&self, variable: &Variable) -> Vec<Setting> {
        let readers = [Reader::Staff, Reader::Person];
        let is_word = |reader| self.kind(&variable.path, reader) == Some(Kind::Word);
        let words = readers.into_iter().find(|reader| variable.word.is_none() && is_word(*reader));
        match words {
            Some(reader) if variable.path != OWN => {
                self.members(&variable.path, reader).iter().cloned().map(Setting::Word).collect()
            }
            _ => vec![Setting::Flag(false), Setting::Flag(true)],
        }
    }
}

/// By attribute, its type and whether it is a set.
fn declared_in(shape: &Value) -> BTreeMap<String, (String, bool)> {
    let attributes = object(shape, "attributes").filter_map(|(name, declared)| {
        let element = declared.get("element");
        let one = element.unwrap_or(declared);
        let type_name = one.get("name").or_else(|| one.get("type")).and_then(Value::as_str)?;
        Some((name.clone(), (short(type_name), element.is_some())))
    });
    attributes.collect()
}

fn groups(name: &str, declared: &BTreeMap<&String, &Value>, found: &mut BTreeSet<String>) {
    if !found.insert(name.to_owned()) {
        return;
    }
    let of = declared.iter().find(|(action, _)| action.as_str() == name).map(|(_, action)| *action);
    let of = of.and_then(|action| action.get("memberOf")).and_then(Value::as_array).into_iter().flatten();
    for group in of.filter_map(|group| group.get("id").and_then(Value::as_str)) {
        groups(group, declared, found);
    }
}

fn object<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value.get(name).and_then(Value::as_object).into_iter().flatten()
}

/// A name without its namespace.
fn short(name: &str) -> String {
    name.rsplit("::").next().unwrap_or(name).to_owned()
}
