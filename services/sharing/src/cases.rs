//! Decision cases: one situation each, with what must come of it and why, in a form that a person who does not program
//! can read and write. `docs/CASES.md` says how.
//!
//! A case goes through the same door as a real request: what it says of the child, of consent and of agreements becomes
//! recorded events, which are folded as those of the log are. Nothing is handed to the rules directly.

mod check;
mod explain;
mod format;
mod judge;
mod keys;
mod notice;
mod page;
mod people;
mod reach;
mod recorded;
mod sheet;
mod status;

use std::collections::BTreeMap;

use serde_json::Value;

pub use crate::cases::explain::{Account, Answer, Away, Cited, Rung};
use crate::cases::format::Line;
pub use crate::cases::judge::{Failure, Verdict};
pub use crate::cases::notice::Noticing;
pub use crate::cases::page::keys_as_markdown;
pub use crate::cases::reach::{Reach, Scope};
pub use crate::cases::sheet::{all_columns, read_sheet};

/// The cases of this build, by file.
const BUILT_IN: &[(&str, &str)] = &[
    ("cases.jsonl", include_str!("../cases/cases.jsonl")),
    ("added.jsonl", include_str!("../cases/added.jsonl")),
    ("review.jsonl", include_str!("../cases/review.jsonl")),
    ("conditions.jsonl", include_str!("../cases/conditions.jsonl")),
    ("erasure.jsonl", include_str!("../cases/erasure.jsonl")),
    ("glass.jsonl", include_str!("../cases/glass.jsonl")),
    ("people.jsonl", include_str!("../cases/people.jsonl")),
    ("recording.jsonl", include_str!("../cases/recording.jsonl")),
    ("status.jsonl", include_str!("../cases/status.jsonl")),
    ("review_of_rules.jsonl", include_str!("../cases/review_of_rules.jsonl")),
    ("register.jsonl", include_str!("../cases/register.jsonl")),
    ("awkward.jsonl", include_str!("../cases/awkward.jsonl")),
    ("planning.jsonl", include_str!("../cases/planning.jsonl")),
    ("rights.jsonl", include_str!("../cases/rights.jsonl")),
];

/// One decision case.
#[derive(Clone, Debug)]
pub struct Case {
    line: Line,
}

/// Something in a file of cases that cannot be understood.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct CaseProblem {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, with the key at which it is and what may stand there.
    pub problem: String,
}

/// Reads cases, one JSON object a line. Empty lines, and lines that begin with `#` or `//`, are passed over.
///
/// # Errors
/// Every problem of the file: what is no JSON, unknown keys, words that do not exist, an id used twice.
pub fn read(file: &str, text: &str) -> Result<Vec<Case>, Vec<CaseProblem>> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#') && !line.starts_with("//"));
    let read = lines.map(|(number, line)| {
        let case = serde_json::from_str(line).map_err(|error| vec![format!("no JSON: {error}")]);
        (number, case.and_then(Case::of))
    });
    all_of(file, read)
}

/// The cases of a file, or every problem of it.
fn all_of(
    file: &str,
    read: impl Iterator<Item = (usize, Result<Case, Vec<String>>)>,
) -> Result<Vec<Case>, Vec<CaseProblem>> {
    let (mut cases, mut found, mut ids) = (Vec::new(), Vec::new(), BTreeMap::new());
    let at = |line: usize, problem: String| CaseProblem { file: file.to_owned(), line, problem };
    for (line, case) in read {
        match case {
            Ok(case) => {
                if let Some(first) = ids.insert(case.id().to_owned(), line) {
                    found.push(at(line, format!("the id `{}` is already that of line {first}", case.id())));
                }
                cases.push(case);
            }
            Err(problems) => found.extend(problems.into_iter().map(|problem| at(line, problem))),
        }
    }
    if found.is_empty() { Ok(cases) } else { Err(found) }
}

impl Case {
    /// The case of one JSON object.
    ///
    /// # Errors
    /// Every problem of it, each with the key at which it is.
    pub fn of(mut case: Value) -> Result<Self, Vec<String>> {
        let problems = check::problems(&case);
        if !problems.is_empty() {
            return Err(problems);
        }
        leave_out_nulls(&mut case);
        let line = serde_json::from_value(case).map_err(|error| vec![error.to_string()])?;
        Ok(Self { line })
    }

    /// Every case that this build carries.
    ///
    /// # Errors
    /// Those of [`read`]: a fault of the build.
    pub fn built_in() -> Result<Vec<Self>, Vec<CaseProblem>> {
        let (mut cases, mut found): (Vec<Self>, Vec<CaseProblem>) = (Vec::new(), Vec::new());
        for (file, text) in BUILT_IN {
            match read(file, text) {
                Ok(of_file) => cases.extend(of_file),
                Err(problems) => found.extend(problems),
            }
        }
        if found.is_empty() { Ok(cases) } else { Err(found) }
    }

    /// What names it: "C12".
    pub fn id(&self) -> &str {
        &self.line.id
    }

    /// The situation, in a few words.
    pub fn title(&self) -> &str {
        &self.line.title
    }

    /// Why it must come out as it says.
    pub fn why(&self) -> &str {
        &self.line.why
    }

    /// Every key with its value, absent ones as they are understood.
    pub fn whole(&self) -> Value {
        format::whole(&self.line)
    }
}

fn leave_out_nulls(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|_, value| !value.is_null());
            object.values_mut().for_each(leave_out_nulls);
        }
        Value::Array(members) => members.iter_mut().for_each(leave_out_nulls),
        _ => {}
    }
}
