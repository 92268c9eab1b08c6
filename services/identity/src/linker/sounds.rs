//! How names are said.

use rphonetic::DoubleMetaphone;

/// So many consonants of a name count.
const CODE_CHARS: usize = 4;

/// A code of what is heard of a name's last word, as an English ear has it (Double Metaphone).
pub(super) fn of(name: &str) -> String {
    let letters: String = last_word(name).chars().filter(char::is_ascii_alphabetic).collect();
    DoubleMetaphone::new(Some(CODE_CHARS)).double_metaphone(&letters).primary()
}

/// Whether two names may be said alike: either reading of the one is a reading of the other.
pub(super) fn are_one(one: &str, other: &str) -> bool {
    let letters = |name: &str| -> String { name.chars().filter(char::is_ascii_alphabetic).collect() };
    let heard = |name: &str| DoubleMetaphone::new(Some(CODE_CHARS)).double_metaphone(&letters(name));
    let (ours, theirs) = (heard(one), heard(other));
    let (ours, theirs) = ([ours.primary(), ours.alternate()], [theirs.primary(), theirs.alternate()]);
    ours.iter().any(|code| code.len() > 1 && theirs.contains(code))
}

fn last_word(name: &str) -> &str {
    name.rsplit(' ').next().unwrap_or_default()
}
