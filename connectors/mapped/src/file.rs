//! The mapping file as it is written: TOML, every key known, each value with its place in the file.

mod several;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use toml::Spanned;

/// A whole mapping file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) name: Spanned<String>,
    pub(crate) about: Spanned<String>,
    pub(crate) revision: Spanned<u32>,
    pub(crate) controller: Spanned<Value>,
    #[serde(default)]
    pub(crate) labels: Vec<Spanned<String>>,
    pub(crate) source: Spanned<Source>,
    pub(crate) delivery: Spanned<Delivery>,
    #[serde(deserialize_with = "several::placed")]
    pub(crate) key: Spanned<Vec<Spanned<Value>>>,
    pub(crate) subject: Spanned<Number>,
    #[serde(default, rename = "identifier")]
    pub(crate) identifiers: Vec<Spanned<Number>>,
    pub(crate) person: Option<Person>,
    #[serde(default, deserialize_with = "several::list")]
    pub(crate) dates: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) codes: BTreeMap<String, Spanned<Codes>>,
    #[serde(default)]
    pub(crate) only_when: Vec<Condition>,
    #[serde(default, rename = "event")]
    pub(crate) events: Vec<Spanned<Event>>,
}

/// How the rows are had.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    pub(crate) format: Format,
    pub(crate) delimiter: Option<Spanned<String>>,
    pub(crate) encoding: Option<Spanned<String>>,
    pub(crate) header_row: Option<Spanned<u64>>,
    /// Of a table without a header: what its columns are.
    #[serde(default)]
    pub(crate) columns: Vec<Spanned<String>>,
    /// Of a table whose columns stand at fixed places: how many characters each takes.
    pub(crate) widths: Option<Spanned<Vec<usize>>>,
    pub(crate) sheet: Option<Spanned<String>>,
    pub(crate) query: Option<Spanned<String>>,
    pub(crate) cursor: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "several::list")]
    pub(crate) ignore: Vec<Spanned<String>>,
    #[serde(default, deserialize_with = "several::list")]
    pub(crate) may_lack: Vec<Spanned<String>>,
    #[serde(default, deserialize_with = "several::list")]
    pub(crate) fill_down: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) pass_over: Vec<String>,
    /// Words that are no value where they are the whole cell; `NULL` where nothing is said.
    pub(crate) blanks: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) files: Vec<String>,
}

/// What a source is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    Csv,
    Xlsx,
    Sql,
}

/// How the rows come, and when they stood so.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Delivery {
    pub(crate) kind: DeliveryKind,
    pub(crate) scope: Option<Spanned<String>>,
    pub(crate) as_of: Option<Spanned<AsOf>>,
}

/// Everything again each time, or what changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DeliveryKind {
    Snapshot,
    Changes,
}

/// Where the time stands.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AsOf {
    pub(crate) column: Option<Spanned<String>>,
    pub(crate) file_name: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "several::list")]
    pub(crate) dates: Vec<Spanned<String>>,
}

/// A number by which the source, or the nation, knows a child.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Number {
    pub(crate) scheme: Spanned<String>,
    pub(crate) issuer: Option<Spanned<String>>,
    pub(crate) column: Spanned<String>,
    #[serde(default)]
    pub(crate) former: bool,
    /// Of the subject: what stands between the numbers of several children in one cell.
    pub(crate) split: Option<Spanned<String>>,
    /// Of the subject: how many children a row may hold, whose columns are told by `{n}`.
    pub(crate) repeat: Option<Spanned<u32>>,
}

/// What the row says of who the child is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Person {
    pub(crate) family: Option<Spanned<Value>>,
    pub(crate) given: Option<Spanned<Value>>,
    pub(crate) middle: Option<Spanned<Value>>,
    pub(crate) preferred: Option<Spanned<Value>>,
    pub(crate) birth_on: Option<Spanned<Value>>,
    pub(crate) death_on: Option<Spanned<Value>>,
    pub(crate) sex: Option<Spanned<Value>>,
    pub(crate) ethnicity: Option<Spanned<Value>>,
    pub(crate) first_language: Option<Spanned<Value>>,
    #[serde(default, deserialize_with = "several::list")]
    pub(crate) address: Vec<Spanned<String>>,
    pub(crate) postcode: Option<Spanned<String>>,
    pub(crate) uprn: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "several::list")]
    pub(crate) phones: Vec<Spanned<String>>,
    pub(crate) practice: Option<Spanned<Value>>,
}

/// A list of codes: what the source writes, and what stands in the event.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Codes {
    pub(crate) set: Option<String>,
    pub(crate) values: BTreeMap<String, String>,
    pub(crate) unknown: Option<Spanned<String>>,
}

/// Something that must hold of a row.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Condition {
    pub(crate) column: Spanned<String>,
    pub(crate) is: Option<Vec<String>>,
    pub(crate) not: Option<Vec<String>>,
    pub(crate) filled: Option<bool>,
}

/// What a row becomes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Event {
    pub(crate) becomes: Spanned<String>,
    pub(crate) name: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "several::placed_or_none")]
    pub(crate) key: Option<Spanned<Vec<Spanned<Value>>>>,
    #[serde(default)]
    pub(crate) when: Vec<Condition>,
    pub(crate) effective: Spanned<Value>,
    #[serde(default)]
    pub(crate) required: bool,
    pub(crate) fields: BTreeMap<String, Spanned<Value>>,
    #[serde(default)]
    pub(crate) third_party: Vec<Spanned<ThirdParty>>,
}

/// Somebody else whom the event tells of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ThirdParty {
    pub(crate) issuer: String,
    pub(crate) column: Spanned<String>,
}

/// A column by its name alone, or with what is to be done with it.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Column(String),
    Spec(Box<Spec>),
}

/// Where a value comes from, and how it is read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spec {
    pub(crate) column: Option<Spanned<String>>,
    pub(crate) value: Option<Spanned<String>>,
    pub(crate) default: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) required: bool,
    pub(crate) codes: Option<Spanned<String>>,
    pub(crate) set: Option<Spanned<String>>,
    pub(crate) words: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "several::list")]
    pub(crate) dates: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) yes: Vec<String>,
    #[serde(default)]
    pub(crate) no: Vec<String>,
    pub(crate) times: Option<Spanned<f64>>,
    pub(crate) split: Option<Spanned<String>>,
    pub(crate) prefix: Option<Spanned<String>>,
    pub(crate) before: Option<Spanned<String>>,
    pub(crate) after: Option<Spanned<String>>,
}

impl From<String> for Value {
    fn from(column: String) -> Self {
        Self::Column(column)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Value;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter
                    .write_str("the name of a column, or a table such as { column = \"Status\", codes = \"status\" }")
            }

            fn visit_str<E: de::Error>(self, column: &str) -> Result<Value, E> {
                Ok(Value::Column(column.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
                Ok(Value::Spec(Box::new(Spec::deserialize(MapAccessDeserializer::new(map))?)))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
