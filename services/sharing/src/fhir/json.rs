//! JSON read strictly: no key twice, no element that is not read or known to change nothing, and a path to whatever is wrong.

use std::fmt;

use serde::de::{DeserializeOwned, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};

use super::At;

/// A Bundle of more is not one child's consents.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// The value of a text.
pub(super) fn parse(text: &str) -> Result<Value, At> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(At::new("$", "is longer than a megabyte"));
    }
    // What the parser says quotes the text.
    let read: Once = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let what = if error.to_string().starts_with(TWICE) { "says one element twice" } else { "is no JSON" };
        At::new("$", format!("{what}, at line {line} column {column}"))
    })?;
    Ok(read.0)
}

/// A part of it. `T` must refuse unknown fields and be able to do without any: then what is wrong is found by reading each
/// element alone.
pub(super) fn part<T: DeserializeOwned>(value: &Value, path: &str) -> Result<T, At> {
    if let Ok(read) = T::deserialize(value) {
        return Ok(read);
    }
    let Some(elements) = value.as_object() else { return Err(At::new(path, "must be an object")) };
    for (name, element) in elements {
        let alone = Value::Object(Map::from_iter([(name.clone(), element.clone())]));
        let Err(error) = T::deserialize(&alone) else { continue };
        let at = format!("{path}.{}", plain(name));
        return Err(match error.to_string().starts_with("unknown field") {
            true => At::new(&at, "is not read here, and could change what is meant"),
            false => At::new(&at, "is not of the type that FHIR gives it"),
        });
    }
    Err(At::new(path, "is not as FHIR has it"))
}

/// The name of an element is shown only where it can be one.
fn plain(name: &str) -> &str {
    let is_name = name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name { name } else { "?" }
}

const TWICE: &str = "an element stands twice";

/// A value in which no object has a key twice: two readers could each take another of them.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading).map(Self)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(Once(value)) = list.next_element()? {
            read.push(value);
        }
        Ok(Value::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some((name, Once(value))) = object.next_entry::<String, Once>()? {
            if read.insert(name, value).is_some() {
                return Err(A::Error::custom(TWICE));
            }
        }
        Ok(Value::Object(read))
    }
}
