//! Words that stand in a cell where there is nothing.

use super::Checker;
use crate::file::{Condition, File, Source};

/// What is written for no value: of a database's grid that is saved as text, `NULL`.
pub(super) fn of(source: &Source) -> Vec<String> {
    let stated = source.blanks.as_ref().map(|words| words.iter().map(|word| word.trim().to_owned()).collect());
    stated.unwrap_or_else(|| vec!["NULL".to_owned()])
}

impl Checker<'_> {
    /// A list or a condition that names such a word never meets it.
    pub(super) fn blanks(&mut self, file: &File) {
        let blanks = of(file.source.get_ref());
        let is_blank = |word: &String| blanks.iter().any(|blank| blank.eq_ignore_ascii_case(word.trim()));
        let what = "names a word that is read as no value (`source.blanks`): for a value of its own write `blanks = []`, \
                    and for a cell without one `filled = false`";
        for (name, list) in &file.codes {
            if list.get_ref().values.keys().any(is_blank) {
                self.problems.warn(list.span(), &format!("codes.{name}"), what);
            }
        }
        let conditions = |all: &[Condition]| {
            let mut words = all.iter().flat_map(|condition| condition.is.iter().chain(&condition.not).flatten());
            words.any(is_blank)
        };
        if conditions(&file.only_when) {
            self.problems.warn(file.source.span(), "only_when", what);
        }
        for event in &file.events {
            if conditions(&event.get_ref().when) {
                self.problems.warn(event.span(), "event.when", what);
            }
        }
    }
}
