//! What is wrong with a mapping file: the line, the key, and what to do.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

/// One thing that is wrong, or that is most likely not meant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Problem {
    /// From 1; 0 where no single line is at fault.
    pub line: usize,
    /// The key's path in the file: "event.WaitingListJoined.fields.joined_on".
    pub key: String,
    /// What is wrong and what to do.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, key, what } = self;
        let at = if *line == 0 { String::new() } else { format!("line {line}: ") };
        if key.is_empty() { write!(formatter, "{at}{what}") } else { write!(formatter, "{at}`{key}` {what}") }
    }
}

/// Why a mapping cannot be used: every problem that was found.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", lines(.problems))]
pub struct MappingUnusable {
    /// In order of line.
    pub problems: Vec<Problem>,
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Collects problems of one text.
pub(crate) struct Problems<'t> {
    text: &'t str,
    pub(crate) errors: Vec<Problem>,
    pub(crate) warnings: Vec<Problem>,
}

impl<'t> Problems<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        Self { text, errors: Vec::new(), warnings: Vec::new() }
    }

    pub(crate) fn error(&mut self, at: Range<usize>, key: &str, what: impl Into<String>) {
        self.errors.push(self.at(at, key, what.into()));
    }

    pub(crate) fn warn(&mut self, at: Range<usize>, key: &str, what: impl Into<String>) {
        self.warnings.push(self.at(at, key, what.into()));
    }

    fn at(&self, at: Range<usize>, key: &str, what: String) -> Problem {
        Problem { line: line_of(self.text, at.start), key: key.to_owned(), what }
    }
}

pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}
