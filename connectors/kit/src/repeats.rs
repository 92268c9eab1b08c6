//! Fields of one name that stand several times in a record.

use std::borrow::Cow;

/// Most elements of a record that is read field by field: real ones have some hundred. Each of its fields is compared with those
/// before it.
pub const ELEMENTS_MAX: usize = 5_000;

/// The name under which a value stands beside those of its name: `name`, then `name#2`, `name#3`, as no element is called. `None`
/// when one of them says the same already.
pub fn own_name<'c, 'n>(
    cells: impl IntoIterator<Item = (&'c str, &'c str)>,
    name: &'n str,
    value: &str,
) -> Option<Cow<'n, str>> {
    let (mut is_free, mut highest) = (true, 1u32);
    for (known, said) in cells {
        let number = match known.strip_prefix(name) {
            Some("") => Some(1),
            Some(rest) => rest.strip_prefix('#').and_then(|number| number.parse().ok()),
            None => None,
        };
        let Some(number) = number else { continue };
        if said == value {
            return None;
        }
        is_free &= known.len() > name.len();
        highest = highest.max(number);
    }
    Some(if is_free { Cow::Borrowed(name) } else { Cow::Owned(format!("{name}#{}", highest.saturating_add(1))) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_numbered_and_what_says_the_same_counts_once() {
        let mut cells: Vec<(String, String)> = Vec::new();
        let said = [
            ("a", "1"),
            ("b", "1"),
            ("a", "2"),
            ("a", "1"),
            ("a", "2"),
            ("a", "3"),
            ("ab", "1"),
            ("a-2", "9"),
            ("c-2", "1"),
            ("c", "1"),
        ];
        for (name, value) in said {
            let known = cells.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            if let Some(name) = own_name(known, name, value).map(Cow::into_owned) {
                cells.push((name, value.to_owned()));
            }
        }
        let cells: Vec<_> = cells.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let expected =
            [("a", "1"), ("b", "1"), ("a#2", "2"), ("a#3", "3"), ("ab", "1"), ("a-2", "9"), ("c-2", "1"), ("c", "1")];
        assert_eq!(cells, expected);
    }
}
