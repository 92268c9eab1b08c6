//! Names as people write, hear, shorten and carry them over from other alphabets.

use strsim::{damerau_levenshtein, jaro_winkler};

use super::{Agreement, known_names};

/// Words that some write before or within a surname and some do not: Welsh, Irish, Scottish, Arabic, Dutch, Iberian.
const PARTICLES: [&str; 31] = [
    "ap", "ab", "ferch", "verch", "merch", "o", "ni", "nic", "mac", "mc", "van", "von", "der", "den", "de", "da",
    "das", "do", "dos", "del", "della", "di", "la", "le", "al", "el", "bin", "bint", "ibn", "abu", "abd",
];
/// Endings of one surname as daughters and sons have it, from Bulgarian to Polish.
const ENDINGS: [(&str, &str); 12] = [
    ("ska", "ski"),
    ("cka", "cki"),
    ("dzka", "dzki"),
    ("skaya", "ski"),
    ("skaia", "ski"),
    ("skaja", "ski"),
    ("sky", "ski"),
    ("skiy", "ski"),
    ("skyi", "ski"),
    ("ova", "ov"),
    ("eva", "ev"),
    ("ina", "in"),
];

/// Variants: an initial, a first of several, spaces elsewhere, a diminutive, another spelling of one name.
pub(super) fn given(one: &str, other: &str) -> Agreement {
    let (ours, theirs) = (first_word(one), first_word(other));
    let initial = |name: &str, whole: &str| name.chars().count() == 1 && whole.starts_with(name);
    let variant = without_spaces(one).eq(without_spaces(other))
        || ours == theirs
        || known_names::are_one(one, other)
        || known_names::are_one(ours, theirs)
        || initial(ours, theirs)
        || initial(theirs, ours);
    if variant { Agreement::Variant } else { alike(one, other) }
}

/// Variants: either half of a double-barrelled name, spaces and particles elsewhere, a daughter's ending.
pub(super) fn surnames(one: &str, other: &str) -> Agreement {
    const SHARED_WORD_CHARS_MIN: usize = 3;
    let shares = one
        .split(' ')
        .filter(|word| word.chars().count() >= SHARED_WORD_CHARS_MIN && !PARTICLES.contains(word))
        .any(|word| other.split(' ').any(|theirs| theirs == word));
    let variant = shares || without_spaces(one).eq(without_spaces(other)) || root(one) == root(other);
    if variant { Agreement::Variant } else { alike(one, other) }
}

/// What is left of a surname without its particles and its ending; `mac` and `mc` are one.
fn root(name: &str) -> String {
    let kept: String = name.split(' ').filter(|word| !PARTICLES.contains(word)).collect();
    let kept = if kept.is_empty() { name.replace(' ', "") } else { kept };
    let kept = match kept.strip_prefix("mac") {
        Some(rest) if name.starts_with("mac") && rest.len() > 3 => format!("mc{rest}"),
        _ => kept,
    };
    let ending = ENDINGS.iter().find_map(|(ending, root)| kept.strip_suffix(ending).map(|stem| (stem, root)));
    ending.filter(|(stem, _)| stem.len() > 2).map_or_else(|| kept.clone(), |(stem, root)| format!("{stem}{root}"))
}

/// Words as people write, hear and copy them.
pub(super) fn alike(one: &str, other: &str) -> Agreement {
    const CLOSE_MIN: f64 = 0.95;
    const NEAR_MIN: f64 = 0.88;
    /// One slip of a key leaves more than this, but of an initial.
    const SLIP_MIN: f64 = 0.6;
    let likeness = jaro_winkler(one, other);
    if likeness < SLIP_MIN {
        return Agreement::Different;
    }
    let lengths = one.len().abs_diff(other.len());
    if likeness >= CLOSE_MIN || (lengths <= 1 && damerau_levenshtein(one, other) <= 1) {
        Agreement::Close
    } else if likeness >= NEAR_MIN {
        Agreement::Near
    } else {
        Agreement::Different
    }
}

fn first_word(name: &str) -> &str {
    name.split(' ').next().unwrap_or_default()
}

fn without_spaces(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| *c != ' ')
}
