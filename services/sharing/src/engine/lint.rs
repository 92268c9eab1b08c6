//! What Cedar's validator lets pass and we do not: a misspelt annotation, a restriction or a permit that does not say what
//! it takes out, and a comparison of one closed list with a word of another.

use std::collections::{BTreeMap, BTreeSet};

use proto::events::group::Of;
use proto::fields::MessageInfo;
use serde_json::Value;

use crate::engine::LoadError;
use crate::engine::bits::RuleNumber;
use crate::engine::rule::{Rule, attribute_path};
use crate::vocabulary::FieldGroup;

const ANNOTATIONS: [&str; 8] = ["id", "law", "basis", "say", "plain", "cure", "redact", "oblige"];

/// The entity type of each attribute of the schema, by its name: `kind` is a `PersonKind`.
#[derive(Debug)]
pub(crate) struct Attributes(BTreeMap<String, BTreeSet<String>>);

impl Attributes {
    pub(crate) fn of_schema(schema: &Value) -> Self {
        let mut attributes = Self(BTreeMap::new());
        attributes.collect(schema);
        attributes
    }

    /// Takes every "attributes" object wherever it stands: of entities and of the record type alike.
    fn collect(&mut self, value: &Value) {
        let Value::Object(object) = value else {
            return;
        };
        if let Some(Value::Object(attributes)) = object.get("attributes") {
            for (name, declared) in attributes {
                let element = declared.get("element").unwrap_or(declared);
                let type_name = element.get("name").or_else(|| element.get("type")).and_then(Value::as_str);
                if let Some(type_name) = type_name {
                    let short = type_name.rsplit("::").next().unwrap_or(type_name);
                    self.0.entry(name.clone()).or_default().insert(short.to_owned());
                }
            }
        }
        object.values().for_each(|value| self.collect(value));
    }

    /// Whether any entity, or the context, has an attribute of this name.
    pub(crate) fn has(&self, attribute: &str) -> bool {
        self.0.contains_key(attribute)
    }

    fn of(&self, attribute: &str) -> Option<&str> {
        let types = self.0.get(attribute)?;
        (types.len() == 1).then(|| types.first().map(String::as_str)).flatten()
    }
}

/// The closed lists of the schema: its enumerated entities and their members.
pub(crate) fn enumerations(schema: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    let json = cedar_policy::SchemaFragment::from_cedarschema_str(schema)
        .ok()
        .and_then(|(fragment, _)| fragment.to_json_value().ok())
        .unwrap_or_default();
    let types = json.get("Share").and_then(|namespace| namespace.get("entityTypes")).and_then(Value::as_object);
    for (name, declared) in types.into_iter().flatten() {
        if let Some(members) = declared.get("enum").and_then(Value::as_array) {
            let members = members.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            found.insert(name.clone(), members);
        }
    }
    found
}

pub(crate) fn check(rule: &Rule, attributes: &Attributes) -> Result<(), LoadError> {
    let problem = |problem: String| LoadError::Lint { rule: rule.id.clone(), problem };
    for (key, value) in &rule.annotations {
        if !ANNOTATIONS.contains(&key.as_str()) {
            return Err(problem(format!("there is no annotation @{key}")));
        }
        if value.trim().is_empty() {
            return Err(problem(format!("@{key} says nothing")));
        }
    }
    let has = |key: &str| rule.annotations.iter().any(|(k, _)| k == key);
    if !has("say") || !has(if rule.permits { "basis" } else { "law" }) {
        return Err(problem("it lacks @say, or @law of a restriction, or @basis of a permit".to_owned()));
    }
    if !has("plain") {
        return Err(problem("it lacks @plain: what it says, for a child of twelve".to_owned()));
    }
    if rule.curable != has("cure") {
        return Err(problem("@cure stands on exactly the restrictions of ViewFull alone, or ReviewFull".to_owned()));
    }
    if rule.limited != has("redact") {
        return Err(problem("@redact stands on exactly the permits of UpToRedacted".to_owned()));
    }
    comparisons(&rule.json, attributes).map_err(problem)?;
    // Records of decisions name rules by it.
    if RuleNumber::of(&rule.id).is_none() {
        return Err(problem("its @id must begin with G01 to G64, R01 to R64 or P01 to P64, and a hyphen".to_owned()));
    }
    Ok(())
}

/// Every field of every event states its group, every group that a field states is one that redaction takes out, and every such group
/// is named by a rule that takes it out: what nothing deals with would be released whole.
pub(crate) fn redactions_are_complete<'r>(
    messages: &[MessageInfo],
    rules: impl IntoIterator<Item = &'r Rule>,
) -> Result<(), LoadError> {
    let incomplete = |what: String| Err(LoadError::Redaction(what));
    for message in messages {
        for field in message.fields {
            if field.group == Of::Unspecified {
                return incomplete(format!("the field {}.{} states no group", message.name, field.name));
            }
        }
    }
    let taken_out: BTreeSet<FieldGroup> = rules.into_iter().flat_map(|rule| rule.groups.iter().copied()).collect();
    match FieldGroup::ALL.into_iter().find(|group| !taken_out.contains(group)) {
        Some(group) => incomplete(format!("no rule takes out the group {}", group.name())),
        None => Ok(()),
    }
}

/// Every comparison of one closed list with a word of another.
fn comparisons(expression: &Value, attributes: &Attributes) -> Result<(), String> {
    match expression {
        Value::Array(array) => array.iter().try_for_each(|value| comparisons(value, attributes)),
        Value::Object(object) => {
            for operator in ["==", "!=", "contains", "containsAny", "containsAll"] {
                let Some(operands) = object.get(operator) else {
                    continue;
                };
                let (left, right) = (operands.get("left"), operands.get("right"));
                if let (Some(left), Some(right)) = (left, right) {
                    let (left, right) = (entity_type(left, attributes), entity_type(right, attributes));
                    if left != right {
                        return Err(format!("{operator} compares {left:?} with {right:?}"));
                    }
                }
            }
            object.values().try_for_each(|value| comparisons(value, attributes))
        }
        _ => Ok(()),
    }
}

/// The entity type of an expression, or of the members of a set.
fn entity_type(expression: &Value, attributes: &Attributes) -> Option<String> {
    if let Some(path) = attribute_path(expression) {
        return attributes.of(path.rsplit('.').next()?).map(str::to_owned);
    }
    if let Some(entity) = expression.get("Value").and_then(|value| value.get("__entity")) {
        return entity.get("type")?.as_str()?.rsplit("::").next().map(str::to_owned);
    }
    let members = expression.get("Set").and_then(Value::as_array)?;
    let types: BTreeSet<_> = members.iter().map(|member| entity_type(member, attributes)).collect();
    (types.len() == 1).then(|| types.into_iter().next().flatten()).flatten()
}

#[cfg(test)]
mod tests {
    use crate::engine::{Engine, LoadError, set};

    fn with(rules: &str) -> Result<Engine, LoadError> {
        Engine::of(set::with_rules(&set::of_this_build().schema, rules))
    }

    fn problem_with(rule: &str) -> String {
        match with(&format!("{}\n{rule}", set::of_this_build().rules)) {
            Err(error @ (LoadError::Lint { .. } | LoadError::Validation(_))) => error.to_string(),
            other => panic!("{rule} gave {:?}", other.map(|_| "an engine")),
        }
    }

    #[test]
    fn what_the_validator_lets_pass_is_refused_here() {
        let forbid = r#"@id("X01-x") @law("l") @say("s") @plain("p")"#;
        for (rule, expected) in [
            (r#"@id("X01-x") @law("l") @say("s") @plain("p") @curee("location") forbid (principal, action, resource);"#.to_owned(), "there is no annotation @curee"),
            (format!(r#"{forbid} forbid (principal, action == Share::Action::"ViewFull", resource);"#), "@cure stands on exactly"),
            (format!(r#"{forbid} @cure("location") forbid (principal, action in Share::Action::"UpToFull", resource);"#), "@cure stands on exactly"),
            (r#"@id("X01-x") @basis("b") @say("s") @plain("p") permit (principal, action in Share::Action::"UpToRedacted", resource);"#.to_owned(), "@redact stands on exactly"),
            (r#"@id("X01-x") @basis("b") @say("s") @plain("p") @redact("postcode") permit (principal, action in Share::Action::"UpToRedacted", resource);"#.to_owned(), "no group of fields named postcode"),
            (format!(r#"{forbid} forbid (principal, action, resource) when {{ context.purpose == Share::Label::"mental_health" }};"#), "== compares"),
            (format!(r#"{forbid} forbid (principal, action, resource) when {{ context.purpose != Share::Label::"mental_health" }};"#), "!= compares"),
            (format!(r#"{forbid} forbid (principal, action, resource) when {{ resource.labels.containsAny([Share::Category::"mental_health"]) }};"#), "containsAny compares"),
            (format!(r#"{forbid} forbid (principal, action, resource) when {{ resource.labels.containsAll([Share::Category::"mental_health"]) }};"#), "containsAll compares"),
            (r#"@id("X01-x") @law(" ") @say("s") @plain("p") forbid (principal, action, resource);"#.to_owned(), "@law says nothing"),
            (r#"@id("X01-x") @say("s") @plain("p") forbid (principal, action, resource);"#.to_owned(), "it lacks @say, or @law of a restriction"),
            (r#"@id("X01-x") @law("l") @say("s") @plain("p") permit (principal, action == Share::Action::"ReadAuditMeta", resource);"#.to_owned(), "or @basis of a permit"),
            (format!(r#"{forbid} forbid (principal, action, resource) when {{ resource.labels.contains(Share::Category::"mental_health") }};"#), "contains compares"),
            (format!(r#"{forbid} forbid (principal, action, resource) when {{ [Share::Purpose::"audit", Share::Purpose::"early_help"].contains(resource.category) }};"#), "contains compares"),
            (r#"@id("X01-x") @law("l") forbid (principal, action, resource);"#.to_owned(), "it lacks @say"),
            (r#"@id("X01-x") @law("l") @say("s") forbid (principal, action, resource);"#.to_owned(), "it lacks @plain"),
            (r#"@law("l") @say("s") @plain("p") forbid (principal, action, resource);"#.to_owned(), "it has no @id"),
            (format!(r#"{forbid} forbid (principal, action, resource);"#), "must begin with G01"),
            (r#"@id("R24-x") @law("l") @say("s") @plain("p") forbid (principal, action, resource) when { context.purpose == Share::Purpose::"child_protecton" };"#.to_owned(), "do not satisfy their schema"),
            (r#"@id("R24-x") @law("l") @say("s") @plain("p") forbid (principal, action, resource) when { context.porpoise };"#.to_owned(), "do not satisfy their schema"),
        ] {
            let problem = problem_with(&rule);
            assert!(problem.contains(expected), "{rule}: {problem}");
        }
    }

    #[test]
    fn a_set_in_which_a_known_restriction_does_not_fire_does_not_load() {
        let rules = set::of_this_build().rules;
        let without =
            rules.replace("when { resource.retentionExpired };", "when { false && resource.retentionExpired };");
        assert_ne!(without, rules);
        let loaded = with(&without);
        assert!(matches!(loaded, Err(LoadError::SelfTest(_) | LoadError::Validation(_))));
        let renamed = rules.replace("@id(\"G03-", "@id(\"G63-");
        assert!(matches!(with(&renamed), Err(LoadError::SelfTest(_))));
    }

    #[test]
    fn a_field_or_a_group_that_no_redaction_deals_with_does_not_load() {
        use proto::fields::{FieldInfo, MESSAGES};

        use super::{FieldGroup, MessageInfo, Of, redactions_are_complete};

        let engine = Engine::load().unwrap();
        assert!(redactions_are_complete(MESSAGES, engine.rules()).is_ok());
        let silent = MessageInfo {
            name: "throughline.events.v1.Invented",
            fields: &[FieldInfo { number: 1, name: "where", group: Of::Unspecified, message: None }],
        };
        let problem = redactions_are_complete(&[silent], engine.rules()).unwrap_err().to_string();
        assert!(problem.ends_with("the field throughline.events.v1.Invented.where states no group"), "{problem}");
        for group in FieldGroup::ALL {
            let others = engine.rules().filter(|rule| !rule.groups.contains(&group));
            let problem = redactions_are_complete(MESSAGES, others).unwrap_err().to_string();
            assert!(problem.contains("no rule takes out the group"), "{problem}");
        }
    }
}
