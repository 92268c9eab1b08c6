//! The properties, as they are written in `rules/properties.cedar`.

use std::str::FromStr;

use cedar_policy::{Effect, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use serde_json::Value;

use crate::engine::LoadError;
use crate::prove::evaluate::{Reader, Setting, Variable};
use crate::prove::schema::{Domains, Kind};

const PROPERTIES: &str = include_str!("../../rules/properties.cedar");

/// What the rules are to have, whatever the facts.
#[derive(Clone, Debug)]
pub struct Property {
    /// "I1-sexual-health-and-schools"
    pub id: String,
    /// In a sentence.
    pub says: String,
    pub(super) form: Form,
    changes: Vec<String>,
    pub(super) json: Value,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// What it describes is never allowed.
    Never,
    /// A change of one attribute never allows what was denied.
    Narrows,
    /// A change of one attribute never opens what a rule of these ids closes.
    StaysClosed { by: String },
}

/// A change of one attribute.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) variable: Variable,
    pub(super) before: Setting,
    pub(super) after: Setting,
}

/// Reads them, and holds them to the schema as the rules are.
pub(super) fn of_this_build(schema: &Schema, domains: &Domains) -> Result<Vec<Property>, LoadError> {
    let parsed = PolicySet::from_str(PROPERTIES).map_err(|error| LoadError::Policies(error.to_string()))?;
    let mut named = PolicySet::new();
    let mut properties = Vec::new();
    for policy in parsed.policies() {
        let stated = |key: &str| policy.annotation(key).map(str::to_owned);
        let lint = |problem: &str| LoadError::Lint {
            rule: stated("id").unwrap_or_else(|| policy.id().to_string()),
            problem: problem.to_owned(),
        };
        let known = ["id", "say", "narrows", "opens", "closed_by"];
        if policy.effect() != Effect::Forbid || policy.annotations().any(|(key, _)| !known.contains(&key)) {
            return Err(lint("a property is a forbid with @id, @say, and @narrows, or @opens with @closed_by"));
        }
        let (Some(id), Some(says)) = (stated("id"), stated("say")) else { return Err(lint("it lacks @id or @say")) };
        let (form, changes) = match (stated("narrows"), stated("opens"), stated("closed_by")) {
            (None, None, None) => (Form::Never, None),
            (Some(changes), None, None) => (Form::Narrows, Some(changes)),
            (None, Some(changes), Some(by)) => (Form::StaysClosed { by }, Some(changes)),
            _ => return Err(lint("@narrows stands alone, and @opens with @closed_by")),
        };
        let changes = changes.iter().flat_map(|changes| changes.split(';')).map(|change| change.trim().to_owned());
        let json = policy.to_json().map_err(|error| LoadError::Policies(error.to_string()))?;
        named.add(policy.new_id(PolicyId::new(&id))).map_err(|error| LoadError::Policies(error.to_string()))?;
        properties.push(Property { id, says, form, changes: changes.collect(), json });
    }
    let validation = Validator::new(schema.clone()).validate(&named, ValidationMode::Strict);
    let complaints: Vec<String> = validation.validation_errors().map(ToString::to_string).collect();
    if !complaints.is_empty() {
        return Err(LoadError::Validation(complaints.join("; ")));
    }
    for property in &properties {
        if property.form != Form::Never && property.changes(domains).iter().any(Option::is_none) {
            let problem = "it names a change of what the schema does not have".to_owned();
            return Err(LoadError::Lint { rule: property.id.clone(), problem });
        }
    }
    Ok(properties)
}

impl Property {
    /// Each change that it is to be tried with, `None` for one that cannot be read; one `None` where it speaks of none.
    pub(super) fn changes(&self, domains: &Domains) -> Vec<Option<Change>> {
        match self.form {
            Form::Never => vec![None],
            _ => self.changes.iter().flat_map(|change| read(change, domains)).collect(),
        }
    }
}

/// "path": from false to true. "path has": each word into the set. "path = word, not other": from the other to the word.
fn read(change: &str, domains: &Domains) -> Vec<Option<Change>> {
    let reader = Reader::Staff;
    let flags = |variable: Variable| Change { variable, before: Setting::Flag(false), after: Setting::Flag(true) };
    if let Some(path) = change.strip_suffix(" has") {
        let each = domains.members(path, reader).iter().map(|word| Some(flags(Variable::member(path, word))));
        return if domains.kind(path, reader) == Some(Kind::Set) { each.collect() } else { vec![None] };
    }
    if let Some((path, words)) = change.split_once(" = ") {
        let words = words.split_once(", not ");
        let known = |word: &str| domains.members(path, reader).iter().any(|member| member == word);
        return vec![words.filter(|(after, before)| known(after) && known(before)).map(|(after, before)| Change {
            variable: Variable::of(path),
            before: Setting::Word(before.to_owned()),
            after: Setting::Word(after.to_owned()),
        })];
    }
    vec![(domains.kind(change, reader) == Some(Kind::Flag)).then(|| flags(Variable::of(change)))]
}
