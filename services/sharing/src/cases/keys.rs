//! What a key of a case takes: the one table that reads cases, checks them, and is printed in `docs/CASES.md`.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A section of a case.
#[derive(Debug)]
pub(crate) struct Section {
    /// What it says, line by line.
    pub(crate) about: &'static [&'static str],
    /// Every key that it takes.
    pub(crate) keys: &'static [Key],
    /// Its keys as they are when they are left out.
    pub(crate) left_out: fn() -> serde_json::Value,
}

/// One key of a section of a case.
#[derive(Debug)]
pub(crate) struct Key {
    /// As it is written.
    pub(crate) name: &'static str,
    /// What it says, line by line.
    pub(crate) means: &'static [&'static str],
    /// What may stand there.
    pub(crate) takes: Takes,
}

/// What may stand at a key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Takes {
    /// true or false.
    Flag,
    /// A whole number.
    Number,
    /// A day, "2026-11-22".
    Day,
    /// Any text.
    Text,
    /// A list of any texts.
    Texts,
    /// One of these words.
    Word(fn() -> Vec<String>),
    /// A list of these words.
    Words(fn() -> Vec<String>),
    /// A list of days.
    Days,
    /// A section of keys of its own.
    Section(&'static Section),
    /// A list of sections.
    Sections(&'static Section),
}

/// Declares sections of a case: for each key its name, its type, what it is when absent, and what it takes; its comment
/// is what the documentation says of it.
macro_rules! sections {
    ($($(#[doc = $about:literal])+ $section:ident {
        $($(#[doc = $means:literal])+ $key:ident: $type:ty = $default:expr, $takes:expr;)*
    })*) => {$(
        $(#[doc = $about])+
        #[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
        #[serde(deny_unknown_fields, default)]
        pub(crate) struct $section {
            $($(#[doc = $means])+ pub(crate) $key: $type,)*
        }

        impl Default for $section {
            fn default() -> Self {
                Self { $($key: $default,)* }
            }
        }

        impl $section {
            /// Every key that it takes.
            pub(crate) const KEYS: &'static $crate::cases::keys::Section = &$crate::cases::keys::Section {
                about: &[$($about),+],
                keys: &[
                    $($crate::cases::keys::Key { name: stringify!($key), means: &[$($means),+], takes: $takes },)*
                ],
                left_out: || serde_json::to_value($section::default()).unwrap_or_default(),
            };
        }
    )*};
}
pub(super) use sections;

/// A day of a case, written as "2026-11-22".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Day(pub(crate) Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| serde::de::Error::custom("not a day"))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
