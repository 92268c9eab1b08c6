//! Postcodes and houses.

use std::collections::BTreeSet;

use strsim::damerau_levenshtein;

use super::{Agreement, names};
use crate::linker::normalise::{REGISTERED, is_district};

/// A postcode that shares its district is near: a move within a town keeps it. A district alone says no more than that.
pub(super) fn postcodes(one: &str, other: &str) -> Agreement {
    let same_district = district(one).is_some_and(|ours| Some(ours) == district(other));
    if is_district(one) || is_district(other) {
        return if same_district { Agreement::Near } else { Agreement::Different };
    }
    if damerau_levenshtein(one, other) <= 1 {
        Agreement::Close
    } else if same_district {
        Agreement::Near
    } else {
        Agreement::Different
    }
}

fn district(postcode: &str) -> Option<&str> {
    const INWARD_CHARS: usize = 3;
    if is_district(postcode) {
        return Some(postcode);
    }
    postcode.len().checked_sub(INWARD_CHARS).and_then(|end| postcode.get(..end)).filter(|district| !district.is_empty())
}

/// One house said otherwise is a variant (a flat left out); with a slip in its street close; another house of the street near.
pub(super) fn houses(one: &str, other: &str) -> Agreement {
    if [one, other].iter().any(|house| house.starts_with(REGISTERED)) {
        return Agreement::Different;
    }
    let ((our_numbers, our_words), (their_numbers, their_words)) = (parts(one), parts(other));
    let words = |words: &[&str]| words.join(" ");
    let streets = match (our_words.as_slice(), their_words.as_slice()) {
        ([], _) | (_, []) => return Agreement::Different,
        (ours, theirs) if is_part(ours, theirs) || is_part(theirs, ours) => Agreement::Variant,
        (ours, theirs) => names::alike(&words(ours), &words(theirs)),
    };
    let same_number = our_numbers.is_subset(&their_numbers) || their_numbers.is_subset(&our_numbers);
    match (same_number, streets) {
        (true, found) if found <= Agreement::Close => found,
        (false, found) if found <= Agreement::Close => Agreement::Near,
        _ => Agreement::Different,
    }
}

fn parts(house: &str) -> (BTreeSet<&str>, Vec<&str>) {
    let (numbers, words): (Vec<&str>, Vec<&str>) =
        house.split(' ').partition(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    (numbers.into_iter().collect(), words)
}

fn is_part(fewer: &[&str], more: &[&str]) -> bool {
    fewer.iter().all(|word| more.contains(word))
}
