//! What TOML can make nothing of: told with its key, and how that is written.

use crate::problem::{Problem, line_of};

/// How what is most often written otherwise is written.
const WRITTEN: [(&[&str], &str); 4] = [
    (&["third_party"], "[[event.third_party]] on a line of its own, with `issuer` and `column` below it"),
    (&["when", "only_when"], "a list of conditions: [{ column = \"Status\", is = [\"Open\"] }]"),
    (&["is", "not", "pass_over", "blanks", "files", "labels"], "a list of words: [\"Open\", \"Waiting\"]"),
    (&["event", "identifier"], "a heading in two brackets, [[event]] or [[identifier]]: there may be several"),
];

pub(super) fn misread(text: &str, error: &toml::de::Error) -> Problem {
    let said = error.message().trim().replace('\n', " ");
    let Some(at) = error.span() else { return Problem { line: 0, key: String::new(), what: said } };
    let key = key_of(text, at.start);
    let what = match WRITTEN.iter().find(|(keys, _)| keys.contains(&key.as_str())) {
        Some((_, written)) if said.contains("expected a sequence") => format!("is written as {written} ({said})"),
        _ if key.is_empty() || said.starts_with("unknown field") => {
            return Problem { line: line_of(text, at.start), key: String::new(), what: said };
        }
        _ => format!("cannot be read: {said}"),
    };
    Problem { line: line_of(text, at.start), key, what }
}

/// The key whose value or heading stands here.
fn key_of(text: &str, at: usize) -> String {
    let (before, from) = text.split_at_checked(at).unwrap_or((text, ""));
    let is_of_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let named = match before.trim_end().strip_suffix('=') {
        Some(before) => before.trim_end(),
        None if from.starts_with('[') => from.split(']').next().unwrap_or_default(),
        None => return String::new(),
    };
    let key = named.rsplit(|c| !is_of_key(c)).next().unwrap_or_default();
    key.to_owned()
}
