//! Rules taken apart: each removed, and each condition of one dropped or turned round, to see whether any case notices.

use cedar_policy::{Policy, PolicyId};
use serde_json::{Value, json};

use crate::engine::{Engine, LoadError, Rule};

/// One rule, changed.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// The id of the rule.
    pub rule: String,
    /// What was done to it.
    pub change: Change,
    /// The condition that it was done to, as the rules write it; empty where the whole rule is removed.
    pub condition: String,
    /// What stands in its place.
    policy: Option<Policy>,
}

/// What was done to a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// The rule is gone.
    Removed,
    /// One condition of it is gone.
    Dropped,
    /// One condition of it holds where it did not, and the other way round.
    Negated,
}

impl Mutant {
    /// What stands in the rule's place, where anything does.
    pub(super) fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }
}

impl Engine {
    /// Each rule, removed, in order of id.
    pub fn removals(&self) -> Vec<Mutant> {
        let removed = |rule: &Rule| Mutant {
            rule: rule.id.clone(),
            change: Change::Removed,
            condition: String::new(),
            policy: None,
        };
        self.rules().map(removed).collect()
    }

    /// Each condition of each rule, dropped and negated. A condition is what stands between two `&&` or `||`, at whatever
    /// depth, of what a rule asks for and of the exceptions that it makes.
    ///
    /// # Errors
    /// When a changed rule cannot be written, which no rule of ours is.
    pub fn condition_mutants(&self) -> Result<Vec<Mutant>, LoadError> {
        let mut mutants = Vec::new();
        for rule in self.rules() {
            let conditions = rule.json.get("conditions").and_then(Value::as_array).cloned().unwrap_or_default();
            for (index, condition) in conditions.iter().enumerate() {
                for (leaf, change, body) in variants(condition.get("body").unwrap_or(&Value::Null)) {
                    let mut conditions = conditions.clone();
                    match (body, conditions.get_mut(index)) {
                        (Some(body), Some(Value::Object(changed))) => drop(changed.insert("body".to_owned(), body)),
                        _ => drop(conditions.remove(index)),
                    }
                    let mut json = rule.json.clone();
                    if let Value::Object(json) = &mut json {
                        json.insert("conditions".to_owned(), Value::from(conditions));
                    }
                    let policy = Some(policy(&rule.id, json)?);
                    mutants.push(Mutant { rule: rule.id.clone(), change, condition: text(&leaf), policy });
                }
            }
        }
        Ok(mutants)
    }

    /// Asks something of these rules with the mutant in its rule's place, and puts the rule back.
    ///
    /// # Errors
    /// When the mutant is of another set of rules.
    pub fn with_mutant<T>(&mut self, mutant: &Mutant, ask: impl FnOnce(&Self) -> T) -> Result<T, LoadError> {
        let whole = self.policies.clone();
        // To make slices of a set that is asked a few things takes longer than to ask all of it.
        let none = self.slices.none();
        let slices = std::mem::replace(&mut self.slices, none);
        let changed = self.put(mutant);
        let answer = changed.map(|()| ask(self));
        (self.policies, self.slices) = (whole, slices);
        answer
    }

    fn put(&mut self, mutant: &Mutant) -> Result<(), LoadError> {
        let unknown = |error: cedar_policy::PolicySetError| LoadError::Policies(error.to_string());
        self.policies.remove_static(PolicyId::new(&mutant.rule)).map_err(unknown)?;
        match &mutant.policy {
            Some(policy) => self.policies.add(policy.clone()).map_err(unknown),
            None => Ok(()),
        }
    }
}

/// Each smallest condition of an expression, with what the expression becomes without it (nothing, where it was all there
/// was) and with it negated.
fn variants(expression: &Value) -> Vec<(Value, Change, Option<Value>)> {
    for operator in ["&&", "||"] {
        let Some(sides) = expression.get(operator) else { continue };
        let mut found = Vec::new();
        for (side, other) in [("left", "right"), ("right", "left")] {
            for (leaf, change, changed) in variants(sides.get(side).unwrap_or(&Value::Null)) {
                let other_side = sides.get(other).cloned().unwrap_or_default();
                let whole = match changed {
                    Some(changed) => json!({ operator: { side: changed, other: other_side } }),
                    None => other_side,
                };
                found.push((leaf, change, Some(whole)));
            }
        }
        return found;
    }
    let negated = json!({ "!": { "arg": expression } });
    vec![(expression.clone(), Change::Dropped, None), (expression.clone(), Change::Negated, Some(negated))]
}

fn policy(id: &str, json: Value) -> Result<Policy, LoadError> {
    Policy::from_json(Some(PolicyId::new(id)), json).map_err(|error| LoadError::Policies(error.to_string()))
}

/// An expression as the rules write it, without the name of our own words' namespace.
fn text(expression: &Value) -> String {
    let alone = json!({
        "effect": "permit", "principal": { "op": "All" }, "action": { "op": "All" }, "resource": { "op": "All" },
        "conditions": [{ "kind": "when", "body": expression }],
    });
    let written = policy("one", alone).map(|policy| policy.to_string()).unwrap_or_default();
    let inner = written.split_once('{').and_then(|(_, rest)| rest.rsplit_once('}')).map_or("", |(inner, _)| inner);
    inner.split_whitespace().collect::<Vec<_>>().join(" ").replace("Share::", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_condition_is_dropped_and_negated_once() {
        let (a, b, c) = (json!({"Value": 1}), json!({"Value": 2}), json!({"Value": 3}));
        let or = json!({"||": {"left": b, "right": c}});
        let found = variants(&json!({"&&": {"left": a, "right": or}}));
        let leaves: Vec<(&Value, Change)> = found.iter().map(|(leaf, change, _)| (leaf, *change)).collect();
        assert_eq!(
            leaves,
            [&a, &a, &b, &b, &c, &c].into_iter().zip([Change::Dropped, Change::Negated].repeat(3)).collect::<Vec<_>>()
        );
        assert_eq!(found[0].2, Some(or), "without the first, the second is left");
        assert_eq!(found[2].2, Some(json!({"&&": {"left": a, "right": c}})));
    }

    #[test]
    fn the_rules_stand_again_after_a_mutant() {
        let mut engine = Engine::load().unwrap();
        let removals = engine.removals();
        let held = engine.policies.policies().count();
        let left = engine.with_mutant(&removals[0], |engine| engine.policies.policies().count()).unwrap();
        assert_eq!((left, engine.policies.policies().count()), (held - 1, held));
        let mutants = engine.condition_mutants().unwrap();
        assert!(mutants.iter().any(|mutant| mutant.condition == "resource.retentionExpired"), "{mutants:?}");
    }
}
