//! What the log would hold after submissions, for tests of how they follow on one another.

use std::collections::BTreeMap;

use event_log::EntryId;
use event_log::seal::PseudonymKey;
use proto::events::{Body, event::Kind};

use crate::body::Statement;
use crate::collected::Collected;
use crate::connector::Connector;
use crate::differ::{Baseline, Retractions, Submission, diff};

/// Submissions of one source, one after another, each diffed with what went before.
pub struct History {
    key: PseudonymKey,
    baselines: BTreeMap<String, Baseline>,
    said: Vec<Statement>,
    /// How many submissions there were: when each was picked up, where it does not say when it stood so.
    submitted: i64,
}

impl Default for History {
    fn default() -> Self {
        Self { key: PseudonymKey::from_bytes([7; 32]), baselines: BTreeMap::new(), said: Vec::new(), submitted: 0 }
    }
}

impl History {
    /// Takes in one submission, however much it retracts, and gives what it adds to the log.
    pub fn submit(&mut self, connector: &dyn Connector, files: &[(&str, &[u8])]) -> Vec<Statement> {
        let Collected { scopes, drafts, rejections, whole, whole_of, parts, .. } = Collected::of(connector, files);
        let descriptor = connector.descriptor();
        self.submitted += 1;
        let mut added = Vec::new();
        for scope in scopes {
            let concerned = rejections.iter().filter(|r| r.scope_key.as_deref().is_none_or(|key| key == scope.key));
            let submission = Submission {
                as_of_us: scope.as_of_us.unwrap_or(self.submitted),
                sequence: scope.sequence,
                mapping_revision: descriptor.mapping_revision,
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
                    .map(|(_, part, told)| (part.clone(), *told))
                    .collect(),
                unread: concerned.filter_map(|r| r.subject.as_ref()).map(|subject| self.key.of(subject)).collect(),
                scope_key: scope.key,
            };
            let baseline = self.baselines.remove(&submission.scope_key).unwrap_or_default();
            let scope_key = submission.scope_key.clone();
            let diff = diff(&self.key, descriptor.name, baseline, submission, Retractions::Allowed);
            self.baselines.insert(scope_key, diff.baseline);
            added.extend(diff.statements);
        }
        self.said.extend(added.iter().cloned());
        added
    }

    /// The entries that stand: of each its highest version, where that is no retraction. Without what says when and in which
    /// file it was last said.
    pub fn stands(&self) -> BTreeMap<EntryId, Body> {
        let mut latest: BTreeMap<EntryId, &Body> = BTreeMap::new();
        let rank = |body: &Body| {
            let version = body.version.unwrap_or_default();
            (version.as_of_us, version.sequence, version.mapping_revision)
        };
        for body in self.said.iter().map(|statement| &statement.body) {
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
