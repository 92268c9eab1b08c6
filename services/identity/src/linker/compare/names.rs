//! Names as people write, hear, shorten and carry them over from other alphabets.

use strsim::{jaro_winkler, osa_distance};

use super::{Agreement, known_names};
use crate::linker::sounds;

/// Words that some write before or within a surname and some do not: Welsh, Irish, Scottish, Arabic, Dutch, Iberian.
const PARTICLES: [&str; 31] = [
    "ap", "ab", "ferch", "verch", "merch", "o", "ni", "nic", "mac", "mc", "van", "von", "der", "den", "de", "da",
    "das", "do", "dos", "del", "della", "di", "la", "le", "al", "el", "bin", "bint", "ibn", "abu", "abd",
];
/// Endings of one surname as daughters and sons have it, from Bulgarian to Polish, and as it is carried over.
const ENDINGS: [(&str, &str); 13] = [
    ("ska", "ski"),
    ("cka", "cki"),
    ("dzka", "dzki"),
    ("skaya", "ski"),
    ("skaia", "ski"),
    ("skaja", "ski"),
    ("sky", "ski"),
    ("skiy", "ski"),
    ("skyi", "ski"),
    ("skyy", "ski"),
    ("ova", "ov"),
    ("eva", "ev"),
    ("ina", "in"),
];
/// What one alphabet is carried over by, in Polish, Arabic, Urdu and Panjabi hands, in the order in which it is read.
const CARRIED_OVER: [(&str, &str); 18] = [
    ("szcz", "shch"),
    ("sz", "sh"),
    ("cz", "ch"),
    ("rz", "zh"),
    ("ph", "f"),
    ("gh", "g"),
    ("dh", "d"),
    ("ou", "u"),
    ("oo", "u"),
    ("ee", "i"),
    ("ck", "k"),
    ("q", "k"),
    ("x", "ks"),
    ("w", "v"),
    ("y", "i"),
    ("j", "i"),
    ("e", "a"),
    ("o", "u"),
];
/// Words shorter than this are in too many names to say anything.
const SHARED_WORD_CHARS_MIN: usize = 3;

/// Variants: an initial, a first of several, spaces elsewhere, a diminutive, another spelling of one name. A first name that
/// both share before others that differ is near: brothers are called Muhammad Ali and Muhammad Hasan.
pub(super) fn given(one: &str, other: &str) -> Agreement {
    let (ours, theirs) = (Words::of(one), Words::of(other));
    if without_spaces(one).eq(without_spaces(other)) || is_initial(one, other) || known_names::are_one(one, other) {
        return Agreement::Variant;
    }
    if ours.first != theirs.first && !known_names::are_one(ours.first, theirs.first) {
        return alike(one, other);
    }
    let rest_agrees = ours.rest.is_empty()
        || theirs.rest.is_empty()
        || is_initial(ours.rest, theirs.rest)
        || alike(ours.rest, theirs.rest) <= Agreement::Near;
    if rest_agrees { Agreement::Variant } else { Agreement::Near }
}

/// Variants: any of them, an initial of the first.
pub(super) fn middle(one: &str, other: &str) -> Agreement {
    if shares_a_word(one, other) { Agreement::Variant } else { given(one, other) }
}

/// Variants: either half of a double-barrelled name, spaces and particles elsewhere, a daughter's ending.
pub(super) fn surnames(one: &str, other: &str) -> Agreement {
    let of_words = one.contains(' ') || other.contains(' ');
    if of_words && (shares_a_word(one, other) || without_spaces(one).eq(without_spaces(other))) {
        return Agreement::Variant;
    }
    let likeness = jaro_winkler(one, other);
    if (of_words || likeness >= SAID_ALIKE_MIN) && root(one) == root(other) {
        return Agreement::Variant;
    }
    as_alike(one, other, likeness)
}

/// Words as people write, hear and copy them. Close: one slip of a key, or one name carried over by two hands. Near: alike, or
/// said alike.
pub(super) fn alike(one: &str, other: &str) -> Agreement {
    as_alike(one, other, jaro_winkler(one, other))
}

/// One slip of a key, but of an initial, leaves more than this, and so do two hands.
const SAID_ALIKE_MIN: f64 = 0.75;

fn as_alike(one: &str, other: &str, likeness: f64) -> Agreement {
    const CLOSE_MIN: f64 = 0.95;
    const NEAR_MIN: f64 = 0.88;
    if likeness < SAID_ALIKE_MIN {
        return Agreement::Different;
    }
    let slip = || one.len().abs_diff(other.len()) <= 1 && osa_distance(one, other) <= 1;
    if likeness >= CLOSE_MIN || slip() || carried_over(one) == carried_over(other) {
        Agreement::Close
    } else if likeness >= NEAR_MIN || sounds::are_one(one, other) {
        Agreement::Near
    } else {
        Agreement::Different
    }
}

/// A name's first word, and the others.
struct Words<'a> {
    first: &'a str,
    rest: &'a str,
}

impl<'a> Words<'a> {
    fn of(name: &'a str) -> Self {
        let (first, rest) = name.split_once(' ').unwrap_or((name, ""));
        Self { first, rest }
    }
}

/// Either is the other's first letter.
fn is_initial(one: &str, other: &str) -> bool {
    let of = |letter: &str, name: &str| letter.chars().count() == 1 && name.starts_with(letter);
    of(one, other) || of(other, one)
}

fn shares_a_word(one: &str, other: &str) -> bool {
    let says = |word: &&str| word.chars().count() >= SHARED_WORD_CHARS_MIN && !PARTICLES.contains(word);
    one.split(' ').filter(says).any(|word| other.split(' ').any(|theirs| theirs == word))
}

/// What is left of a surname without its particles and its ending; `mac` and `mc` are one.
fn root(name: &str) -> String {
    let kept: String = name.split(' ').filter(|word| !PARTICLES.contains(word)).collect();
    let kept = if kept.is_empty() { name.replace(' ', "") } else { kept };
    let clan = ["mac", "mc"].iter().find_map(|clan| kept.strip_prefix(clan)).filter(|rest| rest.len() > 3);
    let kept = clan.map_or(kept.as_str(), |rest| rest);
    let ending = ENDINGS.iter().find_map(|(ending, root)| kept.strip_suffix(ending).map(|stem| (stem, root)));
    ending.filter(|(stem, _)| stem.len() > 2).map_or_else(|| kept.to_owned(), |(stem, root)| format!("{stem}{root}"))
}

/// One spelling for all hands, without doubled letters.
fn carried_over(name: &str) -> String {
    let mut spelt = name.replace(' ', "");
    for (from, to) in CARRIED_OVER {
        if spelt.contains(from) {
            spelt = spelt.replace(from, to);
        }
    }
    let mut last = None;
    spelt.retain(|c| last.replace(c) != Some(c));
    spelt
}

fn without_spaces(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| *c != ' ')
}
