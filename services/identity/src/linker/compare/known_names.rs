//! Given names by which one person goes: spellings of one name, carried over from other alphabets or languages, and what a
//! name is cut short to.
//!
//! Brothers and sisters have names too: what is as often a name by itself as another's short form (Jack of John, Mia of Amelia,
//! Liam of William) is not here.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Each line is one name as people spell it.
const ONE_NAME: &str = include_str!("known_names/spellings.txt");
/// Each line is a name, a colon, and what it is cut short to. Two short forms of one name are not each other's.
const SHORT_FORMS: &str = include_str!("known_names/short_forms.txt");

struct Known {
    /// The spelling that stands for all of a name's.
    spelt: HashMap<&'static str, &'static str>,
    /// What each name is cut short to, both by the spelling that stands.
    short: HashSet<(&'static str, &'static str)>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let mut spelt = HashMap::new();
    for line in lines(ONE_NAME) {
        if let Some(first) = line.split_whitespace().next() {
            spelt.extend(line.split_whitespace().map(|name| (name, first)));
        }
    }
    let stands = |name| spelt.get(name).copied().unwrap_or(name);
    let mut short = HashSet::new();
    for (name, forms) in lines(SHORT_FORMS).filter_map(|line| line.split_once(':')) {
        short.extend(forms.split_whitespace().map(|form| (stands(name), stands(form))));
    }
    let names: Vec<&str> = short.iter().flat_map(|(name, form)| [*name, *form]).collect();
    for name in names {
        spelt.entry(name).or_insert(name);
    }
    Known { spelt, short }
});

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#'))
}

/// Whether two given names are one name, or one is short for the other.
pub(super) fn are_one(one: &str, other: &str) -> bool {
    let (Some(one), Some(other)) = (KNOWN.spelt.get(one), KNOWN.spelt.get(other)) else { return false };
    one == other || KNOWN.short.contains(&(*one, *other)) || KNOWN.short.contains(&(*other, *one))
}

/// Whether somebody is called so.
pub(in crate::linker) fn is_known(name: &str) -> bool {
    KNOWN.spelt.contains_key(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_stands_on_one_line() {
        let mut seen = HashSet::new();
        for name in lines(ONE_NAME).flat_map(str::split_whitespace) {
            assert!(name.chars().all(|c| c.is_ascii_lowercase()), "`{name}` is not as names are normalised");
            assert!(seen.insert(name), "`{name}` is spelt twice");
        }
        let mut seen = HashSet::new();
        for line in lines(SHORT_FORMS) {
            let (name, forms) = line.split_once(':').unwrap();
            assert!(seen.insert(name), "`{name}` is cut short twice");
            assert!(
                forms.split_whitespace().all(|form| form != name && form.chars().all(|c| c.is_ascii_lowercase())),
                "{line}"
            );
        }
    }

    #[test]
    fn names_that_brothers_and_sisters_have_are_not_one() {
        for (one, other) in [
            ("mia", "amelia"),
            ("jack", "john"),
            ("liam", "william"),
            ("molly", "mary"),
            ("emma", "emily"),
            ("ella", "ellie"),
            ("hannah", "anna"),
            ("george", "georgia"),
            ("beth", "liz"),
            ("sam", "samir"),
            ("ali", "aliyah"),
            ("oliver", "olivia"),
            ("hassan", "hussain"),
            ("ahmed", "mohammed"),
            ("jakub", "jan"),
            ("louis", "louise"),
            ("daniel", "danielle"),
        ] {
            assert!(!are_one(one, other), "{one} {other}");
        }
    }
}
