//! What the log would hold after submissions, for tests of how they follow on one another.

use std::collections::{BTreeMap, HashMap};

use event_log::seal::PseudonymKey;
use event_log::{EntryId, EventId};
use proto::events::{Body, event::Kind};

use crate::body::{Statement, Subjects, feed_statement};
use crate::collected::Collected;
use crate::connector::{Connector, Descriptor};
use crate::differ::{Baseline, Retractions, Submission, diff};

/// Submissions of one source, one after another, each diffed with what went before.
#[derive(Clone)]
pub struct History {
    key: PseudonymKey,
    baselines: BTreeMap<String, Baseline>,
    said: HashMap<EventId, Statement>,
    /// Statements that came under the id of another.
    contradicted: usize,
    /// How many submissions there were: when each was picked up, where it does not say when it stood so.
    submitted: i64,
}

impl Default for History {
    fn default() -> Self {
        Self {
            key: PseudonymKey::from_bytes([7; 32]),
            baselines: BTreeMap::new(),
            said: HashMap::new(),
            contradicted: 0,
            submitted: 0,
        }
    }
}

impl History {
    /// Takes in one submission, however much it retracts, and gives what it adds to the log.
    pub fn submit(&mut self, connector: &dyn Connector, files: &[(&str, &[u8])]) -> Vec<Statement> {
        self.submitted += 1;
        self.take_in(connector.descriptor(), &Collected::of(connector, files), self.submitted)
    }

    /// Takes in what a submission says that stood so at `as_of_us`, where it does not say itself when.
    pub(super) fn take_in(&mut self, connector: Descriptor, said: &Collected, as_of_us: i64) -> Vec<Statement> {
        let (stated, baselines) = self.compare(connector, said, as_of_us);
        self.baselines.extend(baselines);
        self.publish(stated)
    }

    /// As [`take_in`](Self::take_in), by a process that is killed once the log has so many of its statements: nothing else
    /// of it stays. Gives how many statements the whole of it makes.
    pub(super) fn take_in_and_die(
        &mut self,
        connector: Descriptor,
        said: &Collected,
        as_of_us: i64,
        published: usize,
    ) -> usize {
        let (mut stated, _) = self.compare(connector, said, as_of_us);
        let all = stated.len();
        stated.truncate(published);
        self.publish(stated);
        all
    }

    /// What a submission states that the log does not say yet, and what is then held of its scopes.
    fn compare(
        &self,
        connector: Descriptor,
        said: &Collected,
        as_of_us: i64,
    ) -> (Vec<Statement>, BTreeMap<String, Baseline>) {
        let Collected { scopes, drafts, rejections, whole, whole_of, parts, .. } = said;
        let of_a_feed = drafts.iter().filter(|draft| draft.scope_key.is_none()).cloned();
        let mut subjects = Subjects::new(&self.key);
        let mut stated: Vec<Statement> =
            of_a_feed.map(|draft| feed_statement(&mut subjects, connector, draft, as_of_us)).collect();
        let mut baselines = BTreeMap::new();
        for scope in scopes {
            let concerned = rejections.iter().filter(|r| r.scope_key.as_deref().is_none_or(|key| key == scope.key));
            let submission = Submission {
                scope_key: scope.key.clone(),
                as_of_us: scope.as_of_us.unwrap_or(as_of_us),
                sequence: scope.sequence,
                mapping_revision: connector.mapping_revision,
                drafts: drafts.iter().filter(|draft| draft.scope_key.as_ref() == Some(&scope.key)).cloned().collect(),
                whole: whole.contains(&scope.key) && concerned.clone().all(|r| r.subject.is_some()),
                covered: whole_of
                    .iter()
                    .filter(|(key, _)| *key == scope.key)
                    .map(|(_, subject)| self.key.of(subject))
                    .collect(),
                parts: parts
                    .iter()
                    .filter(|(key, ..)| *key == scope.key)
                    .map(|(_, subject, part, told)| (self.key.of(subject), part.clone(), *told))
                    .collect(),
                unread: concerned.filter_map(|r| r.subject.as_ref()).map(|subject| self.key.of(subject)).collect(),
            };
            let held = baselines.get(&scope.key).or_else(|| self.baselines.get(&scope.key));
            let baseline = held.cloned().unwrap_or_default();
            let diff = diff(&self.key, connector.name, baseline, submission, Retractions::Allowed);
            baselines.insert(scope.key.clone(), diff.baseline);
            stated.extend(diff.statements);
        }
        (stated, baselines)
    }

    /// Puts on the log what is not there yet, and gives it.
    fn publish(&mut self, stated: Vec<Statement>) -> Vec<Statement> {
        let mut added = Vec::new();
        for statement in stated {
            match self.said.get(&statement.event_id) {
                None => {
                    self.said.insert(statement.event_id, statement.clone());
                    added.push(statement);
                }
                Some(known) if *known == statement => {}
                Some(_) => self.contradicted += 1,
            }
        }
        added
    }

    /// How often a statement came under the id of another that says something else: whichever came first would stand.
    pub(super) fn contradicted(&self) -> usize {
        self.contradicted
    }

    /// The entries that stand: of each its highest version, where that is no retraction. Without what says when and in which
    /// file it was last said.
    pub fn stands(&self) -> BTreeMap<EntryId, Body> {
        let mut latest: BTreeMap<EntryId, &Body> = BTreeMap::new();
        let rank = |body: &Body| {
            let version = body.version.unwrap_or_default();
            (version.as_of_us, version.sequence, version.mapping_revision)
        };
        for body in self.said.values().map(|statement| &statement.body) {
            let Some(id) = EntryId::from_slice(&body.entry_id) else { continue };
            let known = latest.entry(id).or_insert(body);
            if rank(body) > rank(known) {
                *known = body;
            }
        }
        let is_gone = |body: &Body| {
            let kind = body.event.as_ref().and_then(|event| event.kind.as_ref());
            matches!(kind, None | Some(Kind::EntryRetracted(_) | Kind::EntryCorrected(_)))
        };
        let standing = latest.into_iter().filter(|(_, body)| !is_gone(body));
        standing.map(|(id, body)| (id, as_it_stands(body))).collect()
    }
}

fn as_it_stands(body: &Body) -> Body {
    Body { version: None, observed_at: None, cause: 0, scope: String::new(), clears: Vec::new(), ..body.clone() }
}
