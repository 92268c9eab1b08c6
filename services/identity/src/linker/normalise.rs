//! One spelling of what a source may write in many ways.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::schema::{Check, Kind};

/// What sources write where they know nothing.
const SAYS_NOTHING: [&str; 12] =
    ["unknown", "not known", "not stated", "none", "null", "na", "n a", "nk", "no fixed abode", "nfa", "test", "baby"];

/// The value that a text gives, if it gives one.
pub(super) fn value(kind: Kind, text: &str) -> Option<String> {
    let value = match kind {
        Kind::GivenName | Kind::Surname | Kind::Address => words(text),
        Kind::BirthDate => return date(text),
        Kind::Sex => words(text).chars().next().map(String::from).unwrap_or_default(),
        Kind::Postcode | Kind::Number | Kind::Code | Kind::Identifier(_) => compact(text),
    };
    let nothing = value.is_empty() || SAYS_NOTHING.contains(&value.as_str());
    let one_digit = matches!(kind, Kind::Identifier(_)) && value.chars().all(|c| value.starts_with(c));
    (!nothing && !one_digit).then_some(value)
}

/// Whether the identifier's own check says that it is well formed.
pub(super) fn is_checked(check: Check, value: &str) -> bool {
    match check {
        Check::None => false,
        Check::NhsNumber => nhs_number_checks(value),
    }
}

/// Lower-case letters and digits in words: diacritics off, apostrophes gone, hyphens and other marks parting words.
fn words(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for c in folded(text) {
        match c {
            '\'' | '\u{2019}' | '\u{2018}' | '`' | '.' => {}
            c if c.is_alphanumeric() => words.push(c),
            _ if words.ends_with(' ') || words.is_empty() => {}
            _ => words.push(' '),
        }
    }
    words.truncate(words.trim_end().len());
    words
}

fn compact(text: &str) -> String {
    folded(text).filter(|c| c.is_alphanumeric()).collect()
}

/// Lower case, in letters that every system has: Siân is sian, Łukasz is lukasz, Ŵ is w.
fn folded(text: &str) -> impl Iterator<Item = char> {
    let unmarked = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    unmarked.flat_map(|c| {
        let (one, more) = match c {
            'ß' => ('s', Some('s')),
            'æ' => ('a', Some('e')),
            'œ' => ('o', Some('e')),
            'þ' => ('t', Some('h')),
            'ø' => ('o', None),
            'ł' => ('l', None),
            'đ' | 'ð' => ('d', None),
            'ı' => ('i', None),
            other => (other, None),
        };
        std::iter::once(one).chain(more)
    })
}

/// Eight digits, year first. Years out of this and the last century are no birth dates of anybody's.
fn date(text: &str) -> Option<String> {
    let text = text.trim().split(['T', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    let digits = match parts.as_slice() {
        [whole] => (*whole).to_owned(),
        [year, month, day] if year.len() == 4 => format!("{year}{month:0>2}{day:0>2}"),
        [day, month, year] => format!("{year}{month:0>2}{day:0>2}"),
        _ => return None,
    };
    let plausible = digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit());
    (plausible && (digits.starts_with("19") || digits.starts_with("20"))).then_some(digits)
}

/// Modulus 11 over ten digits. Source: NHS Data Dictionary, NHS NUMBER.
fn nhs_number_checks(value: &str) -> bool {
    let digits: Vec<u32> = value.chars().filter_map(|c| c.to_digit(10)).collect();
    let Some((check, rest)) = digits.split_last().filter(|_| digits.len() == 10 && value.len() == 10) else {
        return false;
    };
    let sum: u32 = rest.iter().zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum();
    let expected = (11 - sum % 11) % 11;
    expected < 10 && expected == *check
}
