//! Postcodes and houses.

use super::{Agreement, mistyped, names};
use crate::linker::normalise::{REGISTERED, is_district};

/// A postcode that shares its district is near: a move within a town keeps it. A district alone says no more than that.
pub(super) fn postcodes(one: &str, other: &str) -> Agreement {
    let same_district = district(one).is_some_and(|ours| Some(ours) == district(other));
    if is_district(one) || is_district(other) {
        return if same_district { Agreement::Near } else { Agreement::Different };
    }
    if mistyped(one, other) <= Agreement::Close {
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
    let ((our_numbers, our_street), (their_numbers, their_street)) = (parts(one), parts(other));
    if our_street.is_empty() || their_street.is_empty() {
        return Agreement::Different;
    }
    let one_street = is_part(our_street, their_street) || is_part(their_street, our_street);
    let streets = if one_street { Agreement::Variant } else { names::alike(our_street, their_street) };
    if streets > Agreement::Close {
        return Agreement::Different;
    }
    let one_number = all_in(numbers(our_numbers), their_numbers) || all_in(numbers(their_numbers), our_numbers);
    if one_number { streets } else { Agreement::Near }
}

/// What stands up to the last number, and what after it: the street, or a house's name and its street.
fn parts(house: &str) -> (&str, &str) {
    let (mut begin, mut end) = (0, 0);
    for word in house.split(' ') {
        begin += word.len() + 1;
        end = if is_number(word) { begin - 1 } else { end };
    }
    let (before, after) = house.split_at_checked(end).unwrap_or(("", house));
    (before, after.trim_start())
}

fn numbers(before: &str) -> impl Iterator<Item = &str> {
    before.split(' ').filter(|word| is_number(word))
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

fn is_part(fewer: &str, more: &str) -> bool {
    all_in(fewer.split(' '), more)
}

fn all_in<'a>(mut words: impl Iterator<Item = &'a str>, more: &str) -> bool {
    words.all(|word| more.split(' ').any(|other| other == word))
}
