//! Words that stand in a cell where there is nothing.

use super::Checker;
use crate::file::{Condition, File, Source};

/// What is written for no value: of a database's grid that is saved as text, `NULL`.
pub(super) fn of(source: &Source) -> Vec<String> {
    let stated = source.blanks.as_ref().map(|words| words.iter().map(|word| word.trim().to_owned()).collect());
    stated.unwrap_or_else(|| vec!["NULL".to_owned()])
}

impl Checker<'_> {
    /// A list or a condition that names such a word never meets it, but in other letters: a blank is one to the letter, and what they
    /// name is met in any letter case.
    pub(super) fn blanks(&mut self, file: &File) {
        let blanks = of(file.source.get_ref());
        let found = |words: &mut dyn Iterator<Item = &String>| -> Option<String> {
            let odd = words.map(|word| word.trim()).filter_map(|word| {
                let blank = blanks.iter().find(|blank| blank.eq_ignore_ascii_case(word))?;
                Some((blank != word, blank))
            });
            // Of several, one that is never met is told before one that is met in other letters.
            let (in_other_letters, blank) = odd.min()?;
            let how = match in_other_letters {
                true => format!("met only in another letter case, since `{blank}` is read as no value"),
                false => "read as no value".to_owned(),
            };
            Some(format!(
                "names a word that is {how} (`source.blanks`): for a value of its own write `blanks = []`, and for a cell without \
                 one `filled = false`"
            ))
        };
        for (name, list) in &file.codes {
            if let Some(what) = found(&mut list.get_ref().values.keys()) {
                self.problems.warn(list.span(), &format!("codes.{name}"), what);
            }
        }
        let conditions = |all: &[Condition]| {
            found(&mut all.iter().flat_map(|condition| condition.is.iter().chain(&condition.not).flatten()))
        };
        if let Some(what) = conditions(&file.only_when) {
            self.problems.warn(file.source.span(), "only_when", what);
        }
        for event in &file.events {
            if let Some(what) = conditions(&event.get_ref().when) {
                self.problems.warn(event.span(), "event.when", what);
            }
        }
    }
}
