//! One rule, with what its annotations say and which facts it reads.

use std::collections::BTreeSet;

use cedar_policy::{ActionConstraint, Effect, Policy};
use serde_json::Value;

use crate::engine::LoadError;
use crate::vocabulary::{FieldGroup, Obligation, obligation_named};

/// A rule of the set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// "R05-consent-refused-or-withdrawn".
    pub id: String,
    /// It permits; otherwise it restricts.
    pub permits: bool,
    /// The sentence that a reader may be told.
    pub say: String,
    /// The same for the child or a parent, as a child of twelve reads it.
    pub plain: String,
    /// What it rests on in law.
    pub law: String,
    /// The groups that its restriction is cured by taking out, or that its permit leaves out.
    pub groups: BTreeSet<FieldGroup>,
    /// What a reader owes who is let in by it.
    pub obligations: Vec<Obligation>,
    /// Every attribute it reads ("context.consent"), exceptions included.
    pub facts_used: BTreeSet<String>,
    /// Those of its condition proper, without the exceptions: what its sentence tells of.
    pub facts_told: BTreeSet<String>,
    /// It permits no more than a redacted view.
    pub(crate) limited: bool,
    /// It restricts a full view alone, of a timeline or in review.
    pub(crate) curable: bool,
    /// Its annotations, in order.
    pub(crate) annotations: Vec<(String, String)>,
    /// The whole rule as Cedar writes it.
    pub(crate) json: Value,
}

impl Rule {
    pub(crate) fn of(policy: &Policy) -> Result<Self, LoadError> {
        let mut annotations: Vec<(String, String)> =
            policy.annotations().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        annotations.sort();
        let stated = |key: &str| annotations.iter().find(|(k, _)| k == key).map(|(_, value)| value.clone());
        let id = stated("id")
            .ok_or_else(|| LoadError::Lint { rule: policy.id().to_string(), problem: "it has no @id".to_owned() })?;
        let json = policy.to_json().map_err(|error| LoadError::Policies(error.to_string()))?;
        let permits = policy.effect() == Effect::Permit;
        let groups = stated("cure").or_else(|| stated("redact")).map(|list| groups(&id, &list)).transpose()?;
        let (limited, curable) = match policy.action_constraint() {
            ActionConstraint::In(actions) => (permits && names_only(&actions, "UpToRedacted"), false),
            ActionConstraint::Eq(action) => {
                let of_full = ["ViewFull", "ReviewFull"].iter().any(|full| action.id().unescaped() == *full);
                (false, !permits && of_full)
            }
            ActionConstraint::Any => (false, false),
        };
        Ok(Self {
            permits,
            say: stated("say").unwrap_or_default(),
            plain: stated("plain").unwrap_or_default(),
            law: stated("law").or_else(|| stated("basis")).unwrap_or_default(),
            groups: groups.unwrap_or_default(),
            obligations: stated("oblige").map(|list| obligations(&id, &list)).transpose()?.unwrap_or_default(),
            facts_used: attributes_read(&json, &["when", "unless"]),
            facts_told: attributes_read(&json, &["when"]),
            limited,
            curable,
            annotations,
            json,
            id,
        })
    }
}

fn names_only(actions: &[cedar_policy::EntityUid], action: &str) -> bool {
    !actions.is_empty() && actions.iter().all(|uid| uid.id().unescaped() == action)
}

fn groups(rule: &str, list: &str) -> Result<BTreeSet<FieldGroup>, LoadError> {
    list.split(',')
        .map(|name| {
            FieldGroup::named(name.trim()).ok_or_else(|| LoadError::Lint {
                rule: rule.to_owned(),
                problem: format!("there is no group of fields named {name}"),
            })
        })
        .collect()
}

fn obligations(rule: &str, list: &str) -> Result<Vec<Obligation>, LoadError> {
    list.split(',')
        .map(|name| {
            obligation_named(name.trim()).ok_or_else(|| LoadError::Lint {
                rule: rule.to_owned(),
                problem: format!("there is no obligation named {name}"),
            })
        })
        .collect()
}

/// The longest attribute paths in the conditions of these kinds, and the roles where they are asked for.
fn attributes_read(json: &Value, kinds: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let conditions = json.get("conditions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for condition in conditions {
        if condition.get("kind").and_then(Value::as_str).is_some_and(|kind| kinds.contains(&kind)) {
            walk(condition.get("body").unwrap_or(&Value::Null), &mut found);
        }
    }
    found
}

fn walk(expression: &Value, found: &mut BTreeSet<String>) {
    if let Some(path) = attribute_path(expression) {
        if path.contains('.') {
            found.insert(path);
        }
        return;
    }
    match expression {
        Value::Object(object) => {
            if object.get("in").and_then(|test| test.get("left")).and_then(attribute_path).as_deref()
                == Some("principal")
            {
                found.insert("principal.roles".to_owned());
            }
            object.values().for_each(|value| walk(value, found));
        }
        Value::Array(array) => array.iter().for_each(|value| walk(value, found)),
        _ => {}
    }
}

/// "resource.child.s47Open" for the expression that reads it.
pub(crate) fn attribute_path(expression: &Value) -> Option<String> {
    if let Some(variable) = expression.get("Var").and_then(Value::as_str) {
        return Some(variable.to_owned());
    }
    let access = expression.get(".")?;
    let left = attribute_path(access.get("left")?)?;
    Some(format!("{left}.{}", access.get("attr")?.as_str()?))
}
