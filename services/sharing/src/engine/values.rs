//! The values of the facts that a question holds, by the names that the rules read them by.

use std::collections::BTreeSet;

use cedar_policy::{Entities, EntityUid, EvalResult};

use crate::engine::Engine;
use crate::question::{Question, Reader};

impl Engine {
    /// Of each of these facts ("context.consent", "resource.child.s47Open"), its value in words; of one that this question
    /// does not hold, nothing.
    pub(crate) fn values<'f>(
        &self,
        question: &Question,
        facts: impl IntoIterator<Item = &'f String>,
    ) -> Vec<(String, String)> {
        let (Ok(entities), Ok(context)) = (self.entities(question), self.context(question)) else { return Vec::new() };
        let value = |fact: &str| match fact.split_once('.')? {
            ("context", key) => context.get(key).map(|value| shown(&value)),
            ("principal", "roles") => Some(roles(question)),
            // Ids of entities that say no more than whose record it is.
            ("principal", "org") => None,
            ("resource", "source") => Some(whose(question).to_owned()),
            ("principal", path) => read(&entities, self.principal(question), path),
            ("resource", path) => read(&entities, self.resource(), path),
            _ => None,
        };
        facts.into_iter().filter_map(|fact| Some((fact.clone(), value(fact)?))).collect()
    }
}

/// What an entity says at a path, from entity to entity.
fn read(entities: &Entities, from: &EntityUid, path: &str) -> Option<String> {
    let (attribute, rest) = path.split_once('.').map_or((path, None), |(attribute, rest)| (attribute, Some(rest)));
    let value = entities.get(from)?.attr(attribute)?.ok()?;
    match (rest, &value) {
        (None, value) => Some(shown(value)),
        (Some(rest), EvalResult::EntityUid(to)) => read(entities, to, rest),
        _ => None,
    }
}

fn shown(value: &EvalResult) -> String {
    match value {
        EvalResult::Bool(is) => if *is { "yes" } else { "no" }.to_owned(),
        EvalResult::EntityUid(uid) => uid.id().unescaped().to_owned(),
        EvalResult::Set(members) => listed(members.iter().map(shown).collect()),
        other => other.to_string(),
    }
}

fn whose(question: &Question) -> &'static str {
    match question.reader {
        Reader::Staff { own_record: true, .. } => "the reader's own organisation",
        Reader::Staff { .. } | Reader::Person(_) => "another organisation",
    }
}

fn roles(question: &Question) -> String {
    match &question.reader {
        Reader::Staff { roles, .. } => {
            listed(roles.iter().map(|role| crate::vocabulary::Vocabulary::word(*role)).collect())
        }
        Reader::Person(_) => "none".to_owned(),
    }
}

fn listed(words: BTreeSet<String>) -> String {
    if words.is_empty() { "none".to_owned() } else { words.into_iter().collect::<Vec<_>>().join(", ") }
}
