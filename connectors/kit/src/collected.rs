//! Everything that one translation said, in memory.

use std::collections::BTreeSet;

use proto::events::{Finding, Subject};

use crate::connector::{Connector, Draft, Output, Rejection, Scope, SourceFile};

/// Everything that one translation said, in order.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Collected {
    /// The scopes that were opened.
    pub scopes: Vec<Scope>,
    /// How many records were read.
    pub records: u64,
    /// What they became.
    pub drafts: Vec<Draft>,
    /// What could not be translated.
    pub rejections: Vec<Rejection>,
    /// What is odd about all the records of an organisation together.
    pub found: Vec<(String, Finding)>,
    /// Keys of the scopes that were read whole.
    pub whole: BTreeSet<String>,
    /// Scopes that were read whole of one subject.
    pub whole_of: Vec<(String, Subject)>,
    /// Scopes, whose they are, record keys of things that have parts, and whether all of them were told.
    pub parts: Vec<(String, Subject, String, bool)>,
}

impl Collected {
    /// What a connector makes of these files: pairs of name and bytes.
    pub fn of(connector: &dyn Connector, files: &[(&str, &[u8])]) -> Self {
        let mut collected = Self::default();
        let files = files
            .iter()
            .map(|(name, bytes)| SourceFile { name: (*name).to_owned(), bytes: Box::new(*bytes) })
            .collect();
        connector.translate(files, &mut collected);
        collected
    }
}

impl Output for Collected {
    fn scope(&mut self, scope: Scope) {
        self.scopes.push(scope);
    }

    fn record(&mut self) {
        self.records += 1;
    }

    fn draft(&mut self, draft: Draft) {
        self.drafts.push(draft);
    }

    fn reject(&mut self, rejection: Rejection) {
        self.rejections.push(rejection);
    }

    fn found(&mut self, controller: &str, finding: Finding) {
        self.found.push((controller.to_owned(), finding));
    }

    fn whole(&mut self, scope_key: &str) {
        self.whole.insert(scope_key.to_owned());
    }

    fn whole_of(&mut self, scope_key: &str, subject: &Subject) {
        self.whole_of.push((scope_key.to_owned(), subject.clone()));
    }

    fn part(&mut self, scope_key: &str, subject: &Subject, record_key: &str, told: bool) {
        self.parts.push((scope_key.to_owned(), subject.clone(), record_key.to_owned(), told));
    }
}
