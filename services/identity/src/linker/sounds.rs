//! How names are said.

use rphonetic::{DoubleMetaphone, Encoder as _};

/// A code of what is heard of a surname, as an English ear has it (Double Metaphone, of its last word).
pub(super) fn of(name: &str) -> String {
    let word = name.rsplit(' ').next().unwrap_or_default();
    let letters: String = word.chars().filter(char::is_ascii_alphabetic).collect();
    DoubleMetaphone::default().encode(&letters)
}
