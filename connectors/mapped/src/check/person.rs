//! What a row says of who the child is.

use toml::Spanned;

use super::Checker;
use crate::dates::Format;
use crate::file::{self, Value};
use crate::plan::{Convert, Getter, Person};

impl Checker<'_> {
    pub(super) fn person(&mut self, said: &file::Person) -> Person {
        let mut text = |key: &str, value: &Option<Spanned<Value>>| {
            value.as_ref().and_then(|value| self.getter(&format!("person.{key}"), value))
        };
        let (family, given) = (text("family", &said.family), text("given", &said.given));
        let (middle, preferred) = (text("middle", &said.middle), text("preferred", &said.preferred));
        let practice = text("practice", &said.practice);
        let birth_on = self.dated("birth_on", &said.birth_on);
        let death_on = self.dated("death_on", &said.death_on);
        let sex = self.coded("sex", &said.sex);
        let ethnicity = self.coded("ethnicity", &said.ethnicity);
        let first_language = self.coded("first_language", &said.first_language);
        let mut column = |column: &Spanned<String>| self.column(column);
        Person {
            family,
            given,
            middle,
            preferred,
            birth_on,
            death_on,
            sex,
            ethnicity,
            first_language,
            address: said.address.iter().map(&mut column).collect(),
            postcode: said.postcode.as_ref().map(&mut column),
            uprn: said.uprn.as_ref().map(&mut column),
            phones: said.phones.iter().map(&mut column).collect(),
            practice,
        }
    }

    fn dated(&mut self, key: &str, value: &Option<Spanned<Value>>) -> Option<(Getter, Vec<Format>)> {
        let (key, value) = (format!("person.{key}"), value.as_ref()?);
        let getter = self.getter(&key, value)?;
        let own = match value.get_ref() {
            Value::Spec(spec) => self.formats(&key, &spec.dates),
            Value::Column(_) => Vec::new(),
        };
        Some((getter, if own.is_empty() { self.dates.clone() } else { own }))
    }

    fn coded(&mut self, key: &str, value: &Option<Spanned<Value>>) -> Option<(Getter, Convert)> {
        let (field, value) = (format!("person.{key}"), value.as_ref()?);
        let getter = self.getter(&field, value)?;
        let (codes, set) = match value.get_ref() {
            Value::Spec(spec) => {
                let codes = spec.codes.as_ref().and_then(|name| self.list(&field, name));
                let stated = spec.set.as_ref().map(|set| set.get_ref().clone());
                let set = stated.or_else(|| codes.as_ref().map(|codes| codes.set.clone()));
                (codes, set)
            }
            Value::Column(_) => (None, None),
        };
        let set = set.unwrap_or_else(|| format!("{}.{key}", self.name));
        Some((getter, Convert::Coded { codes, set, words: None }))
    }
}
