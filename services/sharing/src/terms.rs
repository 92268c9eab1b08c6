//! Dated words of sources (`rules/terms.toml`), and conditions of the tables on a field's word.

use std::collections::BTreeMap;

use jiff::civil::Date;
use proto::events::Coded;
use proto::fields::MessageInfo;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::classify::TableUnusable;
use crate::wire::{Opened, Value};

/// The lists, by name.
#[derive(Debug)]
pub(crate) struct Terms(BTreeMap<String, Vec<Term>>);

#[derive(Deserialize)]
struct Table {
    #[expect(dead_code, reason = "read by people and by the hash, which is over the text")]
    revision: u32,
    #[serde(flatten)]
    lists: BTreeMap<String, List>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[expect(dead_code, reason = "read by people")]
    says: String,
    #[expect(dead_code, reason = "read by people")]
    source: String,
    terms: Vec<Term>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Term {
    word: String,
    #[serde(default, deserialize_with = "day")]
    from: Option<Date>,
    #[serde(default, deserialize_with = "day")]
    to: Option<Date>,
}

/// A day of a table, "2026-11-22".
pub(crate) fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(|_| D::Error::custom("a day is written 2026-11-22"))
}

/// A field must have one of some words, or one of a list's of that day.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Condition {
    pub(crate) field: String,
    #[serde(default)]
    is: Vec<String>,
    list: Option<String>,
}

impl Terms {
    pub(crate) fn parse(text: &str) -> Result<Self, TableUnusable> {
        let unusable = |problem: String| TableUnusable { table: "terms", problem };
        let table: Table = toml::from_str(text).map_err(|error| unusable(error.message().to_owned()))?;
        Ok(Self(table.lists.into_iter().map(|(name, list)| (name, list.terms)).collect()))
    }

    fn has(&self, list: &str, word: &str, on: Date) -> bool {
        self.0.get(list).into_iter().flatten().any(|term| {
            term.word.eq_ignore_ascii_case(word.trim())
                && term.from.is_none_or(|from| from <= on)
                && term.to.is_none_or(|to| on <= to)
        })
    }
}

impl Condition {
    /// What is wrong with it, of messages of this shape.
    pub(crate) fn problem(&self, message: Option<&MessageInfo>, terms: &Terms) -> Option<String> {
        if !message.is_some_and(|message| message.fields.iter().any(|field| field.name == self.field)) {
            return Some(format!("there is no field {}", self.field));
        }
        match &self.list {
            Some(list) if !terms.0.contains_key(list) => Some(format!("there is no list {list}")),
            None if self.is.is_empty() => Some(format!("nothing is asked of {}", self.field)),
            _ => None,
        }
    }

    /// Whether the event's field has such a word on this day. A field that says nothing has none.
    pub(crate) fn holds(&self, opened: &Opened, terms: &Terms, on: Date) -> bool {
        word_of(opened, &self.field).is_some_and(|word| {
            self.is.iter().any(|is| is.eq_ignore_ascii_case(word.trim()))
                || self.list.as_deref().is_some_and(|list| terms.has(list, &word, on))
        })
    }
}

/// A field as a word: a code of a coded value, "true" or "false" of a flag, text as it stands.
pub(crate) fn word_of(opened: &Opened, field: &str) -> Option<String> {
    match opened.field(field)? {
        Value::Varint(0) => Some("false".to_owned()),
        Value::Varint(_) => Some("true".to_owned()),
        Value::Bytes(bytes) => {
            let coded = opened.info()?.fields.iter().find(|known| known.name == field)?.message().is_some();
            if coded {
                let coded: Coded = opened.message(field)?;
                Some(coded.code).filter(|code| !code.trim().is_empty())
            } else {
                String::from_utf8(bytes.to_vec()).ok().filter(|text| !text.is_empty())
            }
        }
        Value::Fixed => None,
    }
}
