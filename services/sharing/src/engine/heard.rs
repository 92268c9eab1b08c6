//! What was put to the rules: each request once, so that it can be put to one rule alone.

use std::sync::{Mutex, PoisonError};

use cedar_policy::{Entities, PolicyId, PolicySet, Request};

use crate::engine::{Action, Engine, Mutant};
use crate::question::{Question, Reader};

/// One request as it was put to the rules, with the entities that it is about.
#[derive(Debug)]
pub(crate) struct Put {
    action: Action,
    staff: bool,
    /// The question as bytes: with the action, all that the request says.
    question: Vec<u8>,
    request: Request,
    entities: Entities,
}

/// The requests of one thing that was asked.
#[derive(Debug, Default)]
pub(super) struct Heard(Mutex<Vec<Put>>);

/// What one rule makes of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fires {
    Yes,
    No,
    /// It fails to evaluate.
    Fails,
}

impl Heard {
    pub(super) fn note(&self, action: Action, question: &Question, request: &Request, entities: &Entities) {
        let put = Put {
            action,
            staff: matches!(question.reader, Reader::Staff { .. }),
            question: question.bytes(),
            request: request.clone(),
            entities: entities.clone(),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(put);
    }
}

impl Put {
    /// Two of which this is the same are the same request.
    pub(crate) fn key(&self) -> (Action, &[u8]) {
        (self.action, &self.question)
    }
}

impl Engine {
    /// Asks something of these rules, and gives all that was put to them for it.
    pub(crate) fn hearing<T>(&mut self, ask: impl FnOnce(&Self) -> T) -> (T, Vec<Put>) {
        self.heard = Some(Heard::default());
        let answer = ask(self);
        let heard = self.heard.take().unwrap_or_default();
        (answer, heard.0.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// What a rule says of each request that its scope takes in, by the places of these requests.
    pub(crate) fn fires(&self, rule: &str, puts: &[Put]) -> Vec<(usize, Fires)> {
        let alone = self.policies.policy(&PolicyId::new(rule)).cloned();
        self.fires_alone(rule, alone, puts)
    }

    /// As [`Self::fires`], of what stands in the rule's place in a mutant.
    pub(crate) fn mutant_fires(&self, mutant: &Mutant, puts: &[Put]) -> Vec<(usize, Fires)> {
        self.fires_alone(&mutant.rule, mutant.policy().cloned(), puts)
    }

    fn fires_alone(&self, rule: &str, alone: Option<cedar_policy::Policy>, puts: &[Put]) -> Vec<(usize, Fires)> {
        let Some(json) = self.rule(rule).map(|rule| &rule.json) else { return Vec::new() };
        let alone = PolicySet::from_policies(alone);
        let fires = |put: &Put| {
            // What cannot be asked counts as a difference from whatever was said before.
            let Ok(alone) = &alone else { return Fires::Fails };
            let response = self.authorizer.is_authorized(&put.request, alone, &put.entities);
            match (response.diagnostics().errors().next(), response.diagnostics().reason().next()) {
                (Some(_), _) => Fires::Fails,
                (None, Some(_)) => Fires::Yes,
                (None, None) => Fires::No,
            }
        };
        let is_in_scope = |put: &Put| self.slices.reach.is_in_scope(json, put.staff, put.action.name());
        puts.iter().enumerate().filter(|(_, put)| is_in_scope(put)).map(|(at, put)| (at, fires(put))).collect()
    }
}
