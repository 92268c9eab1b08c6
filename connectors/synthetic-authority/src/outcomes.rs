//! What should come of each submission: the events of its records, and what waits in quarantine.
//!
//! Written by whoever writes the submission, from the life that it tells of, so that a connector can be held to it exactly.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::GenerateError;
use crate::writers::Output;

/// One line of `outcomes.jsonl`: a submission, and what a connector is to make of it.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Outcome {
    /// The folder, by the name of its connector.
    pub(crate) connector: &'static str,
    /// Which of its submissions, in the order in which they were made.
    pub(crate) submission: u32,
    pub(crate) files: Vec<String>,
    /// Its records; none where the format's own count is no record of a child.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) records: Option<u64>,
    /// By kind of event, how many.
    pub(crate) events: BTreeMap<&'static str, u64>,
    /// Kinds of which nothing is said here: that a child is described, and the like.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) not_counted: Vec<&'static str>,
    pub(crate) quarantined: u64,
}

impl Outcome {
    pub(crate) fn of(connector: &'static str, submission: u32, files: Vec<String>) -> Self {
        Self { connector, submission, files, ..Self::default() }
    }

    /// An event more of a kind.
    pub(crate) fn event(&mut self, kind: &'static str) {
        self.events(kind, 1);
    }

    pub(crate) fn events(&mut self, kind: &'static str, count: u64) {
        if count > 0 {
            *self.events.entry(kind).or_default() += count;
        }
    }

    /// An event of a kind for each element of a name: (element, kind).
    pub(crate) fn elements(&mut self, text: &str, kinds: &[(&str, &'static str)]) {
        for (element, kind) in kinds {
            self.events(kind, text.matches(&format!("<{element}>")).count() as u64);
        }
    }

    pub(crate) fn record(&mut self) {
        *self.records.get_or_insert(0) += 1;
    }

    pub(crate) fn all_events(&self) -> u64 {
        self.events.values().sum()
    }
}

/// Writes them all.
pub(crate) fn write(outcomes: &[Outcome], mut output: Output) -> Result<(), GenerateError> {
    outcomes.iter().try_for_each(|outcome| output.line(outcome))?;
    output.finish()
}
