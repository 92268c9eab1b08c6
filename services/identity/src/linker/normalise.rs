//! One spelling of what a source may write in many ways.

mod dates;
mod houses;
mod identifiers;
mod postcodes;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

pub(super) use dates::ESTIMATED;
pub(super) use houses::REGISTERED;
pub(super) use identifiers::{checks, is_temporary};
pub(super) use postcodes::is_district;

use super::schema::Kind;

/// Between an issuer and its number, in a value of [`Kind::Local`].
pub(super) const ISSUER_END: char = '|';

/// What comes after says no more of who somebody is.
const VALUE_CHARS_MAX: usize = 100;

/// What sources write where they know nothing.
const SAYS_NOTHING: [&str; 22] = [
    "unknown",
    "not known",
    "not stated",
    "not given",
    "not applicable",
    "none",
    "null",
    "nil",
    "na",
    "n a",
    "nk",
    "no fixed abode",
    "nfa",
    "no address",
    "test",
    "tbc",
    "tba",
    "unnamed",
    "no name",
    "no surname",
    "no forename",
    "anon",
];
/// What a child is called before having a name, alone or before their mother's.
const UNNAMED: [&str; 6] = ["baby", "unborn", "infant", "twin", "newborn", "bba"];

/// The value that a text gives, if it gives one.
pub(super) fn value(kind: Kind, text: &str) -> Option<String> {
    let value = match kind {
        Kind::GivenName | Kind::MiddleName | Kind::Surname => Some(words(text)).filter(|name| is_name(name)),
        Kind::Address => Some(words(text)),
        Kind::House => houses::house(text),
        Kind::BirthDate => dates::date(text),
        Kind::Sex => sex(&words(text)).map(str::to_owned),
        Kind::Postcode => postcodes::postcode(&compact(text)),
        Kind::Number | Kind::Code => Some(compact(text)),
        Kind::Identifier(_) => Some(compact(text)).filter(|value| identifiers::names_somebody(value)),
        Kind::Local => local(text),
    };
    let value = value.map(|value| value.chars().take(VALUE_CHARS_MAX).collect::<String>());
    value.filter(|value| !value.is_empty() && !SAYS_NOTHING.contains(&value.as_str()))
}

/// Lower-case letters and digits in words: diacritics off, apostrophes gone, hyphens and other marks parting words.
fn words(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for c in folded(text) {
        match c {
            '\'' | '\u{2019}' | '\u{2018}' | '\u{2bc}' | '`' | '\u{b4}' | '.' => {}
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
            'ħ' => ('h', None),
            'ŋ' => ('n', None),
            'ı' => ('i', None),
            'ə' => ('e', None),
            other => (other, None),
        };
        std::iter::once(one).chain(more)
    })
}

/// No stand-in, and no number: a name may still be one letter.
fn is_name(name: &str) -> bool {
    let stand_in = name.split(' ').next().is_some_and(|first| UNNAMED.contains(&first));
    let crossed_out = name.len() > 1 && name.chars().all(|c| c == 'x' || c == ' ');
    !stand_in && !crossed_out && name.chars().any(char::is_alphabetic)
}

/// Of M, F, U; 0, 1, 2, 9; HL7's M, F, O, U, A, N; and words: only male and female say something.
fn sex(words: &str) -> Option<&'static str> {
    words.split(' ').find_map(|word| match word {
        "m" | "1" | "male" | "boy" | "man" => Some("m"),
        "f" | "2" | "female" | "girl" | "woman" => Some("f"),
        _ => None,
    })
}

/// `issuer|number`, both in lower case without spaces.
fn local(text: &str) -> Option<String> {
    let (issuer, number) = text.split_once(ISSUER_END)?;
    let issuer: String = issuer.trim().to_lowercase();
    let number = compact(number);
    (!issuer.is_empty() && !number.is_empty()).then(|| format!("{issuer}{ISSUER_END}{number}"))
}
